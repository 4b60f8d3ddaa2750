"""What the report says of the reviewers' acceptance tests. Texts are masked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["passed", "failed", "error"]
WORDS: dict[State, str] = {"passed": "passed", "failed": "failed", "error": "could not be evaluated"}


@dataclass(frozen=True)
class Unexpected:
    """A record that is not as expected."""

    key: str
    href: str | None
    """Where the page shows the record; None where it is no record of the run."""
    values: tuple[tuple[str, str | None], ...]
    """(field, value)."""


@dataclass(frozen=True)
class Expected:
    """One expectation and what came of it."""

    code: str
    suite: str
    says: str
    reason: str
    requirement: str
    gate: bool
    state: State
    records: int | None
    values: int | None
    """Records whose values were judged; None where the expectation is about all records together."""
    unexpected: int | None
    observed: str | None
    why: str
    idle: str = ""
    """Why a pass proves nothing: there was nothing to judge."""
    sample: tuple[Unexpected, ...] = ()
    more: int = 0
    """Records beyond the sample; all of them are in the file."""

    @property
    def word(self) -> str:
        return WORDS[self.state]


@dataclass(frozen=True)
class Acceptance:
    """All expectations of a run."""

    judged: bool
    number: int
    gates: int
    """How many of them stand in the way of an approval where they do not hold."""
    by: str
    file: str
    """The file in the run folder that lists every record."""
    command: str
    """What judges them."""
    expected: tuple[Expected, ...] = ()
    """Those that do not hold first."""
    wrong: tuple[str, ...] = ()
    """Where the files are not what the run says that it wrote."""

    def of(self, state: State) -> int:
        """How many ended so."""
        return sum(one.state == state for one in self.expected)

    @property
    def states(self) -> tuple[str, ...]:
        """``23 passed (2 of them on nothing)``, ``0 failed``, ``0 could not be evaluated``."""
        idle = sum(bool(one.idle) for one in self.expected)
        said = {"passed": f" ({idle:,} of them on nothing)"} if idle else {}
        return tuple(f"{self.of(state):,} {word}{said.get(state, '')}" for state, word in WORDS.items())

    @property
    def unaccepted(self) -> int:
        """How many do not hold, or nobody knows."""
        return self.of("failed") + self.of("error")
