"""Is a run too old for the step that it is ticked for? It has to have begun after what the step waits for was done."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from migrate.runbook.book import Book
from migrate.runbook.placed import Placed
from migrate.runbook.rounds import Round, StepState
from migrate.runbook.runs import PastRun

SLACK = dt.timedelta(minutes=1)
"""People write down minutes, and a run knows its seconds."""
DONE = ("done", "go")


@dataclass(frozen=True, order=True)
class Since:
    """The instant before which no run may have begun, and why."""

    instant: dt.datetime
    why: str
    by_hand: bool = True
    """Did somebody write it down?"""

    def rules_out(self, run: PastRun) -> bool:
        """Did the run begin before?"""
        return run.started is not None and run.started + (SLACK if self.by_hand else dt.timedelta()) < self.instant


def since(placed: Placed, run: PastRun, book: Book, round_: Round) -> Since | None:
    """The latest reason for which ``run`` is too old to be this step, or for this gate to be judged on; None where it is not."""
    return max((one for one in _reasons(placed, run, book, round_) if one.rules_out(run)), default=None)


def _reasons(placed: Placed, run: PastRun, book: Book, round_: Round) -> list[Since]:
    if placed.step.gate is not None:  # what is judged is the run of a step before the gate, or one that could be it
        return [reason for one in _before(placed, book) if _is_run(one, round_) for reason in _as(one, run, book, round_)]
    state = round_.state(placed.id)
    found = list(_done(placed, book, round_))
    found += list(_known(placed.id, state, run, book)) if state.state == "failed" else []
    if placed.phase is None:  # a run that takes back is younger than what it takes back
        found += [reason for one in book.loaded.steps for reason in _known(one.id, round_.state(one.id), run, book)]
    return found or [Since(min(round_.opened, round_.zero), "the round began")]


def _as(placed: Placed, run: PastRun, book: Book, round_: Round) -> Iterator[Since]:
    """What a run has to be younger than to take the place of the run that a step was."""
    state = round_.state(placed.id)
    if state.state in DONE:
        yield from _done(placed, book, round_)
        known = list(_known(placed.id, state, run, book))
        yield from known
        if not known and state.run != run.id and state.start is not None:
            yield Since(state.start, f"{placed.id} did")


def _is_run(placed: Placed, round_: Round) -> bool:
    minutes = placed.step.minutes
    measured = minutes is not None and minutes.from_ is not None
    return placed.step.gate is None and (measured or bool(round_.state(placed.id).run))


def _done(placed: Placed, book: Book, round_: Round) -> Iterator[Since]:
    for one in _before(placed, book):
        state = round_.state(one.id)
        if state.state in DONE and state.end is not None:
            yield Since(state.end, f"{one.id} was done")


def _known(step: str, state: StepState, run: PastRun, book: Book) -> Iterator[Since]:
    """The run that a step was ticked with, where that is another one."""
    other = next((past for past in book.runs if past.id == state.run), None)
    if other is not None and other.id != run.id and other.started is not None:
        yield Since(other.started, f"{other.id} did, which was {step}", by_hand=False)


def _before(placed: Placed, book: Book) -> list[Placed]:
    """All that a step waits for, and all that this waits for in turn."""
    way: Iterable[Placed] = book.loaded.steps if placed.phase is not None else book.loaded.rollback
    known, found, waiting = {one.id: one for one in way}, dict[str, Placed](), list(placed.after)
    while waiting:
        one = known[waiting.pop()]
        if one.id not in found:
            found[one.id] = one
            waiting += one.after
    return list(found.values())
