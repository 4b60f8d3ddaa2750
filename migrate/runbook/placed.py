"""A runbook after reading: its steps in a row, each with what its place in the file says."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from migrate.located_yaml import Document, Keys
from migrate.runbook.words import Phase, Runbook, Step


@dataclass(frozen=True)
class Placed:
    """A step with its number and with what its place in the file says."""

    number: str
    """``7`` on the way forward, ``R2`` on the way back."""
    step: Step
    phase: Phase | None
    """None on the way back."""
    after: tuple[str, ...]
    at: int | None
    """Not before, in minutes from T."""
    keys: Keys

    @property
    def id(self) -> str:
        return self.step.id

    @property
    def within(self) -> bool:
        return self.phase is not None and self.phase.within_freeze


@dataclass(frozen=True)
class Loaded:
    """A runbook that can be worked by."""

    file: Path
    model: Runbook
    document: Document
    digest: str
    """sha256 of the file."""
    zone: ZoneInfo
    cutover: dt.datetime | None
    """T, in UTC."""
    freeze: tuple[int, int] | None
    """Start and end in minutes from T."""
    steps: tuple[Placed, ...]
    rollback: tuple[Placed, ...]

    def find(self, step: str) -> Placed | None:
        """The step of this name, forward or back."""
        return next((placed for placed in (*self.steps, *self.rollback) if placed.id == step), None)

    def goes_back(self, step: str) -> bool:
        """Is this a step of the way back?"""
        return any(placed.id == step for placed in self.rollback)
