"""Does a decision still stand? What it was based on, against what a run finds now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from migrate.contracts.model import Entity
from migrate.decisions.model import Decision, contract_fingerprint
from migrate.said import records

State = Literal["current", "expired", "moot"]


@dataclass(frozen=True)
class Found:
    """What a run finds of the item that a decision is about."""

    rows: int
    source: str | None
    """Fingerprint of what it shows; None where nobody can tell before the target is written."""


@dataclass(frozen=True)
class Standing:
    """A decision, and whether it still holds. ``moot``: what it was about does not come up any more."""

    decision: Decision
    state: State
    why: str = ""


def standing(decision: Decision, found: Found | None, target: Entity | None, row_drift: float) -> Standing:
    """Compare; ``row_drift`` is by how many percent the number of records may differ."""
    if found is None:
        return Standing(decision, "moot", "it does not come up any more")
    if decision.contract and decision.contract != contract_fingerprint(target, decision.field):
        return Standing(decision, "expired", "the target's contract says something else now")
    # Blank is a basis, too: who said what stands for a missing value said nothing of a value that came since.
    if found.source is not None and decision.source != found.source:
        return Standing(decision, "expired", "the source value is another one now")
    was = int(decision.rows or found.rows)
    if abs(found.rows - was) * 100 > row_drift * was:
        now = f"there is {found.rows:,} now" if found.rows == 1 else f"there are {found.rows:,} now"
        return Standing(decision, "expired", f"it was about {records(was)}, and {now}")
    return Standing(decision, "current")
