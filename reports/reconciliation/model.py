"""Reconciliation beyond equality, as data. Texts in here are what may be shown."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal

from reports.parts import Count, RecordLink

RuleVerdict = Literal["equal", "different", "empty", "not asked"]
VERDICT_WORDS: dict[str, str] = {
    "equal": "holds",
    "different": "does not hold",
    "empty": "nothing to compare",
    "not asked": "not asked",
}


@dataclass(frozen=True)
class TargetRows:
    """The rows of a target entity that were read back, and what each of them is."""

    entity: str
    rows: int
    identical: int
    transformed: int
    different: int
    existing: int
    extra: int

    @property
    def even(self) -> bool:
        """Do the parts add up to the rows?"""
        return self.rows == self.identical + self.transformed + self.different + self.existing + self.extra


@dataclass(frozen=True)
class Explanation:
    """Records of the source that are not expected in the target, and why."""

    part: str
    code: str | None
    reason: str
    records: int


@dataclass(frozen=True)
class Group:
    """A group in which the sides differ."""

    values: tuple[tuple[str, str | None], ...]
    """(column, value) of what makes the group."""
    measure: str
    how: str
    source: str | None
    """Of all records of the source; ``expected``: of those that have to be in the target."""
    expected: str | None
    target: str | None
    remainder: float | None
    record: RecordLink | None
    """The record that the group is about."""


@dataclass(frozen=True)
class SidesRule:
    """A rule that has to hold in the source and in the target."""

    name: str
    label: str
    code: str
    verdict: RuleVerdict
    why: str
    """Why it was not asked; blank where it was."""
    by: tuple[str, ...]
    compares: tuple[str, ...]
    groups: int
    different: int
    source: int
    """Records of the source's query. The explanations and ``expected`` add up to it."""
    explanations: tuple[Explanation, ...]
    expected: int
    target: int
    findings: Count
    listed: tuple[Group, ...]
    more: int
    """Differing groups that are not listed whole."""
    wrong: tuple[str, ...] = ()
    """Where the stage's files do not say what the summary says."""

    @property
    def parts(self) -> tuple[tuple[str, int], ...]:
        """(part, records) of the explanations, the largest part first."""
        sums: Counter[str] = Counter()
        for each in self.explanations:
            sums[each.part] += each.records
        return tuple(sums.most_common())

    @property
    def accounted(self) -> int:
        """Records that are expected, or left out for a reason."""
        return self.expected + sum(each.records for each in self.explanations)


@dataclass(frozen=True)
class ExcusedPair:
    """A pair of values that differ and count as equal."""

    record: RecordLink
    expected: str | None
    actual: str | None
    masked: bool


@dataclass(frozen=True)
class ExcusedBy:
    """All pairs of a field that one rule declares equal."""

    entity: str
    field: str
    rule: str
    n: int
    samples: tuple[ExcusedPair, ...]


@dataclass(frozen=True)
class ReferenceField:
    """What the values of a reference field of the target lead to."""

    entity: str
    field: str
    references: int
    found: int
    known: int
    outside: int
    dangling: Count


@dataclass(frozen=True)
class Reconciliation:
    """What the last stage found beside the values of single fields."""

    rows: tuple[TargetRows, ...]
    rules: tuple[SidesRule, ...]
    excused: tuple[ExcusedBy, ...]
    references: tuple[ReferenceField, ...]
    wrong: tuple[str, ...] = ()
    """Where the stage's files do not say what the summary and run.json say, those of the rules among it."""

    @property
    def holding(self) -> int:
        """Rules that were asked and hold."""
        return sum(rule.verdict == "equal" for rule in self.rules)

    @property
    def failing(self) -> tuple[SidesRule, ...]:
        """Rules that do not hold."""
        return tuple(rule for rule in self.rules if rule.verdict == "different")
