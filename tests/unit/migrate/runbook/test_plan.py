"""The freeze, the gates and the point of no return."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Edit = Callable[..., str]


def test_the_plan_is_held_against_the_freeze(desk: Any, edited: Edit) -> None:
    desk.run(minutes=20)
    plan = desk.opened().plan
    assert (plan.window.first, plan.window.last, plan.window.slack, plan.window.fits) == (0, 135, 465, True)
    assert [one.placed.id for one in plan.steps if one.slot.critical] == ["close", "rehearse", "decide", "load", "verify", "open"]
    desk.book(edited(("end: T+10h", "end: T+2h")))
    plan = desk.opened().plan
    assert (plan.window.fits, plan.window.slack) == (False, -15)
    desk.book(edited(("start: T,", "start: T+1m,")))
    assert desk.opened().plan.window.fits is False


def test_no_freeze_means_that_nobody_knows(desk: Any, edited: Edit) -> None:
    desk.run(minutes=20)
    desk.book(edited(("freeze: {start: T, end: T+10h, what: [writes]}\n", "")))
    plan = desk.opened().plan
    assert (plan.window.fits, plan.window.slack, plan.turnings[0].latest) == (None, None, None)


def test_a_gate_has_to_be_decided_while_the_way_back_fits(desk: Any) -> None:
    desk.run(minutes=20)
    plan = desk.opened().plan
    (gate,) = plan.turnings
    assert (gate.step, gate.at, gate.back, gate.minutes, gate.latest, gate.fits) == ("decide", 40, ("reopen",), 15, 585, True)
    assert plan.no_return is not None
    assert (plan.no_return.step, plan.no_return.at) == ("open", 130)
    assert (plan.no_return.back, plan.no_return.minutes, plan.no_return.latest) == (("restore", "reopen"), 60, 540)


def test_the_point_of_no_return_is_computed_where_the_way_back_fits_no_more(desk: Any, edited: Edit) -> None:
    desk.run(minutes=20)
    assert desk.opened().plan.too_late is None
    desk.book(edited(("end: T+10h", "end: T+2h30m")))
    plan = desk.opened().plan
    assert plan.window.fits is True
    assert plan.too_late == "load"  # it ends at 100, and going back takes 60 of the 50 minutes that are left


def test_a_way_back_that_nobody_measured_is_not_known(desk: Any, edited: Edit) -> None:
    desk.book(edited(("minutes: 15}", "check: x}")))
    plan = desk.opened().plan
    assert (plan.turnings[0].minutes, plan.turnings[0].latest, plan.turnings[0].fits) == (None, None, None)


def test_what_has_begun_decides_what_is_taken_back(desk: Any) -> None:
    plan = desk.opened().plan
    assert plan.way_back([]) == ((), 0)
    assert plan.way_back(["close"]) == (("reopen",), 15)
    assert plan.way_back(["close", "load"]) == (("restore", "reopen"), 60)
