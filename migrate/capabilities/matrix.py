"""The matrix: how much of each concept each target holds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from migrate.contracts.concepts import concepts
from migrate.contracts.load import load_contract
from migrate.contracts.model import Contract
from migrate.resources import contract_file, known_systems


@dataclass(frozen=True)
class Cell:
    """What a contract holds of a concept."""

    fields: tuple[str, ...]
    """Fields of the concept."""
    entities: tuple[str, ...]
    unconfirmed: bool
    """Could something of the entities not be confirmed?"""


@dataclass(frozen=True)
class Row:
    """A concept and the cells of it, by system. A system without one holds nothing of it."""

    concept: str
    about: str
    of: tuple[str, ...]
    """The fields it is counted in: those of the concept, or those that the source holds."""
    cells: dict[str, Cell]


@dataclass(frozen=True)
class Matrix:
    """What the targets hold; with ``source``, of that which the source holds."""

    source: str | None
    targets: dict[str, str]
    """``{system: its label}``."""
    rows: tuple[Row, ...]

    @property
    def label(self) -> str:
        """What it is about."""
        return f"What each target can hold{f' of what {self.source} holds' if self.source else ''}"

    @property
    def describes(self) -> str:
        """sha256 of everything it says."""
        return digest(self.as_json())

    def as_json(self) -> dict[str, Any]:
        """The same as plain values."""
        return {
            "source": self.source,
            "targets": self.targets,
            "concepts": {
                row.concept: {
                    "about": row.about,
                    "fields": list(row.of),
                    "held": {
                        system: {"fields": list(c.fields), "entities": list(c.entities), "unconfirmed": c.unconfirmed}
                        for system, c in row.cells.items()
                    },
                }
                for row in self.rows
            },
        }


def matrix(source: Contract | None = None) -> Matrix:
    """The matrix of all targets that ship."""
    targets = {}
    for system in known_systems():
        contract = load_contract(contract_file(system, "target")).model
        if contract.target is not None:
            targets[system] = contract
    held = {system: cells(contract, target=True) for system, contract in targets.items()}
    own = None if source is None else cells(source, target=False)
    rows = []
    for name, concept in concepts().items():
        if own is not None and name not in own:
            continue
        of = tuple(concept.fields) if own is None else own[name].fields
        found = {system: _of(there[name], of) for system, there in held.items() if name in there}
        if found or own is not None:
            rows.append(Row(name, concept.about, of, found))
    return Matrix(None if source is None else source.system, {s: c.label for s, c in targets.items()}, tuple(rows))


def cells(contract: Contract, *, target: bool) -> dict[str, Cell]:
    """What a contract holds of each concept. Secrets do not count: they are never moved. Views count for sources only."""
    found: dict[str, tuple[dict[str, None], dict[str, None], list[bool]]] = {}
    for name, entity in contract.entities.items():
        if target and entity.sql is not None:
            continue
        for rule in entity.fields.values():
            if rule.concept is None or rule.pii == "secret":
                continue
            concept, _, part = rule.concept.partition(".")
            fields, entities, doubts = found.setdefault(concept, ({}, {}, []))
            fields[part] = entities[name] = None
            doubts.append(bool(entity.unconfirmed or rule.unconfirmed))
    return {c: Cell(_in_order(c, fields), tuple(entities), any(doubts)) for c, (fields, entities, doubts) in found.items()}


def digest(said: dict[str, Any]) -> str:
    """sha256 of plain values."""
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _of(cell: Cell, of: Collection[str]) -> Cell:
    return Cell(tuple(part for part in cell.fields if part in of), cell.entities, cell.unconfirmed)


def _in_order(concept: str, parts: Iterable[str]) -> tuple[str, ...]:
    there = set(parts)
    return tuple(part for part in concepts()[concept].fields if part in there)
