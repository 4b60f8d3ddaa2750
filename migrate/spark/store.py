"""The rows of relations: computed, kept and counted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from migrate.engine import scan
from migrate.spark import limits, worker
from migrate.spark.book import Book
from migrate.spark.parts import quote
from migrate.spark.rows import Table, address, parts, rows_in
from migrate.spark.scalars import register_worker
from migrate.spark.types import carried, quoted, spark_type, typed


class Store(Book):
    """Computes rows, and keeps them in files or with the driver."""

    def __init__(self, spark: Any, shadow: duckdb.DuckDBPyConnection, spill: Path) -> None:
        super().__init__(spark, shadow, spill)
        self._kept: dict[str, str] = {}
        self._usual = {name: spark.conf.get(name) for name in limits.FOR_FEW}
        self._few = False

    def frame(self, relation: str) -> Any:
        """A relation as Spark's DataFrame, to be used before another is asked for."""
        needed = self._under(relation)
        for name in needed:
            if name in self._frames:
                self._frames.pop(name)().createOrReplaceTempView(quoted(name))
            self._functions.tell(self._texts.get(name, ("", ()))[0])
        self._prefer(few=False)
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
            for name, value in (limits.FOR_FEW if few else self._usual).items():
                self._spark.conf.set(name, value)
            self._few = few

    def arrow(self, relation: str) -> pa.Table:
        """All rows of a relation, which have to fit into memory."""
        if relation in self._rows:
            return self._rows[relation]
        return self._answered(relation) if self.is_few(relation) else self.frame(relation).toArrow()

    def _answered(self, relation: str) -> pa.Table:
        """All rows of a relation that is made of few: DuckDB joins, groups and sorts them in one place."""
        columns = self._columns[relation]
        under = self._under(relation)
        given = {f"given_{name}": self._rows[name].rename_columns(list(self._columns[name])) for name in under if self._own(name)}
        items = [f"{carried(quote(c), kind)} AS c{at}" for at, (c, kind) in enumerate(columns.items())]
        ctes = ", ".join(f"{quote(name)} AS ({self._made.get(name) or self._leaf(name)})" for name in under)
        text = f"WITH {ctes} SELECT {', '.join(items)} FROM {quote(relation)}"
        if self._bulk[relation] <= limits.WITH_DRIVER:
            rows = worker.answer(text, given)
        else:
            register_worker()
            self._prefer(few=True)
            schema = ", ".join(f"c{at} {spark_type(kind)}" for at, kind in enumerate(columns.values()))
            rows = self._spark.range(0, 1, 1, 1).mapInArrow(worker.task(text, given), schema).toArrow()
        return rows.rename_columns(list(columns))

    def _own(self, relation: str) -> bool:
        """Is it no step, and do its rows lie with the driver?"""
        return relation in self._rows and relation not in self._made

    def _leaf(self, relation: str) -> str:
        """DuckDB's SQL of a relation that is no step: of what holds its rows."""
        columns, void = self._columns[relation], self.is_void(relation)
        items = ", ".join(f"{typed('NULL' if void else quote(c), kind)} AS {quote(c)}" for c, kind in columns.items())
        if void:
            return f"SELECT {items} WHERE FALSE"
        return f"SELECT {items} FROM {quote(f'given_{relation}') if self._own(relation) else self._lying[relation]}"

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
        if rows.num_rows <= limits.WITH_DRIVER:
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
        if before + self._bulk[relation] <= limits.FEW:
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

    def kept(self, relation: str) -> str:
        """The relation with its rows computed once."""
        if relation not in self._kept:
            self._kept[relation] = self.stored(relation)[0].relation
        return self._kept[relation]
