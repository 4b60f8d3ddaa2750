"""Which source entity a target entity is drafted from, and all mappings of a pair."""

from __future__ import annotations

from dataclasses import dataclass, field

from migrate.contracts.concepts import concepts
from migrate.contracts.model import Contract, Entity
from migrate.drafting.fields import DraftedField, Origin, drafted_fields


@dataclass(frozen=True)
class DraftedMapping:
    """A mapping, named as its target entity is."""

    origin: Origin
    fields: tuple[DraftedField, ...]
    question: str
    """Why a person has to say whether it is to be at all; blank where both entities hold the same concept."""
    others: tuple[str, ...]
    """Further source entities that hold the same concept."""


@dataclass(frozen=True)
class Draft:
    """Everything that could be said of a pair without a person."""

    source: Contract
    target: Contract
    mappings: dict[str, DraftedMapping]
    """By target entity, in the target's order."""
    unfilled: dict[str, str] = field(default_factory=dict)
    """Target entities without a mapping, with the reason."""
    unheld: dict[str, str] = field(default_factory=dict)
    """Source entities that hold a concept and are read by no mapping, with the concept."""


def draft(source: Contract, target: Contract) -> Draft:
    """Draft the mappings from ``source`` to ``target``. Nothing is read but the two contracts."""
    origins: dict[str, Origin] = {}
    unfilled: dict[str, str] = {}
    for name, entity in target.entities.items():
        if entity.sql is not None:
            continue
        if entity.concept is None:
            unfilled[name] = "its contract names no concept"
            continue
        found = _origin(source, entity)
        if found is None:
            unfilled[name] = f"no entity of {source.system} holds {entity.concept}"
        else:
            origins[name] = found
    mappings = {}
    for name, origin in origins.items():
        others = tuple(
            n for n, e in source.entities.items() if e.concept == origin.concept and not _same_rows(source, n, origin.entity)
        )
        wanted = target.entities[name].concept
        question = ""
        if origin.concept != wanted:
            question = (
                f"{source.system} has nothing that is called {wanted}; {origin.entity} ({origin.concept}) may stand for it. "
                "Is it meant to be?"
            )
        mappings[name] = DraftedMapping(origin, drafted_fields(source, target, name, origins), question, others)
    used = {mapping.origin.entity for mapping in mappings.values()}
    unheld = {
        n: e.concept
        for n, e in source.entities.items()
        if e.concept is not None and n not in used and not any(_same_rows(source, n, other) for other in used)
    }
    return Draft(source, target, mappings, unfilled, unheld)


def _origin(source: Contract, target: Entity) -> Origin | None:
    """The source entity that says most about the fields of a target entity; of several, a view, and of these the first."""
    assert target.concept is not None
    near = [name for name in concepts()[target.concept].near if name != target.concept]
    for concept in (target.concept, *near):
        held = {n: e for n, e in source.entities.items() if e.concept == concept}
        if not held:
            continue
        wanted = {rule.concept.partition(".")[2] for rule in target.fields.values() if rule.concept}
        order = list(held)
        best = max(order, key=lambda name: (_says(held[name], concept, wanted), -order.index(name)))
        return Origin(best, concept)
    return None


def _says(entity: Entity, concept: str, wanted: set[str]) -> float:
    """How many of the wanted fields of a concept an entity holds; of two that hold as many, a view more."""
    named = [rule.concept for rule in entity.fields.values() if rule.concept is not None]
    return sum(f"{concept}.{part}" in named for part in wanted) + (0.5 if entity.sql is not None else 0)


def _same_rows(source: Contract, one: str, other: str) -> bool:
    """Is one a view that stands for the other's rows?"""
    return one == other or one in source.entities[other].covers or other in source.entities[one].covers
