"""Relations: each has a name, its columns in DuckDB, and its rows in Spark."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from migrate.compiler.text import literal
from migrate.spark.parts import quote
from migrate.spark.rows import Table, address, rows_in
from migrate.spark.scalars import Functions, Scalars
from migrate.spark.types import NOTHING, comes_back, quoted, spark_type, spark_value, written_out

FEW = 50_000
"""Rows up to which a statement runs as one task: to divide, compile and exchange so few takes longer than to compute."""
WITH_DRIVER = 1_000
"""Rows up to which a result of few rows stays in the driver's memory; more lie in a file."""
WRITTEN_OUT = 40
"""Rows that the driver has are written into the statement, up to this number."""
FOR_FEW = {
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.autoBroadcastJoinThreshold": "-1",
    "spark.sql.shuffle.partitions": "1",
}
"""Settings of a statement that reads few rows. They choose how it is computed, and not what comes out."""


class Store:
    """Keeps relations, which never change. A step is written down only: steps become one statement of Spark when their rows are
    wanted. ``shadow`` is a DuckDB session that has every relation without rows."""

    def __init__(self, spark: Any, shadow: duckdb.DuckDBPyConnection, spill: Path) -> None:
        self._spark, self._shadow, self._spill = spark, shadow, spill
        self._functions = Functions(spark)
        self._columns: dict[str, dict[str, str]] = {}
        self._texts: dict[str, tuple[str, tuple[str, ...]]] = {}
        """Spark SQL of a relation that is not kept, and the relations it reads."""
        self._frames: dict[str, Callable[[], Any]] = {}
        """Rows in files, of which Spark was not told yet."""
        self._bulk: dict[str, int] = {}
        """How many kept rows a relation is made of."""
        self._costly: set[str] = set()
        """Relations that Python workers take part in, whenever they are read."""
        self._files: dict[tuple[str, ...], str] = {}
        self._steps: dict[str, str] = {}
        """The same step over the same relations is the same relation."""
        self._kept: dict[str, str] = {}
        self._void: set[str] = set()
        """Relations that are known to have no row."""
        self._rows: dict[str, pa.Table] = {}
        """A few rows that the driver has."""
        self._numbers = 0
        self._usual = {name: spark.conf.get(name) for name in FOR_FEW}
        self._few = False

    def columns(self, relation: str) -> dict[str, str]:
        """``{column: type in DuckDB}``."""
        return self._columns[relation]

    # Steps -------------------------------------------------------------------------------------------------------

    def step(
        self,
        duckdb_sql: str,
        spark_sql: Callable[[dict[str, str]], str],
        read: list[str],
        needed: list[str],
        nulls: frozenset[str] = frozenset(),
    ) -> str:
        """See :class:`migrate.spark.relations.Relations`."""
        if (known := self._steps.get(duckdb_sql)) is not None:
            return known
        described = self._shadow.execute(f"DESCRIBE {duckdb_sql}").fetchall()
        kinds = {str(name): NOTHING if name in nulls else str(kind) for name, kind, *_ in described}
        if self._void.intersection(needed):
            name = self.nothing(kinds)
        elif self._void.issuperset(read):  # as empty as in DuckDB's session
            name = self.local(self._shadow.execute(duckdb_sql).to_arrow_table(), kinds)
        else:
            text = spark_sql(kinds)
            name = self._written_down(kinds, text, read, sum(self._bulk[relation] for relation in read))
            if self._functions.called_in(text) or self._costly.intersection(read):
                self._costly.add(name)
        self._steps[duckdb_sql] = name
        return name

    def scalars(self, from_sql: str, sources: Mapping[str, str]) -> Scalars:
        """A writer of expressions over a FROM clause, of relations by their aliases."""
        nulls = frozenset((a, c) for a, r in sources.items() for c, kind in self._columns[r].items() if kind == NOTHING)
        return Scalars(self._shadow, self._functions, from_sql, nulls)

    def together(self, text: str, read: Sequence[str]) -> str:
        """A statement that puts rows of several relations below each other; few of them lie in one partition then."""
        few = sum(self._bulk[relation] for relation in read) <= FEW
        return f"SELECT /*+ COALESCE(1) */ * FROM ({text})" if few else text

    def nothing(self, columns: Mapping[str, str]) -> str:
        """A relation without rows."""
        parts = ", ".join(f"CAST(NULL AS {spark_type(kind)}) AS {quoted(c)}" for c, kind in columns.items())
        name = self._written_down(columns, f"SELECT {parts} WHERE FALSE", (), 0)
        self._void.add(name)
        return name

    def is_void(self, relation: str) -> bool:
        """Is it known to have no row?"""
        return relation in self._void

    def is_few(self, relation: str) -> bool:
        """Is it made of few rows?"""
        return self._bulk[relation] <= FEW

    def is_costly(self, relation: str) -> bool:
        """Do Python workers take part whenever it is read?"""
        return relation in self._costly

    def _written_down(self, columns: Mapping[str, str], text: str, read: Sequence[str], bulk: int) -> str:
        name = self._shadowed(columns)
        self._texts[name], self._bulk[name] = (text, tuple(read)), bulk
        return name

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

    # Rows that are there -----------------------------------------------------------------------------------------

    def constant(self, select: str) -> str:
        """A relation of a query that reads no table: DuckDB answers it on the driver."""
        described = self._shadow.execute(f"DESCRIBE {select}").fetchall()
        columns = {str(name): str(kind) for name, kind, *_ in described}
        kinds = self._shadow.execute(
            f"SELECT {', '.join(f'typeof({quote(c)})' for c in columns)} FROM ({select}) LIMIT 1"
        ).fetchone()
        columns |= {name: NOTHING for name, kind in zip(columns, kinds or (), strict=False) if kind == NOTHING}
        return self.local(self._shadow.execute(select).to_arrow_table(), columns)

    def given(self, rows: pa.Table) -> Table:
        """The rows of an Arrow table."""
        self._shadow.register("_given", rows)
        described = self._shadow.execute("DESCRIBE SELECT * FROM _given").fetchall()
        self._shadow.unregister("_given")
        columns = {str(name): str(kind) for name, kind, *_ in described}
        return Table(self.local(rows, columns), columns)

    def local(self, rows: pa.Table, columns: Mapping[str, str]) -> str:
        """A relation of rows that the driver has."""
        if not rows.num_rows:
            return self.nothing(columns)
        given, names = rows, [f"c{at}" for at in range(len(columns))]
        rows = rows.rename_columns(names)
        casts = [
            f"CAST({own} AS {spark_type(kind)}) AS {quoted(c)}" for own, (c, kind) in zip(names, columns.items(), strict=True)
        ]
        if rows.num_rows <= WRITTEN_OUT and all(map(written_out, columns.values())):
            values = ", ".join(f"({', '.join(map(spark_value, row.values()))})" for row in rows.to_pylist())
            text = f"SELECT /*+ COALESCE(1) */ {', '.join(casts)} FROM VALUES {values} AS v({', '.join(names)})"
            name = self._written_down(columns, text, (), rows.num_rows)
            self._rows[name] = given
            return name
        return self._shown(columns, rows.num_rows, lambda: self._spark.createDataFrame(rows).selectExpr(*casts))

    def files(self, files: tuple[str, ...]) -> str:
        """The relation of Parquet files."""
        if files not in self._files:
            rows = f"read_parquet([{', '.join(map(literal, files))}])"
            described = self._shadow.execute(f"DESCRIBE SELECT * FROM {rows}").fetchall()
            columns = {str(name): str(kind) for name, kind, *_ in described}
            number = sum(pq.read_metadata(file).num_rows for file in files)
            paths = [Path(file).absolute() for file in files]
            self._files[files] = self._read(paths, columns, number) if number else self.nothing(columns)
        return self._files[files]

    def _read(self, paths: Sequence[Path], columns: Mapping[str, str], rows: int) -> str:
        def frame() -> Any:
            schema = ", ".join(f"{quoted(c)} {spark_type(kind)}" for c, kind in columns.items())
            reader = self._spark.read.option("__globPaths__", "false")  # a folder may be called [x]
            there = [address(path) for path in paths]
            if all(kind == NOTHING or comes_back(kind) for kind in columns.values()):  # with a schema Spark reads no footer first
                return reader.schema(schema).parquet(*there)
            casts = (f"CAST({quoted(c)} AS {spark_type(kind)}) AS {quoted(c)}" for c, kind in columns.items())
            return reader.parquet(*there).selectExpr(*casts)

        return self._shown(columns, rows, frame)

    def _shown(self, columns: Mapping[str, str], rows: int, frame: Callable[[], Any]) -> str:
        """A relation that Spark is told of when it is read first."""
        name = self._shadowed(columns)
        self._bulk[name] = rows
        self._frames[name] = (lambda: frame().coalesce(1)) if rows <= FEW else frame
        return name

    # Computing rows ----------------------------------------------------------------------------------------------

    def frame(self, relation: str) -> Any:
        """A relation as Spark's DataFrame, to be used before another is asked for."""
        needed, queue = {relation}, [relation]
        while queue:
            fresh = set(self._texts.get(queue.pop(), ("", ()))[1]) - needed
            needed |= fresh
            queue += fresh
        for name in needed & self._frames.keys():
            self._frames.pop(name)().createOrReplaceTempView(quoted(name))
        self._prefer(few=self.is_few(relation))
        steps = sorted((needed & self._texts.keys()) - {relation}, key=lambda name: int(name[1:]))
        text = self._texts[relation][0] if relation in self._texts else f"SELECT * FROM {quoted(relation)}"
        ctes = ", ".join(f"{quoted(name)} AS ({self._texts[name][0]})" for name in steps)
        return self._spark.sql(f"WITH {ctes} {text}" if ctes else text)

    def _prefer(self, *, few: bool) -> None:
        if few != self._few:
            for name, value in (FOR_FEW if few else self._usual).items():
                self._spark.conf.set(name, value)
            self._few = few

    def arrow(self, relation: str) -> pa.Table:
        """All rows of a relation, which have to fit into memory."""
        return self._rows[relation] if relation in self._rows else self.frame(relation).toArrow()

    def stored(self, relation: str) -> tuple[Table, int]:
        """The rows of a relation, computed once and kept; and their number."""
        columns = self._columns[relation]
        if relation in self._void:
            return Table(relation, columns), 0
        if not self.is_few(relation):
            return self._filed(relation)
        if relation in self._rows:
            return Table(relation, columns), self._bulk[relation]
        rows = self.arrow(relation)
        if rows.num_rows <= WITH_DRIVER:
            return Table(self.local(rows, columns), columns), rows.num_rows
        folder = self._folder()
        folder.mkdir()
        pq.write_table(rows, folder / "part.parquet")
        return Table(self._read([folder], columns, rows.num_rows), columns, [folder]), rows.num_rows

    def _filed(self, relation: str) -> tuple[Table, int]:
        columns, folder = self._columns[relation], self.write(relation)
        number = rows_in([folder])
        if not number:  # known to be empty, so that what is joined with it is left out
            return Table(self.nothing(columns), columns), 0
        return Table(self._read([folder], columns, number), columns, [folder]), number

    def appended(self, table: Table, relation: str) -> tuple[Table, int]:
        """A table with further rows, which have its columns; and the number of those."""
        if self.is_void(relation):
            return table, 0
        before = self.rows(table)
        if before + self._bulk[relation] <= FEW:
            every, number = self.stored(self._below(table, relation))
            return every, number - before
        if not table.folders and before:
            table, _ = self._filed(table.relation)
        written, number = self._filed(relation)
        folders = [*table.folders, *written.folders]
        every = Table(self._read(folders, table.columns, before + number), table.columns, folders) if number else table
        return every, number

    def _below(self, table: Table, relation: str) -> str:
        """The rows of a table, and those of a relation below them."""
        if self.is_void(table.relation):
            return relation
        read = [table.relation, relation]
        duck, spark = (" UNION ALL ".join(f"SELECT * FROM {mark}{name}{mark}" for name in read) for mark in '"`')
        return self.step(duck, lambda _: self.together(spark, read), read, [])

    def rows(self, table: Table) -> int:
        """How many there are."""
        return self._bulk[table.relation]

    def write(self, relation: str) -> Path:
        """Write rows to a folder of their own."""
        folder = self._folder()
        self.frame(relation).write.parquet(address(folder))
        return folder

    def _folder(self) -> Path:
        self._numbers += 1
        return self._spill / f"rows{self._numbers}"

    def kept(self, relation: str) -> str:
        """The relation with its rows computed once."""
        if relation not in self._kept:
            self._kept[relation] = self.stored(relation)[0].relation
        return self._kept[relation]
