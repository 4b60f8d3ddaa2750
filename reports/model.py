"""The report as data: one frozen object that every renderer draws from.

Texts in here are what may be shown: personal data is masked before it gets this far. Values keep their
characters; making blanks and control characters visible is the renderers' business (:mod:`reports.visible`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from migrate.said import listed
from reports.acceptance.model import Acceptance
from reports.certifications.model import Certifications
from reports.overview.model import Overview
from reports.parts import Count, EntityRow, Fact, RecordLink, Table
from reports.reconciliation.model import Reconciliation
from reports.rules.model import Checked

Level = Literal["pass", "attention", "fail"]

LOADED = ("created", "updated", "unchanged")
SET_ASIDE = ("merged", "excluded")
HELD_BACK = ("quarantined", "blocked", "held", "failed")
DISPOSITIONS = (*LOADED, *SET_ASIDE, *HELD_BACK)

SEVERITIES = ("fatal", "reject", "quarantine", "blocked", "hold", "warn")
SEVERITY_MEANING: Mapping[str, str] = {
    "fatal": "stops the run",
    "reject": "never loads; needs a waiver",
    "quarantine": "kept back and tried again by the next run",
    "blocked": "waits for another record",
    "hold": "waits for a decision",
    "warn": "loaded, worth a look",
}
NEEDS_A_PERSON = ("open", "expired", "returned")
STATE_MEANING: Mapping[str, str] = {
    "open": "nobody decided, or the decision was applied and the finding is still there",
    "expired": "what the decision was based on has changed, so it is not applied",
    "returned": "sent back to the owner of the source",
    "waived": "stays as it is",
    "decided": "a decision is in force",
    "closed": "does not come up any more",
}
STATES = tuple(STATE_MEANING)


@dataclass(frozen=True)
class Verdict:
    """``level`` is never better than what the run said; it is worse where the evidence contradicts it."""

    level: Level
    word: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Value:
    """A value and how often it occurs, as the cause of findings."""

    text: str | None
    count: Count


@dataclass(frozen=True)
class Answer:
    """What somebody decided about items of one cause; ``n`` of them have this answer."""

    state: str
    decision: str
    new_value: str | None
    reason: str | None
    by: str | None
    at: str | None
    """The first and the last instant, where they differ."""
    why: str | None
    """Why the items need a person all the same."""
    n: int


@dataclass(frozen=True)
class Items:
    """The items of one cause: how many are in each state, what was decided about them, and where to decide."""

    cause: str
    states: tuple[tuple[str, Count], ...]
    answers: tuple[Answer, ...] = ()
    more_answers: int = 0
    decide: Count = field(default=Count(0))
    """Those that need a person."""


@dataclass(frozen=True)
class Decided:
    """A cause of which no item needs a person any more."""

    code: str | None
    title: str
    where: str
    items: Items


@dataclass(frozen=True)
class Worklist:
    """The run's items by state, and the causes that are done with."""

    states: tuple[tuple[str, Count], ...]
    decided: tuple[Decided, ...]

    @property
    def open(self) -> int:
        """Items that need a person."""
        return sum(count.n for state, count in self.states if state in NEEDS_A_PERSON)


@dataclass(frozen=True)
class Need:
    """One thing a person has to look at: a root cause, with everything that waits for it."""

    severity: str
    code: str | None
    title: str
    where: str
    at_fault: int
    """Records whose own fault it is."""
    affected: Count
    """The blast radius: records that stay behind because of it, those at fault included."""
    waiting: int = 0
    """Records that stay behind though nothing is wrong with themselves."""
    by_entity: tuple[tuple[str, int], ...] = ()
    """The records affected by entity; for differences, the values by field."""
    values: tuple[Value, ...] = ()
    more_values: int = 0
    roots: tuple[RecordLink, ...] = ()
    more_roots: int = 0
    unit: str = "records"
    items: Items | None = None
    findings: int = 0
    """Rows that its number leads to: of one record there may be several."""

    @property
    def counted(self) -> str:
        """What its number counts, singular where it is one."""
        return self.unit.removesuffix("s") if self.affected.n == 1 else self.unit


@dataclass(frozen=True)
class LeftOut:
    """Records that a mapping leaves out on purpose, and why."""

    entity: str
    disposition: str
    code: str | None
    reason: str
    count: Count


@dataclass(frozen=True)
class ReferenceRow:
    """Where the values of one reference field went."""

    entity: str
    field: str
    resolved: int
    empty: int
    blocked: Count

    @property
    def total(self) -> int:
        """All records that have the field."""
        return self.resolved + self.empty + self.blocked.n


@dataclass(frozen=True)
class Change:
    """Differences of one field that are the same change of value."""

    how: str
    expected: str | None
    actual: str | None
    masked: bool
    count: Count
    sample: RecordLink


@dataclass(frozen=True)
class FieldDifferences:
    """All differences of one field, grouped by the change of value."""

    entity: str
    field: str
    count: Count
    changes: tuple[Change, ...]
    other: Count
    """Differences in changes that are too many to list here."""


@dataclass(frozen=True)
class Excused:
    """Unequal pairs that a tolerance of the mapping declares equal."""

    entity: str
    field: str
    rule: str
    n: int


@dataclass(frozen=True)
class FindingRow:
    """All findings of one rule and one severity."""

    severity: str
    code: str
    title: str
    count: Count


@dataclass(frozen=True)
class Loss:
    """A source field or table that holds data and is not carried over."""

    source: str
    rows: int
    treatment: str
    code: str | None
    reason: str
    archive: str | None


@dataclass(frozen=True)
class ArchivedTable:
    """A source table written to the archive."""

    archive: str
    table: str
    source: int
    archived: int
    file: str
    code: str
    reason: str

    @property
    def complete(self) -> bool:
        """True when the archive holds every source row."""
        return self.source == self.archived


@dataclass(frozen=True)
class Extracted:
    """A source table: its count before and after it was read, and the rows that were read."""

    table: str
    before: int | None
    after: int | None
    rows: int | None

    @property
    def steady(self) -> bool:
        """True when the source stood still and all of it was read."""
        return self.before == self.after == self.rows


@dataclass(frozen=True)
class Prediction:
    """How many records of an entity ended in a disposition, as the last rehearsal said and as it came."""

    entity: str
    disposition: str
    predicted: int
    actual: int
    href: str | None = None
    """Where the records that ended so are shown."""
    moved: int = 0
    """How many more, or fewer, are expected because live runs since the rehearsal wrote them already."""

    @property
    def expected(self) -> int:
        """What has to come where nothing comes otherwise."""
        return self.predicted + self.moved


@dataclass(frozen=True)
class TakenBack:
    """A rollback of the run."""

    run: str
    """The rollback's own id."""
    ended: str
    done: int
    """Records that it took back."""
    left: int
    """Records that it had to leave."""


@dataclass(frozen=True)
class LiveRun:
    """What a live run has to say beside its records."""

    address: str
    delta: bool
    lost: str | None
    """Why the target was lost, if it was."""
    effects: tuple[tuple[str, str, str], ...]
    """(code, what it sets off, who acknowledged it and why) of side effects."""
    unseen: tuple[str, ...]
    """``entity.field`` that the target does not show, so that nothing proves what it holds there."""
    rehearsal: str | None
    changed_inputs: tuple[str, ...]
    """Files that are not those of the rehearsal."""
    predictions: tuple[Prediction, ...]
    handed_over: str = ""
    """Path in the run folder of what says what a person does with the files for the target; blank where none were written."""
    removed: int = 0
    """Records that it removed from the target, because no source record stands behind them."""
    since: tuple[str, ...] = ()
    """Live runs after that rehearsal and before this run: what they wrote, the rehearsal could not foresee."""
    since_counted: bool = False
    """Did the run count what they wrote, so that it is no surprise?"""
    taken_back: tuple[TakenBack, ...] = ()

    @property
    def surprises(self) -> tuple[Prediction, ...]:
        """Where it came otherwise."""
        return tuple(row for row in self.predictions if row.expected != row.actual)


@dataclass(frozen=True)
class Report:
    """Everything a renderer may say about a run."""

    run: str
    mode: str
    label: str
    verdict: Verdict
    stopped_at: str | None
    failure: str | None
    alerts: tuple[str, ...]
    facts: tuple[Fact, ...]
    libraries: tuple[tuple[str, str], ...]
    inputs: tuple[tuple[str, str], ...]
    masked: tuple[str, ...]
    masking: bool
    needs: tuple[Need, ...]
    entities: tuple[EntityRow, ...]
    total: EntityRow
    figures: tuple[tuple[str, Count], ...]
    """The few numbers to begin with."""
    left_out: tuple[LeftOut, ...]
    references: tuple[ReferenceRow, ...]
    differences: tuple[FieldDifferences, ...]
    excused: tuple[Excused, ...]
    findings: tuple[FindingRow, ...]
    losses: tuple[Loss, ...]
    archive: tuple[ArchivedTable, ...]
    extract: tuple[Extracted, ...]
    timings: tuple[tuple[str, float], ...]
    live: LiveRun | None = None
    worklist: Worklist | None = None
    """None of a run that has none: an older one, or one that stopped before its end."""
    acceptance: Acceptance | None = None
    """None where the workspace has no acceptance tests."""
    reconciliation: Reconciliation | None = None
    """None of a run that did not come that far."""
    certifications: Certifications | None = None
    """None where the source tells no certification states."""
    titles: Mapping[str, str] = field(default_factory=dict)
    """What each code means."""
    overview: Overview | None = None
    """None where only numbers were asked for."""
    tables: tuple[Table, ...] = ()
    checked: Checked = field(default_factory=Checked)
    """Gates, and each rule entity by entity."""
    about_records: tuple[Table, ...] = ()
    """What the page holds of single records, from source to target: :mod:`reports.record_tables`."""
    role: str | None = None
    """Who reads it, where it was made for a role."""
    clear: tuple[str, ...] = ()
    """Classes of personal data that this reader sees as they are, where others are masked."""

    @property
    def personal(self) -> tuple[str, bool] | None:
        """What is done with personal data, and whether the file has to be treated as such; None where there is none."""
        if self.clear:
            classes = listed([word.replace("_", " ") for word in self.clear])
            return f"{classes} in clear for the role {self.role}, all else masked: treat this file as personal data", True
        if self.masking:
            seen = f", as the role {self.role} sees it" if self.role else ""
            return (f"masked in this file{seen}", False) if self.masked else None
        return "not masked: treat this file as personal data", True
