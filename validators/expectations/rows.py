"""The rows that an expectation is judged on: only the fields that it names, from what was read back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb

from migrate.compiler.source import SQL_TYPES
from migrate.compiler.text import name, translate
from migrate.contracts.model import Contract, Entity
from migrate.engine import scan
from migrate.expressions import parse_expression
from validators.expectations.load import DATES, Column, Wanted

BACK = "read_back"
"""Schema of the target's entities as they were read back."""
KEY = "_target_key"


def register(connection: duckdb.DuckDBPyConnection, contract: Contract, files: Mapping[str, Path]) -> None:
    """A view per entity of the target; of those without a file, an empty table."""
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {BACK}")
    for entity_name, entity in contract.entities.items():
        if (file := files.get(entity_name)) is not None:
            connection.execute(f"CREATE VIEW {name(BACK, entity_name)} AS SELECT * FROM {scan(file)}")
        else:
            columns = ", ".join(f"{name(f)} {SQL_TYPES[rule.type]}" for f, rule in entity.fields.items())
            connection.execute(f"CREATE TABLE {name(BACK, entity_name)} ({name(KEY)} VARCHAR, {columns})")


def select(wanted: Wanted, contract: Contract, as_of: str) -> str:
    """The rows of an expectation, by target key: ``_target_key`` and its fields under their paths, dates as timestamps."""
    entity = contract.entities[wanted.model.entity]
    columns = [f"CAST(t.{name(KEY)} AS VARCHAR) AS {name(KEY)}"]
    columns += [f"{_typed(column)} AS {name(column.path)}" for column in wanted.columns]
    joins = [_join(contract, entity, field) for field in dict.fromkeys(c.through for c in wanted.used if c.through)]
    where = ""
    if wanted.model.where is not None:
        known = {column.path: column for column in wanted.used}

        def resolve(table: str, column: str) -> str:
            return _typed(known[f"{table}.{column}" if table else column])

        where = f" WHERE ({translate(parse_expression(wanted.model.where), resolve, as_of)})"
    return f"SELECT {', '.join(columns)} FROM {name(BACK, wanted.model.entity)} AS t {' '.join(joins)}{where} ORDER BY ALL"


def _typed(column: Column) -> str:
    source = f"{name('ref:' + column.through)}.{name(column.field)}" if column.through else f"t.{name(column.field)}"
    if column.type == "string":
        return f"CAST({source} AS VARCHAR)"
    return f"CAST({source} AS TIMESTAMP)" if column.type in DATES else source


def _join(contract: Contract, entity: Entity, field: str) -> str:
    """The record that a reference names; one at most, so that no row of the entity is judged twice."""
    reference = entity.fields[field].references
    assert reference is not None
    other = contract.entities[reference.entity]
    key = reference.field or other.key[0]
    alias = name("ref:" + field)
    rows = (
        f"SELECT *, CAST({name(key)} AS VARCHAR) AS {name('ref:key')} FROM {name(BACK, reference.entity)} "
        f"WHERE {name(key)} IS NOT NULL QUALIFY row_number() OVER (PARTITION BY {name(key)} ORDER BY {name(KEY)}) = 1"
    )
    return f"LEFT JOIN ({rows}) AS {alias} ON {alias}.{name('ref:key')} = CAST(t.{name(field)} AS VARCHAR)"
