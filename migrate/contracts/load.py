"""Reading a contract and checking that the names in it exist."""

from __future__ import annotations

import codecs
import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath

from migrate.contracts.certifications import certification_problems
from migrate.contracts.concepts import concept_problems
from migrate.contracts.json_paths import json_problems
from migrate.contracts.model import Contract, Entity, FileFormat, Manifest
from migrate.contracts.view_casts import text_casts
from migrate.errors import ConfigurationError, Problem
from migrate.expressions import ExpressionError, columns_of, parse_expression, read_query, tables_read
from migrate.expressions.regex import regex_error
from migrate.located_yaml import Document, Keys, read
from migrate.models import build
from migrate.said import number_of


@dataclass(frozen=True)
class LoadedContract:
    """A contract with the document it was read from, so that later complaints can name a line."""

    model: Contract
    document: Document

    @property
    def system(self) -> str:
        return self.model.system

    def entity(self, name: str) -> Entity:
        return self.model.entities[name]


def load_contract(file: Path) -> LoadedContract:
    """Read and check one contract. Raises ConfigurationError with every problem found."""
    document = read(file)
    contract = build(Contract, document)
    problems = list(_problems(contract, document))
    if problems:
        raise ConfigurationError(f"{file}: {number_of(len(problems), 'problem')}", problems=problems)
    return LoadedContract(_with_refused(contract), document)


def _with_refused(contract: Contract) -> Contract:
    """The contract with what the format of a target's file cannot hold as a rule of each of its text fields."""
    target = contract.target
    if target is None or not (target.format.refused or any(e.format and e.format.refused for e in contract.entities.values())):
        return contract
    entities = {}
    for name, entity in contract.entities.items():
        refused = (entity.format or target.format).refused
        fields = {
            field: rule.model_copy(update={"without": (*rule.without, *refused)}) if rule.type == "string" else rule
            for field, rule in entity.fields.items()
        }
        entities[name] = entity.model_copy(update={"fields": fields})
    return contract.model_copy(update={"entities": entities})


def _problems(contract: Contract, document: Document) -> Iterator[Problem]:
    if contract.source is None and contract.target is None:
        yield Problem("a contract needs source or target", document.place())
    yield from _format_problems(contract, document)
    yield from json_problems(contract, document)
    yield from concept_problems(contract, document)
    yield from _name_problems(contract, document)
    yield from _query_problems(contract, document)
    names = tuple(contract.entities)
    for name, entity in contract.entities.items():
        here = ("entities", name)
        fields = tuple(entity.fields)
        for index, field in enumerate(entity.key):
            if field not in entity.fields:
                yield Problem(
                    f"the key of {name} is not one of its fields",
                    document.place(*here, "key", index), field, fields,
                )  # fmt: skip
        for index, field in enumerate(entity.newest_first):
            if field not in entity.fields or entity.fields[field].type not in ("date", "datetime", "epoch"):
                at = document.place(*here, "newest_first", index)
                dates = tuple(f for f, rule in entity.fields.items() if rule.type in ("date", "datetime", "epoch"))
                yield Problem(f"newest_first of {name} names no date of its fields", at, field, dates)
        if entity.only_live:
            yield from _only_live(contract, name, document)
        if sum(given is not None for given in (entity.sql, entity.file, entity.table)) > 1:
            yield Problem(f"{name} has more than one of table, file, sql", document.place(*here))
        for field, rule in entity.fields.items():
            if rule.column is not None and not _has_columns(contract, entity):
                yield Problem(
                    "column is for tables and delimited files of a source",
                    document.place(*here, "fields", field, "column"),
                    rule.column,
                )
            reference = rule.references
            if reference is None:
                continue
            at = document.place(*here, "fields", field, "references")
            if reference.entity not in contract.entities:
                yield Problem(f"{name}.{field} refers to no entity", at, reference.entity, names)
            elif reference.field is not None:
                other = contract.entities[reference.entity]
                if reference.field not in other.fields:
                    yield Problem(
                        f"{name}.{field} refers to no field of {reference.entity}",
                        at, reference.field, tuple(other.fields),
                    )  # fmt: skip
        for table, field in entity.covers.items():
            at = document.place(*here, "covers", table)
            if table not in contract.entities:
                yield Problem(f"{name} covers no entity", at, table, names)
            if field not in entity.fields:
                yield Problem(f"{name} covers {table} by no field of its own", at, field, fields)
        if entity.sheet is not None and not (entity.file or "").lower().endswith(".xlsx"):
            yield Problem("sheet is for files that end in .xlsx", document.place(*here, "sheet"), entity.sheet)
    yield from certification_problems(contract, document)
    yield from _scope_problems(contract, document)
    for column, entity_name in contract.conventions.items():
        if entity_name not in contract.entities:
            at = document.place("conventions", column)
            yield Problem(f"the convention for {column} names no entity", at, entity_name, names)


def _has_columns(contract: Contract, entity: Entity) -> bool:
    """Is it a table or a delimited file, whose columns may be called otherwise than fields can be?"""
    if contract.source is None or entity.sql is not None:
        return False
    if contract.source.kind == "files":
        return (entity.format or contract.source.format).json_ is None
    return contract.source.kind == "database" and entity.file is None


def _scope_problems(contract: Contract, document: Document) -> Iterator[Problem]:
    """Rules of scope about no entity, or whose condition is no expression over it."""
    for name, rule in contract.scope.items():
        if rule.entity not in contract.entities:
            place = document.place("scope", name, "entity")
            yield Problem(f"the rule {name} is about no entity", place, rule.entity, tuple(contract.entities))
            continue
        if rule.among is None:
            continue
        place, fields = document.place("scope", name, "among"), contract.entities[rule.entity].fields
        try:
            unknown = [column for _, column in columns_of(parse_expression(rule.among)) if column not in fields]
        except ExpressionError as error:
            yield Problem(f"{name}: {error}", place, error.value, error.allowed)
            continue
        if unknown:
            yield Problem(f"{rule.entity} has no such field", place, unknown[0], tuple(fields))


def _only_live(contract: Contract, name: str, document: Document) -> Iterator[Problem]:
    """A word that says no file carries the entity, where something else says that one does, or that nothing does."""
    entity, at = contract.entities[name], document.place("entities", name, "only_live")
    if contract.target is None:
        yield Problem(f"{name} is of a system that is not written", at, hint="only_live is a word of targets")
    elif entity.file is not None:
        yield Problem(f"{name} has a file, and so goes without a live run too", at, entity.file)
    elif not entity.write:
        yield Problem(f"{name} has nothing that says how a live run writes it", at, hint="add write: to the entity")
    for other, rule in contract.entities.items():
        for field, its in rule.fields.items():
            if not rule.only_live and its.references is not None and its.references.entity == name:
                place = document.place("entities", other, "fields", field, "references")
                yield Problem(f"{other} is delivered in files, and {name} is not", place, name)


def _name_problems(contract: Contract, document: Document) -> Iterator[Problem]:
    """Names that would mean one thing to the engine, or one file to a stage, and names of files that lead elsewhere."""
    for one, other in colliding(contract.entities):
        yield Problem(f"differs from {one} in nothing but case", document.place("entities", other), other)
    reserved = (("findings",) if contract.source else ()) + (("findings", "refused") if contract.target else ())
    for name, entity in contract.entities.items():
        if name.lower() in reserved:
            yield Problem("a stage writes a file of this name; call the entity otherwise", document.place("entities", name), name)
        for one, other in colliding(entity.fields):
            yield Problem(f"differs from {one} in nothing but case", document.place("entities", name, "fields", other), other)
        if entity.file is not None:
            parts = PurePath(entity.file).parts
            if not parts or PurePath(entity.file).is_absolute() or ".." in parts or (contract.target and len(parts) > 1):
                yield Problem("this is not the name of a file", document.place("entities", name, "file"), entity.file)
    if contract.target:
        manifest = contract.target.manifest
        named = {("package",): contract.target.package, ("manifest", "file"): manifest.file if manifest else None}
        for keys, file in named.items():
            if file is not None and (PurePath(file).parts != (file,) or file == ".."):
                yield Problem("this is not the name of a file", document.place("target", *keys), file)
        files = {name: entity.file for name, entity in contract.entities.items() if entity.file is not None}
        for one, other in colliding(files.values()):
            name = next(n for n in reversed(files) if files[n] == other)
            yield Problem(f"another entity has the file {one}", document.place("entities", name, "file"), other)


def colliding(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """(first, later) of names that are equal once case is ignored, as the engine and some file systems do."""
    seen: dict[str, str] = {}
    for name in names:
        if name.lower() in seen:
            yield seen[name.lower()], name
        seen.setdefault(name.lower(), name)


def _query_problems(contract: Contract, document: Document) -> Iterator[Problem]:
    """Views and refusals that do not parse, or that read anything but entities of the contract."""
    queries: list[tuple[Keys, str]] = []
    for name, entity in contract.entities.items():
        queries += [(("entities", name, "sql"), entity.sql)] if entity.sql is not None else []
        queries += [(("entities", name, "refuses", n, "sql"), refusal.sql) for n, refusal in enumerate(entity.refuses)]
    expects = contract.source.expects if contract.source else ()
    queries += [(("source", "expects", n, "sql"), expectation.sql) for n, expectation in enumerate(expects)]
    queries += [(("scope", name, "activity"), rule.activity) for name, rule in contract.scope.items()]
    for keys, sql in queries:
        try:
            unknown = [table.name for table in tables_read(read_query(sql)) if table.name not in contract.entities]
        except ExpressionError as error:
            yield Problem(f"{keys[1]}: {error}", document.place(*keys), error.value, error.allowed)
            continue
        if unknown:
            yield Problem(
                "only entities of the contract can be read", document.place(*keys), unknown[0], tuple(contract.entities)
            )
        elif keys[0] == "entities" and keys[2] == "sql":
            for cast in text_casts(contract, sql):
                yield Problem(
                    "text that cannot be cast would be null in a view, and nobody would be told", document.place(*keys), cast,
                    hint="give the field of the table its type, or write try_cast where null is meant",
                )  # fmt: skip


def _format_problems(contract: Contract, document: Document) -> Iterator[Problem]:
    """Values that are of the right type and cannot work all the same."""
    formats: list[tuple[Keys, FileFormat]] = [
        (("entities", name, "format"), entity.format) for name, entity in contract.entities.items() if entity.format
    ]
    formats += [
        ((word, "format"), part.format) for word, part in (("source", contract.source), ("target", contract.target)) if part
    ]
    for keys, given in formats:
        try:
            codecs.lookup(given.encoding)
        except LookupError:
            yield Problem("unknown encoding", document.place(*keys, "encoding"), given.encoding, ("utf-8", "cp1252", "utf-16"))
        if len(given.delimiter) != 1:
            yield Problem("a delimiter is one character", document.place(*keys, "delimiter"), given.delimiter)
        if len(given.quote) > 1:
            yield Problem("a quote is one character, or blank for none", document.place(*keys, "quote"), given.quote)
        if given.record_end and given.quote:
            place = document.place(*keys, "record_end")
            hint = 'add quote: "", or take record_end away'
            yield Problem("values are either in quotes or end with their record", place, given.record_end, hint=hint)
        if given.record_end and given.line_end not in ("\n", "\r\n"):
            place = document.place(*keys, "line_end")
            yield Problem("after record_end a line ends as lines do", place, given.line_end, ("\\n", "\\r\\n"))
        if given.record_end and given.delimiter in given.record_end:
            yield Problem("the delimiter stands in record_end", document.place(*keys, "record_end"), given.record_end)
    if contract.target and contract.target.max_rows is not None and contract.target.max_rows < 1:
        yield Problem("max_rows is at least 1", document.place("target", "max_rows"), contract.target.max_rows)
    if contract.target and contract.target.manifest is not None:
        yield from _manifest_problems(contract, contract.target.manifest, document)
    for name, entity in contract.entities.items():
        for field, rule in entity.fields.items():
            at = ("entities", name, "fields", field)
            if rule.pattern is not None and (error := regex_error(rule.pattern)) is not None:
                yield Problem(f"pattern is not a regular expression: {error}", document.place(*at, "pattern"), rule.pattern)
            for word, bound in (("min", rule.min), ("max", rule.max)):
                if bound is not None and not _is_bound(rule.type, bound):
                    yield Problem(f"{word} is not of type {rule.type}", document.place(*at, word), bound)


def _manifest_problems(contract: Contract, manifest: Manifest, document: Document) -> Iterator[Problem]:
    at = ("target", "manifest")
    assert contract.target is not None
    if contract.target.max_rows is not None:
        yield Problem("the manifest has one row for a kind of file, and max_rows makes several files", document.place(*at))
    if not contract.target.format.quote:
        yield Problem("a manifest is written with quotes, and the format has none", document.place("target", "format"))
    if "{file}" not in manifest.property:
        yield Problem("property does not hold {file}", document.place(*at, "property"), manifest.property)
    known = {field for entity in contract.entities.values() for field in entity.fields}
    if manifest.changes_by not in known:
        yield Problem("no entity has such a field", document.place(*at, "changes_by"), manifest.changes_by)


def _is_bound(field_type: str, bound: float | str) -> bool:
    if field_type in ("int", "decimal"):
        return isinstance(bound, int | float)
    if field_type in ("date", "datetime", "epoch"):
        try:
            dt.datetime.fromisoformat(str(bound))
        except ValueError:
            return False
        return True
    return False
