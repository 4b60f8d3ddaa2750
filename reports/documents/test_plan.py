"""The test plan and its worksheet as data. Texts may be shown: personal data is masked, control characters are spelled out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TraceLine:
    """A mapping line under a requirement, with what tests and compares it."""

    id: str
    place: str
    tests: tuple[str, ...]
    """Inline tests."""
    gates: tuple[str, ...]
    """Codes of the checks of its values."""
    findings: int
    """Findings of the run that name the field."""
    compared: int
    """Records read back and compared."""
    differences: int


@dataclass(frozen=True)
class Automated:
    """What the comparison of all records says of a requirement."""

    differences: int
    missing: int
    """Records that were written and not found, or found and not expected."""
    allowed: int | None
    """None: differences are listed only."""
    holds: bool | None
    """None where nothing was compared."""


@dataclass(frozen=True)
class TraceTest:
    """An expectation of the reviewers or a rule over both sides, and what came of it in the run."""

    id: str
    kind: str
    says: str
    place: str
    lines: tuple[str, ...]
    """The mapping lines that it is about."""
    named: str
    """What its suite names as its requirement, where the plan has none of that name."""
    counts: bool
    """False: it is listed only."""
    state: str
    evidence: str
    holds: bool | None
    """For the requirement under which it stands; None where nobody judged it, or nothing was compared."""


@dataclass(frozen=True)
class TraceRequirement:
    """A requirement and everything that speaks for it."""

    id: str
    text: str
    risk: str
    lines: tuple[TraceLine, ...]
    automated: Automated
    tests: tuple[TraceTest, ...]
    inspections: tuple[str, ...]
    state: str
    """``accepted``, ``refused`` or ``unfinished``."""

    @property
    def tally(self) -> tuple[int, int, int]:
        """How many of its tests hold, do not, and say neither."""
        found = [test.holds for test in self.tests]
        return found.count(True), found.count(False), found.count(None)


@dataclass(frozen=True)
class InspectionRow:
    """A lot, its sampling plan and how far it got."""

    id: str
    kind: str
    entity: str
    risk: str
    requirements: tuple[str, ...]
    lot: int
    size: int
    accept: int
    refuse: int
    letter: str
    rule: str
    reason: str
    stopped: bool
    strata: tuple[str, ...]
    tested: int
    wrong: int
    state: str
    shows: float | None
    """Highest share of wrong records that the finished sample still allows, in percent."""
    would_show: float | None
    """The same for a sample without any failure, before it is taken."""


@dataclass(frozen=True)
class PickRow:
    """A record to look at, and what was found."""

    id: str
    group: str
    """Records that are looked at together: the sample of an entity, or its directed cases."""
    entity: str
    source_key: str
    target_key: str
    why: str
    """The stratum, or why a directed case is one."""
    expected: tuple[tuple[str, str], ...]
    """``(target field, value)`` as the mapping says."""
    requirements: tuple[str, ...]
    result: str = ""
    requirement: str = ""
    note: str = ""
    tester: str = ""
    tested_on: str = ""


@dataclass(frozen=True)
class Correction:
    """A result that a later one corrected."""

    pick: str
    recorded: str
    was: str
    is_: str
    note: str
    tester: str


@dataclass(frozen=True)
class PlanDocument:
    """Both pages."""

    label: str
    workspace: str
    date: str
    tool_version: str
    id: str
    written: str
    run: str
    mode: str
    verdict: str
    """Of the run."""
    balanced: bool
    describes: str
    """One hash over the parts that the run was made of, and the policy."""
    parts: tuple[tuple[str, str], ...]
    confidence: float
    masked: tuple[str, ...]
    requirements: tuple[TraceRequirement, ...]
    uncovered: tuple[str, ...]
    """Mapping lines that no requirement covers."""
    empty: tuple[str, ...]
    """Entities with requirements and without a record in the target: there is nothing to sample."""
    inspections: tuple[InspectionRow, ...]
    picks: tuple[PickRow, ...]
    corrections: tuple[Correction, ...]
    loose: tuple[TraceTest, ...]
    """Tests of the run that belong to no requirement."""
    state: str

    @property
    def tested(self) -> int:
        return sum(1 for pick in self.picks if pick.result)

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups of picks, in their order."""
        return tuple(dict.fromkeys(pick.group for pick in self.picks))

    def of(self, group: str) -> tuple[PickRow, ...]:
        """The picks of a group."""
        return tuple(pick for pick in self.picks if pick.group == group)

    def inspections_of(self, group: str) -> tuple[InspectionRow, ...]:
        """The inspections that the picks of a group count for."""
        return tuple(one for one in self.inspections if (one.id if one.kind == "directed" else one.entity) == group)
