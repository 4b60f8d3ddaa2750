"""What may be ticked when. Each rule that a person may overrule says so; overruling needs a reason, which is kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from migrate.runbook.book import Book
from migrate.runbook.gates import measurable, unmet
from migrate.runbook.placed import Placed
from migrate.runbook.rounds import ENDED, PASSED, Round, StepState
from migrate.runbook.runs import PastRun
from migrate.runbook.too_old import since

KINDS = {"rehearsal": ("rehearsal",), "live": ("live", "delivery"), "delta": ("delta", "delivery"), "rollback": ("rollback",)}
"""Per word of ``minutes: {from: ...}``: the kinds of run that the step can be."""
NEED_NOTE = ("failed", "skip", "no-go", "reopen")


@dataclass(frozen=True)
class Wanted:
    """A tick, before it is entered."""

    placed: Placed
    what: str
    by: str
    note: str
    at: dt.datetime
    now: dt.datetime
    run: PastRun | None
    force: bool
    correct: bool


@dataclass(frozen=True)
class Broken:
    """A rule that stands against it."""

    why: str
    next: str
    forceable: bool = True


def broken(wanted: Wanted, book: Book, round_: Round) -> list[Broken]:
    """Every rule that the tick would break."""
    state = round_.state(wanted.placed.id)
    found = [*_words(wanted), *_times(wanted, state), *_twice(wanted, state), *_order(wanted, book, round_)]
    return [*found, *_way(wanted, book, round_), *_gate(wanted, book), *_run(wanted), *_old(wanted, book, round_)]


def _words(wanted: Wanted) -> Iterator[Broken]:
    gate, name = wanted.placed.step.gate is not None, wanted.placed.id
    if gate and wanted.what in ("done", "failed"):
        yield Broken(f"{name} is a gate: it is decided", "--go or --no-go", forceable=False)
    if not gate and wanted.what in ("go", "no-go"):
        yield Broken(f"{name} is no gate", "--start, --done, --failed or --skip", forceable=False)
    if gate and wanted.what == "skip":
        yield Broken(f"{name} is a gate, which nobody skips", "--go or --no-go")
    for given, word in ((wanted.force, "--force"), (wanted.correct, "--correct"), (wanted.what in NEED_NOTE, f"--{wanted.what}")):
        if given and not wanted.note.strip():
            yield Broken(f"{word} needs a reason", '--note "..."', forceable=False)


def _times(wanted: Wanted, state: StepState) -> Iterator[Broken]:
    if wanted.at > wanted.now + dt.timedelta(minutes=1):
        yield Broken(f"{wanted.at:%Y-%m-%d %H:%M} UTC has not come yet", "--at an instant that is past", forceable=False)
    ends = wanted.what in ("done", "failed", "go", "no-go")
    if ends and state.start is not None and wanted.at < state.start and wanted.run is None:
        yield Broken(
            f"it would end before it began ({state.start:%H:%M} UTC)", "--correct --start --at ... first", forceable=False
        )


def _twice(wanted: Wanted, state: StepState) -> Iterator[Broken]:
    what, name = wanted.what, wanted.placed.id
    if what == "reopen":
        if state.state == "open":
            yield Broken(f"{name} is open", "tick it", forceable=False)
        return
    if wanted.correct:
        if state.state == "open":
            yield Broken(f"{name} was never ticked, so there is nothing to correct", "leave --correct out", forceable=False)
        return
    again = state.state in ENDED and state.state != "failed"
    if again or (what == "start" and state.state == "running"):
        when = state.end if again else state.start
        at = f" at {when:%Y-%m-%d %H:%M} UTC" if when else ""
        why = f"{name} is {state.state} already, ticked{at} by {state.by}"
        yield Broken(why, 'where that was wrong: --correct --note "..."', forceable=False)


def _order(wanted: Wanted, book: Book, round_: Round) -> Iterator[Broken]:
    if wanted.what in ("no-go", "reopen") or wanted.correct or round_.state(wanted.placed.id).state == "running":
        return  # a no may come at any time
    after = wanted.placed.after
    if wanted.placed.phase is None:  # on the way back only what is needed is waited for
        needed, _ = book.plan.way_back(round_.begun())
        after = next(t.after for t in book.plan.back_tasks({*needed, wanted.placed.id}) if t.id == wanted.placed.id)
    if waits := [name for name in after if round_.state(name).state not in PASSED]:
        told = ", ".join(f"{name} ({round_.state(name).state})" for name in waits)
        yield Broken(f"{wanted.placed.id} waits for {told}", "tick those first")


def _way(wanted: Wanted, book: Book, round_: Round) -> Iterator[Broken]:
    if wanted.what == "reopen" or wanted.correct:
        return
    aborted = round_.aborted()
    if wanted.placed.phase is not None:
        if aborted is not None and wanted.placed.id != aborted:
            yield Broken(f"{aborted} said no-go: only the way back is open", "lms-migrate runbook show WORKSPACE")
        return
    point = book.plan.no_return
    if point is not None and round_.state(point.step).state not in ("open", "skipped"):
        yield Broken(f"the point of no return is behind: {point.step} has begun", "go on")
    elif aborted is None and not round_.failed():
        yield Broken("nobody said no-go and no step failed, so there is no way back to go", "--no-go at a gate, or --failed")


def _gate(wanted: Wanted, book: Book) -> Iterator[Broken]:
    gate = wanted.placed.step.gate
    if gate is None or wanted.what not in ("go", "no-go"):
        return
    person = book.loaded.model.people[gate.decider]
    deciders = [name for name in (person.name, person.deputy) if name]
    if not deciders:
        yield Broken(f"nobody is named for the role {gate.decider}, which decides", f"people: {{{gate.decider}: {{name: ...}}}}")
    elif _same(wanted.by) not in {_same(name) for name in deciders}:
        yield Broken(f"{wanted.by} does not decide this: {' or '.join(deciders)} does", f'--by "{deciders[0]}"')
    if wanted.what == "go" and measurable(gate.criteria):
        if wanted.run is None:
            yield Broken("some of its criteria are measured on a run", "--run ID, the folder in runs/ that was judged")
        else:
            for why in unmet(gate.criteria, wanted.run):
                yield Broken(why, "--no-go, or mend it and run again")


def _run(wanted: Wanted) -> Iterator[Broken]:
    run, minutes = wanted.run, wanted.placed.step.minutes
    if run is None or wanted.placed.step.gate is not None:
        return
    if wanted.what not in ("start", "done", "failed"):
        yield Broken(f"--run says nothing about --{wanted.what}", "leave it out", forceable=False)
        return
    if minutes is not None and minutes.from_ is not None and run.kind not in KINDS[minutes.from_]:
        yield Broken(f"run {run.id} is a {run.kind}, and the step is a run of kind {minutes.from_}", "--run the right one")
    if run.started is None or (run.ended is None and wanted.what != "start"):
        yield Broken(f"run {run.id} does not say when it {'ended' if run.started else 'started'}", "leave --run out", False)
    if wanted.what == "done" and not run.whole:
        yield Broken(f"run {run.id} did not come to its end", "--failed, then run again")


def _old(wanted: Wanted, book: Book, round_: Round) -> Iterator[Broken]:
    run, step = wanted.run, wanted.placed.step
    if run is None or wanted.what not in ("start", "done", "failed", "go"):
        return
    if (reason := since(wanted.placed, run, book, round_)) is not None:
        began = f"run {run.id} began at {run.started:%Y-%m-%d %H:%M} UTC"
        others = [one.id for one in book.runs if _fits(one, wanted) and since(wanted.placed, one, book, round_) is None]
        anew = f"run it anew: {step.command}" if step.command else "--run one that began since"
        why = f"{began}, before {reason.why} ({reason.instant:%Y-%m-%d %H:%M} UTC)"
        yield Broken(why, f"--run {others[-1]}" if others else anew)


def _fits(run: PastRun, wanted: Wanted) -> bool:
    minutes = wanted.placed.step.minutes
    kinds = (
        KINDS[minutes.from_] if minutes is not None and minutes.from_ is not None else (wanted.run.kind,) if wanted.run else ()
    )
    return run.started is not None and run.whole and run.kind in kinds


def _same(name: str) -> str:
    return " ".join(name.split()).casefold()
