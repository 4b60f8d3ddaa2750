"""Items of many findings are found by joins that look at each of them once."""

from __future__ import annotations

import duckdb
import pytest

from migrate.worklist import items

FINDINGS = """(SELECT row, 'G-1' AS code, 'quarantine' AS severity, 'grades' AS entity, row::VARCHAR AS key, 'score' AS field,
    'x' AS value, 'odd' AS message, CASE WHEN row % 2 = 0 THEN 'users/' || row END AS root_cause
    FROM range(1000) AS numbers(row))"""


@pytest.fixture
def told() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    items.prepare(connection, {}, {})
    items.find_blame(connection, FINDINGS)
    return connection


def test_no_finding_is_compared_with_every_other(told: duckdb.DuckDBPyConnection) -> None:
    plan = str(told.execute("EXPLAIN " + items._FINDINGS).fetchall())
    assert "HASH_JOIN" in plan
    assert "NL_JOIN" not in plan
    assert "NESTED_LOOP" not in plan


def test_a_finding_of_its_own_is_not_blamed_on_another(told: duckdb.DuckDBPyConnection) -> None:
    items.build_items(told, FINDINGS)
    counted = dict(told.execute("SELECT kind, count(*) FROM items GROUP BY kind").fetchall())
    assert counted == {"record": 500, "root": 500}
