"""What a difference between states counts as, on rows of ``certification_states.parquet``."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from migrate.engine import session
from migrate.mapping.model import CertificationReason
from migrate.reconciliation.certification_judging import counts, judge

Spell = tuple[str, str]
VALID: list[Spell] = [("2025-01-01", "certified"), ("2026-06-01", "window open"), ("2026-09-01", "expired")]
LATE: list[Spell] = [("2025-01-01", "certified"), ("2026-06-01", "window open"), ("2026-09-03", "expired")]
EARLY: list[Spell] = [("2025-01-01", "certified"), ("2026-06-01", "window open"), ("2026-08-01", "expired")]


@pytest.fixture
def states() -> Iterator[duckdb.DuckDBPyConnection]:
    with session(threads=1) as connection:
        connection.execute(
            "CREATE TABLE pieces (side VARCHAR, person VARCHAR, certification VARCHAR, state VARCHAR, first DATE, "
            "record VARCHAR, part VARCHAR, code VARCHAR, explains VARCHAR[])"
        )
        yield connection


def put(
    connection: duckdb.DuckDBPyConnection,
    side: str,
    spells: list[Spell],
    part: str = "expected",
    *explains: str,
    person: str = "a",
) -> None:
    """Put states of a side there; those of the source are expected, too, unless they stayed behind."""
    code = None if part == "expected" else f"X-{part.upper()}"
    sides = [side, "expected"] if side == "source" and part not in ("held", "excluded") else [side]
    for each in sides:
        of_source = (part, code, list(explains)) if each != "target" else (None, None, None)
        for first, state in spells:
            row = [each, person, "K", state, first, f"{each[0]}1", *of_source]
            connection.execute("INSERT INTO pieces VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)


def found(connection: duckdb.DuckDBPyConnection, columns: str = "outcome, kind, code") -> list[tuple[object, ...]]:
    return connection.execute(f"SELECT {columns} FROM differences ORDER BY ALL").fetchall()


def test_the_first_day_and_the_number_of_days_are_those_of_the_way_that_counts(states: duckdb.DuckDBPyConnection) -> None:
    put(states, "source", VALID)
    put(states, "target", [("2025-01-01", "certified"), ("2026-07-01", "window open"), ("2026-09-03", "expired")])
    judge(states, "2026-01-01")
    columns = "kind, CAST(first AS VARCHAR), CAST(until AS VARCHAR), days, source, target"
    assert found(states, columns) == [("later", "2026-09-01", "2026-09-03", 2, "expired", "window open")]
    judge(states, "2026-09-03")
    assert found(states) == [], "from the day on which both have expired nothing differs"
    judge(states, "2026-09-03", ["2026-06-15", "2026-01-01"])
    assert found(states, columns) == [("window", "2026-06-15", "2026-06-16", 1, "window open", "certified")]


@pytest.mark.parametrize("part", ["unread", "existing", "ambiguous"])
def test_what_this_run_cannot_tell_is_set_aside(states: duckdb.DuckDBPyConnection, part: str) -> None:
    put(states, "source", VALID, part)
    judge(states, "2026-01-01")
    assert found(states) == [("aside", "missing", None)]
    put(states, "target", VALID)
    judge(states, "2026-01-01")
    assert found(states) == [], "and it is equal where the target shows it"


def test_what_stayed_behind_explains_what_it_makes(states: duckdb.DuckDBPyConnection) -> None:
    put(states, "source", VALID, "held")
    judge(states, "2026-01-01")
    assert found(states) == [("explained", "missing", "X-HELD")]
    put(states, "target", LATE)
    judge(states, "2026-01-01")
    assert found(states) == [("different", "later", None)], "a target that holds it all the same is no consequence of it"


def test_a_record_that_no_mapping_has_is_no_reason(states: duckdb.DuckDBPyConnection) -> None:
    put(states, "source", VALID, "unseen")
    judge(states, "2026-01-01")
    assert found(states) == [("different", "missing", None)]


@pytest.mark.parametrize(
    ("target", "outcome"), [(LATE, ("different", "later", None)), (EARLY, ("explained", "earlier", "A-EARLY"))]
)
def test_a_finding_explains_the_ways_that_the_pair_names(
    states: duckdb.DuckDBPyConnection, target: list[Spell], outcome: tuple[object, ...]
) -> None:
    put(states, "source", VALID, "expected", "A-EARLY", "B-OTHER")
    put(states, "target", target)
    reasons = {"A-EARLY": CertificationReason(differs=("earlier", "window"), reason="so")}
    judge(states, "2026-01-01", explained=reasons)
    assert found(states) == [outcome]
    judge(states, "2026-01-01", explained={"C-NONE": reasons["A-EARLY"]})
    assert found(states)[0][0] == "different"


def test_expired_here_and_not_begun_there_is_a_state_of_its_own(states: duckdb.DuckDBPyConnection) -> None:
    put(states, "source", [("2020-01-01", "expired")])
    put(states, "target", [("2028-01-01", "expired")])
    judge(states, "2026-01-01")
    assert found(states, "kind, CAST(first AS VARCHAR), days, source, target") == [
        ("state", "2026-01-01", 730, "expired", "none")
    ]


def test_unknown_differs_from_itself(states: duckdb.DuckDBPyConnection) -> None:
    for side in ("source", "target"):
        put(states, side, [("2025-01-01", "unknown"), ("2026-02-01", "expired")])
    judge(states, "2026-01-01", tolerance={"later": 1000, "earlier": 1000, "window": 1000})
    assert found(states, "outcome, kind, days") == [("different", "unknown", 31)], "and no tolerance is for it"


def test_people_are_counted_by_state_and_day(states: duckdb.DuckDBPyConnection) -> None:
    for person, target in (("a", VALID), ("b", LATE), ("c", [])):
        put(states, "source", VALID, person=person)
        put(states, "target", target, person=person)
    judge(states, "2026-01-01")
    counts(states, ["2026-09-01", "2024-01-01", "2026-06-01"])
    columns = "CAST(day AS VARCHAR), source_certified, source_window_open, source_expired, target_window_open, target_expired"
    assert states.execute(f"SELECT {columns}, different, explained FROM counts ORDER BY day").fetchall() == [
        ("2024-01-01", 0, 0, 0, 0, 0, 0, 0),
        ("2026-06-01", 0, 3, 0, 2, 0, 1, 0),
        ("2026-09-01", 0, 0, 3, 1, 1, 2, 0),
    ]
    counts(states, ["2026-09-01"], compared=False)
    assert states.execute("SELECT source_expired, different FROM counts").fetchall() == [(3, 0)]
