"""The tables of a target database: what the contract says of them, and what is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from migrate.connectors.database_target.cells import Store, is_number, stored, storing
from migrate.connectors.target import Record
from migrate.contracts.load import LoadedContract
from migrate.contracts.model import Name, Words
from migrate.errors import Problem, TargetRefused
from migrate.models import build_part

UNKNOWN = "the number of a record that it refers to is not known"


class TableWords(Words):
    """``write`` of an entity: where its records are."""

    table: str | None = None
    """The table; named as the entity by default."""
    native: Name | None = None
    """The column of the database's own number for a record, which other tables refer to."""
    columns: dict[Name, str] = {}
    """``{field: column}`` where they differ."""
    by_native: tuple[Name, ...] = ()
    """Fields whose column holds the native number of the record they refer to."""
    absent: dict[Name, str | int | float | bool] = {}
    """``{field: value}`` that is stored where there is none, in columns that may not be null; it reads as none."""


class Options(Words):
    """``target: {options: ...}`` of a workspace."""

    batch: int = 50_000
    parallel: int = 1
    schema_name: str | None = None


@dataclass(frozen=True)
class Table:
    """An entity's table, as it is there."""

    words: TableWords
    table: sa.Table
    key: tuple[str, ...]
    types: Mapping[str, str]
    protected: bool
    """Is the key unique in the database itself?"""

    def column(self, field: str) -> sa.Column[Any]:
        """The column of a field."""
        return self.table.c[self.words.columns.get(field, field)]

    @cached_property
    def storing(self) -> Mapping[str, Store | None]:
        """Per field: what makes its values fit for its column."""
        return {field: storing(kind, self.column(field)) for field, kind in self.types.items()}

    def native(self, number: str) -> Any:
        """The database's own number of a record as its column takes it."""
        assert self.words.native is not None
        return int(number) if is_number(self.table.c[self.words.native]) else number

    def cell(self, record: Record, field: str) -> Any:
        """A field's value as its column takes it. Raises ValueError where that is the number of a record, which is not known."""
        value = record.values.get(field)
        if field in self.words.by_native:
            if (link := record.links.get(field)) is None and value is not None:
                raise ValueError(f"{field}: {UNKNOWN}")
            value = link
        if value is None:
            return self.words.absent.get(field)
        store = self.storing[field]
        return value if store is None else store(value)

    def key_cells(self, record: Record) -> tuple[Any, ...] | None:
        """The key of a record as its columns take it. None where no row can have it: its columns do not take it, or it names a
        record without a number, which was removed or never was."""
        if any(f in self.words.by_native and f not in record.links and record.values.get(f) is not None for f in self.key):
            return None
        try:
            return tuple(self.cell(record, f) for f in self.key)
        except ValueError:
            return None

    def cells(self, records: Sequence[Record], field: str) -> list[Any]:
        """The cells of many records in one column."""
        if field in self.words.by_native or field in self.words.absent:
            return [self.cell(record, field) for record in records]
        values = [record.values.get(field) for record in records]
        store = self.storing[field]
        return values if store is None else [None if v is None else store(v) for v in values]

    def column_cells(self, rows: pa.Table, field: str) -> pa.Array:
        """The cells of a table of records in one column. Raises ValueError where one does not fit."""
        values, links = rows[field].combine_chunks(), f"link:{field}"
        if field in self.words.by_native:
            natives = rows[links].combine_chunks() if links in rows.column_names else pa.nulls(len(values), pa.string())
            if not pc.all(pc.or_(pc.is_null(values), pc.is_valid(natives)), min_count=0).as_py():
                raise ValueError(f"{field}: {UNKNOWN}")
            values = natives
        if len(values) == values.null_count:
            cells = pa.nulls(len(values), pa.string())
        else:
            cells = stored(self.types[field], self.column(field), self.storing[field], values)
        absent = self.words.absent.get(field)
        return cells if absent is None else pa.array([absent if cell is None else cell for cell in cells.to_pylist()])


def reflect(engine: sa.Engine, contract: LoadedContract, options: Options) -> dict[str, Table]:
    """The table of every entity. Raises TargetRefused with every table and column that lacks."""
    metadata = sa.MetaData(schema=options.schema_name)
    tables, problems = {}, []
    there = set(sa.inspect(engine).get_table_names(schema=options.schema_name))
    for name, entity in contract.model.entities.items():
        words = build_part(TableWords, contract.document, ("entities", name, "write"))
        wanted = words.table or entity.table or name
        at = contract.document.place("entities", name)
        if wanted not in there:
            problems.append(Problem("the target has no such table", at, wanted, tuple(sorted(there))))
            continue
        table = sa.Table(wanted, metadata, autoload_with=engine)
        for column in table.c:
            if isinstance(column.type, sa.Uuid):
                column.type = sa.UUID(as_uuid=False)  # a contract has texts
        columns = {f: words.columns.get(f, f) for f in entity.fields}
        lacking = [c for c in [*columns.values(), *([words.native] if words.native else [])] if c not in table.c]
        problems += [Problem(f"the table {wanted} has no such column", at, c, tuple(c.name for c in table.c)) for c in lacking]
        types = {f: rule.type for f, rule in entity.fields.items()}
        unique = _unique(engine, table, options.schema_name)
        protected = any(set(one) <= {columns[f] for f in entity.key} for one in unique)
        tables[name] = Table(words, table, entity.key, types, protected)
    if problems:
        raise TargetRefused(
            "the target has not the tables of its contract", problems=problems, hint="mend the contract's write: words"
        )
    return tables


def _unique(engine: sa.Engine, table: sa.Table, schema: str | None) -> list[tuple[str, ...]]:
    inspector = sa.inspect(engine)
    found = [tuple(column.name for column in table.primary_key.columns)]
    found += [tuple(c for c in one["column_names"]) for one in inspector.get_unique_constraints(table.name, schema)]
    found += [
        tuple(c for c in one["column_names"] if c) for one in inspector.get_indexes(table.name, schema) if one.get("unique")
    ]
    return [one for one in found if one]
