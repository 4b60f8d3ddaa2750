"""What a person sees while a stage runs."""

from __future__ import annotations

import io
from threading import Event

import pytest

from migrate.progress import Bars, Lines, Silent, _Bar


def test_one_line_when_an_entity_is_done() -> None:
    stream = io.StringIO()
    progress = Lines(stream)
    with progress.task("extract", "user", 400) as task:
        task.advance(300)
        assert stream.getvalue() == ""
        task.advance(1012)
    with progress.task("map", "users"):
        pass
    first, second = stream.getvalue().splitlines()
    assert first.split()[:4] == ["extract", "user", "1,312", "rows"]
    assert first.split()[5] == "s"
    assert second.split()[:4] == ["map", "users", "0", "rows"]
    assert len(first.split()) in (6, 8)


def test_the_rate_is_shown_when_it_means_something(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([10.0, 12.0])
    monkeypatch.setattr("migrate.progress.time.monotonic", lambda: next(clock))
    stream = io.StringIO()
    with Lines(stream).task("extract", "user") as task:
        task.advance(3000)
    assert stream.getvalue().split() == ["extract", "user", "3,000", "rows", "2.0", "s", "1,500", "rows/s"]


def test_a_task_that_fails_says_nothing_of_being_done() -> None:
    stream = io.StringIO()
    with pytest.raises(ValueError, match="lost"), Lines(stream).task("extract", "user"):
        raise ValueError("lost")
    assert stream.getvalue() == ""


def test_silence_takes_the_same_calls(capsys: pytest.CaptureFixture[str]) -> None:
    for total in (10, 0, None):
        with Silent().task("extract", "user", total) as task:
            task.advance(5)
            task.advance(0)
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", "")


def test_bars_leave_one_line_an_entity_and_nothing_on_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    """Standard output is for the result: people send it to a file and watch the bars."""
    bars = Bars()
    for total in (10, 0, None):
        with bars.task("extract", "user", total) as task:
            task.advance(1005)
            task.advance(0)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert [line.split()[:4] for line in shown.err.splitlines() if "rows" in line] == [["extract", "user", "1,005", "rows"]] * 3


def test_bars_go_away_when_a_task_fails() -> None:
    stream = io.StringIO()
    bars = Bars(stream)
    with pytest.raises(ValueError, match="lost"), bars.task("extract", "user", 5):
        raise ValueError("lost")
    assert "extract" not in stream.getvalue()
    with bars.task("map", "users", 1) as task:
        task.advance(1)
    assert "map" in stream.getvalue()


def test_bars_show_how_far_the_engine_is_in_a_long_statement(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows, rate and the time left, though nothing is counted before the statement ends."""
    monkeypatch.setattr("migrate.progress.ASKED_EVERY", 0.01)
    asked = Event()

    class Engine:
        def __init__(self) -> None:
            self.percents = iter([-1.0, 40.0, 30.0, 100.0])

        def query_progress(self) -> float:
            try:
                return next(self.percents)
            except StopIteration:
                asked.set()
                return 100.0

    bars = Bars(io.StringIO())
    shown: list[int] = []
    show = _Bar._show
    monkeypatch.setattr("migrate.progress._Bar._show", lambda bar, rows: (shown.append(rows), show(bar, rows)))
    bars.opened(Engine())  # type: ignore[arg-type]
    with bars.task("map", "users", 1000) as task:
        assert asked.wait(10)
        task.advance(1000)
    assert list(dict.fromkeys(shown)) == [400, 990, 1000]
    bars.closed()
    shown.clear()
    asked.clear()
    with bars.task("map", "courses", 10) as task:
        task.advance(10)
    assert shown == [10]
