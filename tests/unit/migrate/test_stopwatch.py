"""Where the time of a run went."""

from __future__ import annotations

import io

import pytest

from migrate.engine import session
from migrate.observing import observed_by
from migrate.progress import Bars, Lines, Silent
from migrate.stopwatch import Stopwatch


def test_tasks_statements_and_the_rest_are_listed_the_longest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 10.0, 11.0, 20.0, 24.0, 60.0])
    monkeypatch.setattr("migrate.stopwatch.time.monotonic", lambda: next(clock))
    watch = Stopwatch(Silent())
    with watch.task("map", "users", 40) as task:
        task.advance(30)
        task.advance(10)
        watch.ran("COPY (SELECT 'Ada Lovelace' AS name) TO '/runs/1/2_map/users.parquet' (FORMAT parquet)", 0.75)
    with watch.task("validate", "courses"):
        watch.ran("SELECT 1", 0.25)
        watch.ran("SELECT 1", 0.25)
    watch.ran("CREATE TABLE t AS SELECT 'Ada Lovelace' AS name", 0.1)
    lines = list(watch.lines({"map": 15.0, "validate": 30.0}))
    assert lines[0].startswith("Where the time went: 60.0 s, ")
    shares = {words[0]: words[-1] for words in map(str.split, lines[1:4])}
    assert shares == {"map": "25.0%", "validate": "50.0%", "the": "25.0%"}
    tasks = [line.split() for line in lines[5:7]]
    assert [words[:4] for words in tasks] == [["validate", "courses", "4.00", "s"], ["map", "users", "1.00", "s"]]
    assert tasks[1][6:] == ["40", "40", "rows/s"]
    assert lines[7] == "Longest statements of the engine (4 in 1.4 s)"
    assert [line.split("x  ")[1] for line in lines[8:]] == [
        "map users: write users.parquet",
        "validate courses: SELECT 1",
        "between tasks: CREATE TABLE t AS SELECT '...' AS name",
    ]
    assert "Lovelace" not in "\n".join(lines)


def test_progress_is_passed_on() -> None:
    stream = io.StringIO()
    with Stopwatch(Lines(stream)).task("extract", "user", 2) as task:
        task.advance(2)
    assert stream.getvalue().split()[:4] == ["extract", "user", "2", "rows"]


def test_bars_within_still_see_the_engine() -> None:
    """Their estimates come from the session that is open."""
    bars = Bars(io.StringIO())
    with observed_by(Stopwatch(bars)), session():
        assert bars._connection is not None
    assert bars._connection is None


def test_a_task_that_fails_is_over() -> None:
    watch = Stopwatch(Silent())
    with pytest.raises(ValueError, match="lost"), watch.task("map", "users"):
        raise ValueError("lost")
    watch.ran("SELECT 1", 0.5)
    assert list(watch.lines({}))[-1].endswith("between tasks: SELECT 1")
