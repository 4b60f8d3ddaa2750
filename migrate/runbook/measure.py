"""Planned minutes: from what earlier runs and rounds took, never from a guess. What nobody measured is called so."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from migrate.run_folder import STAGES
from migrate.runbook.placed import Placed
from migrate.runbook.runs import PastRun
from migrate.runbook.words import Minutes, Runbook
from migrate.said import number_of

WRITTEN = ("load", "read_back")
"""Stages whose time the target decides."""
FEWEST = 0.1
"""A live run that wrote less than this share of what is to be written says nothing about the time it takes."""
DOUBTFUL = 2.0
"""Scaled by more than this, a time is doubtful."""


@dataclass(frozen=True)
class Planned:
    """How long a step is planned to take, and why."""

    minutes: int | None
    """With its buffer; None: nobody measured it."""
    base: float | None
    """Without buffer."""
    buffer: float
    """Percent."""
    basis: str
    runs: tuple[str, ...] = ()
    """Runs that the number was taken from."""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Took:
    minutes: float
    run: str
    how: str
    factor: float = 1.0


@dataclass
class Past:
    """What is known of earlier runs of the workspace, and of earlier rounds of its runbook."""

    runs: Sequence[PastRun]
    entities: frozenset[str]
    """The workspace's mappings: a run of some of them is not comparable."""
    mapping: str
    """Hash of the mapping as it is now."""
    target_is_live: bool
    rounds: Mapping[str, Sequence[tuple[str, float]]] = field(default_factory=dict)
    """Per step: label of a round and minutes that it took there, the oldest first."""

    def whole(self, *kinds: str) -> list[PastRun]:
        """Comparable runs, the newest first."""
        found = [run for run in self.runs if run.whole and run.kind in kinds]
        return [run for run in reversed(found) if run.kind == "rollback" or run.entities == self.entities]

    def rows(self) -> int:
        """Source records of the newest comparable run."""
        return next((run.rows for run in self.whole("rehearsal", "live", "delta", "delivery")), 0)

    def writes(self) -> int:
        """Records that a first live run writes, as the newest rehearsal predicts."""
        return next((run.writes for run in self.whole("rehearsal")), 0)


def planned(placed: Placed, model: Runbook, past: Past) -> Planned:
    """How long ``placed`` is planned to take."""
    minutes = placed.step.minutes
    buffer = placed.step.buffer if placed.step.buffer is not None else model.buffer
    if minutes is not None and minutes.fixed is not None:
        return Planned(math.ceil(minutes.fixed), minutes.fixed, 0.0, "fixed")
    if minutes is not None and minutes.from_ is not None:
        found = _Measuring(model, past, minutes).found()
        if found.base is not None:
            return _buffered(found, buffer)
        if (rehearsed := _from_rounds(placed.id, model, past)) is not None:
            return _buffered(rehearsed, buffer)
        return _buffered(found, buffer)
    if (rehearsed := _from_rounds(placed.id, model, past)) is not None:
        declared = f"; {minutes.estimate:g} min were estimated" if minutes is not None else ""
        return _buffered(_with(rehearsed, rehearsed.basis + declared), buffer)
    if minutes is not None and minutes.estimate is not None:
        return _buffered(Planned(None, minutes.estimate, 0.0, "estimate, not measured by any round"), buffer)
    return _buffered(Planned(None, None, 0.0, "not measured: no minutes are given, and no round measured it"), buffer)


def _buffered(found: Planned, buffer: float) -> Planned:
    minutes = None if found.base is None else _up(found.base * (1 + buffer / 100))
    return Planned(minutes, found.base, buffer, found.basis, found.runs, found.warnings)


def _up(minutes: float) -> int:
    """Whole minutes; what takes any time takes one. Float noise does not make another."""
    return math.ceil(round(minutes, 6)) or (1 if minutes > 0 else 0)


def _with(found: Planned, basis: str) -> Planned:
    return Planned(found.minutes, found.base, found.buffer, basis, found.runs, found.warnings)


def _from_rounds(step: str, model: Runbook, past: Past) -> Planned | None:
    took = [_Took(minutes, label, f"{minutes:.4g} min in {label!r}") for label, minutes in past.rounds.get(step, ())]
    return None if not took else _chosen(list(reversed(took))[: model.timings.runs], model, "round", runs=False)


def _chosen(took: Sequence[_Took], model: Runbook, what: str, *, runs: bool = True) -> Planned:
    """The longest or the middle one of ``took``, with how it was come by."""
    if model.timings.use == "median":
        base, word = statistics.median(one.minutes for one in took), "median"
        shown = min(took, key=lambda one: abs(one.minutes - base))
    else:
        shown = max(took, key=lambda one: one.minutes)
        base, word = shown.minutes, "longest"
    basis = f"{word} of {number_of(len(took), what)}: {shown.how}"
    warnings = []
    if (most := max(one.factor for one in took)) > DOUBTFUL:
        warnings.append(f"scaled by {most:.3g}: measure it with as many records as there will be")
    return Planned(None, base, 0.0, basis, tuple(one.run for one in took) if runs else (), tuple(warnings))


class _Measuring:
    """One step whose minutes are those of earlier runs."""

    def __init__(self, model: Runbook, past: Past, minutes: Minutes) -> None:
        self.model, self.past, self.minutes = model, past, minutes
        self.stages = minutes.stages or STAGES
        self.rows = max(past.rows(), model.timings.rows or 0)

    def found(self) -> Planned:
        kind = self.minutes.from_
        if kind == "rollback":
            return self._rollback()
        if kind == "rehearsal" or not self.past.target_is_live:  # delivering files is what a rehearsal does, and a copy
            kinds = ("rehearsal",) if kind == "rehearsal" else ("delivery", "rehearsal")
            runs = self.past.whole(*kinds)[: self.model.timings.runs]
            if not runs:
                return self._unknown("no whole rehearsal of all mappings is there")
            return self._with_mapping(_chosen([self._rehearsed(run) for run in runs], self.model, "run"), runs)
        return self._live("delta" if kind == "delta" else "live")

    def _unknown(self, why: str) -> Planned:
        return Planned(None, None, 0.0, f"not measured: {why}")

    def _rehearsed(self, run: PastRun, stages: Sequence[str] | None = None) -> _Took:
        """Grown with the source's records; a smaller source makes nothing shorter."""
        factor = max(1.0, self.rows / run.rows) if run.rows else 1.0
        took = sum(run.seconds[stage] for stage in stages or self.stages) / 60
        grown = f" x {factor:.3g} for {self.rows:,} source records against {run.rows:,}" if factor > 1 else ""
        return _Took(took * factor, run.id, f"{took:.3g} min in {run.id}{grown}", factor)

    def _live(self, kind: str) -> Planned:
        writes = self.past.writes()
        runs: list[PastRun] = []
        small: list[PastRun] = []
        for run in self.past.whole(kind):
            enough = kind == "delta" or run.writes >= FEWEST * writes
            (runs if enough else small).append(run)
        if runs := runs[: self.model.timings.runs]:
            took = [self._written(run, writes if kind == "live" else run.writes) for run in runs]
            return self._with_mapping(_chosen(took, self.model, f"{kind} run"), runs)
        why = f"no {kind} run wrote the target"
        if small:
            why = f"live run {small[0].id} wrote {small[0].writes:,} of {writes:,} records, too few to go by"
        return self._by_rate(why, writes) if self.minutes.rate is not None else self._unknown(f"{why}, and no rate is given")

    def _written(self, run: PastRun, writes: int) -> _Took:
        rehearsed = [stage for stage in self.stages if stage not in WRITTEN]
        own = [stage for stage in self.stages if stage in WRITTEN]
        first = self._rehearsed(run, rehearsed) if rehearsed else _Took(0.0, run.id, "")
        factor = max(1.0, writes / run.writes) if run.writes else 1.0
        took = sum(run.seconds[stage] for stage in own) / 60
        total = first.minutes + took * factor
        grown = f", written and read back x {factor:.3g} for {writes:,} records against {run.writes:,}" if factor > 1 else ""
        grown += f", the rest x {first.factor:.3g} for {self.rows:,} source records" if first.factor > 1 else ""
        spent = sum(run.seconds[stage] for stage in self.stages) / 60
        return _Took(total, run.id, f"{spent:.3g} min in {run.id}{grown}", max(factor, first.factor))

    def _by_rate(self, why: str, writes: int) -> Planned:
        assert self.minutes.rate is not None
        runs = self.past.whole("rehearsal")[: self.model.timings.runs]
        if not runs:
            return self._unknown("no whole rehearsal says how many records there are")
        rehearsed = [stage for stage in self.stages if stage not in WRITTEN]
        base, took = 0.0, None
        if rehearsed:
            took = _chosen([self._rehearsed(run, rehearsed) for run in runs], self.model, "rehearsal")
            base = took.base or 0.0
        written = 0.0
        if len(rehearsed) < len(self.stages):
            grown = max(1.0, self.rows / runs[0].rows) if runs[0].rows else 1.0
            written = writes * grown / self.minutes.rate
        basis = f"{written:.3g} min for {writes:,} records at the declared rate of {self.minutes.rate:g} per minute ({why})"
        basis += f", and {took.basis}" if took is not None else ""
        return Planned(None, base + written, 0.0, basis, tuple(run.id for run in runs), took.warnings if took else ())

    def _rollback(self) -> Planned:
        writes = self.past.writes()
        took = []
        for run in self.past.whole("rollback")[: self.model.timings.runs]:
            if run.writes and run.writes >= FEWEST * writes:
                factor, spent = max(1.0, writes / run.writes), run.seconds["rollback"] / 60
                grown = f" x {factor:.3g} for {writes:,} records against {run.writes:,}" if factor > 1 else ""
                took.append(_Took(spent * factor, run.id, f"{spent:.3g} min in {run.id}{grown}", factor))
        if took:
            return _chosen(took, self.model, "rollback")
        if self.minutes.rate is not None and writes:
            basis = f"{writes:,} records at the declared rate of {self.minutes.rate:g} per minute"
            return Planned(None, writes / self.minutes.rate, 0.0, basis)
        return self._unknown("no rollback was rehearsed that took back as much, and no rate is given")

    def _with_mapping(self, found: Planned, runs: Sequence[PastRun]) -> Planned:
        other = [run.id for run in runs if run.mapping != self.past.mapping]
        if not other:
            return found
        told = f"{len(other)} of {number_of(len(runs), 'run')} had another mapping than the workspace has now"
        return Planned(None, found.base, 0.0, found.basis, found.runs, (*found.warnings, told))
