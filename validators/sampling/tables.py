"""The tables of the standard, read from ``iso2859.yaml`` beside this file."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import get_args

from migrate.contracts.model import Words
from migrate.located_yaml import read
from migrate.models import build
from validators.sampling.words import Inspection, Level, Switching

LEVELS: tuple[Level, ...] = get_args(Level)
INSPECTIONS: tuple[Inspection, ...] = get_args(Inspection)


class LetterRow(Words):
    """Code letters of lots up to a size, one for each level."""

    up_to: int | None
    letters: str


class Tables(Words):
    """``iso2859.yaml``."""

    levels: tuple[Level, ...]
    letters: tuple[LetterRow, ...]
    aql: tuple[float, ...]
    """Acceptance quality limits, percent nonconforming."""
    plans: dict[Inspection, dict[str, tuple[str, ...]]]
    """``SIZE/ACCEPT`` by inspection and code letter, one for each ``aql``."""
    switching: Switching

    def letter(self, lot: int, level: Level) -> str:
        """The code letter of a lot. Raises ValueError for a lot without records."""
        if lot < 1:
            raise ValueError("a lot has at least one record")
        row = next(r for r in self.letters if r.up_to is None or lot <= r.up_to)
        return row.letters[self.levels.index(level)]

    def plan(self, letter: str, aql: float, inspection: Inspection) -> tuple[int, int]:
        """``(sample size, acceptance number)``. Raises ValueError for an AQL that the tables do not have."""
        if aql not in self.aql:
            raise ValueError(f"the tables have no AQL of {aql:g}; they have {', '.join(f'{a:g}' for a in self.aql)}")
        size, _, accept = self.plans[inspection][letter][self.aql.index(aql)].partition("/")
        return int(size), int(accept)


@cache
def tables() -> Tables:
    """The tables that ship."""
    return build(Tables, read(Path(__file__).parent / "iso2859.yaml"))
