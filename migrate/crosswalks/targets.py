"""Which target values a crosswalk may give: what the target's contract allows, and what is offered to people."""

from __future__ import annotations

from dataclasses import dataclass

from migrate.errors import Place, Problem
from migrate.mapping.load import LoadedPair


@dataclass(frozen=True)
class Targets:
    """``allowed``: the values that the contract lists, or None where it takes any text. ``offered``: ``{value: label}``."""

    allowed: tuple[str, ...] | None
    offered: dict[str, str]

    def allows(self, target: str) -> bool:
        return self.allowed is None or target in self.allowed

    def problem(self, target: str, place: Place | None = None) -> Problem:
        """The complaint about a target that is not allowed."""
        return Problem("the target's contract does not allow this value", place, target, self.allowed or ())


def targets_of(pair: LoadedPair, crosswalk: str) -> Targets:
    """What every field of the target that is made by this crosswalk allows."""
    allowed: list[str] | None = None
    for mapping in pair.mappings.values():
        for field, rule in mapping.model.fields.items():
            contract = mapping.target.fields.get(field)
            if rule.crosswalk == crosswalk and contract is not None and contract.enum:
                listed = [_text(value) for value in contract.enum]
                allowed = listed if allowed is None else [value for value in allowed if value in listed]
    labels = pair.model.crosswalks[crosswalk].targets
    offered = {value: labels.get(value, "") for value in [*(allowed or ()), *labels]}
    return Targets(None if allowed is None else tuple(allowed), offered)


def target_problems(pair: LoadedPair) -> list[Problem]:
    """Targets that ``pair.yaml`` offers and the target would not take."""
    return [
        targets.problem(value, pair.document.place("crosswalks", crosswalk, "targets", value))
        for crosswalk in pair.model.crosswalks
        for targets in (targets_of(pair, crosswalk),)
        for value in targets.offered
        if not targets.allows(value)
    ]


def _text(value: object) -> str:
    """A value of ``enum`` as it stands in a crosswalk."""
    return str(value).lower() if isinstance(value, bool) else str(value)
