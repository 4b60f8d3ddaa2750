"""The plan: every step with its minutes, its beginning and its end, and what follows for the freeze and the way back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from migrate.runbook.measure import Past, Planned, planned
from migrate.runbook.placed import Loaded, Placed
from migrate.runbook.rounds import Round
from migrate.runbook.schedule import Slot, Task, schedule, within


@dataclass(frozen=True)
class PlannedStep:
    """A step with its minutes and its time. Unmeasured minutes count as none, and the plan says that it is incomplete."""

    placed: Placed
    planned: Planned
    slot: Slot


@dataclass(frozen=True)
class BackStep:
    """A step of the way back. When it begins depends on who gives up when."""

    placed: Placed
    planned: Planned


@dataclass(frozen=True)
class Window:
    """The steps that have to lie in the freeze, and the freeze. Minutes from T."""

    first: int
    last: int
    freeze: tuple[int, int] | None
    unmeasured: tuple[str, ...]
    """Steps without minutes: then the end is the earliest there can be."""

    @property
    def fits(self) -> bool | None:
        """None: nobody can say, because no freeze is declared, or not all is measured."""
        if self.freeze is None:
            return None
        inside = self.first >= self.freeze[0] and self.last <= self.freeze[1]
        return None if inside and self.unmeasured else inside

    @property
    def slack(self) -> int | None:
        """Minutes between the planned end and the end of the freeze."""
        return None if self.freeze is None else self.freeze[1] - self.last


@dataclass(frozen=True)
class Turning:
    """A moment at which one may turn back: a gate, or the beginning of the point of no return."""

    step: str
    at: int
    """When the plan has it."""
    back: tuple[str, ...]
    """Steps of the way back from there."""
    minutes: int | None
    """How long the way back takes; None where a step of it is not measured."""
    latest: int | None
    """The last moment at which the way back still fits into the freeze."""

    @property
    def fits(self) -> bool | None:
        return None if self.latest is None else self.at <= self.latest


@dataclass(frozen=True)
class Plan:
    """A runbook with its times."""

    loaded: Loaded
    round: Round | None
    """The round that it is the plan of."""
    zero: dt.datetime | None
    """T: of the round, or of the cutover; None while neither is known."""
    steps: tuple[PlannedStep, ...]
    back: tuple[BackStep, ...]
    window: Window
    turnings: tuple[Turning, ...]
    no_return: Turning | None
    """Where the declared point of no return begins."""
    too_late: str | None
    """The first step, before the declared point, at whose end the way back fits no more: the point of no return as computed."""
    runs: tuple[str, ...]
    """Runs that minutes were taken from."""
    warnings: tuple[str, ...]

    def step(self, name: str) -> PlannedStep | None:
        """A step of the way forward."""
        return next((one for one in self.steps if one.placed.id == name), None)

    def way_back(self, begun: Iterable[str]) -> tuple[tuple[str, ...], int | None]:
        """Which rollback steps are needed once ``begun`` have begun, and how long they take together."""
        return _way_back(self.loaded, self.back, begun)

    def back_tasks(self, names: Iterable[str]) -> list[Task]:
        """Steps of the way back, each waiting for those before it that are among ``names``."""
        return within([task_of(one.placed, one.planned) for one in self.back], names)

    def tasks(self) -> list[Task]:
        """The way forward for the arithmetic."""
        return [task_of(one.placed, one.planned) for one in self.steps]

    def counted(self) -> frozenset[str]:
        """Steps whose end must not slip."""
        return _counted(self.loaded)


def make_plan(loaded: Loaded, past: Past, round_: Round | None = None) -> Plan:
    """The plan of a runbook. ``past`` holds what was known before the round was opened."""
    minutes = {p.id: planned(p, loaded.model, past) for p in (*loaded.steps, *loaded.rollback)}
    slots = schedule([task_of(p, minutes[p.id]) for p in loaded.steps], counted=_counted(loaded))
    steps = tuple(PlannedStep(p, minutes[p.id], slots[p.id]) for p in loaded.steps)
    back = tuple(BackStep(p, minutes[p.id]) for p in loaded.rollback)
    no_return = next((one for one in steps if one.placed.step.point_of_no_return), None)
    turnings = tuple(_turning(loaded, back, steps, one, one.slot.end) for one in steps if one.placed.step.gate is not None)
    return Plan(
        loaded,
        round_,
        round_.zero if round_ is not None else loaded.cutover,
        steps,
        back,
        _window(loaded, steps),
        turnings,
        _turning(loaded, back, steps, no_return, no_return.slot.start, before=True) if no_return else None,
        _too_late(loaded, back, steps, no_return),
        tuple(sorted({run for one in minutes.values() for run in one.runs})),
        tuple(f"{name}: {warning}" for name, one in minutes.items() for warning in one.warnings),
    )


def task_of(placed: Placed, minutes: Planned) -> Task:
    """A step for the arithmetic; what is not measured counts as no time."""
    return Task(placed.id, minutes.minutes or 0, placed.after, placed.at)


def _counted(loaded: Loaded) -> frozenset[str]:
    inside = frozenset(p.id for p in loaded.steps if p.within)
    return inside or frozenset(p.id for p in loaded.steps)


def _window(loaded: Loaded, steps: Sequence[PlannedStep]) -> Window:
    counted = _counted(loaded)
    inside = [one for one in steps if one.placed.id in counted]
    unmeasured = tuple(one.placed.id for one in inside if one.planned.minutes is None)
    return Window(min(one.slot.start for one in inside), max(one.slot.end for one in inside), loaded.freeze, unmeasured)


def _way_back(loaded: Loaded, back: Sequence[BackStep], begun: Iterable[str]) -> tuple[tuple[str, ...], int | None]:
    started = set(begun)
    needed = {name for p in loaded.steps if p.id in started for name in p.step.rollback}
    chosen = [one for one in back if one.placed.id in needed]
    slots = schedule(within([task_of(one.placed, one.planned) for one in back], needed))
    known = all(one.planned.minutes is not None for one in chosen)
    names = tuple(one.placed.id for one in chosen)
    return names, max((slot.end for slot in slots.values()), default=0) if known else None


def _turning(
    loaded: Loaded, back: Sequence[BackStep], steps: Sequence[PlannedStep], at: PlannedStep, when: int, *, before: bool = False
) -> Turning:
    begun = _begun(loaded, steps, at.placed, when) - ({at.placed.id} if before else set())
    names, minutes = _way_back(loaded, back, begun)
    latest = loaded.freeze[1] - minutes if loaded.freeze is not None and minutes is not None else None
    return Turning(at.placed.id, when, names, minutes, latest)


def _begun(loaded: Loaded, steps: Sequence[PlannedStep], placed: Placed, when: int) -> set[str]:
    """What has begun by ``when``: by the clock, and because ``placed`` waits for it."""
    known: Mapping[str, Placed] = {p.id: p for p in loaded.steps}
    found, waiting = {one.placed.id for one in steps if one.slot.start < when}, [placed.id]
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += known[name].after
    return found | seen


def _too_late(
    loaded: Loaded, back: Sequence[BackStep], steps: Sequence[PlannedStep], no_return: PlannedStep | None
) -> str | None:
    for one in sorted(steps, key=lambda one: (one.slot.end, one.slot.start)):
        after = no_return is not None and (one is no_return or one.slot.end > no_return.slot.start)
        if one.placed.within and not after:
            turning = _turning(loaded, back, steps, one, one.slot.end)
            if turning.back and turning.fits is False:
                return one.placed.id
    return None
