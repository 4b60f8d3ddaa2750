"""The values of an entity as SQL: typed by the contract, blank text and declared sentinels as null."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from migrate.compiler.source import RAW, typed_sql
from migrate.compiler.text import name
from migrate.contracts.model import Entity, Field, FileFormat
from migrate.mapper import raw_types

SMALL = 100_000
"""Rows of a table whose typed values are kept in memory; of larger ones they are computed as they are asked for."""
PROFILED = "profiled"
"""The schema of typed values."""


@dataclass(frozen=True)
class Column:
    """A field and how its values are read from the raw row ``r``."""

    field: str
    rule: Field
    stored: str
    value: str
    blank: str
    unreadable: str
    ambiguous: str

    @property
    def dated(self) -> bool:
        """Is it a date or an instant?"""
        return self.rule.type in ("date", "datetime", "epoch")

    @property
    def numeric(self) -> bool:
        """Is it a number?"""
        return self.rule.type in ("int", "decimal")


def columns_of(connection: duckdb.DuckDBPyConnection, entity: str, model: Entity, format_: FileFormat) -> list[Column]:
    """The columns of the extracted rows of ``entity`` that the contract knows, in its order."""
    raw = raw_types(connection, entity)
    return [_column(field, rule, raw[field], format_) for field, rule in model.fields.items() if field in raw]


def _column(field: str, rule: Field, stored: str, format_: FileFormat) -> Column:
    source = f"r.{name(field)}"
    typed, unreadable, ambiguous = typed_sql(rule, source, stored, format_)
    blank = f"trim({source}) = ''" if stored == "VARCHAR" else "FALSE"
    value = f"CASE WHEN NOT ({blank}) THEN {typed} END" if stored == "VARCHAR" else typed
    return Column(field, rule, stored, value, blank, unreadable or "FALSE", ambiguous or "FALSE")


def build_values(connection: duckdb.DuckDBPyConnection, entity: str, columns: list[Column], rows: int) -> str:
    """Make the table or view of typed values, with ``_row``; gives its name."""
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {PROFILED}")
    kind = "TABLE" if rows <= SMALL else "VIEW"
    listed = "".join(f", {column.value} AS {name(column.field)}" for column in columns)
    made = name(PROFILED, entity)
    connection.execute(f"CREATE OR REPLACE {kind} {made} AS SELECT r._row{listed} FROM {name(RAW, entity)} AS r")
    return made


def shown_text(sql: str, column: Column) -> str:
    """A value as text: dates without a time of day, instants to the second."""
    if column.rule.type in ("datetime", "epoch"):
        return f"strftime({sql}, '%Y-%m-%d %H:%M:%S')"
    return f"CAST({sql} AS VARCHAR)"
