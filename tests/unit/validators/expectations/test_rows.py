"""The rows of an expectation: its own fields alone, and one row for each record."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from migrate.contracts.load import LoadedContract
from migrate.engine import session
from validators.expectations.load import Wanted
from validators.expectations.rows import register, select

Load = Callable[..., list[Wanted]]


@pytest.fixture
def back(hub: LoadedContract, tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with session() as connection:
        people = (
            "SELECT * FROM (VALUES ('a', 'a', 'al', 'x@y', 'active', 7, DATE '2001-01-01'), "
            "('b', 'b', 'bo', 'x@y', 'deleted', NULL, NULL)) AS t (_target_key, person, login, email, status, age, born)"
        )
        places = (
            "SELECT * FROM (VALUES ('1', 'a', 'x@y', 'r1', 'active'), ('2', 'b', 'x@y', 'r1', 'active'), "
            "('3', 'c', NULL, 'r2', NULL)) AS t (_target_key, person, mail, room, status)"
        )
        for name, rows in (("people", people), ("places", places)):
            connection.execute(f"COPY ({rows}) TO '{tmp_path / name}.parquet' (FORMAT parquet)")
        register(connection, hub.model, {name: tmp_path / f"{name}.parquet" for name in ("people", "places")})
        yield connection


def rows(connection: duckdb.DuckDBPyConnection, hub: LoadedContract, wanted: Wanted) -> list[dict[str, Any]]:
    sql = select(wanted, hub.model, "2026-01-01 00:00:00")
    return connection.execute(sql).to_arrow_table().to_pylist()  # type: ignore[no-any-return]


def test_only_the_fields_that_are_named(back: duckdb.DuckDBPyConnection, hub: LoadedContract, load: Load) -> None:
    (wanted,) = load("entity: people\nexpect: not_null\nfield: born\nwhere: age > 1")
    assert rows(back, hub, wanted) == [{"_target_key": "a", "born": dt.datetime(2001, 1, 1)}]


def test_a_record_that_is_not_there_has_no_values(back: duckdb.DuckDBPyConnection, hub: LoadedContract, load: Load) -> None:
    (wanted,) = load("entity: places\nexpect: not_null\nfield: person.login")
    assert [row["person.login"] for row in rows(back, hub, wanted)] == ["al", "bo", None]


def test_a_value_that_several_records_have_makes_no_more_rows(
    back: duckdb.DuckDBPyConnection, hub: LoadedContract, load: Load
) -> None:
    (wanted,) = load("entity: places\nexpect: not_null\nfield: mail.login")
    assert [row["mail.login"] for row in rows(back, hub, wanted)] == ["al", "al", None]


def test_a_condition_that_is_null_leaves_the_record_out(back: duckdb.DuckDBPyConnection, hub: LoadedContract, load: Load) -> None:
    (wanted,) = load("entity: places\nexpect: no_records\nwhere: status = 'active' and person.status <> 'active'")
    assert [row["_target_key"] for row in rows(back, hub, wanted)] == ["2"]


def test_as_of_is_the_instant_of_the_run(back: duckdb.DuckDBPyConnection, hub: LoadedContract, load: Load) -> None:
    (wanted,) = load("entity: people\nexpect: not_null\nfield: age\nwhere: born < as_of()")
    assert len(rows(back, hub, wanted)) == 1


def test_an_entity_that_was_not_read_back_has_no_rows(hub: LoadedContract, load: Load) -> None:
    (wanted,) = load("entity: people\nexpect: not_null\nfield: age")
    with session() as connection:
        register(connection, hub.model, {})
        assert rows(connection, hub, wanted) == []
