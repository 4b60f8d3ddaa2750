"""How each field of a target entity may be made from a source entity: certainly, probably, or nobody knows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rapidfuzz.fuzz import ratio

from migrate.contracts.concepts import concepts
from migrate.contracts.model import Contract, Entity, Field

CERTAIN = 1.0
SAME_CONCEPT, NEAR_FIELD, SAME_NAME, LIKE_NAME = 0.8, 0.6, 0.5, 0.3
"""How likely a proposal is, by what it rests on."""
_LIKE = 85
_INSTANTS = ("datetime", "epoch")


@dataclass(frozen=True)
class Origin:
    """The source entity that a target entity is drafted from, and the concept that it holds."""

    entity: str
    concept: str


@dataclass(frozen=True)
class DraftedField:
    """A target field. ``rule``: in the words of a mapping's field; None where nothing can be proposed."""

    name: str
    rule: dict[str, Any] | None
    confidence: float
    reason: str
    question: str = ""
    """What a person has to decide; blank where the rule is certain."""
    crosswalk: str = ""
    """The crosswalk that the rule needs."""

    @property
    def certain(self) -> bool:
        return self.rule is not None and not self.question


@dataclass(frozen=True)
class _Pairing:
    """Where a target field is drafted: both contracts, and what every other target entity comes from."""

    source: Contract
    target: Contract
    name: str
    origins: dict[str, Origin]

    @property
    def wanted(self) -> Entity:
        return self.target.entities[self.name]

    @property
    def given(self) -> Entity:
        return self.source.entities[self.origins[self.name].entity]


def drafted_fields(source: Contract, target: Contract, name: str, origins: dict[str, Origin]) -> tuple[DraftedField, ...]:
    """The fields of the target entity ``name``, those that can be made and those that have to be, in its order."""
    pairing = _Pairing(source, target, name, origins)
    found = {}
    for field, rule in pairing.wanted.fields.items():
        if rule.pii == "secret":
            continue
        drafted = _drafted(pairing, field, rule)
        if drafted is not None:
            found[field] = drafted
    return tuple(found.values())


def _drafted(pairing: _Pairing, field: str, rule: Field) -> DraftedField | None:
    must = rule.required or field in pairing.wanted.key
    if rule.required and len(rule.enum) == 1:
        return DraftedField(field, {"const": rule.enum[0]}, CERTAIN, "the target takes nothing else")
    best: DraftedField | None = None
    for candidate, likely, reason in _candidates(pairing, field, rule):
        made = _made(pairing, field, rule, candidate, likely, reason)
        if made.certain:
            return made
        if best is None or (made.rule is not None, made.confidence) > (best.rule is not None, best.confidence):
            best = made
    if best is not None:
        return best
    if must:
        question = f"the target needs {field}, and no field of {pairing.origins[pairing.name].entity} says the same"
        return DraftedField(field, None, 0, "", question)
    return None


def _candidates(pairing: _Pairing, field: str, rule: Field) -> Iterator[tuple[str, float, str]]:
    """``(source field, confidence, why)``, the likeliest first."""
    given, origin = pairing.given, pairing.origins[pairing.name]
    usable = {name: other for name, other in given.fields.items() if other.pii != "secret"}
    if rule.concept is not None:
        concept, _, part = rule.concept.partition(".")
        # Where the entity stands for one of another concept, so do its fields.
        wanted = origin.concept if concept == pairing.wanted.concept else concept
        for name in _by_concept(given, usable, f"{wanted}.{part}"):
            yield (
                name,
                CERTAIN,
                f"both hold {rule.concept}" if wanted == concept else f"{wanted}.{part} stands for {rule.concept}",
            )
        for near in (*concepts()[concept].fields[part].near, *_alike(concept, part, wanted)):
            for name in _by_concept(given, usable, f"{wanted}.{near}"):
                yield name, NEAR_FIELD, f"{wanted}.{near} says nearly as much as {rule.concept}"
        return
    plain = _plain(field)
    free = [name for name, other in usable.items() if other.concept is None]
    likely = CERTAIN if pairing.source.system == pairing.target.system else SAME_NAME
    yield from ((name, likely, "both have the same name") for name in free if _plain(name) == plain)
    like = [(ratio(_plain(name), plain), name) for name in free if _plain(name) != plain]
    score, name = max(like, default=(0.0, ""))
    if score >= _LIKE:
        yield name, LIKE_NAME, f"the name is like {name}"


def _alike(concept: str, part: str, other: str) -> list[str]:
    """Fields of another concept that refer to what may stand for what this one refers to: a program for a curriculum."""
    refers = concepts()[concept].fields[part].refers
    if refers is None or other == concept:
        return []
    return [name for name, rule in concepts()[other].fields.items() if rule.refers in concepts()[refers].near]


def _by_concept(given: Entity, usable: dict[str, Field], concept: str) -> list[str]:
    """Fields that hold a concept, those first that have a value in every row."""
    found = [name for name, rule in usable.items() if rule.concept == concept]
    return sorted(found, key=lambda name: not _always(given, name))


def _made(pairing: _Pairing, field: str, rule: Field, candidate: str, likely: float, reason: str) -> DraftedField:
    """The rule that takes ``candidate``, and what has to be asked about it."""
    given, other = pairing.given, pairing.given.fields[candidate]
    refers = rule.concept is not None and _refers(rule.concept)
    if rule.references is not None:
        return _reference(pairing, field, rule, candidate, likely, reason)
    if refers:
        question = f"{field} names another record, and the target does not say which kind: what does it hold?"
        return DraftedField(field, {"from": candidate}, LIKE_NAME, reason, question)
    base: dict[str, Any] = {"from": candidate}
    if _needs_crosswalk(rule, other):
        name = f"{pairing.name}_{field}"
        made = {**base, "crosswalk": name}
        question = "" if likely == CERTAIN else f"is {field} made from {candidate}?"
        return DraftedField(field, made, likely, f"{reason}; people say which value is which", question, name)
    if rule.type == "date" and other.type in _INSTANTS:
        base["do"] = [{"date": "UTC"}]
    doubt = _conversion(rule, other)
    if field in pairing.wanted.key and not _always(given, candidate):
        number = next((k for k in given.key if given.fields[k].type == "int"), None) if len(given.key) == 1 else None
        if number is not None and rule.type == "string" and number != candidate:
            expression = f"coalesce(nullif(trim({candidate}), ''), '{pairing.source.system}-' || cast({number} as text))"
            base = {"expr": expression}
        doubt = f"{candidate} may be empty, and a row without {field} is no record of the target"
    if candidate in given.key and len(given.key) > 1 and (rule.unique or pairing.wanted.key == (field,)):
        # A version of a course is a record of its own: by the number alone all but the first would be kept back.
        texts = (part if given.fields[part].type == "string" else f"cast({part} as text)" for part in given.key)
        base = {"expr": " || '-' || ".join(texts)}
        known = ", ".join(given.key)
        doubt = f"a record of {pairing.origins[pairing.name].entity} is known by {known}, and {field} has to tell them apart"
    if likely == CERTAIN and not doubt:
        return DraftedField(field, base, CERTAIN, reason)
    question = doubt or f"is {field} made from {candidate}?"
    return DraftedField(field, base, min(likely, SAME_CONCEPT), reason, question)


def _reference(pairing: _Pairing, field: str, rule: Field, candidate: str, likely: float, reason: str) -> DraftedField:
    """A field that holds the key of another target record: by the mapping that makes that record."""
    reference, other = rule.references, pairing.given.fields[candidate]
    assert reference is not None
    if reference.entity not in pairing.origins:
        question = f"{field} names a record of {reference.entity}, which nothing of {pairing.source.system} becomes"
        return DraftedField(field, None, 0, "", question)
    made: dict[str, Any] = {"ref": reference.entity, "by": candidate}
    key = pairing.target.entities[reference.entity].key
    named = reference.field or key[0]
    if key != (named,):
        made["field"] = named
    origin = pairing.origins[reference.entity].entity
    if len(pairing.source.entities[origin].key) > 1:
        parts = ", ".join(pairing.source.entities[origin].key)
        question = f"a record of {origin} is known by {parts}, and {candidate} is one value: which fields of this row are these?"
        return DraftedField(field, None, 0, "", question)
    if not _leads_to(pairing.source, other, origin):
        question = f"does {candidate} hold the key of a record of {origin}?"
        return DraftedField(field, made, NEAR_FIELD, reason, question)
    question = "" if likely == CERTAIN else f"is {field} the record that {candidate} names?"
    return DraftedField(field, made, likely, reason, question)


def _leads_to(source: Contract, field: Field, origin: str) -> bool:
    """Does the field hold the key by which the records of ``origin`` are known?"""
    reference = field.references
    if reference is None:
        return False
    named, wanted = source.entities[reference.entity], source.entities[origin]
    if reference.field is not None and (reference.field,) != named.key:
        return False
    if reference.entity == origin:
        return True
    return named.key == wanted.key and (reference.entity in wanted.covers or origin in named.covers)


def _needs_crosswalk(rule: Field, other: Field) -> bool:
    """Have the two systems words of their own for the value?"""
    if rule.enum and other.enum and {str(v) for v in other.enum} <= {str(v) for v in rule.enum}:
        return False
    coded = rule.concept is not None and _coded(rule.concept)
    return bool(rule.enum) or coded or (rule.type == "flag" and other.type != "flag")


def _conversion(rule: Field, other: Field) -> str:
    """What may go wrong on the way from one type to the other; blank where nothing can."""
    if rule.type == other.type or (rule.type in _INSTANTS and other.type in (*_INSTANTS, "date")):
        return ""
    if rule.type == "string" and other.type == "int":
        return ""
    if rule.type == "decimal" and other.type == "int":
        return ""
    if rule.type == "date" and other.type in _INSTANTS:
        return "the time of day is lost: in which zone does the day begin?"
    return f"{other.type} becomes {rule.type}: in which form?"


def _always(entity: Entity, field: str) -> bool:
    return field in entity.key or entity.fields[field].required


def _coded(concept: str) -> bool:
    name, _, part = concept.partition(".")
    return concepts()[name].fields[part].coded


def _refers(concept: str) -> bool:
    name, _, part = concept.partition(".")
    return concepts()[name].fields[part].refers is not None


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
