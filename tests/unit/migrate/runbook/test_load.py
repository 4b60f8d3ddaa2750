"""runbook.yaml: every mistake is told with its place, all at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from migrate.errors import ConfigurationError, Problem
from migrate.runbook.load import load_runbook

Edit = Callable[..., str]
Refused = Callable[..., tuple[Problem, ...]]


def test_steps_are_numbered_and_wait_for_the_one_above(desk: Any) -> None:
    loaded = load_runbook(desk.folder)
    assert [(p.number, p.id, p.after) for p in loaded.steps[:3]] == [
        ("1", "backup", ()), ("2", "close", ("backup",)), ("3", "rehearse", ("close",)),
    ]  # fmt: skip
    assert [(p.number, p.after) for p in loaded.rollback] == [("R1", ()), ("R2", ("restore",))]
    assert loaded.freeze == (0, 600)
    assert [p.at for p in loaded.steps[:2]] == [-1440, 0]


def test_a_workspace_without_one_names_the_next_command(desk: Any) -> None:
    (desk.folder / "runbook.yaml").unlink()
    with pytest.raises(ConfigurationError) as caught:
        load_runbook(desk.folder)
    assert "lms-migrate runbook new" in caught.value.hint


@pytest.mark.parametrize(
    ("old", "new", "message", "value"),
    [
        ("zone: Europe/Berlin", "zone: Europe/Berlinn", "no time zone", "Europe/Berlinn"),
        ('cutover: "2027-01-09 20:00"', 'cutover: "2027-03-28 02:30"', "leave this time out", "2027-03-28 02:30"),
        ("end: T+10h", "end: T-10h", "ends before it starts", "T-10h"),
        ("end: T+10h", "end: noon", "no instant", "noon"),
        ("at: T-1d", "at: yesterday", "no instant", "yesterday"),
        ("id: close,", "id: backup,", "stands first on line", "backup"),
        ("- id: night", "- id: prepare", "two phases", "prepare"),
        ("title: Close, owner: engineer", "title: Close, owner: enginer", "no role has this name", "enginer"),
        ("decider: lead", "decider: boss", "no role has this name", "boss"),
        ("rollback: [reopen]", "rollback: [repoen]", "no rollback step", "repoen"),
        ("title: Verify, owner: lead", "title: Verify, owner: lead, after: [laod]", "no step here", "laod"),
        ("title: Close, owner: engineer", "title: Close, owner: engineer, after: [verify]", "in a circle",
         "close -> verify -> load -> decide -> rehearse -> close"),
        ("minutes: 60, rollback", "point_of_no_return: true, minutes: 60, rollback", "point of no return already", "open"),
        ("minutes: {from: rehearsal}", "minutes: {from: rehearsal, fixed: 3}", "one of three", "fixed, from"),
        ("minutes: {from: rehearsal}", "minutes: {}", "one of three", ""),
        ("minutes: {from: rehearsal}", "minutes: {from: rehearsal, rate: 9}", "a rate is that", "9.0"),
        ("minutes: {from: rehearsal}", "minutes: {fixed: 3, stages: [map]}", "only runs have stages", "stages"),
        ("{verdict: attention}", "{verdict: attention, code: A-B}", "one thing", "code, verdict"),
        ("{code: USR-001, most: 2}", "{text: x, most: 2}", "one thing", "text"),
        ("title: Reopen, owner: engineer", "title: Reopen, owner: engineer, at: T", "has no instant", "T"),
        ("title: Reopen, owner: engineer", "title: Reopen, owner: engineer, point_of_no_return: true",
         "way back has no", "reopen"),
    ],
)  # fmt: skip
def test_what_does_not_fit_together_is_told_with_its_place(
    desk: Any, edited: Edit, refused: Refused, old: str, new: str, message: str, value: str
) -> None:
    desk.book(edited((old, new)))
    problems = refused(load_runbook, desk.folder)
    found = [p for p in problems if message in p.message]
    assert found, problems
    assert str(found[0].value) == value
    assert found[0].place is not None
    assert found[0].place.line > 1


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("minutes: 60", "minuts: 60", "unknown word 'minuts'"),
        ("minutes: 60", "minutes: -1", "greater than or equal to 0"),
        ("minutes: 60", "minutes: '60'", "minutes"),
        ("minutes: {from: rehearsal}", "minutes: {from: luck}", "not allowed"),
        ("id: load", "id: Load it", "should match pattern"),
        ("buffer: 0", "buffer: -5", "greater than or equal"),
    ],
)
def test_words_are_strict(desk: Any, edited: Edit, refused: Refused, old: str, new: str, message: str) -> None:
    desk.book(edited((old, new)))
    problems = refused(load_runbook, desk.folder)
    assert any(message in p.message for p in problems), problems
    assert all(p.place is not None and p.place.line > 1 for p in problems)


def test_a_clock_time_needs_the_cutover(desk: Any, edited: Edit, refused: Refused) -> None:
    desk.book(edited(('cutover: "2027-01-09 20:00"', "cutover: null"), ("end: T+10h", 'end: "2027-01-10 06:00"')))
    (problem,) = refused(load_runbook, desk.folder)
    assert "needs the cutover" in problem.message
    desk.book(edited(('cutover: "2027-01-09 20:00"', "cutover: null")))
    assert load_runbook(desk.folder).cutover is None


def test_a_clock_time_is_worth_its_minutes_from_t(desk: Any, edited: Edit) -> None:
    desk.book(edited(("end: T+10h", 'end: "2027-01-10 04:00"')))
    assert load_runbook(desk.folder).freeze == (0, 480)


def test_every_problem_is_told_at_once(desk: Any, edited: Edit, refused: Refused) -> None:
    desk.book(edited(("decider: lead", "decider: boss"), ("rollback: [reopen]", "rollback: [nothing]"), ("T-1d", "soon")))
    assert len(refused(load_runbook, desk.folder)) == 3
