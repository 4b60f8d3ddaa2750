"""What becomes of everything that a source holds, in one target: held, held with less room, near to something, or lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

from migrate.capabilities.matrix import cells, digest
from migrate.contracts.concepts import concepts
from migrate.contracts.model import Contract, Field

Outcome = Literal["held", "narrower", "near", "lost"]
MEANING: dict[Outcome, str] = {
    "held": "the target has a field for it",
    "narrower": "the target has a field for it that takes less, or takes it in another form",
    "near": "something else of the target may stand for it",
    "lost": "the target has no place for it: archive it, or give up on it",
}


@dataclass(frozen=True)
class ComparedField:
    """A field of a concept that the source holds."""

    field: str
    source: tuple[str, ...]
    """``entity.field`` of the source."""
    target: tuple[str, ...]
    outcome: Outcome
    why: tuple[str, ...]


@dataclass(frozen=True)
class ComparedConcept:
    """A concept that the source holds."""

    concept: str
    about: str
    target: tuple[str, ...]
    """Entities of the target that hold it, or what may stand for it."""
    near: str | None
    """The concept that may stand for it, where the target does not hold it."""
    fields: tuple[ComparedField, ...]

    def count(self, outcome: Outcome) -> int:
        """Fields with this outcome."""
        return sum(1 for one in self.fields if one.outcome == outcome)


@dataclass(frozen=True)
class Comparison:
    """A source beside a target."""

    source: str
    target: str
    labels: tuple[str, str]
    concepts: tuple[ComparedConcept, ...]
    needed: tuple[str, ...]
    """``entity.field`` of the target that need a value and that nothing of the source says."""
    unnamed: int
    """Source fields without a concept: nothing is said of them here."""
    unconfirmed: tuple[str, ...]

    def count(self, outcome: Outcome) -> int:
        """Fields of concepts with this outcome."""
        return sum(one.count(outcome) for one in self.concepts)

    @property
    def label(self) -> str:
        """What it is a comparison of."""
        return f"{self.labels[0]} to {self.labels[1]}"

    @property
    def describes(self) -> str:
        """sha256 of everything it says."""
        return digest(self.as_json())

    def as_json(self) -> dict[str, Any]:
        """The same as plain values."""
        found = asdict(self)
        found["counts"] = {outcome: self.count(outcome) for outcome in MEANING}
        return found


def compare(source: Contract, target: Contract) -> Comparison:
    """Compare what two contracts hold. Nothing else is read."""
    there = cells(target, target=True)
    given, wanted = _fields(source, target=False), _fields(target, target=True)
    compared = []
    for name, own in cells(source, target=False).items():
        near = None if name in there else next((other for other in concepts()[name].near if other in there), None)
        held = there.get(near or name)
        fields = tuple(_compared(name, near, part, given, wanted) for part in own.fields)
        compared.append(ComparedConcept(name, concepts()[name].about, held.entities if held else (), near, fields))
    order = list(concepts())
    compared.sort(key=lambda one: order.index(one.concept))
    return Comparison(
        source.system,
        target.system,
        (source.label, target.label),
        tuple(compared),
        tuple(_needed(target, set(given))),
        sum(
            1 for e in source.entities.values() if e.sql is None for r in e.fields.values() if not r.concept and r.pii != "secret"
        ),
        (*_unconfirmed(source), *_unconfirmed(target)),
    )


def _compared(
    name: str, near: str | None, part: str, given: dict[str, dict[str, Field]], wanted: dict[str, dict[str, Field]]
) -> ComparedField:
    own = given[f"{name}.{part}"]
    found = wanted.get(f"{near or name}.{part}", {})
    if found:
        why = tuple(dict.fromkeys(reason for rule in found.values() for reason in _narrower(rule, own)))
        outcome: Outcome = "near" if near else "narrower" if why else "held"
        return ComparedField(part, tuple(own), tuple(found), outcome, why)
    for other in concepts()[name].fields[part].near:
        if beside := wanted.get(f"{near or name}.{other}"):
            return ComparedField(part, tuple(own), tuple(beside), "near", (f"{other} says nearly as much",))
    why = () if near or any(key.startswith(f"{name}.") for key in wanted) else ("the target knows nothing of the kind",)
    return ComparedField(part, tuple(own), (), "lost", why)


def _narrower(rule: Field, given: dict[str, Field]) -> Iterator[str]:
    """Why a value may not go into a target field as it stands."""
    if rule.max_length is not None:
        yield f"at most {rule.max_length} characters"
    if rule.enum and not all(own.enum and {str(v) for v in own.enum} <= {str(v) for v in rule.enum} for own in given.values()):
        yield f"one of {', '.join(map(str, rule.enum[:12]))}{' and more' if len(rule.enum) > 12 else ''}"
    if rule.pattern is not None:
        yield "of a certain form"
    if rule.min is not None:
        yield f"not below {rule.min}"
    if rule.max is not None:
        yield f"not above {rule.max}"
    if rule.type == "date" and any(own.type in ("datetime", "epoch") for own in given.values()):
        yield "the time of day is lost"
    if rule.type in ("int", "flag") and any(own.type not in ("int", "flag") for own in given.values()):
        yield f"as {rule.type}"


def _fields(contract: Contract, *, target: bool) -> dict[str, dict[str, Field]]:
    """``{concept.field: {entity.field: rule}}``."""
    found: dict[str, dict[str, Field]] = {}
    for name, entity in contract.entities.items():
        if target and entity.sql is not None:
            continue
        for field, rule in entity.fields.items():
            if rule.concept is not None and rule.pii != "secret":
                found.setdefault(rule.concept, {})[f"{name}.{field}"] = rule
    return found


def _needed(target: Contract, given: set[str]) -> Iterator[str]:
    for name, entity in target.entities.items():
        for field, rule in entity.fields.items():
            if (rule.required or field in entity.key) and len(rule.enum) != 1 and not _said(rule.concept, given):
                yield f"{name}.{field}"


def _said(concept: str | None, given: set[str]) -> bool:
    """Does a source with these fields of concepts say it, or something near to it?"""
    if concept is None:
        return False
    name, _, part = concept.partition(".")
    near = {f"{name}.{other}" for other in concepts()[name].fields[part].near}
    return bool(given & {concept, *near, *(f"{other}.{part}" for other in concepts()[name].near)})


def _unconfirmed(contract: Contract) -> Iterator[str]:
    if contract.unconfirmed:
        yield f"{contract.label}: {contract.unconfirmed}"
    for name, entity in contract.entities.items():
        if entity.unconfirmed:
            yield f"{contract.label}, {name}: {entity.unconfirmed}"
        for field, rule in entity.fields.items():
            if rule.unconfirmed:
                yield f"{contract.label}, {name}.{field}: {rule.unconfirmed}"
