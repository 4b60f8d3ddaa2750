"""The words of ``runbook.yaml``. The models check shape; what has to fit together is checked in :mod:`migrate.runbook.load`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from migrate.contracts.model import Code, Words

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=60)]
Text = Annotated[str, StringConstraints(min_length=1, pattern=r"\S")]
Percent = Annotated[float, Field(ge=0, le=500)]
Number = Annotated[float, Field(ge=0, le=100_000)]
Stage = Literal["extract", "map", "validate", "load", "read_back", "reconcile"]


def _tuple(given: object) -> object:
    return tuple(given) if isinstance(given, list) else given


def _estimate(given: object) -> object:
    return {"estimate": given} if isinstance(given, int | float) and not isinstance(given, bool) else given


def _criteria(given: object) -> object:
    given = [given] if isinstance(given, str) else given
    return tuple({"text": one} if isinstance(one, str) else one for one in given) if isinstance(given, list) else given


class Person(Words):
    """Who holds a role."""

    name: Text | None = None
    """Null until somebody is named."""
    deputy: Text | None = None
    """Who stands in."""
    contact: Text | None = None
    """How they are reached that night."""


class Freeze(Words):
    """The window in which nothing else may change."""

    start: Text
    """An instant: ``T-1h``, or ``2027-01-09 20:00`` in the runbook's zone."""
    end: Text
    """By then the cutover, or the way back, has to be over."""
    what: Annotated[tuple[Text, ...], BeforeValidator(_tuple)] = ()
    """What is frozen."""


class Timings(Words):
    """How minutes are taken from earlier runs and rounds."""

    runs: Annotated[int, Field(ge=1, le=50)] = 3
    """How many of the newest comparable ones are looked at."""
    use: Literal["max", "median"] = "max"
    """Which of them counts: the longest, or the one in the middle."""
    rows: Annotated[int, Field(ge=1)] | None = None
    """Source records expected at the cutover, where that is more than the newest run read."""


class Minutes(Words):
    """How long a step takes. A plain number is an ``estimate``."""

    estimate: Number | None = None
    """Holds until a round has measured the step."""
    fixed: Number | None = None
    """Holds whatever rounds measure: a pause, a notice that has to be given."""
    from_: Literal["rehearsal", "live", "delta", "rollback"] | None = Field(default=None, alias="from")
    """Measured: the time of earlier runs of this kind."""
    stages: Annotated[tuple[Stage, ...], BeforeValidator(_tuple)] = ()
    """Only these stages of the run; all of them by default."""
    rate: Annotated[float, Field(gt=0)] | None = None
    """Records that the target takes per minute, written and read back; used while no live run has measured it."""


class Criterion(Words):
    """One condition of a gate. A plain text is a ``text``. The others are measured on the run that the tick names."""

    text: Text | None = None
    """What a person judges."""
    code: Code | None = None
    """Findings of this code."""
    most: Annotated[int, Field(ge=0)] | None = None
    """How many findings of the code there may be; none by default."""
    verdict: Literal["pass", "attention"] | None = None
    """The worst verdict that is good enough."""
    most_differences: Annotated[int, Field(ge=0)] | None = None
    """How many differences, missing and extra records there may be."""
    most_open: Annotated[int, Field(ge=0)] | None = None
    """How many items of the worklist may still need a person."""
    gates: bool | None = None
    """Every gate of ``migration.yaml`` is met: what a rehearsal has to reach to be approved."""


class Gate(Words):
    """A step at which somebody decides whether it goes on."""

    question: Text
    """What is decided."""
    decider: Slug
    """The role that decides."""
    criteria: Annotated[tuple[Criterion, ...], BeforeValidator(_criteria)] = ()
    """What it is decided by."""


class Step(Words):
    """One thing that one role does."""

    id: Slug
    """Stable: ticks and earlier rounds name it."""
    title: Text
    """What is done."""
    owner: Slug
    """The role that does it."""
    minutes: Annotated[Minutes | None, BeforeValidator(_estimate)] = None
    """How long it takes. Left out: not known, and the plan says so."""
    buffer: Percent | None = None
    """Percent on top, in place of the runbook's."""
    command: Text | None = None
    """What is typed, in the folder of the workspace."""
    check: Text | None = None
    """How one tells that it worked."""
    after: Annotated[tuple[Slug, ...] | None, BeforeValidator(_tuple)] = None
    """Steps that have to be done before. Left out: the step above. ``[]``: none."""
    at: Text | None = None
    """Not before this instant."""
    gate: Gate | None = None
    """Makes the step a decision."""
    point_of_no_return: bool = False
    """Once this step has begun, nobody goes back."""
    rollback: Annotated[tuple[Slug, ...], BeforeValidator(_tuple)] = ()
    """Rollback steps that are needed once this step has begun."""
    communication: Text | None = None
    """Who is told what, when it is done."""


class Phase(Words):
    """Steps that belong together."""

    id: Slug
    """Stable."""
    title: Text
    """For people."""
    at: Text | None = None
    """Its steps begin no earlier."""
    within_freeze: bool = False
    """Its steps have to lie in the freeze window."""
    steps: Annotated[tuple[Step, ...], BeforeValidator(_tuple), Field(min_length=1)]
    """In the order in which people read them."""


class Runbook(Words):
    """``runbook.yaml``."""

    title: Text
    """For people."""
    cutover: Text | None = None
    """T: when the cutover begins, ``YYYY-MM-DD HH:MM`` in ``zone``. Null: not decided yet."""
    zone: Text = "UTC"
    """The zone of every clock time in here."""
    freeze: Freeze | None = None
    """The freeze window."""
    buffer: Percent = 20
    """Percent on top of what was estimated or measured; not on what is ``fixed``."""
    timings: Timings = Timings()
    """How earlier runs are used."""
    people: dict[Slug, Person]
    """Roles, and who holds them."""
    phases: Annotated[tuple[Phase, ...], BeforeValidator(_tuple), Field(min_length=1)]
    """The way forward."""
    rollback: Annotated[tuple[Step, ...], BeforeValidator(_tuple)] = ()
    """The way back."""
