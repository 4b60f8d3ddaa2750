"""The first view as data. Texts in here may be shown: they were masked on the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from reports.charts.drawing import Drawing
from reports.gates import Judged
from reports.parts import Count, EntityRow, Fact, Table

News = Literal["new", "recurring"]


@dataclass(frozen=True)
class EntityVerdict:
    """The verdict of one entity. ``reached`` is None where the run has no gates for it, or did not come to its end."""

    row: EntityRow
    reached: bool | None
    missed: tuple[Judged, ...]
    loaded: float | None
    """Percent of the records in scope that are in the target; None where none is in scope."""


@dataclass(frozen=True)
class Gates:
    """All gates of a run. ``declared`` is None where the run does not say whether people set any."""

    declared: bool | None
    run: tuple[Judged, ...]
    """Those about the run as a whole."""
    findings: tuple[Judged, ...]
    """Budgets."""
    entities: tuple[EntityVerdict, ...]
    codes: tuple[str, ...]
    """Codes of this run that have no budget, the gravest first."""

    @property
    def all(self) -> tuple[Judged, ...]:
        """Every gate that is not about one entity."""
        return (*self.run, *self.findings)


@dataclass(frozen=True)
class Earlier:
    """A run before this one, and why it is not compared; blank where it is, or could be."""

    run: str
    started: str | None
    why: str = ""


@dataclass(frozen=True)
class Moves:
    """Findings, or items, of one kind: ``before = fixed + recurring``, ``now = new + recurring``."""

    name: str | None
    new: Count
    fixed: Count
    recurring: Count
    severity: str = ""
    title: str = ""

    @property
    def before(self) -> int:
        """How many the run before had."""
        return self.fixed.n + self.recurring.n

    @property
    def now(self) -> int:
        """How many this run has."""
        return self.new.n + self.recurring.n

    @property
    def moved(self) -> bool:
        """Is any of them new or fixed?"""
        return bool(self.new.n or self.fixed.n)


@dataclass(frozen=True)
class Moved:
    """Records of an entity that ended otherwise than in the run before."""

    entity: str
    reached: Count
    """They waited or failed, and are in the target now."""
    fell_back: Count
    """They were in the target, and wait or failed now."""
    other: Count
    """They ended otherwise in another way."""
    came: Count
    """The run before did not have them."""
    gone: int
    """Only the run before had them."""

    @property
    def any(self) -> bool:
        """Is there any such record?"""
        return bool(self.reached.n or self.fell_back.n or self.other.n or self.came.n or self.gone)


@dataclass(frozen=True)
class Changes:
    """What changed since the run before. ``total`` is None where nothing could be compared, and ``why`` says why."""

    previous: Earlier | None
    why: str
    passed_over: tuple[Earlier, ...]
    """Runs between the two that are not compared."""
    total: Moves | None = None
    entities: tuple[Moves, ...] = ()
    codes: tuple[Moves, ...] = ()
    other_value: int = 0
    """New findings where the run before had the same finding about another value."""
    items: Moves | None = None
    """Items of the worklist that need a person."""
    answered: tuple[tuple[str, Count], ...] = ()
    """What became of items that needed a person and do not any more, by state now."""
    moved: tuple[Moved, ...] = ()
    fixed: Table | None = None
    """The findings that are fixed, as rows for the page."""
    inputs: tuple[str, ...] = ()
    """Files that are not those of the run before."""


@dataclass(frozen=True)
class Trend:
    """All runs, in order, this one the last."""

    runs: tuple[Earlier, ...]
    charts: tuple[Drawing, ...]
    unreadable: tuple[Earlier, ...]
    left_out: int = 0
    """Older runs that are too many to draw."""


@dataclass(frozen=True)
class Signature:
    """A box to sign in."""

    role: str
    name: str | None = None
    """Who signed already, in the audit trail."""
    at: str = ""
    rehearsal: str = ""
    """Which rehearsal a live run was started on; blank where the run is the one that was signed."""


@dataclass(frozen=True)
class Overview:
    """The whole first view."""

    gates: Gates
    changes: Changes
    trend: Trend
    flow: Drawing | None
    flows: tuple[Drawing, ...]
    """One for each entity."""
    charts: tuple[Drawing, ...]
    sides: tuple[tuple[str, tuple[Drawing, ...]], ...]
    """By entity: what its fields hold in the source and in the target."""
    sides_note: str
    header: tuple[Fact, ...]
    signatures: tuple[Signature, ...]

    @property
    def tables(self) -> tuple[Table, ...]:
        """Rows for the page beside those of the run."""
        return (self.changes.fixed,) if self.changes.fixed is not None else ()
