"""Where fields stand in JSON objects: paths that cannot all stand in one, and words that JSON has no use for."""

from __future__ import annotations

from collections.abc import Iterator

from migrate.contracts.model import Contract, Entity, Field, FileFormat
from migrate.errors import Problem
from migrate.located_yaml import Document

Path = tuple[str | int, ...]


def path_of(name: str, rule: Field) -> Path:
    """Where a field stands in a JSON object: under its own name, unless its contract says otherwise."""
    return (name,) if rule.path is None else rule.path


def json_problems(contract: Contract, document: Document) -> Iterator[Problem]:
    """What is wrong with ``path`` of fields, and with formats that say ``json``."""
    for name, entity in contract.entities.items():
        format_ = entity.format or _format(contract)
        with_path = [field for field, rule in entity.fields.items() if rule.path is not None]
        if entity.sql is None and format_.json_:
            yield from _collisions(name, entity, document)
        elif with_path:
            place = document.place("entities", name, "fields", with_path[0], "path")
            hint = "add json: lines or json: array to the format"
            yield Problem(f"{name} is no file of JSON objects, and {with_path[0]} has a path", place, hint=hint)
    target = contract.target
    if target is not None and target.format.json_:
        if target.identify == "header":
            yield Problem("files of JSON have no header to be told apart by", document.place("target", "identify"), "header")
        if target.manifest is not None:
            yield Problem("a manifest is delimited, and the format is JSON", document.place("target", "manifest"))


def _format(contract: Contract) -> FileFormat:
    side = contract.target or contract.source
    return side.format if side else FileFormat()


def _collisions(name: str, entity: Entity, document: Document) -> Iterator[Problem]:
    """Two fields in one place, one within another, and lists that have members with names."""
    seen: dict[Path, str] = {}
    kinds: dict[Path, tuple[type, str]] = {}
    for field, rule in entity.fields.items():
        path, place = path_of(field, rule), document.place("entities", name, "fields", field, "path")
        if not path:
            continue
        other = seen.get(path) or next((seen[p] for p in seen if p[: len(path)] == path or path[: len(p)] == p), None)
        if other is not None:
            yield Problem(f"{name}.{field} stands where {other} does", place, ".".join(map(str, path)))
            continue
        seen[path] = field
        for length, step in enumerate(path):
            if isinstance(step, int) and (length == 0 or step < 0):
                yield Problem(f"{name}.{field}: a record is an object, and its lists count from 0", place, step)
                break
            kind, first = kinds.setdefault(path[:length], (type(step), field))
            if kind is not type(step):
                yield Problem(f"{name}.{field} takes for a list what is an object for {first}, or the other way", place, step)
                break
