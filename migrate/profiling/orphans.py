"""Rows that refer to records which are not there, under each reference of the contract."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from migrate.compiler.text import name
from migrate.contracts.model import Contract
from migrate.profiling.columns import PROFILED, Column
from migrate.profiling.model import Frequency, Orphans


def orphans(
    connection: duckdb.DuckDBPyConnection, contract: Contract, columns: Mapping[str, list[Column]]
) -> tuple[list[Orphans], list[str]]:
    """Each reference between tables that were read, and those that were not looked at with the reason."""
    found, unchecked = [], []
    for entity, listed in columns.items():
        for column in listed:
            reference = column.rule.references
            if reference is None:
                continue
            other = contract.entities[reference.entity]
            field = reference.field or other.key[0]
            place = f"{entity}.{column.field}"
            if reference.field is None and len(other.key) > 1:
                unchecked.append(f"{place}: the key of {reference.entity} has several fields")
            elif other.sql is not None:
                unchecked.append(f"{place}: {reference.entity} is a view")
            elif reference.entity not in columns:
                unchecked.append(f"{place}: {reference.entity} is not there, or was not read")
            elif field not in {one.field for one in columns[reference.entity]}:
                unchecked.append(f"{place}: {reference.entity}.{field} was not read")
            else:
                found.append(_asked(connection, entity, column.field, reference.entity, field))
    return found, unchecked


def _asked(connection: duckdb.DuckDBPyConnection, entity: str, field: str, to: str, to_field: str) -> Orphans:
    """Compared as text without blanks around, as references are looked up in a run."""
    source = f"SELECT trim(CAST({name(field)} AS VARCHAR)) AS v, count(*) AS n FROM {name(PROFILED, entity)} GROUP BY 1"
    there = f"SELECT trim(CAST({name(to_field)} AS VARCHAR)) FROM {name(PROFILED, to)}"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE referring AS {source} HAVING v IS NOT NULL")
    connection.execute(f"CREATE OR REPLACE TEMP TABLE lost AS SELECT v, n FROM referring ANTI JOIN ({there}) AS t(v) USING (v)")
    row = connection.execute("SELECT (SELECT sum(n) FROM referring), sum(n), count(*) FROM lost").fetchone()
    assert row is not None
    examples = connection.execute("SELECT v, n FROM lost ORDER BY n DESC, v LIMIT 5").fetchall() if row[2] else []
    some = tuple(Frequency(str(value), int(number)) for value, number in examples)
    return Orphans(entity, field, to, to_field, int(row[0] or 0), int(row[1] or 0), int(row[2]), some)
