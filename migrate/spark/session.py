"""A session of the engine on Spark. It takes the very statements that the stages give DuckDB."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pyarrow as pa
import sqlglot
from sqlglot import exp

from migrate.compiler.text import literal
from migrate.defects import without_values
from migrate.errors import RunFailed
from migrate.spark.catalog import Catalog, View, key_of
from migrate.spark.names import column
from migrate.spark.parts import quote, unknown
from migrate.spark.relations import Source
from migrate.spark.rows import Table, parts
from migrate.spark.text import sql_of
from migrate.spark.types import NOTHING
from migrate.workspace import SPARK_OWN


class SparkEngine:
    """Executes DuckDB's SQL on Spark.

    The rows are in Spark and in Parquet below ``spill``. ``shadow`` is a DuckDB session on the driver that has every relation
    without rows: it parses, binds and types each step, and turns small results into Python values.
    """

    def __init__(self, spark: Any, shadow: duckdb.DuckDBPyConnection, spill: Path) -> None:
        self._shadow = shadow
        self._catalog = Catalog(spark, shadow, spill)

    # What the stages call ----------------------------------------------------------------------------------------

    def execute(self, sql: str, parameters: Sequence[object] | None = None) -> duckdb.DuckDBPyConnection:
        """Run statements; the result of the last can be fetched."""
        result = self._number(0)
        for tree in sqlglot.parse(sql, dialect="duckdb"):
            if tree is not None:
                result = self._run(_filled(tree, parameters or ()), streamed=False)
        return result

    def executemany(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Run an INSERT for each of a few rows."""
        (tree,) = sqlglot.parse(sql, dialect="duckdb")
        assert isinstance(tree, exp.Insert)
        values = ", ".join(f"({', '.join(literal(value) for value in row)})" for row in rows)
        self._insert(tree.this, self._catalog.constant(f"SELECT * FROM (VALUES {values})"))

    def register(self, name: str, rows: pa.Table) -> None:
        """Make an Arrow table known under a name."""
        self._catalog.tables[name.lower()] = self._catalog.given(rows)

    def unregister(self, name: str) -> None:
        """Forget it."""
        self._catalog.tables.pop(name.lower(), None)

    def cursor(self) -> _Streams:
        """For results that do not fit into memory."""
        return _Streams(self)

    # Statements --------------------------------------------------------------------------------------------------

    def _run(self, tree: exp.Expr, *, streamed: bool) -> duckdb.DuckDBPyConnection:
        match tree:
            case exp.Create() if tree.args.get("kind") == "SCHEMA":
                return self._number(0)
            case exp.Create():
                return self._create(tree)
            case exp.Insert():
                return self._number(self._insert(tree.this, self._catalog.lowering.query(tree.expression)))
            case exp.Update():
                return self._update(tree)
            case exp.Copy():
                return self._number(self._copy(tree.this, Path(tree.args["files"][0].name)))
            case exp.Drop():
                for table in tree.args.get("tables") or [tree.this]:
                    self._catalog.tables.pop(key_of(table), None)
                return self._number(0)
            case exp.Describe():
                relation = self._catalog.lowering.query(tree.this)
                return self._shadow.cursor().execute(f"DESCRIBE {quote(relation)}")
            case exp.Query() | exp.Values():
                relation = self._catalog.lowering.query(tree)
                return self._answer(relation, self._written(relation)) if streamed else self._fetched(relation)
        raise unknown(tree)

    def _create(self, tree: exp.Create) -> duckdb.DuckDBPyConnection:
        table = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
        key = key_of(table)
        if tree.args.get("exists") and key in self._catalog.tables:
            return self._number(0)
        if tree.args["kind"] == "VIEW":
            view = View(tree.expression.copy())
            self._catalog.tables.pop(key, None)
            self._catalog.tables[key] = view
            self._catalog.resolve(key)  # a view that cannot be is complained about where it is made
            return self._number(0)
        if isinstance(tree.this, exp.Schema):
            columns = {part.name: sql_of(part.args["kind"]) for part in tree.this.expressions}
            nothing = ", ".join(f"CAST(NULL AS {kind}) AS {quote(name)}" for name, kind in columns.items())
            relation = self._catalog.constant(f"SELECT {nothing} WHERE FALSE")
            self._catalog.tables[key] = Table(relation, self._catalog.columns(relation))
            return self._number(0)
        relation = self._whole_types(self._catalog.lowering.query(tree.expression))
        self._catalog.tables[key], number = self._catalog.stored(relation)
        return self._number(number)

    def _insert(self, target: exp.Expr, relation: str) -> int:
        key = key_of(target)
        table = self._catalog.tables[key]
        assert isinstance(table, Table), key
        given = self._catalog.columns(relation)
        items = [
            (exp.cast(column("r", was), kind, dialect="duckdb") if own != kind else column("r", was), name)
            for (was, own), (name, kind) in zip(given.items(), table.columns.items(), strict=True)
        ]
        added = self._catalog.lowering.step([Source("r", relation)], items)
        self._catalog.tables[key], number = self._catalog.appended(table, added)
        return number

    def _update(self, tree: exp.Update) -> duckdb.DuckDBPyConnection:
        """An UPDATE as a SELECT of all rows. What is joined has to have one row for each that changes."""
        key = key_of(tree.this)
        table = self._catalog.tables[key]
        assert isinstance(table, Table), key
        alias = tree.this.alias_or_name
        changed = {part.this.name.lower(): part.expression for part in tree.expressions}
        hit = sql_of(tree.args["where"].this) if tree.args.get("where") is not None else "TRUE"
        joined = ""
        if (source := tree.args.get("from_")) is not None:
            other = source.this.alias_or_name
            if self._catalog.is_void(self._catalog.lowering.query(exp.select("*").from_(source.this.copy()))):
                return self._number(0)
            inner = f"SELECT *, TRUE AS _hit FROM {sql_of(source.this)}"
            joined = f" LEFT JOIN ({inner}) AS {quote(other)} ON {hit}"
            hit = f"{quote(other)}._hit"
        columns = []
        for name, kind in table.columns.items():
            was = f"{quote(alias)}.{quote(name)}"
            if name.lower() in changed:
                new = sql_of(changed[name.lower()])
                was = f"CASE WHEN {hit} THEN CAST({new} AS {kind}) ELSE {was} END"
            columns.append(f"{was} AS {quote(name)}")
        own_table = tree.this.copy()
        own_table.set("alias", None)
        select = f"SELECT {', '.join(columns)} FROM {sql_of(own_table)} AS {quote(alias)}{joined}"
        before = self._catalog.rows(table)
        written, number = self._catalog.stored(self._catalog.lowering.query(sqlglot.parse_one(select, dialect="duckdb")))
        if number != before:
            raise unknown("an UPDATE that is joined with several rows: " + sql_of(tree))
        self._catalog.tables[key] = written
        return self._number(number)

    def _copy(self, query: exp.Expr, file: Path) -> int:
        for kind in query.find_all(exp.DataType):
            # How DuckDB writes texts of which there are few. They are listed in the order of texts.
            if kind.this == exp.DataType.Type.ENUM:
                kind.replace(exp.DataType.build("VARCHAR"))
        relation = self._whole_types(self._catalog.lowering.query(query))
        row = self._answer(relation, self._written(relation), to=file).fetchone()
        return int(row[0]) if row else 0

    # Results -----------------------------------------------------------------------------------------------------

    def _answer(self, relation: str, rows: str | pa.Table, *, to: Path | None = None) -> duckdb.DuckDBPyConnection:
        """What Spark gave, in DuckDB's own types; or written ``to`` a file, and the number of its rows."""
        columns = ", ".join(
            f"CAST({quote(name)} AS {'INTEGER' if kind == NOTHING else kind}) AS {quote(name)}"
            for name, kind in self._catalog.columns(relation).items()
        )
        cursor = self._shadow.cursor()
        if not isinstance(rows, str):
            cursor.register("_result", rows)
            rows = "_result"
        select = f"SELECT {columns} FROM {rows}"
        copy = f"COPY ({select}) TO {literal(str(to))} (FORMAT parquet, COMPRESSION zstd)" if to is not None else select
        return cursor.execute(copy)

    def _fetched(self, relation: str) -> duckdb.DuckDBPyConnection:
        void = self._catalog.is_void(relation)
        return self._answer(relation, quote(relation) if void else self._catalog.arrow(relation))

    def _written(self, relation: str) -> str | pa.Table:
        """A relation's rows as DuckDB reads them from the files that Spark wrote, in their order."""
        if self._catalog.is_void(relation):
            return quote(relation)
        if self._catalog.is_few(relation):
            return self._catalog.arrow(relation)
        folder = self._catalog.write(relation)
        return f"read_parquet([{', '.join(literal(str(part)) for part in parts(folder))}])"

    def _number(self, number: int) -> duckdb.DuckDBPyConnection:
        return self._shadow.cursor().execute(f'SELECT CAST({number} AS BIGINT) AS "Count"')

    def _whole_types(self, relation: str) -> str:
        """The relation without columns of no type: DuckDB stores those as integers."""
        columns = self._catalog.columns(relation)
        if NOTHING not in columns.values():
            return relation
        kinds = {name: "INTEGER" if kind == NOTHING else kind for name, kind in columns.items()}
        items = [
            (exp.cast(column("r", n), k, dialect="duckdb") if k != columns[n] else column("r", n), n) for n, k in kinds.items()
        ]
        return self._catalog.lowering.step([Source("r", relation)], items)


@dataclass
class _Streams:
    engine: SparkEngine

    def execute(self, sql: str) -> duckdb.DuckDBPyConnection:
        """Run one SELECT; its rows come from files, batch by batch."""
        return self.engine._run(sqlglot.parse_one(sql, dialect="duckdb"), streamed=True)


def _filled(tree: exp.Expr, parameters: Sequence[object]) -> exp.Expr:
    """The statement with its parameters as literals."""
    if not parameters:
        return tree
    numbers = iter(range(len(parameters)))

    def fill(node: exp.Expr) -> exp.Expr:
        if not isinstance(node, exp.Placeholder):
            return node
        at = int(node.name) - 1 if node.name.isdigit() else next(numbers)  # $1, or ? in their order
        value = parameters[at]
        if isinstance(value, list):
            return exp.array(*(exp.maybe_parse(literal(part), dialect="duckdb") for part in value), dialect="duckdb")
        return exp.maybe_parse(literal(value), dialect="duckdb")

    return tree.transform(fill)


@contextmanager
def session(spill: Path, memory: str, settings: Mapping[str, str]) -> Iterator[SparkEngine]:
    """A Spark session with the ``settings`` of the workspace, bounded on the driver by ``memory`` as DuckDB is. Raises RunFailed
    for what Spark cannot do."""
    from migrate import engine

    with _told(
        "Spark cannot start", hint="correct spark: {master, settings} in migration.yaml, and see that the cluster is there"
    ):
        own = spark_session(settings).newSession()
    spill.mkdir(parents=True, exist_ok=True)
    with (
        TemporaryDirectory(prefix="spark-", dir=spill.resolve()) as folder,
        engine.session(spill, memory, ordered=True) as shadow,
        _told("Spark stopped", hint="run without --engine spark, or mend what Spark says"),
    ):
        yield SparkEngine(own, shadow, Path(folder))


@contextmanager
def _told(what: str, hint: str) -> Iterator[None]:
    """Errors of Spark, and of the Java process that it runs in, as one of ours."""
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    try:
        yield
    except (PySparkException, Py4JError) as error:
        said = str(error).removeprefix("An error occurred while calling ")
        raise RunFailed(f"{what}: {without_values(' '.join(said.split()))[:600]}", hint=hint) from error


def spark_session(settings: Mapping[str, str]) -> Any:
    """Spark, started with ``settings`` where it does not run yet."""
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    from pyspark.sql import SparkSession

    local = settings.get("spark.master", DEFAULTS["spark.master"]).startswith("local")
    wanted = {**DEFAULTS, **({} if local else ON_A_CLUSTER), **settings, **SPARK_OWN}
    builder = SparkSession.builder.appName("lms-migrate")
    for name, value in wanted.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


DEFAULTS = {
    "spark.master": "local[2]",
    "spark.driver.memory": "2g",
    "spark.ui.enabled": "false",
    "spark.log.level": "ERROR",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.sql.shuffle.partitions": "4",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "100000",
}
"""What ``migration.yaml`` may set otherwise."""
ON_A_CLUSTER = {"spark.log.level": "WARN"}
"""The same, where the master is none of this process: Spark warns of work that no executor takes, and waits for ever."""
