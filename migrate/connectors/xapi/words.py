"""The words by which a contract tells the connector about learning record stores.

``connection`` stands under ``target`` and under ``source``; ``write`` under the entity whose records are statements.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field as Default

from migrate.contracts.load import LoadedContract
from migrate.contracts.model import Contract, Name, SideEffect, Words
from migrate.errors import ConfigurationError, Problem
from migrate.located_yaml import Document
from migrate.models import build, build_part
from migrate.said import number_of

Positive = Annotated[int, Default(ge=1)]


class Voiding(Words):
    """The statement by which another one is taken back."""

    verb: str
    actor: dict[str, Any]
    """Who takes it back, as the statement has it. ``{address}`` in a text is the address of the store."""


class XapiConnection(Words):
    """``connection``: what is the same at every store. Paths are below the address of the workspace."""

    version: str
    """What the header X-Experience-API-Version says."""
    statements: str
    about: str
    """Path of the resource that tells which versions the store speaks."""
    page: Positive
    """Statements that are asked for at once."""
    batch: Positive = 100
    """Statements in one call that writes."""
    batch_bytes: Positive = 1_000_000
    """Bytes in one call that writes; a larger statement goes by itself."""
    voiding: Voiding | None = None
    """For targets."""


class Statements(Words):
    """``write``: records of the entity are statements, made of its fields by their paths."""

    id: Name
    """The field that is the statement's id. It is the key of the entity."""
    stamped: tuple[Name, ...] = ()
    """Fields that the store sets, whatever a statement says."""
    side_effects: tuple[SideEffect, ...] = ()


class XapiOptions(Words):
    """``target.options`` of a workspace."""

    batch: Positive | None = None
    """Statements in one call that writes, where the store takes fewer than the contract says."""
    batch_bytes: Positive | None = None
    """Bytes in one call that writes."""
    parallel: Positive = 2
    """Calls at the same time."""
    retry_seconds: int = 300
    """How long a call is repeated that meets a fault which may pass."""
    poll_ms: int = 1000
    """Milliseconds before the first repetition; later ones are further apart."""
    consistent_seconds: int = 120
    """How long the store may take until what it took can be read."""


@dataclass(frozen=True)
class Spec:
    """A contract's words, checked."""

    connection: XapiConnection
    writes: Mapping[str, Statements]


def read_options(options: Mapping[str, Any]) -> XapiOptions:
    """Check the options of a workspace. Raises ConfigurationError that names the allowed words."""
    return build(XapiOptions, Document(Path("migration.yaml"), dict(options), {}))


def read_source_words(contract: Contract) -> XapiConnection:
    """The words of a source. Raises ConfigurationError."""
    assert contract.source is not None
    return build(XapiConnection, Document(Path(f"{contract.system}.yaml"), dict(contract.source.connection), {}))


def read_words(contract: LoadedContract) -> Spec:
    """Check a target's words. Raises ConfigurationError with every problem and its place."""
    document, problems = contract.document, list[Problem]()
    writes: dict[str, Statements] = {}
    connection: XapiConnection | None = None
    try:
        connection = build_part(XapiConnection, document, ("target", "connection"))
    except ConfigurationError as error:
        problems += error.problems
    if connection is not None and connection.voiding is None:
        problems.append(Problem("a target says how a statement is taken back", document.place("target", "connection")))
    for name, entity in contract.model.entities.items():
        if not entity.write:
            continue
        keys = ("entities", name, "write")
        try:
            write = build_part(Statements, document, keys)
        except ConfigurationError as error:
            problems += error.problems
            continue
        writes[name] = write
        if entity.key != (write.id,):
            problems.append(
                Problem(f"the id of a statement is the key of {name}", document.place(*keys, "id"), write.id, entity.key)
            )
        known = tuple(entity.fields)
        problems += [
            Problem("the entity has no such field", document.place(*keys, "stamped"), field, known)
            for field in write.stamped
            if field not in entity.fields
        ]
    if problems or connection is None:
        raise ConfigurationError(f"{document.file}: {number_of(len(problems), 'problem')}", problems=problems)
    return Spec(connection, writes)
