"""The report on a terminal: what the page says first, within the width that there is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reports.columns import LEAST, cells, columns, fit, wrapped
from reports.text import render_text


def test_gates_that_were_missed_are_named(make_run: Callable[..., Path]) -> None:
    def gates(summary: dict[str, Any], run: dict[str, Any]) -> None:
        run["gates"] = [
            {"gate": f"gate {n}", "entity": None, "says": "records\x1b[31m", "value": n, "limit": "at most 0", "passed": n < 2}
            for n in range(15)
        ]

    shown = render_text(make_run(gates))
    assert "Gates: 2 of 15 reached\n  MISSED  gate 2    2  at most 0 (records[U+001B][31m)\n" in shown
    assert "  and 3 more: lms-migrate gates WORKSPACE shows them\n" in shown


@pytest.mark.parametrize("end", [{"stopped_at": "map"}, {"failure": "the disk is full"}])
def test_gates_of_a_run_that_did_not_end_are_not_called_reached(make_run: Callable[..., Path], end: dict[str, str]) -> None:
    def gates(summary: dict[str, Any], run: dict[str, Any]) -> None:
        shared = {"entity": None, "says": "records", "value": 0, "limit": "at most 0"}
        run["gates"] = [{"gate": "whole", "passed": False, **shared}, {"gate": "users held", "passed": True, **shared}]
        run.update(end)

    assert "Gates: 0 of 2 reached, 1 not judged\n  MISSED  whole " in render_text(make_run(gates))


def test_a_run_without_gates_says_nothing_of_them(run_folder: Path) -> None:
    assert "Gates" not in render_text(run_folder)


@pytest.mark.parametrize(("stopped", "following"), [(None, " Next: lms-migrate acceptance WORKSPACE"), ("load", "")])
def test_what_cannot_be_judged_is_not_to_be_judged(make_run: Callable[..., Path], stopped: str | None, following: str) -> None:
    def expecting(summary: dict[str, Any], run: dict[str, Any]) -> None:
        summary["acceptance"] = {"judged": False, "expectations": 2, "gates": 1}
        run["stopped_at"] = stopped

    lines = render_text(make_run(expecting)).splitlines()
    assert f"Acceptance tests: 2 not judged.{following}" in lines


def test_fields_that_differ_are_listed_with_their_commonest_change(run_folder: Path) -> None:
    shown = render_text(run_folder)
    block = shown.partition("Values that differ\n")[2].partition("\n\n")[0].splitlines()
    assert block[0].split() == ["25", "courses.score", "unexpected", "value:", "null", "->", "0.0,", "25", "x"]
    assert [line.split()[1] for line in block[1:4]] == ["courses.name", "users.full_name", "users.login_id"]
    assert "Jose[U+0301] -> Jos[U+00E9]" in block[1]
    assert "Ferreira" not in shown


def test_a_live_run_tells_its_surprises(make_run: Callable[..., Path]) -> None:
    def live(summary: dict[str, Any], run: dict[str, Any]) -> None:
        summary["mode"] = "live"
        run["live"] = {
            "target": {"address": "https://lms.example\x07"},
            "lost": "it stopped answering",
            "handed_over": "hand_over/README.md",
        }
        before = {name: dict(numbers["dispositions"]) for name, numbers in summary["entities"].items()}
        before["users"]["created"] += 3
        run["predicted"] = {"run": "r-1", "entities": before, "changed_inputs": ["mapping/users.yaml"]}

    shown = render_text(make_run(live))
    block = shown.partition("Live run: ")[2].partition("\n\n")[0]
    assert block.splitlines()[0] == "https://lms.example[U+0007]"
    for line in ("  ! it stopped answering", "  1 surprise against rehearsal r-1", "  changed since: mapping/users.yaml",
                 "  a person has to go on with hand_over/README.md"):  # fmt: skip
        assert line in block.splitlines()
    assert "users  created  7  ->  4" in block


@pytest.mark.parametrize("width", [60, 80, 100, 120])
def test_no_table_is_wider_than_the_terminal(decided_run: Path, width: int) -> None:
    lines = render_text(decided_run, width=width).splitlines()
    free = ("NEEDS A PERSON", "Worklist:", "Report:")
    too_wide = [line for line in lines if cells(line) > width and not line.startswith(free)]
    if width >= 120:
        assert not too_wide
    # Numbers are never cut: the columns of dispositions may need more than a narrow terminal has.
    assert all(" ok" in line or line.split()[0] == "entity" for line in too_wide)


def test_numbers_are_whole_at_any_width(decided_run: Path) -> None:
    for width in (40, 80, None):
        shown = render_text(decided_run, width=width)
        assert ("Read back\n" in shown) == (width is not None)
        assert "175" in shown
        assert [line for line in shown.splitlines() if line.split()[:1] == ["enrolments"]]


def test_wide_and_combining_signs_are_counted_as_cells() -> None:
    assert [cells(text) for text in ("abc", "日本", "Jose\u0301", "😀")] == [3, 4, 4, 2]
    assert fit("日本語の名前", 7) == "日本語…"
    assert fit("abcdef", 6) == "abcdef"
    assert cells(fit("日本語の名前", 6)) <= 6
    lines = columns([("日本", "1"), ("ab", "22")], right=(1,))
    assert lines == ["  日本   1", "  ab    22"]


def test_the_column_that_gives_way_keeps_something() -> None:
    (line,) = columns([("12345678", "x" * 50)], width=12, cut=1)
    assert line == "  12345678  " + "x" * (LEAST - 1) + "…"


def test_long_sentences_are_wrapped_and_whole() -> None:
    text = "one two three four five"
    assert wrapped(text, "  ", None) == [f"  {text}"]
    lines = wrapped(text, "  ", 12)
    assert all(len(line) <= 12 for line in lines)
    assert " ".join(" ".join(lines).split()) == text
