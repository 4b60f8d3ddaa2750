"""The system-neutral ideas that contracts hold (``mappings/concepts.yaml``), and what a contract says of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator

from migrate.contracts.model import Contract, Name, OneOrMore, Words
from migrate.errors import ConfigurationError, Problem
from migrate.located_yaml import Document, read
from migrate.models import build
from migrate.resources import mappings_folder
from migrate.said import number_of

FILE = "concepts.yaml"
_WORD = "concepts"


class ConceptField(Words):
    """Something that is known of a record."""

    about: str
    refers: Name | None = None
    """The concept of the record that it names."""
    near: OneOrMore = ()
    """Fields of the same concept that say nearly as much."""
    coded: bool = False
    """Each system has words or numbers of its own for its values, so that people have to say which is which."""


class Concept(Words):
    """A kind of record that learning management systems hold."""

    about: str
    near: tuple[Name, ...] = ()
    """Concepts whose records may stand for it where a system has none of its own."""
    fields: dict[
        Name, Annotated[ConceptField, BeforeValidator(lambda given: {"about": given} if isinstance(given, str) else given)]
    ]


class Concepts(Words):
    """``concepts.yaml``."""

    concepts: dict[Name, Concept]


@dataclass(frozen=True)
class Held:
    """A field of a contract that holds a field of a concept."""

    entity: str
    field: str
    concept: str
    """The concept, such as ``person``."""
    part: str
    """Its field, such as ``email``."""


@cache
def concepts() -> dict[str, Concept]:
    """The concepts that ship, by name."""
    return read_concepts(mappings_folder() / FILE)


def read_concepts(file: Path) -> dict[str, Concept]:
    """Read a file of concepts. Raises ConfigurationError with every name in it that is no concept."""
    document = read(file)
    found = build(Concepts, document).concepts
    problems = []
    for name, concept in found.items():
        for number, near in enumerate(concept.near):
            if near not in found or near == name:
                place = document.place(_WORD, name, "near", number)
                problems.append(Problem(f"{name} is near no other concept", place, near, tuple(n for n in found if n != name)))
        for field, rule in concept.fields.items():
            for number, near in enumerate(rule.near):
                if near not in concept.fields or near == field:
                    place = document.place(_WORD, name, "fields", field, "near", number)
                    others = tuple(f for f in concept.fields if f != field)
                    problems.append(Problem(f"{name}.{field} is near no other field of {name}", place, near, others))
            if rule.refers is not None and rule.refers not in found:
                place = document.place(_WORD, name, "fields", field, "refers")
                problems.append(Problem(f"{name}.{field} refers to no concept", place, rule.refers, tuple(found)))
    if problems:
        raise ConfigurationError(f"{file}: {number_of(len(problems), 'problem')}", problems=problems)
    return found


def concept_problems(contract: Contract, document: Document) -> Iterator[Problem]:
    """Names after ``concept`` that are none, with the place where each stands."""
    known = concepts()
    for name, entity in contract.entities.items():
        if entity.concept is not None and entity.concept not in known:
            place = document.place("entities", name, "concept")
            yield Problem(f"{name} holds no concept of this name", place, entity.concept, tuple(known), _hint(entity.concept))
        for field, rule in entity.fields.items():
            if rule.concept is None:
                continue
            place = document.place("entities", name, "fields", field, "concept")
            concept, _, part = rule.concept.partition(".")
            if concept not in known:
                yield Problem(
                    f"{name}.{field} holds a field of no concept", place, rule.concept, tuple(known), _hint(rule.concept)
                )
            elif part not in known[concept].fields:
                allowed = tuple(f"{concept}.{one}" for one in known[concept].fields)
                yield Problem(f"{concept} has no such field", place, rule.concept, allowed, _hint(rule.concept))


def held(contract: Contract) -> list[Held]:
    """Every field of a contract that holds a field of a concept, in the order of the contract."""
    found = []
    for name, entity in contract.entities.items():
        for field, rule in entity.fields.items():
            if rule.concept is not None:
                concept, _, part = rule.concept.partition(".")
                found.append(Held(name, field, concept, part))
    return found


def _hint(value: str) -> str:
    """The name that was probably meant."""
    from rapidfuzz.process import extractOne

    known = concepts()
    names = [f"{name}.{part}" for name, concept in known.items() for part in concept.fields] if "." in value else list(known)
    best = extractOne(value, names, score_cutoff=70)
    return f"perhaps {best[0]}" if best else "leave the word out where no concept fits"
