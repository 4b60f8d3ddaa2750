"""Gates and rules as data."""

from __future__ import annotations

from dataclasses import dataclass

from reports.gates import Judged


@dataclass(frozen=True)
class Sample:
    """A finding to begin with, masked."""

    key: str | None
    field: str | None
    value: str | None
    message: str | None
    root: str | None
    """The record it waits for, if it does."""


@dataclass(frozen=True)
class Settled:
    """An answer because of which findings need nobody; ``n`` of them."""

    state: str
    decision: str
    reason: str | None
    by: str | None
    n: int


@dataclass(frozen=True)
class RuleRow:
    """All findings of one code about one entity."""

    entity: str | None
    """A mapping, or a table, file or system of the source; None where it is about the whole run."""
    code: str
    severity: str
    """That of the gravest."""
    title: str
    findings: int
    needing: int
    """Findings that need a person."""
    affected: int
    """Records that stay behind, or need a look, because of those: the blast radius, records of other entities included."""
    states: tuple[tuple[str, int], ...]
    """Findings by state of their items; nothing of a run without a worklist."""
    samples: tuple[Sample, ...]
    settled: tuple[Settled, ...]


@dataclass(frozen=True)
class Checked:
    """All of it."""

    gates: tuple[Judged, ...] = ()
    rules: tuple[RuleRow, ...] = ()

    @property
    def missed(self) -> tuple[Judged, ...]:
        """Gates that were not reached."""
        return tuple(gate for gate in self.gates if not gate.passed)
