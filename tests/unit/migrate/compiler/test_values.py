"""Values as a target's types: what the engine has as such is taken as it is, and gives what its text would give."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from migrate.compiler.values import target_value

GIVEN = {
    "int": ["7::TINYINT", "-7::BIGINT", "7.0::DOUBLE", "7.5::DOUBLE", "'7'", "'7.0'", "'x'", "NULL::BIGINT", "TRUE", "NULL"],
    "decimal": ["7::INTEGER", "7.25::DOUBLE", "'nan'::DOUBLE", "'inf'::DOUBLE", "7.25::DECIMAL(9,2)", "'7.25'", "'1_0'", "NULL",
                "9007199254740993::BIGINT", "9007199254740992::BIGINT", "1e300::DOUBLE", "12345678901234567.89::DECIMAL(20,2)"],
    "flag": ["TRUE", "FALSE", "NULL::BOOLEAN", "1::INTEGER", "2::INTEGER", "'true'", "'yes'", "NULL"],
    "date": ["DATE '2024-02-29'", "TIMESTAMP '2024-02-29 10:00:00'", "'2024-02-29'", "'29.02.2024'", "DATE '20000-01-01'",
             "'infinity'::DATE", "NULL::DATE"],
    "datetime": ["DATE '2024-02-29'", "TIMESTAMP '2024-02-29 10:00:00.5'", "'2024-02-29T10:00:00+02:00'", "'now'",
                 "TIMESTAMP '20000-01-01 00:00:00'", "'infinity'::TIMESTAMP", "NULL::TIMESTAMP"],
}  # fmt: skip


@pytest.mark.parametrize(("field_type", "sql"), [(kind, sql) for kind, listed in GIVEN.items() for sql in listed])
def test_a_value_and_its_text_give_the_same(field_type: str, sql: str) -> None:
    with duckdb.connect() as engine:
        engine.execute("SET TimeZone = 'UTC'")

        def taken(column: str) -> Any:
            row = engine.execute(f"SELECT {target_value('x', field_type)} FROM (SELECT {column} AS x)").fetchone()
            return row and row[0]

        assert taken(sql) == taken(f"CAST({sql} AS VARCHAR)")


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("9007199254740993::BIGINT", None), ("9007199254740992::BIGINT", 9007199254740992.0), ("'12345678901234567.89'", None),
        ("12345678901234567.89::DECIMAL(20,2)", None), ("1e300::DOUBLE", 1e300), ("0.1::FLOAT", 0.10000000149011612),
    ],
)  # fmt: skip
def test_a_number_that_a_double_would_change_is_no_decimal(sql: str, expected: float | None) -> None:
    with duckdb.connect() as engine:
        row = engine.execute(f"SELECT {target_value('x', 'decimal')} FROM (SELECT {sql} AS x)").fetchone()
    assert row == (expected,)


def test_a_type_that_the_engine_knows_is_asked_of_no_row() -> None:
    with duckdb.connect() as engine:
        engine.execute("CREATE TABLE t (x TIMESTAMP, y VARCHAR)")
        plans = [
            str(engine.execute(f"EXPLAIN SELECT {target_value(column, 'datetime')} FROM t").fetchall()) for column in ("x", "y")
        ]
    assert ["regexp" in plan for plan in plans] == [False, True]
