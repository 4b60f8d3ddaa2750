"""``2_map/reading.json``: for each target field the lines of the mapping that make it and the source values it is made of.

It is what a report needs to show one record from the run folder alone: the workspace may be another one by then. The
statements rebuild the typed source over the tables of ``1_extract``; :mod:`reports.source_values` runs them, where they can reach
nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migrate.compiler.mapping import Compiled
from migrate.compiler.plan import Plan
from migrate.compiler.source import query_needs
from migrate.compiler.text import name
from migrate.contracts.model import Contract, Field
from migrate.engine import Engine
from migrate.errors import ConfigurationError
from migrate.lineage.views import view_lineage
from migrate.located_yaml import Keys
from migrate.mapper import source_statements
from migrate.mapping.load import LoadedMapping
from migrate.privacy.classes import personal_fields

READING = "reading.json"
NAMING = frozenset({"name", "title", "code", "number", "login", "email", "given_name", "family_name", "preferred_name"})
"""Last words of concepts by whose values people look for a record."""
NAMING_CLASSES = frozenset({"name", "login", "email", "identifier"})


@dataclass(frozen=True)
class _Column:
    """A column of the joined source rows, as :attr:`Compiled.joined` names it."""

    column: str
    entity: str
    field: str
    label: str


def write_reading(connection: Engine, plan: Plan, folder: Path) -> None:
    """Write the file for all mappings of ``plan``."""
    contract = plan.pair.source.model
    classes = Classes(contract)
    mappings = {name: _mapping(plan.rows[name], contract, classes) for name in plan.names}
    needed = {entity for described in mappings.values() for entity in described["sources"]}
    statements = {entity: sql for entity, sql in source_statements(connection, plan) if entity in needed}
    content = {"statements": statements, "mappings": mappings}
    (folder / READING).write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", "utf-8")


class Classes:
    """Classes of personal data. A text of a view without a class of its own has that of what it is made of."""

    def __init__(self, contract: Contract) -> None:
        self._contract, self._declared = contract, personal_fields(contract)
        self._view = view_lineage(contract)

    def of(self, entity: str, field: str) -> str | None:
        """The class of a field; None where its values are no personal data."""
        declared = self._declared.get(entity, {}).get(field)
        model = self._contract.entities[entity]
        if declared is not None or model.sql is None or model.fields[field].type != "string":
            return declared
        found = {self.of(*column) for column in self._view(entity).values.get(field, ())} - {None}
        return found.pop() if len(found) == 1 else "free_text" if found else None


def _mapping(compiled: Compiled, contract: Contract, classes: Classes) -> dict[str, Any]:
    mapping = compiled.mapping
    columns: dict[_Column, int] = {}
    fields: dict[str, Any] = {}
    lines = _lines(mapping)
    for field in compiled.fields:
        if (known := mapping.target.fields.get(field)) is None:
            continue
        rule = mapping.model.fields[field]
        read = list(dict.fromkeys(_field(compiled, contract, field)))
        place = mapping.document.place("fields", field)
        fields[field] = {
            "line": place.line,
            "text": _text(lines, place.line),
            "reads": [columns.setdefault(column, len(columns)) for column in read],
            "ref": rule.ref,
            "names": _is_name(known),
        }
    file = mapping.document.file
    # As text by the engine, so that every reader gets the same one.
    selected = "".join(f", CAST(s.{name(c.column)} AS VARCHAR) AS {name(f'c{at}')}" for c, at in columns.items())
    return {
        "file": f"{file.parent.name}/{file.name}",
        "target": mapping.target_name,
        "sources": list(dict.fromkeys(each for entity in sorted(compiled.needs) for each in _below(contract, entity))),
        "select": f"SELECT s._key{selected} FROM (\n{compiled.joined}\n) AS s",
        "columns": [{"label": c.label, "pii": classes.of(c.entity, c.field)} for c in columns],
        "fields": fields,
    }


def _field(compiled: Compiled, contract: Contract, field: str) -> Iterator[_Column]:
    for word in ("from", "expr", "by"):
        yield from _at(compiled, contract, ("fields", field, word))


def _at(compiled: Compiled, contract: Contract, keys: Keys) -> Iterator[_Column]:
    """What the expression at ``keys`` reads, with the names under ``let`` followed to the source."""
    model, source = compiled.mapping.model, compiled.mapping.source_name
    for qualifier, read in sorted(compiled.reads.get(keys, ())):
        if qualifier in model.lookup:
            entity = model.lookup[qualifier].entity
            yield _Column(f"{qualifier}.{read}", entity, read, f"{entity}.{read}")
        elif qualifier in model.pivot:
            pivot = model.pivot[qualifier]
            yield _Column(f"{qualifier}.{read}", pivot.entity, pivot.value, f"{pivot.entity}.{pivot.value} ({read})")
        elif read in model.let:
            yield from _at(compiled, contract, ("let", read))
        elif read in contract.entities[source].fields:
            yield _Column(read, source, read, f"{source}.{read}")


def _below(contract: Contract, entity: str) -> Iterator[str]:
    """The entity after all that its view reads, in an order in which they can be made."""
    model = contract.entities[entity]
    if model.sql is not None:
        for other in sorted({*query_needs(contract, model.sql), *model.covers}):
            yield from _below(contract, other)
    yield entity


def _is_name(field: Field) -> bool:
    """Do people look for records by this field? Not where it only refers to another record."""
    if field.references is not None:
        return False
    return field.pii in NAMING_CLASSES or (field.concept or "").rpartition(".")[2] in NAMING


def _lines(mapping: LoadedMapping) -> list[str]:
    try:
        return mapping.document.file.read_text("utf-8-sig").split("\n")
    except OSError as error:
        raise ConfigurationError(f"{mapping.document.file} cannot be read again: {error.strerror}") from None


def _text(lines: list[str], first: int) -> str:
    """The line of a field and those below it that stand further in; without the blanks that all of them begin with."""
    indent = _indent(lines[first - 1])
    last = first
    while last < len(lines) and (not lines[last].strip() or _indent(lines[last]) > indent):
        last += 1
    return "\n".join(line.rstrip()[indent:] for line in lines[first - 1 : last]).rstrip()


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
