"""Which source entities are known to have no key twice."""

from __future__ import annotations

from typing import Any

import pytest

from migrate.compiler.plan import make_plan
from migrate.engine import session
from migrate.mapper import build_source, unique_sources

SOURCE = """
system: old
label: Old
source: {kind: database}
entities:
  person: {key: id, fields: {id: {type: int}, name: {}}}
  coded: {key: id, fields: {id: {type: int, never: [7]}, name: {}}}
  texted: {key: id, fields: {id: {}, name: {}}}
  paired: {key: [id, name], fields: {id: {type: int}, name: {}}}
  named: {key: id, sql: "select p.id, p.name from person as p", fields: {id: {type: int}, name: {}}}
"""
TARGET = """
system: new
label: New
target: {kind: files}
entities:
  a: {key: id, file: a.csv, fields: {id: {}}}
"""
ENTITIES = ("person", "coded", "texted", "paired", "named")


def unique(bench: Any, entity: str, keys: list[int], growing: dict[str, str]) -> bool:
    """Is a source entity known to have no key twice, where extract says that these keys grow?"""
    mapping = f"from: old.{entity}\nto: new.a\nfields: {{id: {{from: id}}}}\n"
    pair = bench.pair(source=SOURCE, target=TARGET, pair="{from: old, to: new, label: x}", a=mapping)
    plan = make_plan(pair, "2025-01-01 00:00:00")
    with session() as connection:
        for table in plan.physical:
            values = ", ".join(f"({key}, 'x', {at}, NULL, NULL)" for at, key in enumerate(keys))
            columns = "id, name, _row, _fault, _fault_value"
            connection.execute(f"CREATE TABLE raw.{table} AS SELECT * FROM (VALUES {values}) AS v ({columns})")
        build_source(connection, plan)
        return entity in unique_sources(connection, plan, growing)


@pytest.mark.parametrize("entity", ENTITIES)
def test_keys_are_counted(bench: Any, entity: str) -> None:
    assert unique(bench, entity, [2, 1, 3], {})
    assert not unique(bench, entity, [1, 2, 1], {})


@pytest.mark.parametrize("entity", ENTITIES)
def test_only_whole_numbers_of_a_table_that_grow_are_not_counted(bench: Any, entity: str) -> None:
    """Keys that stand twice tell whether somebody counted them: what extract says is taken at its word, where it fits."""
    assert unique(bench, entity, [1, 1], {entity: "id"}) is (entity == "person")
    assert not unique(bench, entity, [1, 1], {entity: "name"})
