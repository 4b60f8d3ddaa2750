"""Working out what both renderings of the runbook show."""

from __future__ import annotations

import datetime as dt
import hashlib

from migrate.runbook.book import Book, is_over
from migrate.runbook.gates import wording
from migrate.runbook.instants import minutes_from, show_local, show_minutes, show_offset
from migrate.runbook.measure import Planned
from migrate.runbook.placed import Placed
from migrate.runbook.plan import Turning
from migrate.runbook.rounds import ENDED, PASSED, StepState
from migrate.runbook.schedule import Slot
from reports.documents.runbook_model import Bar, Basis, Happened, Line, Phase, Turn, View, When
from reports.documents.runbook_needs import needs


def instant(zero: dt.datetime, minutes: int) -> dt.datetime:
    """An instant by its minutes from T."""
    return zero + dt.timedelta(minutes=minutes)


def build(book: Book) -> View:
    """Everything that is shown."""
    return _Building(book).view()


class _Building:
    def __init__(self, book: Book) -> None:
        self.book, self.plan, self.loaded = book, book.plan, book.loaded
        self.round = book.plan.round
        self.numbers = {p.id: p.number for p in (*self.loaded.steps, *self.loaded.rollback)}

    def view(self) -> View:
        plan, loaded, book, window = self.plan, self.loaded, self.book, self.plan.window
        made_from = tuple(self._made_from())
        whole = hashlib.sha256("".join(f"{b.name}\0{b.hash}\n" for b in made_from).encode()).hexdigest()
        lines = {one.placed.id: self._line(one.placed, one.planned, one.slot) for one in plan.steps}
        shown = book.rounds[-5:]
        return View(
            title=loaded.model.title,
            label=book.workspace.settings.label,
            workspace=book.workspace.folder.resolve().name,
            zone=loaded.zone.key,
            cutover=show_local(plan.zero, loaded.zone) if plan.zero is not None else "",
            round=self.round,
            over=self.round is not None and is_over(loaded, self.round),
            needs=tuple(needs(book)),
            hash=whole,
            made_from=made_from,
            people=dict(loaded.model.people),
            phases=tuple(
                Phase(phase.title, phase.within_freeze, tuple(lines[step.id] for step in phase.steps))
                for phase in loaded.model.phases
            ),
            back=tuple(self._line(one.placed, one.planned, None) for one in plan.back),
            turns=tuple(self._turn(turning) for turning in plan.turnings),
            no_return=self._turn(plan.no_return) if plan.no_return is not None else None,
            too_late=self.numbers[plan.too_late] if plan.too_late is not None else None,
            first=self._when(window.first),
            last=self._when(window.last),
            total=window.last - window.first,
            complete=not window.unmeasured,
            freeze=(self._when(window.freeze[0]), self._when(window.freeze[1])) if window.freeze is not None else None,
            frozen=loaded.model.freeze.what if loaded.model.freeze is not None else (),
            slack=window.slack,
            fits=window.fits,
            bars=tuple(self._bars()),
            path=tuple(one.placed.number for one in plan.steps if one.slot.critical),
            rounds=tuple(one.label for one in shown),
            actuals={name: tuple(one.state(name).minutes for one in shown) for name in self.numbers},
            entries=self.round.entries if self.round is not None else (),
        )

    def _made_from(self) -> list[Basis]:
        book = self.book
        found = [Basis("runbook.yaml", self.loaded.digest)]
        found += [Basis(f"workspace: {name}", part.hash) for name, part in book.parts.items()]
        found += [Basis(f"run {run.id}", run.digest) for run in book.runs if run.id in self.plan.runs]
        if book.log:
            found.append(Basis(f"runbook_log.csv to entry {book.log[-1].entry}", book.log[-1].hash))
        return found

    def _when(self, minutes: int) -> When:
        zero = self.plan.zero
        return When(show_offset(minutes), show_local(instant(zero, minutes), self.loaded.zone) if zero is not None else "")

    def _line(self, placed: Placed, planned: Planned, slot: Slot | None) -> Line:
        step, gate = placed.step, placed.step.gate
        state = self.round.state(placed.id) if self.round is not None else StepState()
        return Line(
            placed.number,
            placed.id,
            step.title,
            step.owner,
            self._person(step.owner),
            planned,
            self._when(slot.start) if slot is not None else None,
            self._when(slot.end) if slot is not None else None,
            slot is not None and slot.critical,
            slot.slack if slot is not None else None,
            tuple(self.numbers[name] for name in placed.after),
            tuple(self.numbers[name] for name in step.rollback),
            step.command,
            step.check,
            step.communication,
            gate.question if gate is not None else None,
            f"{gate.decider} ({self._person(gate.decider)})" if gate is not None else "",
            tuple(wording(criterion) for criterion in gate.criteria) if gate is not None else (),
            step.point_of_no_return,
            self._happened(state, slot),
            state.state in PASSED and state.state != "skipped",
        )

    def _happened(self, state: StepState, slot: Slot | None) -> Happened:
        late = None
        if (
            self.round is not None
            and slot is not None
            and state.end is not None
            and state.state in ENDED
            and state.state != "skipped"
        ):
            late = minutes_from(self.round.zero, state.end) - slot.end
        return Happened(
            state.state,
            show_local(state.start, self.loaded.zone) if state.start is not None else "",
            show_local(state.end, self.loaded.zone) if state.end is not None else "",
            state.minutes,
            late,
            state.by,
            state.note,
            state.run,
            state.forced,
            state.tries,
        )

    def _person(self, role: str) -> str:
        return self.loaded.model.people[role].name or "nobody named"

    def _turn(self, turning: Turning) -> Turn:
        placed = self.loaded.find(turning.step)
        assert placed is not None
        gate = placed.step.gate
        return Turn(
            placed.number,
            placed.id,
            gate.question if gate is not None else placed.step.title,
            f"{gate.decider} ({self._person(gate.decider)})" if gate is not None else "",
            self._when(turning.at),
            ", ".join(self.numbers[name] for name in turning.back),
            turning.minutes,
            self._when(turning.latest) if turning.latest is not None else None,
            turning.fits,
        )

    def _bars(self) -> list[Bar]:
        """The steps in the freeze over its time, or over theirs where no freeze is declared."""
        counted, window = self.plan.counted(), self.plan.window
        ends = window.freeze or (window.first, window.last)
        start, end = min(window.first, ends[0]), max(window.last, ends[1])
        span = max(1, end - start)
        return [
            Bar(
                one.placed.number,
                f"{one.placed.step.title}, {show_minutes(one.slot.end - one.slot.start)}",
                round(100 * (one.slot.start - start) / span, 3),
                round(100 * (one.slot.end - one.slot.start) / span, 3),
                one.slot.critical,
                one.placed.step.gate is not None,
            )
            for one in self.plan.steps
            if one.placed.id in counted
        ]
