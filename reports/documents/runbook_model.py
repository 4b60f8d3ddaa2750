"""What the runbook's documents show: frozen, and nothing left to work out."""

from __future__ import annotations

from dataclasses import dataclass

from migrate.runbook.log import Entry
from migrate.runbook.measure import Planned
from migrate.runbook.rounds import Round
from migrate.runbook.words import Person


@dataclass(frozen=True)
class When:
    """A planned moment."""

    offset: str
    local: str
    """Blank while T is not known."""


@dataclass(frozen=True)
class Happened:
    """What became of a step in the round that is shown."""

    state: str
    start: str
    end: str
    minutes: float | None
    late: int | None
    """Minutes after the planned end."""
    by: str
    note: str
    run: str
    forced: bool
    tries: int


@dataclass(frozen=True)
class Line:
    """One step."""

    number: str
    id: str
    title: str
    owner: str
    person: str
    planned: Planned
    start: When | None
    end: When | None
    critical: bool
    slack: int | None
    after: tuple[str, ...]
    """Numbers."""
    rollback: tuple[str, ...]
    """Numbers."""
    command: str | None
    check: str | None
    communication: str | None
    question: str | None
    decider: str
    criteria: tuple[str, ...]
    no_return: bool
    happened: Happened
    passed: bool


@dataclass(frozen=True)
class Bar:
    """A step in the chart; left and width in percent of it."""

    number: str
    title: str
    left: float
    width: float
    critical: bool
    gate: bool


@dataclass(frozen=True)
class Turn:
    """A moment at which one may turn back."""

    number: str
    id: str
    question: str
    decider: str
    planned: When
    back: str
    minutes: int | None
    latest: When | None
    fits: bool | None


@dataclass(frozen=True)
class Phase:
    """A phase and its steps."""

    title: str
    within: bool
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Basis:
    """A thing that the document was made from, with its hash."""

    name: str
    hash: str


@dataclass(frozen=True)
class View:
    """The whole document."""

    title: str
    label: str
    workspace: str
    zone: str
    cutover: str
    round: Round | None
    over: bool
    needs: tuple[str, ...]
    hash: str
    made_from: tuple[Basis, ...]
    people: dict[str, Person]
    phases: tuple[Phase, ...]
    back: tuple[Line, ...]
    turns: tuple[Turn, ...]
    no_return: Turn | None
    too_late: str | None
    first: When
    last: When
    total: int
    """Minutes from the first to the last step in the freeze."""
    complete: bool
    freeze: tuple[When, When] | None
    frozen: tuple[str, ...]
    slack: int | None
    fits: bool | None
    bars: tuple[Bar, ...]
    path: tuple[str, ...]
    """Numbers of the critical steps."""
    rounds: tuple[str, ...]
    actuals: dict[str, tuple[float | None, ...]]
    """Per step: minutes in each of ``rounds``."""
    entries: tuple[Entry, ...]
