"""Databases with the tables that a contract describes, and what its views give of them, by the statements of a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import sqlalchemy as sa

from migrate.compiler.source import BAD, RAW, SOURCE, physical_sql, query_needs, query_sql, view_sql
from migrate.compiler.text import key_text, name
from migrate.connectors.database import DatabaseSource
from migrate.contracts.model import Contract, Field, FileFormat
from migrate.mapper import raw_types

Rows = Mapping[str, list[dict[str, Any]]]
AS_OF = "2025-06-16 07:00:00"


def table(columns: str, *rows: tuple[Any, ...]) -> list[dict[str, Any]]:
    """Rows of the columns; a row may be shorter, and is null there."""
    names = columns.split()
    return [dict(zip(names, row, strict=False)) for row in rows]


def fill(
    connection: sa.Connection, contract: Contract, rows: Rows, column_type: Callable[[str, Field], str], *, capitals: bool = False
) -> None:
    """Make the tables that have rows, and those that every release has, with all of their columns, and fill them."""
    for entity, model in contract.entities.items():
        if model.sql is not None or (model.optional and entity not in rows):
            continue
        cased = str.upper if capitals else str
        stored = cased(model.table or entity)
        columns = {cased(rule.column or field): column_type(entity, rule) for field, rule in model.fields.items()}
        quoted = connection.dialect.identifier_preparer.quote_identifier
        listed = ", ".join(f"{quoted(column)} {kind}" for column, kind in columns.items())
        connection.exec_driver_sql(f"CREATE TABLE {quoted(stored)} ({listed})")
        given = [
            {cased(model.fields[field].column or field): value for field, value in row.items()} for row in rows.get(entity, [])
        ]
        for row in given:
            connection.execute(sa.table(stored, *map(sa.column, row)).insert(), row)


class Views:
    """The views of a contract over a database."""

    def __init__(self, url: str, contract: Contract, folder: Path) -> None:
        self._contract = contract
        self._engine = duckdb.connect()
        for schema in (RAW, SOURCE):
            self._engine.execute(f"CREATE SCHEMA {schema}")
        source = DatabaseSource(url, "", contract, folder)
        for entity, model in contract.entities.items():
            if model.sql is None:
                self._read(source, entity)
        source.close()
        graph = {
            view: {other for other in query_needs(contract, model.sql) if contract.entities[other].sql}
            for view, model in contract.entities.items()
            if model.sql is not None
        }
        for view in TopologicalSorter(graph).static_order():
            self._engine.execute(view_sql(contract, view, contract.entities[view], AS_OF))

    def _read(self, source: DatabaseSource, entity: str) -> None:
        model = self._contract.entities[entity]
        fields = [field for field, rule in model.fields.items() if rule.pii != "secret"]
        table = pa.table(
            {"_row": pa.array([], pa.int64()), "_fault": pa.array([], pa.string()), "_fault_value": pa.array([], pa.string())}
        )
        if source.present(entity):
            batches = list(source.rows(entity, fields))
            table = pa.Table.from_batches(batches) if batches else table
        self._engine.register("arrow", table)
        self._engine.execute(f"CREATE TABLE {name(RAW, entity)} AS SELECT * FROM arrow")
        self._engine.unregister("arrow")
        format_ = self._contract.source.format if self._contract.source else FileFormat()
        self._engine.execute(physical_sql(entity, model, fields, raw_types(self._engine, entity), format_))  # type: ignore[arg-type]

    def rows(self, entity: str, *fields: str) -> dict[Any, Any]:
        """``{key: the fields}``; one field is given as it is. A key that stands twice is a fault of the test."""
        model = self._contract.entities[entity]
        asked = fields or tuple(model.fields)
        keys = ", ".join(f"t.{name(part)}" for part in model.key)
        found = self._engine.execute(
            f"SELECT {keys}, {', '.join(f't.{name(field)}' for field in asked)} FROM {name(SOURCE, entity)} AS t"
        ).fetchall()
        width = len(model.key)
        by_key = {(row[0] if width == 1 else row[:width]): row[width:] for row in found}
        assert len(by_key) == len(found), f"{entity} gives a key twice"
        return {key: values[0] if len(fields) == 1 else values for key, values in by_key.items()}

    def unread(self) -> list[tuple[str, list[str]]]:
        """Values that are not of the type that the contract says."""
        tables = [entity for entity, model in self._contract.entities.items() if model.sql is None]
        return [
            (entity, list(bad))
            for entity in tables
            for (bad,) in self._engine.execute(f"SELECT {BAD} FROM {name(SOURCE, entity)} WHERE {BAD} IS NOT NULL").fetchall()
        ]

    def uncovered(self) -> dict[str, list[str]]:
        """Per covered table: keys that no view holds."""
        views: dict[str, list[str]] = {}
        for view, model in self._contract.entities.items():
            for table, field in model.covers.items():
                views.setdefault(table, []).append(f"SELECT CAST({name(field)} AS VARCHAR) AS k FROM {name(SOURCE, view)}")
        lost: dict[str, list[str]] = {}
        for table, selects in views.items():
            key = key_text(f"t.{name(part)}" for part in self._contract.entities[table].key)
            found = self._engine.execute(
                f"SELECT {key} FROM {name(SOURCE, table)} AS t ANTI JOIN ({' UNION ALL '.join(selects)}) AS u ON u.k = {key}"
            ).fetchall()
            if found:
                lost[table] = sorted(k for (k,) in found)
        return lost

    def asked(self, sql: str) -> int:
        """Number of rows of a query of the contract, such as one of ``expects``."""
        return len(self._engine.execute(query_sql(sql, SOURCE, AS_OF)).fetchall())
