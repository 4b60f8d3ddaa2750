"""Where a round is, and when it will end."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from migrate.runbook.status import Status, status
from reports.documents.runbook_text import status_lines


def at_now(desk: Any) -> Status:
    book = desk.opened()
    assert book.plan.round is not None
    return status(book, book.plan.round, desk.clock)


def test_a_late_step_moves_the_end(desk: Any) -> None:
    desk.run(minutes=20)
    desk.round(begin="close")
    found = at_now(desk)
    assert (found.end, found.planned_end, found.late) == (135, 135, None)
    assert [p.id for p in found.next] == ["close"]
    desk.done("close", 25)
    found = at_now(desk)
    assert (found.late, found.end) == (15, 150)
    assert [p.id for p in found.next] == ["rehearse"]
    desk.tick("rehearse", "start")
    desk.wait(50)
    found = at_now(desk)
    assert (found.end, [p.id for p in found.running], found.next) == (180, ["rehearse"], ())


def test_a_step_that_is_quick_makes_it_early(desk: Any) -> None:
    desk.run(minutes=20)
    desk.round(begin="close")
    desk.done("close", 4)
    found = at_now(desk)
    assert (found.late, found.end) == (-6, 129)


def test_how_long_one_can_turn_back_follows_what_has_begun(desk: Any) -> None:
    desk.run(minutes=20)
    desk.round(begin="close")
    assert at_now(desk).back_by is None
    desk.done("close", 10)
    assert (at_now(desk).back_minutes, at_now(desk).back_by) == (15, 585)
    desk.done("rehearse", 20)
    desk.tick("decide", "go", by="Ada", run=desk.run(minutes=12, days=-0.02))
    desk.done("load", 60)
    assert (at_now(desk).way_back, at_now(desk).back_by) == (("restore", "reopen"), 540)
    desk.done("verify", 30)
    desk.tick("open", "start")
    assert at_now(desk).back_by is None


def test_after_a_no_the_way_back_is_forecast(desk: Any) -> None:
    desk.run(minutes=20)
    desk.round(begin="close")
    desk.done("close", 10)
    desk.tick("decide", "no-go", by="Ada", note="no")
    found = at_now(desk)
    assert (found.no_go, [p.id for p in found.next], found.end) == ("decide", ["reopen"], 25)
    lines, attention = status_lines(desk.opened(), found)
    assert attention
    assert any("the way back will end" in line for line in lines)


def test_what_needs_a_person_is_said(desk: Any, edited: Callable[..., str]) -> None:
    desk.round(begin="close")
    desk.tick("close", "start")
    desk.tick("close", "failed", note="no")
    desk.wait(700)
    desk.book(edited(("title: Night\ncutover", "title: Other night\ncutover"), ("- {id: verify", "- {id: verified")))
    lines, attention = status_lines(desk.opened(), at_now(desk))
    text = "\n".join(lines)
    assert attention
    for part in ("close failed", "after the freeze ends", "does not fit into the freeze any more", "measured 1 step still",
                 "runbook.yaml was changed"):  # fmt: skip
        assert part in text, part


def test_steps_that_left_the_runbook_are_named(desk: Any, edited: Callable[..., str]) -> None:
    desk.round()
    desk.done("backup", 1)
    desk.book(edited(("id: backup", "id: save")))
    assert at_now(desk).strangers == ("backup",)
    lines, _ = status_lines(desk.opened(), at_now(desk))
    assert any("backup was ticked, and is no step" in line for line in lines)


def test_a_step_whose_time_has_not_come_says_so(desk: Any) -> None:
    desk.clock -= dt.timedelta(hours=5)
    desk.round("night", "cutover", begin="close")
    lines, _ = status_lines(desk.opened(), at_now(desk))
    assert any("2 close: Close - engineer (Ben), not before Sat 2027-01-09 20:00" in line for line in lines)


def test_what_others_wrote_sends_nothing_to_the_terminal(desk: Any) -> None:
    desk.round("one\x1b[2Jtwo")
    text = "\n".join(status_lines(desk.opened(), at_now(desk))[0])
    assert "\x1b" not in text
