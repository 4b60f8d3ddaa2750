"""Which columns hold keys of other tables: by their names, and by whether the values are there."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from migrate.compiler.text import name
from migrate.profiling.columns import PROFILED
from migrate.profiling.contract_draft.shapes import Table
from migrate.profiling.words import looked_for, parts

THERE = 0.95
"""Share of the rows that name a record of the other table, at least."""


def guess_references(connection: duckdb.DuckDBPyConnection, tables: Mapping[str, Table], rows: Mapping[str, int]) -> None:
    """Add ``references`` to fields, as guesses, where the database declares none."""
    for table in tables.values():
        for field, words in table.fields.items():
            if (
                "references" in words
                or words.get("pii") == "secret"
                or words.get("type") in ("date", "datetime", "epoch", "flag")
            ):
                continue
            if not rows.get(table.entity):
                continue
            found = []
            for other in tables.values():
                if len(other.key) != 1 or not rows.get(other.entity) or not _akin(table, field, other):
                    continue
                if table.key == (field,) and table.key_unique and rows[other.entity] <= rows[table.entity]:
                    continue  # of two tables with one key, the smaller refers to the larger
                share, different = _share(connection, table.entity, field, other.entity, other.key[0])
                if share >= THERE and different:
                    found.append((share, "references" not in other.fields[other.key[0]], rows[other.entity], other.entity))
            if found:
                share, _, _, entity = max(found)
                words["references"] = {"entity": entity}
                table.doubt(field, f"refers to {entity} by its name; {share:.1%} of its rows name a record there")


def _akin(table: Table, field: str, other: Table) -> bool:
    """Does the name of the field speak of the other table, or of its key?"""
    key, said = other.key[0], _bare(field)
    generic = parts(key) in looked_for().columns["key"]
    stem = _bare(other.entity).removesuffix("s").removesuffix("ie")
    if table.entity == other.entity:
        return (not generic and _bare(key) in said and said != _bare(key)) or said.startswith("parent")
    if not generic:
        return _bare(key) in said
    return len(stem) >= 3 and stem in said


def _bare(text: str) -> str:
    return "".join(sign for sign in text.lower() if sign.isalnum())


def _share(connection: duckdb.DuckDBPyConnection, entity: str, field: str, to: str, to_field: str) -> tuple[float, int]:
    there = f"SELECT DISTINCT trim(CAST({name(to_field)} AS VARCHAR)) AS k FROM {name(PROFILED, to)}"
    row = connection.execute(
        f"SELECT count(*), count(t.k), count(DISTINCT t.k) FROM (SELECT trim(CAST({name(field)} AS VARCHAR)) AS v "
        f"FROM {name(PROFILED, entity)} WHERE {name(field)} IS NOT NULL) AS f LEFT JOIN ({there}) AS t ON t.k = f.v"
    ).fetchone()
    assert row is not None
    return (row[1] / row[0] if row[0] else 0.0), int(row[2])
