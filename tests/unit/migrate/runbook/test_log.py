"""The log is only ever added to, and shows when somebody did something else to it."""

from __future__ import annotations

import csv
import datetime as dt
import io
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from migrate.errors import ConfigurationError, Problem
from migrate.runbook.log import COLUMNS, FILE, Entry, append, entries


def entry(step: str, note: str = "", by: str = "Ada") -> Entry:
    now = dt.datetime(2027, 1, 9, tzinfo=dt.UTC).isoformat()
    return Entry(0, now, now, "one", step, "done", by, note, "", "", "0" * 64)


def add(folder: Path, *steps: str) -> None:
    append(folder, lambda _: [entry(step) for step in steps])


def test_entries_come_back_as_they_were_added(tmp_path: Path) -> None:
    add(tmp_path, "a", "b")
    before = (tmp_path / FILE).read_bytes()
    add(tmp_path, "c")
    assert (tmp_path / FILE).read_bytes().startswith(before)
    assert [(e.entry, e.step) for e in entries(tmp_path)] == [(1, "a"), (2, "b"), (3, "c")]


def test_where_nothing_is_added_no_file_is_left(tmp_path: Path) -> None:
    def refuse(_: Any) -> list[Entry]:
        raise ConfigurationError("no")

    with pytest.raises(ConfigurationError):
        append(tmp_path, refuse)
    assert not (tmp_path / FILE).exists()
    assert entries(tmp_path) == []


def test_cells_are_one_line_and_no_formula(tmp_path: Path) -> None:
    append(tmp_path, lambda _: [entry("a", note='=HYPERLINK("x")\nsecond\x1b[31m line', by="@cmd")])
    (found,) = entries(tmp_path)
    assert (found.note, found.by) == ('\'=HYPERLINK("x") second [31m line', "'@cmd")
    assert len((tmp_path / FILE).read_text("utf-8").splitlines()) == 2


def rows(folder: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO((folder / FILE).read_text("utf-8"))))


def write(folder: Path, changed: list[list[str]]) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(changed)
    (folder / FILE).write_text(text.getvalue(), "utf-8")


@pytest.mark.parametrize("column", COLUMNS)
def test_any_altered_cell_is_found(tmp_path: Path, refused: Callable[..., tuple[Problem, ...]], column: str) -> None:
    add(tmp_path, "a", "b", "c")
    changed = rows(tmp_path)
    cell = changed[2][COLUMNS.index(column)]
    changed[2][COLUMNS.index(column)] = f"{'1' if not cell.startswith('1') else '2'}{cell[1:]}" if cell else "x"
    write(tmp_path, changed)
    (problem,) = refused(entries, tmp_path)
    assert problem.place is not None
    assert problem.place.line == 3
    before = (tmp_path / FILE).read_bytes()
    refused(add, tmp_path, "d")
    assert (tmp_path / FILE).read_bytes() == before


@pytest.mark.parametrize("order", [[0, 1, 3], [0, 2, 3], [0, 2, 1, 3], [0, 1, 1, 2, 3], [1, 2, 3], [0, 1, 2, 3, 3]])
def test_removed_repeated_and_moved_entries_are_found(tmp_path: Path, order: list[int]) -> None:
    add(tmp_path, "a", "b", "c")
    there = rows(tmp_path)
    write(tmp_path, [there[n] for n in order])
    with pytest.raises(ConfigurationError, match="not whole"):
        entries(tmp_path)


@pytest.mark.parametrize("left", [1, 20, 200])
def test_a_line_that_was_cut_off_is_found(tmp_path: Path, left: int) -> None:
    add(tmp_path, "a", "b")
    text = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(text[:-left])
    with pytest.raises(ConfigurationError, match="not whole"):
        entries(tmp_path)


def test_who_waited_for_a_log_that_was_removed_again_does_not_write_into_nothing(tmp_path: Path) -> None:
    other = threading.Thread(target=add, args=(tmp_path, "kept"), daemon=True)

    def refuse(_: Any) -> list[Entry]:
        other.start()
        other.join(0.3)  # it waits for the file that is held here
        assert other.is_alive()
        raise ConfigurationError("no")

    with pytest.raises(ConfigurationError):
        append(tmp_path, refuse)
    other.join(10)
    assert [e.step for e in entries(tmp_path)] == ["kept"]


def test_two_who_tick_at_once_follow_one_another(tmp_path: Path) -> None:
    workers = [threading.Thread(target=add, args=(tmp_path, f"s{n}"), daemon=True) for n in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(10)
    assert sorted(e.step for e in entries(tmp_path)) == [f"s{n}" for n in range(6)]
