"""Rounds: each dress rehearsal and the real night is one. What became of every step is read from the log, entry by entry."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from migrate.runbook.log import Entry

RoundKind = Literal["rehearsal", "cutover"]
State = Literal["open", "running", "done", "failed", "skipped", "go", "no-go"]
OPENS = ("rehearsal", "cutover")
"""Words of an entry that opens a round."""
CLOSES = "closed"
"""Word of an entry that ends a round."""
STATES: dict[str, State] = {
    "start": "running", "done": "done", "failed": "failed", "skip": "skipped", "go": "go", "no-go": "no-go", "reopen": "open",
}  # fmt: skip
"""What each word of an entry makes of its step."""
PASSED = ("done", "skipped", "go")
"""States after which what waits for the step may begin."""
ENDED = ("done", "failed", "skipped", "go", "no-go")


@dataclass(frozen=True)
class StepState:
    """What became of one step."""

    state: State = "open"
    start: dt.datetime | None = None
    end: dt.datetime | None = None
    by: str = ""
    note: str = ""
    run: str = ""
    tries: int = 0
    """How often it failed."""
    forced: bool = False

    @property
    def minutes(self) -> float | None:
        """What it took, where both ends are known."""
        done = self.state in ("done", "go")
        return (self.end - self.start).total_seconds() / 60 if done and self.start and self.end else None


@dataclass(frozen=True)
class Round:
    """One time that the runbook is worked through."""

    label: str
    kind: RoundKind
    zero: dt.datetime
    """T."""
    opened: dt.datetime
    by: str
    digest: str
    """sha256 of runbook.yaml when the round was opened."""
    entries: tuple[Entry, ...] = ()
    states: dict[str, StepState] = field(default_factory=dict)
    closed: bool = False
    """Did somebody say that it is over?"""

    def state(self, step: str) -> StepState:
        """What became of a step; one that nobody ticked is open."""
        return self.states.get(step, StepState())

    def aborted(self) -> str | None:
        """The step at which it was given up: a gate that said no, or None."""
        return next((step for step, state in self.states.items() if state.state == "no-go"), None)

    def failed(self) -> list[str]:
        """Steps that failed and were not done since."""
        return [step for step, state in self.states.items() if state.state == "failed"]

    def begun(self) -> list[str]:
        """Steps of which something was done."""
        return [step for step, state in self.states.items() if state.state not in ("open", "skipped")]


def rounds(log: Iterable[Entry]) -> list[Round]:
    """All rounds, the oldest first."""
    found: list[Round] = []
    for entry in log:
        if entry.what in OPENS:
            kind: RoundKind = "cutover" if entry.what == "cutover" else "rehearsal"
            at, entered = _instant(entry.at), _instant(entry.entered)
            found.append(Round(entry.round, kind, at, entered, entry.by, entry.runbook))
        elif found and entry.what == CLOSES:
            found[-1] = replace(found[-1], closed=True)
        elif found and entry.what in STATES:
            last = found[-1]
            states = last.states | {entry.step: _next(last.state(entry.step), entry)}
            found[-1] = replace(last, entries=(*last.entries, entry), states=states)
    return found


def actual_minutes(earlier: Sequence[Round]) -> dict[str, list[tuple[str, float]]]:
    """Per step: what it took in each round that measured it, the oldest first."""
    found: dict[str, list[tuple[str, float]]] = {}
    for one in earlier:
        for step, state in one.states.items():
            if state.minutes is not None:
                found.setdefault(step, []).append((one.label, state.minutes))
    return found


def _next(was: StepState, entry: Entry) -> StepState:
    at, state = _instant(entry.at), STATES[entry.what]
    told = replace(
        was,
        by=entry.by,
        note=entry.note or was.note,
        run=entry.run or was.run,
        forced=was.forced or "forced" in entry.mark,
    )
    if state == "open":
        return StepState(tries=was.tries, note=entry.note, by=entry.by)
    if state == "running":
        if "correction" in entry.mark and was.end is not None:  # only its beginning was wrong
            return replace(told, start=at)
        return replace(told, state="running", start=at, end=None)
    return replace(told, state=state, end=at, tries=was.tries + (state == "failed"))


def _instant(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)
