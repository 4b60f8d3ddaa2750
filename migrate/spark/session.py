"""A session of the engine on Spark. It takes the very statements that the stages give DuckDB."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import sqlglot
from sqlglot import exp

from migrate.compiler.text import literal
from migrate.defects import without_values
from migrate.errors import RunFailed
from migrate.spark.lower import Ctes, Lowering, Source
from migrate.spark.names import column
from migrate.spark.parts import quote, unknown
from migrate.spark.scalars import Functions, Scalars
from migrate.spark.types import NOTHING, comes_back, quoted, spark_type
from migrate.workspace import SPARK_OWN

ROUNDS = 10_000
"""A bound on the depth of a hierarchy."""


@dataclass
class _Table:
    relation: str
    columns: dict[str, str]
    folders: list[Path] = field(default_factory=list)
    """Where its rows lie; none while it has none, and for rows that were given."""


@dataclass
class _View:
    tree: exp.Expr
    relation: str = ""
    read: dict[str, str] = field(default_factory=dict)
    """``{table: relation}`` that it was lowered over: it is lowered anew when one of these changed."""


class SparkEngine:
    """Executes DuckDB's SQL on Spark.

    The rows are in Spark and in Parquet below ``spill``. ``shadow`` is a DuckDB session on the driver that has every relation
    without rows: it parses, binds and types each step, and turns small results into Python values.
    """

    def __init__(self, spark: Any, shadow: duckdb.DuckDBPyConnection, spill: Path) -> None:
        self._spark, self._shadow, self._spill = spark, shadow, spill
        self._functions = Functions(spark)
        self._tables: dict[str, _Table | _View] = {}
        self._columns: dict[str, dict[str, str]] = {}
        self._files: dict[tuple[str, ...], str] = {}
        self._steps: dict[str, str] = {}
        """Relations never change, so the same step over the same ones is the same."""
        self._kept: dict[str, str] = {}
        self._void: set[str] = set()
        """Relations that are known to have no row. Spark is told of those it needs only."""
        self._told: set[str] = set()
        self._numbers = 0
        self._readers: list[dict[str, str]] = []
        self._lowering = Lowering(self)

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
        self._insert(tree.this, self.constant(f"SELECT * FROM (VALUES {values})"))

    def register(self, name: str, rows: pa.Table) -> None:
        """Make an Arrow table known under a name."""
        self._tables[name.lower()] = self._given(rows)

    def unregister(self, name: str) -> None:
        """Forget it."""
        self._tables.pop(name.lower(), None)

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
                return self._number(self._insert(tree.this, self._lowering.query(tree.expression)))
            case exp.Update():
                return self._update(tree)
            case exp.Copy():
                return self._number(self._copy(tree.this, Path(tree.args["files"][0].name)))
            case exp.Drop():
                for table in tree.args.get("tables") or [tree.this]:
                    self._tables.pop(_key(table), None)
                return self._number(0)
            case exp.Describe():
                relation = self._lowering.query(tree.this)
                return self._shadow.cursor().execute(f"DESCRIBE {quote(relation)}")
            case exp.Query() | exp.Values():
                relation = self._lowering.query(tree)
                return self._streamed(relation) if streamed else self._fetched(relation)
        raise unknown(tree)

    def _create(self, tree: exp.Create) -> duckdb.DuckDBPyConnection:
        table = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
        key = _key(table)
        if tree.args.get("exists") and key in self._tables:
            return self._number(0)
        if tree.args["kind"] == "VIEW":
            view = _View(tree.expression.copy())
            self._tables.pop(key, None)
            self._tables[key] = view
            self._resolve(key)  # a view that cannot be is complained about where it is made
            return self._number(0)
        if isinstance(tree.this, exp.Schema):
            columns = {part.name: part.args["kind"].sql("duckdb") for part in tree.this.expressions}
            nothing = ", ".join(f"CAST(NULL AS {kind}) AS {quote(name)}" for name, kind in columns.items())
            relation = self.constant(f"SELECT {nothing} WHERE FALSE")
            self._tables[key] = _Table(relation, self._columns[relation])
            return self._number(0)
        relation = self._whole_types(self._lowering.query(tree.expression))
        self._tables[key], number = self._stored(relation)
        return self._number(number)

    def _insert(self, target: exp.Expr, relation: str) -> int:
        key = _key(target)
        table = self._tables[key]
        assert isinstance(table, _Table), key
        given = self._columns[relation]
        items = [
            (exp.cast(column("r", was), kind, dialect="duckdb") if own != kind else column("r", was), name)
            for (was, own), (name, kind) in zip(given.items(), table.columns.items(), strict=True)
        ]
        written, number = self._stored(self._lowering.step([Source("r", relation)], items))
        if not number:
            return 0
        if table.folders or table.relation in self._void:
            folders = [*table.folders, *written.folders]
            self._tables[key] = _Table(self._parquet(folders, table.columns), table.columns, folders)
        else:
            both = " UNION ALL ".join(f"SELECT * FROM {quote(r)}" for r in (table.relation, written.relation))
            read = [table.relation, written.relation]
            self._tables[key], _ = self._stored(self.step(both, lambda _: both.replace('"', "`"), read, []))
        return number

    def _update(self, tree: exp.Update) -> duckdb.DuckDBPyConnection:
        """An UPDATE as a SELECT of all rows. What is joined has to have one row for each that changes."""
        key = _key(tree.this)
        table = self._tables[key]
        assert isinstance(table, _Table), key
        alias = tree.this.alias_or_name
        changed = {part.this.name.lower(): part.expression for part in tree.expressions}
        hit = tree.args["where"].this.sql("duckdb") if tree.args.get("where") is not None else "TRUE"
        joined = ""
        if (source := tree.args.get("from_")) is not None:
            other = source.this.alias_or_name
            if self._lowering.query(exp.select("*").from_(source.this.copy())) in self._void:
                return self._number(0)
            inner = f"SELECT *, TRUE AS _hit FROM {source.this.sql('duckdb')}"
            joined = f" LEFT JOIN ({inner}) AS {quote(other)} ON {hit}"
            hit = f"{quote(other)}._hit"
        columns = []
        for name, kind in table.columns.items():
            was = f"{quote(alias)}.{quote(name)}"
            if name.lower() in changed:
                new = changed[name.lower()].sql("duckdb")
                was = f"CASE WHEN {hit} THEN CAST({new} AS {kind}) ELSE {was} END"
            columns.append(f"{was} AS {quote(name)}")
        own_table = tree.this.copy()
        own_table.set("alias", None)
        select = f"SELECT {', '.join(columns)} FROM {own_table.sql('duckdb')} AS {quote(alias)}{joined}"
        before = self._rows(table)
        written, number = self._stored(self._lowering.query(sqlglot.parse_one(select, dialect="duckdb")))
        if number != before:
            raise unknown("an UPDATE that is joined with several rows: " + tree.sql("duckdb"))
        self._tables[key] = written
        return self._number(number)

    def _copy(self, query: exp.Expr, file: Path) -> int:
        relation = self._whole_types(self._lowering.query(query))
        select = self._typed(relation, self._written(relation))
        row = self._shadow.execute(f"COPY ({select}) TO {literal(str(file))} (FORMAT parquet, COMPRESSION zstd)").fetchone()
        return int(row[0]) if row else 0

    # Results -----------------------------------------------------------------------------------------------------

    def _typed(self, relation: str, rows: str) -> str:
        """A SELECT of DuckDB over what Spark gave, in DuckDB's own types."""
        columns = ", ".join(
            f"CAST({quote(name)} AS {'INTEGER' if kind == NOTHING else kind}) AS {quote(name)}"
            for name, kind in self._columns[relation].items()
        )
        return f"SELECT {columns} FROM {rows}"

    def _fetched(self, relation: str) -> duckdb.DuckDBPyConnection:
        cursor = self._shadow.cursor()
        if relation in self._void:
            return cursor.execute(self._typed(relation, quote(relation)))
        cursor.register("_result", self._spark.table(quoted(relation)).toArrow())
        return cursor.execute(self._typed(relation, "_result"))

    def _streamed(self, relation: str) -> duckdb.DuckDBPyConnection:
        return self._shadow.cursor().execute(self._typed(relation, self._written(relation)))

    def _written(self, relation: str) -> str:
        """A relation's rows as DuckDB reads them from the files that Spark wrote, in their order."""
        if relation in self._void:
            return quote(relation)
        folder = self._folder()
        self._spark.table(quoted(relation)).write.parquet(folder.as_uri())
        return f"read_parquet([{', '.join(literal(str(part)) for part in _parts(folder))}])"

    def _number(self, number: int) -> duckdb.DuckDBPyConnection:
        return self._shadow.cursor().execute(f'SELECT CAST({number} AS BIGINT) AS "Count"')

    # Tables ------------------------------------------------------------------------------------------------------

    def _stored(self, relation: str) -> tuple[_Table, int]:
        """The rows of a relation, computed once and kept; and their number."""
        if relation in self._void:
            return _Table(relation, self._columns[relation]), 0
        folder = self._folder()
        self._spark.table(quoted(relation)).write.parquet(folder.as_uri())
        number = sum(pq.read_metadata(part).num_rows for part in _parts(folder))
        columns = self._columns[relation]
        if not number:  # known to be empty, so that Spark leaves out what is joined with it
            return _Table(self._nothing(columns), columns), 0
        return _Table(self._parquet([folder], columns), columns, [folder]), number

    def _rows(self, table: _Table) -> int:
        if table.relation in self._void:
            return 0
        if table.folders:
            return sum(pq.read_metadata(part).num_rows for folder in table.folders for part in _parts(folder))
        return int(self._spark.table(quoted(table.relation)).count())

    def _nothing(self, columns: Mapping[str, str]) -> str:
        name = self._shadowed(columns)
        self._void.add(name)
        return name

    def _parquet(self, folders: Sequence[Path], columns: Mapping[str, str]) -> str:
        name = self._shadowed(columns)
        schema = ", ".join(f"{quoted(c)} {spark_type(kind)}" for c, kind in columns.items())
        self._spark.read.schema(schema).parquet(*(f.as_uri() for f in folders)).createOrReplaceTempView(quoted(name))
        return name

    def _given(self, rows: pa.Table) -> _Table:
        self._shadow.register("_given", rows)
        described = self._shadow.execute("DESCRIBE SELECT * FROM _given").fetchall()
        self._shadow.unregister("_given")
        columns = {str(name): str(kind) for name, kind, *_ in described}
        return _Table(self._local(rows, columns), columns)

    def _local(self, rows: pa.Table, columns: Mapping[str, str]) -> str:
        """A relation of a few rows that the driver has."""
        if not rows.num_rows:
            return self._nothing(columns)
        name = self._shadowed(columns)
        names = [f"c{at}" for at in range(len(columns))]
        frame = self._spark.createDataFrame(rows.rename_columns(names))
        frame.selectExpr(
            *(f"CAST({own} AS {spark_type(kind)}) AS {quoted(c)}" for own, (c, kind) in zip(names, columns.items(), strict=True))
        ).createOrReplaceTempView(quoted(name))
        return name

    def _whole_types(self, relation: str) -> str:
        """The relation without columns of no type: DuckDB stores those as integers."""
        columns = self._columns[relation]
        if NOTHING not in columns.values():
            return relation
        kinds = {name: "INTEGER" if kind == NOTHING else kind for name, kind in columns.items()}
        items = [
            (exp.cast(column("r", n), k, dialect="duckdb") if k != columns[n] else column("r", n), n) for n, k in kinds.items()
        ]
        return self._lowering.step([Source("r", relation)], items)

    def _shadowed(self, columns: Mapping[str, str]) -> str:
        """A new name; DuckDB knows its columns, and no row."""
        self._numbers += 1
        name = f"r{self._numbers}"
        parts = ", ".join(
            f"{'NULL' if kind == NOTHING else f'CAST(NULL AS {kind})'} AS {quote(c)}" for c, kind in columns.items()
        )
        self._shadow.execute(f"CREATE VIEW {quote(name)} AS SELECT {parts} WHERE FALSE")
        self._columns[name] = dict(columns)
        return name

    def _folder(self) -> Path:
        self._numbers += 1
        return self._spill / f"rows{self._numbers}"

    def _resolve(self, key: str) -> str:
        table = self._tables.get(key)
        if table is None:
            raise unknown(f"there is no table {key}")
        if isinstance(table, _Table):
            relation = table.relation
        else:
            if not table.relation or any(self._now(name) != was for name, was in table.read.items()):
                self._readers.append({})
                table.relation = self._lowering.query(table.tree)
                table.read = self._readers.pop()
            relation = table.relation
            for reader in self._readers:
                reader.update(table.read)
            return relation
        for reader in self._readers:
            reader[key] = relation
        return relation

    def _now(self, key: str) -> str:
        table = self._tables.get(key)
        return table.relation if table is not None else ""

    # What lowering asks for ---------------------------------------------------------------------------------------

    def columns(self, relation: str) -> dict[str, str]:
        return self._columns[relation]

    def table(self, table: exp.Table) -> str:
        if not isinstance(table.this, exp.ReadParquet):
            return self._resolve(_key(table))
        (listed,) = table.this.expressions
        files = tuple(part.name for part in (listed.expressions if isinstance(listed, exp.Array) else [listed]))
        if files not in self._files:
            rows = f"read_parquet([{', '.join(map(literal, files))}])"
            described = self._shadow.execute(f"DESCRIBE SELECT * FROM {rows}").fetchall()
            columns = {str(name): str(kind) for name, kind, *_ in described}
            if all(not pq.read_metadata(file).num_rows for file in files):
                self._files[files] = self._nothing(columns)
                return self._files[files]
            name = self._shadowed(columns)
            schema = ", ".join(f"{quoted(c)} {spark_type(kind)}" for c, kind in columns.items())
            # With a schema Spark reads no footer first. Types that are not stored as themselves it has to find out.
            reader = self._spark.read.schema(schema) if all(map(comes_back, columns.values())) else self._spark.read
            reader.parquet(*(Path(file).absolute().as_uri() for file in files)).selectExpr(
                *(f"CAST({quoted(c)} AS {spark_type(kind)}) AS {quoted(c)}" for c, kind in columns.items())
            ).createOrReplaceTempView(quoted(name))
            self._files[files] = name
        return self._files[files]

    def constant(self, select: str) -> str:
        described = self._shadow.execute(f"DESCRIBE {select}").fetchall()
        columns = {str(name): str(kind) for name, kind, *_ in described}
        kinds = self._shadow.execute(
            f"SELECT {', '.join(f'typeof({quote(c)})' for c in columns)} FROM ({select}) LIMIT 1"
        ).fetchone()
        columns |= {name: NOTHING for name, kind in zip(columns, kinds or (), strict=False) if kind == NOTHING}
        return self._local(self._shadow.execute(select).to_arrow_table(), columns)

    def step(
        self,
        duckdb_sql: str,
        spark_sql: Callable[[dict[str, str]], str],
        read: list[str],
        needed: list[str],
        nulls: frozenset[str] = frozenset(),
    ) -> str:
        if (known := self._steps.get(duckdb_sql)) is not None:
            return known
        described = self._shadow.execute(f"DESCRIBE {duckdb_sql}").fetchall()
        kinds = {str(name): NOTHING if name in nulls else str(kind) for name, kind, *_ in described}
        if self._void.intersection(needed):
            name = self._nothing(kinds)
        elif self._void.issuperset(read):  # as empty as in DuckDB's session
            name = self._local(self._shadow.execute(duckdb_sql).to_arrow_table(), kinds)
        else:
            for relation in self._void.intersection(read) - self._told:
                self._tell(relation)
            frame = self._spark.sql(spark_sql(kinds))
            name = self._shadowed(kinds)
            frame.createOrReplaceTempView(quoted(name))
        self._steps[duckdb_sql] = name
        return name

    def kept(self, relation: str) -> str:
        if relation not in self._kept:
            self._kept[relation] = self._stored(self._whole_types(relation))[0].relation
        return self._kept[relation]

    def _tell(self, relation: str) -> None:
        schema = ", ".join(f"{quoted(c)} {spark_type(kind)}" for c, kind in self._columns[relation].items())
        self._spark.createDataFrame([], schema).createOrReplaceTempView(quoted(relation))
        self._told.add(relation)

    def scalars(self, from_sql: str, sources: Mapping[str, str]) -> Scalars:
        nulls = frozenset((a, c) for a, r in sources.items() for c, kind in self._columns[r].items() if kind == NOTHING)
        return Scalars(self._shadow, self._functions, from_sql, nulls)

    def recursive(self, cte: exp.CTE, lower: Lowering, ctes: Ctes) -> str:
        """Rows that are new go through the second half again, until none is."""
        union = cte.this
        if not isinstance(union, exp.Union) or not union.args.get("distinct"):
            raise unknown(cte)
        found, number = self._stored(lower.query(exp.select("*").from_(union.left.subquery("s")).distinct(), ctes))
        new = found
        for _ in range(ROUNDS):
            if not number:
                return found.relation
            relation = lower.query(union.right, {**ctes, cte.alias: new.relation})
            fresh = self._spark.table(quoted(relation)).subtract(self._spark.table(quoted(found.relation)))
            name = self._shadowed(found.columns)
            fresh.toDF(*found.columns).createOrReplaceTempView(quoted(name))
            new, number = self._stored(name)
            if number:
                folders = [*found.folders, *new.folders]
                found = _Table(self._parquet(folders, found.columns), found.columns, folders)
        raise unknown("a hierarchy without end")


@dataclass
class _Streams:
    engine: SparkEngine

    def execute(self, sql: str) -> duckdb.DuckDBPyConnection:
        """Run one SELECT; its rows come from files, batch by batch."""
        return self.engine._run(sqlglot.parse_one(sql, dialect="duckdb"), streamed=True)


def _key(table: exp.Expr) -> str:
    assert isinstance(table, exp.Table), table
    return ".".join(part.name for part in table.parts).lower()


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


def _parts(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.parquet"))


@contextmanager
def session(spill: Path, memory: str, settings: Mapping[str, str]) -> Iterator[SparkEngine]:
    """A Spark session with the ``settings`` of the workspace, bounded on the driver by ``memory`` as DuckDB is."""
    from pyspark.errors import PySparkException

    from migrate import engine

    spark = spark_session(settings)
    spill.mkdir(parents=True, exist_ok=True)
    with (
        TemporaryDirectory(prefix="spark-", dir=spill.resolve()) as folder,
        engine.session(spill, memory, ordered=True) as shadow,
    ):
        try:
            yield SparkEngine(spark.newSession(), shadow, Path(folder))
        except PySparkException as error:
            text = without_values(" ".join(str(error).split()))
            raise RunFailed(f"Spark stopped: {text[:600]}", hint="run without --engine spark, or mend what Spark says") from error


def spark_session(settings: Mapping[str, str]) -> Any:
    """Spark, started with ``settings`` where it does not run yet."""
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.appName("lms-migrate")
    for name, value in {**DEFAULTS, **settings, **SPARK_OWN}.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


DEFAULTS = {
    "spark.master": "local[2]",
    "spark.driver.memory": "2g",
    "spark.ui.enabled": "false",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.sql.shuffle.partitions": "4",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "100000",
}
"""What ``migration.yaml`` may set otherwise."""
