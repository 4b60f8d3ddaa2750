"""Relations: each has a name, its columns in DuckDB, and its rows in Spark."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from migrate.engine import scan
from migrate.spark import worker
from migrate.spark.parts import quote
from migrate.spark.rows import Table, address, parts, rows_in
from migrate.spark.scalars import Functions, Scalars, register_worker
from migrate.spark.types import NOTHING, carried, comes_back, quoted, spark_type, spark_value, typed, written_out

FEW = 50_000
"""Rows up to which a statement is one task that DuckDB answers: Spark plans longer than that takes."""
WITH_DRIVER = 1_000
"""Rows up to which a statement is answered by the driver itself, and a result stays in its memory."""
WRITTEN_OUT = 40
"""Rows that the driver has are written into a statement of Spark, up to this number."""
FOR_FEW = {
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}
"""Settings of a statement that is one task: there is nothing to plan."""


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
        self._made: dict[str, str] = {}
        """DuckDB's SQL of a relation that is a step."""
        self._lying: dict[str, str] = {}
        """The table function that reads the files of a relation."""
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
            self._made[name] = duckdb_sql
            if self._functions.called_in(text) or self._costly.intersection(read):
                self._costly.add(name)
        self._steps[duckdb_sql] = name
        return name

    def scalars(self, from_sql: str, sources: Mapping[str, str]) -> Scalars:
        """A writer of expressions over a FROM clause, of relations by their aliases."""
        nulls = frozenset((a, c) for a, r in sources.items() for c, kind in self._columns[r].items() if kind == NOTHING)
        return Scalars(self._shadow, self._functions, from_sql, nulls)

    def nothing(self, columns: Mapping[str, str]) -> str:
        """A relation without rows."""
        nulls = ", ".join(f"CAST(NULL AS {spark_type(kind)}) AS {quoted(c)}" for c, kind in columns.items())
        name = self._written_down(columns, f"SELECT {nulls} WHERE FALSE", (), 0)
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
        nulls = ", ".join(f"{typed('NULL', kind)} AS {quote(c)}" for c, kind in columns.items())
        self._shadow.execute(f"CREATE VIEW {quote(name)} AS SELECT {nulls} WHERE FALSE")
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
        names = [f"c{at}" for at in range(len(columns))]
        given = rows.rename_columns(names)
        casts = [
            f"CAST({own} AS {spark_type(kind)}) AS {quoted(c)}" for own, (c, kind) in zip(names, columns.items(), strict=True)
        ]
        if rows.num_rows <= WRITTEN_OUT and all(map(written_out, columns.values())):
            values = ", ".join(f"({', '.join(map(spark_value, row.values()))})" for row in given.to_pylist())
            text = f"SELECT /*+ COALESCE(1) */ {', '.join(casts)} FROM VALUES {values} AS v({', '.join(names)})"
            name = self._written_down(columns, text, (), rows.num_rows)
        elif rows.num_rows <= WITH_DRIVER:
            name = self._shown(columns, rows.num_rows, lambda: self._spark.createDataFrame(given).selectExpr(*casts))
        else:
            return self._laid(rows, columns)[0]
        self._rows[name] = rows
        return name

    def _laid(self, rows: pa.Table, columns: Mapping[str, str]) -> tuple[str, Path]:
        """A relation of rows that are written to a folder of their own."""
        folder = self._folder()
        folder.mkdir()
        pq.write_table(rows.rename_columns(list(columns)), part := folder / "part.parquet")
        return self._read([folder], columns, rows.num_rows, scan(part)), folder

    def files(self, files: tuple[str, ...]) -> str:
        """The relation of Parquet files."""
        if files not in self._files:
            lying = scan(*map(Path, files))
            described = self._shadow.execute(f"DESCRIBE SELECT * FROM {lying}").fetchall()
            columns = {str(name): str(kind) for name, kind, *_ in described}
            number = sum(pq.read_metadata(file).num_rows for file in files)
            paths = [Path(file).absolute() for file in files]
            self._files[files] = self._read(paths, columns, number, lying) if number else self.nothing(columns)
        return self._files[files]

    def _read(self, paths: Sequence[Path], columns: Mapping[str, str], rows: int, lying: str) -> str:
        def frame() -> Any:
            schema = ", ".join(f"{quoted(c)} {spark_type(kind)}" for c, kind in columns.items())
            reader = self._spark.read.option("__globPaths__", "false")  # a folder may be called [x]
            there = [address(path) for path in paths]
            if all(kind == NOTHING or comes_back(kind) for kind in columns.values()):  # with a schema Spark reads no footer first
                return reader.schema(schema).parquet(*there)
            casts = (f"CAST({quoted(c)} AS {spark_type(kind)}) AS {quoted(c)}" for c, kind in columns.items())
            return reader.parquet(*there).selectExpr(*casts)

        name = self._shown(columns, rows, frame)
        self._lying[name] = lying
        return name

    def _shown(self, columns: Mapping[str, str], rows: int, frame: Callable[[], Any]) -> str:
        """A relation that Spark is told of when it is read first."""
        name = self._shadowed(columns)
        self._bulk[name] = rows
        self._frames[name] = (lambda: frame().coalesce(1)) if rows <= FEW else frame
        return name

    # Computing rows ----------------------------------------------------------------------------------------------

    def frame(self, relation: str) -> Any:
        """A relation as Spark's DataFrame, to be used before another is asked for."""
        needed = self._under(relation)
        for name in needed:
            if name in self._frames:
                self._frames.pop(name)().createOrReplaceTempView(quoted(name))
            self._functions.tell(self._texts.get(name, ("", ()))[0])
        self._prefer(few=self.is_few(relation))
        steps = [name for name in needed if name in self._texts and name != relation]
        text = self._texts[relation][0] if relation in self._texts else f"SELECT * FROM {quoted(relation)}"
        ctes = ", ".join(f"{quoted(name)} AS ({self._texts[name][0]})" for name in steps)
        return self._spark.sql(f"WITH {ctes} {text}" if ctes else text)

    def _under(self, relation: str) -> list[str]:
        """All relations that one is made of, and itself, in an order in which each finds what it reads."""
        found, queue = {relation}, [relation]
        while queue:
            fresh = set(self._texts.get(queue.pop(), ("", ()))[1]) - found
            found |= fresh
            queue += fresh
        return sorted(found, key=lambda name: int(name[1:]))

    def _prefer(self, *, few: bool) -> None:
        if few != self._few:
            for name, value in (FOR_FEW if few else self._usual).items():
                self._spark.conf.set(name, value)
            self._few = few

    def arrow(self, relation: str) -> pa.Table:
        """All rows of a relation, which have to fit into memory."""
        if relation in self._rows:
            return self._rows[relation]
        return self._answered(relation) if self.is_few(relation) else self.frame(relation).toArrow()

    def _answered(self, relation: str) -> pa.Table:
        """All rows of a relation that is made of few: DuckDB joins, groups and sorts them in one place."""
        given: dict[str, pa.Table] = {}
        written = []
        for name in self._under(relation):
            text, columns = self._made.get(name, ""), self._columns[name]
            if not text and name in self._rows:
                given[f"given_{name}"] = self._rows[name].rename_columns(list(columns))
            text = text or _leaf(columns, quote(f"given_{name}") if name in self._rows else self._lying.get(name))
            written.append(f"{quote(name)} AS ({text})")
        items = [f"{carried(quote(c), kind)} AS c{at}" for at, (c, kind) in enumerate(self._columns[relation].items())]
        text = f"WITH {', '.join(written)} SELECT {', '.join(items)} FROM {quote(relation)}"
        if self._bulk[relation] <= WITH_DRIVER:
            rows = worker.answer(text, given)
        else:
            register_worker()
            schema = ", ".join(f"c{at} {spark_type(kind)}" for at, kind in enumerate(self._columns[relation].values()))
            self._prefer(few=True)
            rows = self._spark.range(0, 1, 1, 1).mapInArrow(worker.task(text, given), schema).toArrow()
        return rows.rename_columns(list(self._columns[relation]))

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
        name, folder = self._laid(rows, columns)
        return Table(name, columns, [folder]), rows.num_rows

    def _filed(self, relation: str) -> tuple[Table, int]:
        columns, folder = self._columns[relation], self.write(relation)
        number = rows_in([folder])
        if not number:  # known to be empty, so that what is joined with it is left out
            return Table(self.nothing(columns), columns), 0
        return Table(self._read([folder], columns, number, scan(*parts(folder))), columns, [folder]), number

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
        if not number:
            return table, 0
        lying = scan(*(part for folder in folders for part in parts(folder)))
        return Table(self._read(folders, table.columns, before + number, lying), table.columns, folders), number

    def _below(self, table: Table, relation: str) -> str:
        """The rows of a table, and those of a relation below them."""
        if self.is_void(table.relation):
            return relation
        read = [table.relation, relation]
        duck, spark = (" UNION ALL ".join(f"SELECT * FROM {mark}{name}{mark}" for name in read) for mark in '"`')
        return self.step(duck, lambda _: spark, read, [])

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


def _leaf(columns: Mapping[str, str], of: str | None) -> str:
    """DuckDB's SQL of a relation that is no step: of what holds its rows, or without any."""
    items = [f"{typed(quote(c) if of else 'NULL', kind)} AS {quote(c)}" for c, kind in columns.items()]
    return f"SELECT {', '.join(items)} {f'FROM {of}' if of else 'WHERE FALSE'}"
