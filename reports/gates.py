"""The gates of a run as ``run.json`` has them: what was demanded, and what was reached."""

from __future__ import annotations

from collections.abc import Mapping
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


def judged_gates(run: Mapping[str, Any]) -> list[Judged]:
    """All gates; those of another shape are left out. A run of an older version has none."""
    listed = run.get("gates")
    found = listed if isinstance(listed, list) else []
    return [one for each in found if isinstance(each, Mapping) and (one := _judged(each))]


def _judged(gate: Mapping[str, Any]) -> Judged | None:
    name, value = gate.get("gate"), gate.get("value")
    if not isinstance(name, str) or not isinstance(value, str | int | float):
        return None
    entity = gate.get("entity")
    said = str(gate.get("says") or ""), value, str(gate.get("limit") or ""), gate.get("passed") is True
    return Judged(name, *said, str(entity) if entity is not None else None)
