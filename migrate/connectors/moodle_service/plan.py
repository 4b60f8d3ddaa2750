"""From a contract to checked words: every complaint names file, line and column."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from migrate.connectors.moodle_backup import BackupWords
from migrate.connectors.moodle_service.upload_words import Upload
from migrate.connectors.moodle_service.values import Sender
from migrate.connectors.moodle_service.words import Call, Connection, Read, Shown, Value, Write
from migrate.contracts.load import LoadedContract
from migrate.contracts.model import Entity
from migrate.errors import ConfigurationError, Problem
from migrate.located_yaml import Document, Keys
from migrate.models import build
from migrate.said import number_of

ASKING = ("find", "unseen", "warns")
"""Words that an entity has beside those of the backup its records go in."""


@dataclass(frozen=True)
class Plan:
    """What the connector knows of one entity."""

    name: str
    entity: Entity
    write: Write
    sender: Sender
    upload: Upload | None = None
    """How its records stand in a file, where the contract says that."""

    def functions(self, *, reading: bool = False) -> list[str]:
        """Every function that may be called for this entity, or only those that show its records."""
        reads = [read.call for read in (self.write.find.known, self.write.find.sought) if read is not None]
        further = [read.then.call for _, read in _reads(self.write) if read.then is not None]
        if reading:
            return list(dict.fromkeys([*reads, *further]))
        calls = [call.call for call in (*self.write.create, *self.write.update, *self.write.remove)]
        return list(dict.fromkeys([*calls, *reads, *further, *(one.call for one in self.write.only_empty)]))

    def tables(self) -> set[str]:
        """Tables of the connection that its calls use."""
        return {value.table for _, value in _written(self.write) if value.table is not None}


def make_connection(contract: LoadedContract) -> Connection:
    """The words under ``target.connection``. Raises ConfigurationError."""
    return build(Connection, _part(contract.document, ("target", "connection")))


def make_plans(contract: LoadedContract, connection: Connection, tables: Mapping[str, Mapping[str, Any]]) -> dict[str, Plan]:
    """Plans of all entities that can be written, in the contract's order. Raises ConfigurationError with every problem."""
    plans: dict[str, Plan] = {}
    problems: list[Problem] = []
    for name, entity in contract.model.entities.items():
        handed = "route" in entity.write  # history goes in files, which no function takes; it may be found all the same
        if not entity.write or (handed and "find" not in entity.write):
            continue
        here: Keys = ("entities", name, "write")
        try:
            write = build(Write, _asking(_part(contract.document, here)) if handed else _part(contract.document, here))
            upload = None if write.upload is None else build(Upload, _part(contract.document, (*here, "upload")))
        except ConfigurationError as error:
            problems += error.problems
            continue
        problems += _problems(contract, entity, write, here, connection)
        problems += _upload_problems(contract, entity, upload, (*here, "upload")) if upload is not None else ()
        plans[name] = Plan(name, entity, write, Sender(entity, tables), upload)
    if problems:
        raise ConfigurationError(f"{contract.document.file}: {number_of(len(problems), 'problem')}", problems=problems)
    return plans


def _part(document: Document, keys: Keys) -> Document:
    """The part of a document that stands under ``keys``, as a document of its own."""
    data = document.data
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else None
    places = {place[len(keys) :]: where for place, where in document.places.items() if place[: len(keys)] == keys}
    places.setdefault((), document.place(*keys))
    return Document(document.file, data, places)


def _asking(part: Document) -> Document:
    """Of an entity that goes in a file, the words that are not about the file."""
    about = {word: value for word, value in part.data.items() if word not in BackupWords.model_fields or word in ASKING}
    return Document(part.file, about, part.places)


def _written(write: Write) -> Iterator[tuple[Keys, Value]]:
    for word in ("create", "update", "remove"):
        calls: Sequence[Call] = getattr(write, word)
        for index, call in enumerate(calls):
            for path, values in call.parameters.items():
                yield from (((word, index, "parameters", path), value) for value in values)
            yield from (((word, index, "item"), value) for value in call.item or ())
    for index, one in enumerate(write.only_empty):
        for path, values in one.parameters.items():
            yield from ((("only_empty", index, "parameters", path), value) for value in values)
    yield from _asked(write)


def _asked(write: Write) -> Iterator[tuple[Keys, Value]]:
    for word, read in _reads(write):
        groups: list[tuple[Keys, Sequence[Value]]] = [(("parameters", path), values) for path, values in read.parameters.items()]
        if read.each is not None:
            groups.append((("each", "of"), read.each.of))
            groups += [(("each", "also", path), values) for path, values in read.each.also.items()]
            groups += [(("each", "rows", path), values) for path, values in read.each.rows.items()]
        for mark, marked in read.marks.items():
            groups += [(("marks", mark, "parameters", path), values) for path, values in marked.parameters.items()]
        for keys, values in groups:
            yield from ((("find", word, *keys), value) for value in values)


def _reads(write: Write) -> Iterator[tuple[str, Read]]:
    if write.find.known is not None:
        yield "known", write.find.known
    yield "sought", write.find.sought


def _problems(contract: LoadedContract, entity: Entity, write: Write, here: Keys, connection: Connection) -> Iterator[Problem]:
    document, fields = contract.document, tuple(entity.fields)
    links = tuple(name for name, rule in entity.fields.items() if rule.references is not None)

    def unknown(name: str | None, keys: Keys, allowed: tuple[str, ...], what: str) -> Iterator[Problem]:
        if name is not None and name not in allowed:
            yield Problem(f"there is no {what} of this name", document.place(*here, *keys), name, allowed)

    for keys, value in _written(write):
        yield from unknown(value.field, (*keys, "field"), fields, "field")
        yield from unknown(value.given, (*keys, "given"), fields, "field")
        yield from unknown(value.link, (*keys, "link"), links, "field that refers to a record")
        yield from unknown(value.table, (*keys, "table"), tuple(connection.tables), "table of the connection")
        for name in value.where:
            yield from unknown(name, (*keys, "where", name), fields, "field")
    for keys, name, allowed in _names(write, fields, links):
        yield from unknown(name, keys, allowed, "field")
    for keys, how in _shown(write):
        marks = tuple(write.find.sought.marks)
        yield from unknown(how.unmarked, (*keys, "unmarked"), marks, "mark")
        yield from unknown(how.unless, (*keys, "unless"), fields, "field")
        for name in how.between or ():
            yield from unknown(name, (*keys, "between"), fields, "field")


def _shown(write: Write) -> Iterator[tuple[Keys, Shown]]:
    yield from ((("find", "shows", name), how) for name, how in write.find.shows.items())


def _names(write: Write, fields: tuple[str, ...], links: tuple[str, ...]) -> Iterator[tuple[Keys, str, tuple[str, ...]]]:
    """Where else names of fields stand, and which are allowed there."""
    yield from ((("find", "shows", name), name, fields) for name in write.find.shows)
    yield from ((("find", "links", name), name, links) for name in write.find.links)
    if write.defaults is not None:
        yield ("defaults",), write.defaults, links
    if write.find.near is not None:
        yield ("find", "near"), write.find.near, fields
    yield from ((("find", "asked", index), name, links) for index, name in enumerate(write.find.asked))
    for word, read in _reads(write):
        yield from ((("find", word, "match", name), name, (*fields, "own")) for name in read.match)
    for word in ("unwritable", "unseen", "fixed"):
        yield from (((word, index), name, fields) for index, name in enumerate(getattr(write, word)))
    for word in ("create", "update", "remove"):
        for index, call in enumerate(getattr(write, word)):
            yield from (((word, index, "where", name), name, fields) for name in call.where)
            if call.ids is not None:
                yield from (((word, index, "ids", "match", name), name, fields) for name in call.ids.match)
            if call.warnings is not None and call.warnings.about is not None:
                yield (word, index, "warnings", "about"), call.warnings.about, links


def _upload_problems(contract: LoadedContract, entity: Entity, upload: Upload, here: Keys) -> Iterator[Problem]:
    document, fields = contract.document, tuple(entity.fields)
    dates = tuple(name for name, rule in entity.fields.items() if rule.type == "epoch")
    if upload.each is not None and upload.each not in fields:
        yield Problem("there is no field of this name", document.place(*here, "each"), upload.each, fields)
    for name, column in upload.columns.items():
        if column.field is not None and column.field not in fields:
            yield Problem("there is no field of this name", document.place(*here, "columns", name), column.field, fields)
        elif column.days_after is not None and not {column.days_after, column.field} <= set(dates):
            yield Problem("days are counted between two dates", document.place(*here, "columns", name), column.days_after, dates)
