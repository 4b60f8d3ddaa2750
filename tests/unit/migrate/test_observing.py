"""Looking on while the engine works."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from migrate.engine import copy_to_parquet, session
from migrate.observing import observed_by


class Notes:
    """An observer that keeps what it is told."""

    def __init__(self) -> None:
        self.open = 0
        self.told: list[tuple[str, float]] = []
        self.percents: list[float] = []

    def opened(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.open += 1
        self.percents.append(connection.query_progress())

    def closed(self) -> None:
        self.open -= 1

    def ran(self, statement: str, seconds: float) -> None:
        self.told.append((statement, seconds))


def test_each_statement_is_told_and_the_session_is_left(tmp_path: Path) -> None:
    notes = Notes()
    with observed_by(notes), session() as connection:
        assert notes.open == 1
        assert connection.execute("SELECT 1").fetchall() == [(1,)]
        assert connection.execute("SELECT ?", [2]).fetchone() == (2,)
        assert copy_to_parquet(connection, "SELECT * FROM range(7)", tmp_path / "r.parquet") == 7
        assert connection.cursor().execute("SELECT 3").to_arrow_reader(10).read_all().num_rows == 1
        connection.register("given", connection.execute("SELECT 4 AS x").to_arrow_table())
        assert connection.execute("SELECT x FROM given").fetchone() == (4,)
    assert notes.open == 0
    statements = [statement for statement, _ in notes.told]
    assert [s for s in statements if s.startswith("SELECT")] == [
        "SELECT 1",
        "SELECT ?",
        "SELECT 3",
        "SELECT 4 AS x",
        "SELECT x FROM given",
    ]
    assert sum(s.startswith("COPY") for s in statements) == 1
    assert all(seconds >= 0 for _, seconds in notes.told)


def test_nobody_is_told_outside() -> None:
    notes = Notes()
    with observed_by(notes):
        pass
    with session() as connection:
        assert isinstance(connection, duckdb.DuckDBPyConnection)
    assert notes.told == []


def test_a_session_that_fails_is_left_too() -> None:
    notes = Notes()
    with pytest.raises(ZeroDivisionError), observed_by(notes), session():
        raise ZeroDivisionError
    assert notes.open == 0
