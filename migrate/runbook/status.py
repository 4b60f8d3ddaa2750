"""Where a round is: what is done, what comes next, how far ahead or behind, and when it will end as things stand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from migrate.runbook.book import Book, is_over
from migrate.runbook.instants import minutes_from
from migrate.runbook.placed import Placed
from migrate.runbook.plan import Plan, PlannedStep
from migrate.runbook.rounds import PASSED, Round, StepState
from migrate.runbook.schedule import Actual, Slot, schedule


@dataclass(frozen=True)
class Status:
    """A round at one moment. Minutes are from its T."""

    round: Round
    now: int
    over: bool
    done: int
    """Steps that passed, of ``steps``."""
    steps: int
    running: tuple[Placed, ...]
    next: tuple[Placed, ...]
    """Steps that may begin: what they wait for is done."""
    failed: tuple[str, ...]
    no_go: str | None
    """The gate that said no."""
    late: int | None
    """Minutes by which the last step that counts ended after its plan (negative: before); None while none has ended."""
    forecast: Mapping[str, Slot]
    end: int
    """When the last step that counts will end, as things stand."""
    planned_end: int
    way_back: tuple[str, ...]
    """Rollback steps that turning back now would take."""
    back_minutes: int | None
    """How long that takes; None: not measured."""
    back_by: int | None
    """The last moment to turn back within the freeze; None: unknown, or nothing to go back from."""
    unmeasured: tuple[str, ...]
    """Steps still ahead that nobody measured: the forecast is the earliest there can be."""
    changed: bool
    """Is runbook.yaml another one than when the round was opened?"""
    strangers: tuple[str, ...]
    """Steps that were ticked and are in the runbook no more."""


def status(book: Book, round_: Round, now: dt.datetime) -> Status:
    """The status of a round of an opened runbook."""
    plan, loaded, clock = book.plan, book.loaded, minutes_from(round_.zero, now)
    no_go = round_.aborted()
    forecast = schedule(plan.tasks(), _actual(round_, [one.placed for one in plan.steps]), clock, plan.counted())
    passed = [p for p in loaded.steps if round_.state(p.id).state in PASSED]
    back, minutes = plan.way_back(round_.begun())
    waits = {t.id: t.after for t in plan.back_tasks(back)} if no_go is not None else {p.id: p.after for p in loaded.steps}
    counted = plan.counted()
    behind = plan.no_return is not None and round_.state(plan.no_return.step).state not in ("open", "skipped")
    end = max(slot.end for name, slot in forecast.items() if name in counted)
    if no_go is not None:
        end = _back_end(plan, round_, back, clock)
    known = {p.id for p in (*loaded.steps, *loaded.rollback)}
    freeze = loaded.freeze
    return Status(
        round_,
        clock,
        is_over(loaded, round_),
        len(passed),
        len(loaded.steps),
        tuple(p for p in (*loaded.steps, *loaded.rollback) if round_.state(p.id).state == "running"),
        tuple(p for p in (*loaded.steps, *loaded.rollback) if p.id in waits and _ready(p.id, waits[p.id], round_)),
        tuple(round_.failed()),
        no_go,
        _late(plan, round_),
        forecast,
        end,
        plan.window.last,
        back,
        minutes,
        freeze[1] - minutes if freeze is not None and minutes is not None and back and not behind else None,
        tuple(one.placed.id for one in _ahead(plan, round_) if one.planned.minutes is None and one.placed.id in counted),
        loaded.digest != round_.digest,
        tuple(name for name in round_.states if name not in known),
    )


def actual_of(round_: Round, state: StepState) -> Actual | None:
    """A step's times as minutes from T. One that failed is still to be done."""
    start = minutes_from(round_.zero, state.start) if state.start else None
    end = minutes_from(round_.zero, state.end) if state.end else None
    if state.state in PASSED:
        return Actual(end if state.state == "skipped" else start, end)
    return Actual(start, None) if state.state == "running" else None


def _actual(round_: Round, steps: list[Placed]) -> dict[str, Actual]:
    found = {p.id: actual_of(round_, round_.state(p.id)) for p in steps}
    return {name: actual for name, actual in found.items() if actual is not None}


def _ready(step: str, waits: tuple[str, ...], round_: Round) -> bool:
    return round_.state(step).state in ("open", "failed") and all(round_.state(name).state in PASSED for name in waits)


def _late(plan: Plan, round_: Round) -> int | None:
    counted, ended = plan.counted(), []
    for one in plan.steps:
        state = round_.state(one.placed.id)
        if one.placed.id in counted and state.end is not None and state.state in ("done", "go"):
            ended.append((state.end, one.slot.end))
    last = max(ended, default=None)
    return None if last is None else minutes_from(round_.zero, last[0]) - last[1]


def _ahead(plan: Plan, round_: Round) -> list[PlannedStep]:
    return [one for one in plan.steps if round_.state(one.placed.id).state not in PASSED]


def _back_end(plan: Plan, round_: Round, back: tuple[str, ...], clock: int) -> int:
    slots = schedule(plan.back_tasks(back), _actual(round_, [one.placed for one in plan.back]), clock)
    return max((slot.end for slot in slots.values()), default=clock)
