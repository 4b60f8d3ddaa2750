"""Relations as they are written down: each has a name, its columns in DuckDB, and Spark's and DuckDB's SQL of its rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from migrate.engine import scan
from migrate.spark import limits
from migrate.spark.parts import quote
from migrate.spark.rows import Table, address
from migrate.spark.scalars import Functions, Scalars
from migrate.spark.types import NOTHING, carried, comes_back, quoted, spark_type, spark_value, typed, written_out


class Book:
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
        self._void: set[str] = set()
        """Relations that are known to have no row."""
        self._rows: dict[str, pa.Table] = {}
        """A few rows that the driver has."""
        self._made: dict[str, str] = {}
        """DuckDB's SQL of a relation that is a step."""
        self._lying: dict[str, str] = {}
        """The table function that reads the files of a relation."""
        self._numbers = 0

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
        return self._bulk[relation] <= limits.FEW

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
        if rows.num_rows <= limits.WRITTEN_OUT and all(map(written_out, columns.values())):
            values = ", ".join(f"({', '.join(map(spark_value, row.values()))})" for row in given.to_pylist())
            text = f"SELECT /*+ COALESCE(1) */ {', '.join(casts)} FROM VALUES {values} AS v({', '.join(names)})"
            name = self._written_down(columns, text, (), rows.num_rows)
        elif rows.num_rows <= limits.WITH_DRIVER:
            name = self._shown(
                columns, rows.num_rows, lambda: self._spark.createDataFrame(self._carried(given, columns)).selectExpr(*casts)
            )
        else:
            return self._laid(rows, columns)[0]
        self._rows[name] = rows
        return name

    def _carried(self, rows: pa.Table, columns: Mapping[str, str]) -> pa.Table:
        """Rows of the types that Spark has."""
        if all(kind != NOTHING and comes_back(kind) for kind in columns.values()):
            return rows
        items = ", ".join(f"{carried(c, kind)} AS {c}" for c, kind in zip(rows.column_names, columns.values(), strict=True))
        self._shadow.register("_given", rows)
        try:
            return self._shadow.execute(f"SELECT {items} FROM _given").to_arrow_table()
        finally:
            self._shadow.unregister("_given")

    def _laid(self, rows: pa.Table, columns: Mapping[str, str]) -> tuple[str, Path]:
        """A relation of rows that are written to a folder of their own."""
        folder = self._folder()
        folder.mkdir()
        pq.write_table(rows.rename_columns(list(columns)), part := folder / "part.parquet")
        return self._read([folder], columns, rows.num_rows, scan(part)), folder

    def files(self, files: tuple[str, ...]) -> str:
        """The relation of Parquet files."""
        if files not in self._files:
            paths = [Path(file).absolute() for file in files]
            lying = scan(*paths)
            described = self._shadow.execute(f"DESCRIBE SELECT * FROM {lying}").fetchall()
            columns = {str(name): str(kind) for name, kind, *_ in described}
            number = sum(pq.read_metadata(file).num_rows for file in files)
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
        self._frames[name] = (lambda: frame().coalesce(1)) if rows <= limits.FEW else frame
        return name

    def _folder(self) -> Path:
        self._numbers += 1
        return self._spill / f"rows{self._numbers}"
