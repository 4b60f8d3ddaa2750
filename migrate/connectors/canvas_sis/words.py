"""The words by which a contract tells the connector about Canvas: ``target.connection`` and ``entities.<name>.write``.

The protocols themselves (the import job, the account report, Progress, Link pagination) are in the modules beside this one.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel

from migrate.contracts.load import LoadedContract
from migrate.contracts.model import Contract, Entity, Name, SideEffect, Words
from migrate.errors import ConfigurationError, Problem
from migrate.located_yaml import Document, Keys
from migrate.models import build, build_part
from migrate.said import number_of


class Message(Words):
    """What a message of the import means for the row it speaks of. Messages that no pattern finds are settled by looking."""

    says: str
    """A regular expression that is searched for in the message, without regard to case."""
    means: Literal["imported", "refused", "failed"]
    """``imported``: the row was taken, with a fault. ``refused``: it was passed over. ``failed``: a fault of the target's own."""


class Throttle(Words):
    """How the target slows callers down."""

    says: str
    """Text in the body of a 403 that is no refusal but a request to wait. 429 always is one."""
    pause_below: float
    """The connector pauses by itself when less than this is left of its allowance (header X-Rate-Limit-Remaining)."""
    refill: float
    """What comes back to the allowance in a second."""


class Permission(Words):
    """A right of the token's owner that is looked up beforehand."""

    name: str
    needed_for: str
    """What fails without it."""


class CanvasConnection(Words):
    """``target.connection``: where things are. Paths are below ``api``; ``{account}`` is the account of the workspace."""

    api: str
    account: str
    """The root account's number; ``self`` is the account of the address."""
    identity: str
    """Who the token belongs to."""
    account_path: str
    permissions_path: str
    permissions: tuple[Permission, ...] = ()
    imports: str
    report: str
    report_parameters: dict[str, bool] = {}
    """Parameters of every report; each entity adds its own."""
    progress: str
    throttle: Throttle
    messages: tuple[Message, ...]
    """In order: the first that is found counts."""


class Report(Words):
    """How the records of an entity are read: a report of the account, one line per record."""

    parameter: str
    """The parameter that selects the entity."""
    native: str | None = None
    """Column of the target's own id."""
    fields: tuple[Name, ...]
    """Fields that a column of the same name shows. All others are not seen."""
    columns: dict[Name, str] = {}
    """``{field: column}`` where the column is called otherwise."""
    links: dict[Name, str] = {}
    """``{field: column}``: references that are shown as the target's own id of what is referred to."""
    root: tuple[Name, ...] = ()
    """Links that are empty where they name the root account, which has no key of its own."""
    only: dict[Name, dict[str, str]] = {}
    """``{field: {column: value}}``: the field is shown only where the column has the value; it is empty otherwise."""
    filled: dict[Name, Name] = {}
    """``{field: other}``: Canvas fills the field from the other one where it is empty. Equal counts as empty."""
    absent: dict[str, tuple[str, ...]]
    """``{column: values}``: such a line is of a record that is there no more."""
    words: dict[Name, dict[str, tuple[str, ...]]] = {}
    """``{field: {word of the report: what it stands for}}``. Of several, the one that was meant is given, else the first."""


class SisImport(Words):
    """Written as a file of the SIS import, read through a report."""

    by: Literal["sis_import"]
    removed: dict[Name, str]
    """Values that make a line remove its record."""
    removed_as: Name | None = None
    """The entity whose file removes the record, where it is not its own."""
    clear: dict[Name, str] = {}
    """What stands in the file where an update empties a field for which an empty cell may keep the old value."""
    report: Report
    cascades: str = ""
    """What else goes when a record is removed."""
    side_effects: tuple[SideEffect, ...] = ()


class Call(Words):
    """One call. Places in braces are fields of the record, ``{native}`` its own id in the target."""

    method: Literal["POST", "PUT", "DELETE"]
    path: str
    under: str | None = None
    """The key of the body under which the values stand."""


class Rest(Words):
    """Written one by one, read as a paged list."""

    by: Literal["rest"]
    list: str
    """Path of the list that the record stands in."""
    create: Call
    update: Call
    remove: Call
    native: str = "id"
    names: dict[Name, str] = {}
    """``{field: name}`` where the target calls it otherwise."""
    joined: tuple[Name, ...] = ()
    """Fields that are lists in the target; here their parts are joined by commas."""
    cascades: str = ""
    side_effects: tuple[SideEffect, ...] = ()


class Grades(Words):
    """Written many at once, followed as a Progress; people the bulk call does not reach one by one."""

    by: Literal["grades"]
    assignment: Name
    """The field that refers to the assignment; paths hold its own id in the target."""
    person: Name
    """The field that refers to the person."""
    people: str
    """How a path or a bulk call names a person by that field."""
    list: str
    """Path of the list of an assignment's submissions."""
    one: str
    """Path of one submission."""
    bulk: str
    many: int
    """Submissions in one bulk call."""
    values: dict[Name, str]
    """``{field: parameter}`` of the submission."""
    shown: dict[Name, str] = {}
    """``{field: name}`` where the answer calls it otherwise than the parameter is called."""
    singly: tuple[Name, ...] = ()
    """Fields that only the call for one submission writes."""
    blank: dict[Name, str] = {}
    """``{field: word}`` by which the target says that there is nothing."""
    comment: Name | None = None
    """The field that is a comment. It is added, never changed, and only if no comment says the same."""
    cascades: str = ""
    side_effects: tuple[SideEffect, ...] = ()


Model = TypeVar("Model", bound=BaseModel)
Write = SisImport | Rest | Grades
PROTOCOLS: Mapping[str, type[SisImport] | type[Rest] | type[Grades]] = {"sis_import": SisImport, "rest": Rest, "grades": Grades}


class CanvasOptions(Words):
    """``target.options`` of a workspace."""

    account: str | int | None = None
    """Number of the root account, where it is not that of the address."""
    override_sis_stickiness: bool = False
    """Overwrite fields that somebody edited in the pages of Canvas."""
    import_minutes: int = 360
    """How long an import is waited for."""
    report_minutes: int = 120
    """How long a report or a bulk call is waited for."""
    retry_seconds: int = 300
    """How long a call is repeated that meets a fault which may pass."""
    poll_ms: int = 2000
    """Milliseconds between the first two looks at a job; later ones are further apart."""


@dataclass(frozen=True)
class Spec:
    """A contract's words, checked."""

    connection: CanvasConnection
    writes: Mapping[str, Write]


def read_options(options: Mapping[str, Any]) -> CanvasOptions:
    """Check the options of a workspace. Raises ConfigurationError that names the allowed words."""
    return build(CanvasOptions, Document(Path("migration.yaml"), dict(options), {}))


def read_words(contract: LoadedContract) -> Spec:
    """Check a contract's words for this connector. Raises ConfigurationError with every problem and its place."""
    document, problems = contract.document, list[Problem]()
    connection = _built(CanvasConnection, document, ("target", "connection"), problems)
    writes: dict[str, Write] = {}
    for name, entity in contract.model.entities.items():
        if not entity.write:
            continue
        keys = ("entities", name, "write")
        model = PROTOCOLS.get(str(entity.write.get("by")))
        if model is None:
            given = entity.write.get("by")
            problems.append(Problem("no such way of writing", document.place(*keys, "by"), given, tuple(PROTOCOLS)))
            continue
        write = _built(model, document, keys, problems)
        if write is not None:
            writes[name] = write
            problems += _named(write, entity, contract.model, document, keys)
    if connection is not None:
        problems += _patterns(connection, document)
    if problems or connection is None:
        raise ConfigurationError(f"{document.file}: {number_of(len(problems), 'problem')}", problems=problems)
    return Spec(connection, writes)


def _built(model: type[Model], document: Document, keys: Keys, problems: list[Problem]) -> Model | None:
    try:
        return build_part(model, document, keys)
    except ConfigurationError as error:
        problems += error.problems
        return None


def _patterns(connection: CanvasConnection, document: Document) -> Iterator[Problem]:
    for index, message in enumerate(connection.messages):
        try:
            re.compile(message.says)
        except re.error as error:
            at = document.place("target", "connection", "messages", index, "says")
            yield Problem(f"this is not a regular expression: {error}", at, message.says)


def _named(write: Write, entity: Entity, contract: Contract, document: Document, keys: Keys) -> Iterator[Problem]:
    """Words that name fields the entity does not have."""
    known, needed = tuple(entity.fields), list[tuple[Keys, str]]()
    if isinstance(write, SisImport):
        report = write.report
        needed += [(("clear",), field) for field in write.clear]
        if write.removed_as is not None and write.removed_as not in contract.entities:
            at = document.place(*keys, "removed_as")
            yield Problem("there is no such entity", at, write.removed_as, tuple(contract.entities))
        removing = contract.entities.get(write.removed_as or "", entity)
        for field in write.removed:
            if field not in removing.fields:
                at = document.place(*keys, "removed", field)
                yield Problem("the file that removes has no such field", at, field, tuple(removing.fields))
        words = ("fields", "columns", "links", "root", "only", "filled", "words")
        needed += [(("report", word), field) for word in words for field in getattr(report, word)]
        shown = {*report.fields, *report.columns, *report.links}
        for field in entity.key:
            if field not in shown:
                yield Problem(
                    f"the report does not show {field}, which is part of the key", document.place(*keys, "report", "fields")
                )
    elif isinstance(write, Rest):
        needed += [(("names",), field) for field in write.names] + [(("joined",), field) for field in write.joined]
        for word, path in (("list", write.list), ("create", write.create.path), ("update", write.update.path),
                           ("remove", write.remove.path)):  # fmt: skip
            needed += [((word,), field) for field in places_of(path) if field != "native"]
    else:
        needed += [(("assignment",), write.assignment), (("person",), write.person)]
        for word, fields in (("values", write.values), ("shown", write.shown), ("singly", write.singly), ("blank", write.blank)):
            needed += [((word,), field) for field in fields]
        for word, path in (("list", write.list), ("one", write.one), ("bulk", write.bulk)):
            needed += [((word,), field) for field in places_of(path)]
        needed += [(("comment",), write.comment)] if write.comment else []
    for below, field in needed:
        if field not in entity.fields:
            yield Problem("the entity has no such field", document.place(*keys, *below), field, known)


def places_of(path: str) -> list[str]:
    """The names in braces of a path."""
    return [name for _, name, _, _ in string.Formatter().parse(path) if name]
