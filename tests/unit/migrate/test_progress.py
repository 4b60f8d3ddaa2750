"""What a person sees while a stage runs."""

from __future__ import annotations

import io

import pytest

from migrate.progress import Bars, Lines, Silent


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


@pytest.mark.parametrize("progress", [Silent(), Bars()])
def test_others_take_the_same_calls(progress: Silent | Bars, capsys: pytest.CaptureFixture[str]) -> None:
    for total in (10, 0, None):
        with progress.task("extract", "user", total) as task:
            task.advance(5)
            task.advance(0)
    shown = capsys.readouterr()
    assert isinstance(progress, Bars) or (shown.out, shown.err) == ("", "")


def test_bars_go_away_when_a_task_fails() -> None:
    bars = Bars()
    with pytest.raises(ValueError, match="lost"), bars.task("extract", "user", 5):
        raise ValueError("lost")
    with bars.task("map", "users", 1) as task:
        task.advance(1)
