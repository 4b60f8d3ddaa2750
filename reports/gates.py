"""The gates of a run as ``run.json`` has them: what was demanded, and what was reached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Judged:
    """One gate."""

    gate: str
    says: str
    """What is counted, in words."""
    value: str | int | float
    limit: str
    passed: bool
    entity: str | None = None
    """The mapping, where it is about one."""
    ended: bool = True
    """Did the run come to its end?"""

    @property
    def reached(self) -> bool | None:
        """None where nobody knows: the run kept within the limit as far as it went."""
        return None if self.passed and not self.ended else self.passed


def judged_gates(run: Mapping[str, Any]) -> list[Judged]:
    """All gates; those of another shape are left out. A run of an older version has none."""
    listed = run.get("gates")
    found = listed if isinstance(listed, list) else []
    ended = not run.get("failure") and not run.get("stopped_at")
    return [one for each in found if isinstance(each, Mapping) and (one := _judged(each, ended))]


def reached_of(gates: Sequence[Judged]) -> str:
    """How many were reached, in words."""
    unknown, reached = (sum(gate.reached is word for gate in gates) for word in (None, True))
    return f"{reached:,} of {len(gates):,} reached" + (f", {unknown:,} not judged" if unknown else "")


def _judged(gate: Mapping[str, Any], ended: bool) -> Judged | None:
    name, value = gate.get("gate"), gate.get("value")
    if not isinstance(name, str) or not isinstance(value, str | int | float):
        return None
    entity = gate.get("entity")
    said = str(gate.get("says") or ""), value, str(gate.get("limit") or ""), gate.get("passed") is True
    return Judged(name, *said, str(entity) if entity is not None else None, ended)
