"""Sampling plans: how many records of a lot are looked at, and how many of them may be wrong."""

from __future__ import annotations

from dataclasses import dataclass

from validators.sampling.claims import discovery_size
from validators.sampling.tables import tables
from validators.sampling.words import Inspection, Level


@dataclass(frozen=True)
class SamplingPlan:
    """A single sampling plan for one lot."""

    lot: int
    size: int
    """Records to look at; the whole lot where the table asks for as many or more."""
    accept: int
    """So many nonconforming records are still accepted (Ac)."""
    rule: str
    """Where the numbers are from, in words."""
    letter: str | None = None

    @property
    def refuse(self) -> int:
        """So many nonconforming records refuse the lot (Re)."""
        return self.accept + 1

    @property
    def whole(self) -> bool:
        """Is every record looked at?"""
        return self.size == self.lot


def iso2859(lot: int, aql: float, level: Level = "II", inspection: Inspection = "normal") -> SamplingPlan:
    """The plan of ISO 2859-1 / ANSI/ASQ Z1.4. ``aql`` in percent. Raises ValueError for a lot or an AQL outside the tables."""
    letter = tables().letter(lot, level)
    size, accept = tables().plan(letter, aql, inspection)
    rule = f"ISO 2859-1, level {level}, AQL {aql:g} %, {inspection} inspection"
    return SamplingPlan(lot, min(size, lot), accept, rule, letter)


def discovery(lot: int, claim: float, confidence: float) -> SamplingPlan:
    """The smallest sample of which a clean result says that at most ``claim`` percent of the lot are wrong, with ``confidence``
    percent. No nonconforming record is accepted."""
    if lot < 1:
        raise ValueError("a lot has at least one record")
    rule = f"zero acceptance: at most {claim:g} % wrong, {confidence:g} % confidence"
    return SamplingPlan(lot, discovery_size(claim, confidence, lot), 0, rule)
