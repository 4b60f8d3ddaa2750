"""What the report says of certification states. Texts are masked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reports.parts import Count

STATES = ("certified", "window open", "expired", "unknown")
VERDICT_WORDS: dict[str, str] = {
    "equal": "nothing differs without a reason",
    "different": "states differ without a reason",
    "empty": "nobody is certified",
    "not asked": "not compared",
    "not carried": "not carried over",
}
OUTCOME_WORDS: dict[str, str] = {
    "different": "a finding",
    "explained": "explained",
    "excused": "within the tolerance",
    "aside": "not to be told by this run",
}


@dataclass(frozen=True)
class OnDay:
    """How many people are in which state of a certification on a day (``YYYY-MM-DD``), and how many of them differ."""

    certification: str | None
    """None: all certifications together."""
    day: str
    source: Mapping[str, int]
    target: Mapping[str, int]
    outcomes: Mapping[str, int]

    @property
    def different(self) -> int:
        return self.outcomes.get("different", 0)

    @property
    def accounted(self) -> int:
        """People whose states differ for a reason that is known."""
        return sum(n for outcome, n in self.outcomes.items() if outcome != "different")


@dataclass(frozen=True)
class Why:
    """Differences of one kind that count as the same."""

    outcome: str
    kind: str
    code: str | None
    reason: str
    people: Count
    first: str | None
    """The earliest day on which one of them differs."""
    days: int | None
    """Days for which one of them differs at most; None: with no end."""

    @property
    def word(self) -> str:
        return OUTCOME_WORDS.get(self.outcome, self.outcome)


@dataclass(frozen=True)
class Side:
    """Where the states of a side come from."""

    entity: str
    zone: str
    unconfirmed: str


@dataclass(frozen=True)
class Certifications:
    """Certification states of a run."""

    verdict: str
    why: str
    """Why they are not compared; blank where they are."""
    cutover: str
    source: Side
    target: Side | None
    windows: bool
    """Do both sides know when renewal opens?"""
    people: int
    """A person counts once for each certification."""
    equal: int
    outcomes: Mapping[str, int]
    unnamed: int
    """Records of the source that name no person or no certification."""
    days: tuple[OnDay, ...]
    """Of each certification that is listed, and of all together first."""
    more: int
    """Certifications that are not listed."""
    reasons: tuple[Why, ...]
    wrong: tuple[str, ...] = ()
    """Where the files do not say what the summary says."""

    @property
    def word(self) -> str:
        return VERDICT_WORDS.get(self.verdict, self.verdict)

    @property
    def compared(self) -> bool:
        return self.verdict in ("equal", "different", "empty")

    @property
    def different(self) -> int:
        return self.outcomes.get("different", 0)

    @property
    def foreign(self) -> bool:
        """Is a certification listed that the target does not have?"""
        return any((row.certification or "").startswith("#") for row in self.days)

    @property
    def states(self) -> tuple[str, ...]:
        """The states that somebody is in, ``unknown`` only where somebody is."""
        return tuple(s for s in STATES if s != "unknown" or any(d.source.get(s) or d.target.get(s) for d in self.days))


def together(days: Iterable[OnDay]) -> list[OnDay]:
    """The days of all certifications together."""
    sums: dict[str, tuple[dict[str, int], dict[str, int], dict[str, int]]] = {}
    for each in days:
        for into, given in zip(sums.setdefault(each.day, ({}, {}, {})), (each.source, each.target, each.outcomes), strict=True):
            for word, n in given.items():
                into[word] = into.get(word, 0) + n
    return [OnDay(None, day, *parts) for day, parts in sorted(sums.items())]
