"""``lms-migrate draft-contract``: look at files or a database, and write down what seems to be there."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from migrate.compiler.source import RAW
from migrate.compiler.text import name
from migrate.connectors.database import DatabaseSource, table_shapes
from migrate.connectors.delimited import DelimitedSource
from migrate.connectors.source import SECRET_WORDS, SourceConnector
from migrate.contracts.load import load_contract
from migrate.contracts.model import Contract, FileFormat
from migrate.engine import DEFAULT_MEMORY, session
from migrate.errors import ConfigurationError, Place, SourceRefused
from migrate.profiling.columns import PROFILED, columns_of
from migrate.profiling.contract_draft.references import guess_references
from migrate.profiling.contract_draft.shapes import SUFFIXES, Table, tables_of_database, tables_of_files
from migrate.profiling.contract_draft.types import Guess, guess, is_epoch
from migrate.profiling.contract_draft.write import MARK, as_yaml
from migrate.profiling.keys import NEARLY
from migrate.profiling.make import Making
from migrate.profiling.model import EntityProfile
from migrate.profiling.pii import BY_LENGTH
from migrate.profiling.reading import read_source
from migrate.profiling.words import looked_for, parts
from migrate.progress import Progress, Silent
from migrate.secrets import VARIABLE, Secrets


@dataclass(frozen=True)
class Drafted:
    """What was written."""

    file: Path
    tables: int
    fields: int
    guesses: int
    """Notes that call something unconfirmed."""


def draft_contract(
    given: str, out: Path, system: str, *, prefix: str = "", progress: Progress | None = None, memory: str = DEFAULT_MEMORY
) -> Drafted:
    """Draft the contract of ``given``, a folder, a file or a SQLAlchemy URL (secrets as ``${NAME}``), and write it to ``out``.

    Raises ConfigurationError where nothing can be read, or where ``out`` is there already. The draft is loaded before it is kept.
    """
    if out.exists():
        raise ConfigurationError(f"{out} is there already", hint="name another file with -o, or take it away")
    path = Path(given).expanduser()
    tables, source, opened = _of_files(path) if path.exists() else _of_database(given, prefix)
    label = f"{system}, drafted"
    with tempfile.TemporaryDirectory(prefix="lms-migrate-draft-") as scratch:
        rows = Path(scratch) / "rows"
        contract = _contract(system, label, source, tables.values())
        connector = opened(contract)
        try:
            extract = read_source(connector, contract, rows, progress or Silent())
        finally:
            connector.close()
        with session(Path(scratch) / "spill", memory) as connection:
            making = Making(connection, contract, extract, dt.datetime.now(dt.UTC).strftime("%Y-%m-%d"), progress)
            profiles = {entity.entity: entity for entity in making.entities()}
            for entity, table in tables.items():
                _types(connection, table, profiles[entity], files=source["kind"] == "files")
                _unreadable(connection, table, contract, profiles[entity])
                _key(table, profiles[entity])
                _personal(table, profiles[entity])
            guess_references(connection, tables, {entity: one.rows for entity, one in profiles.items()})
    _common_format(source, list(tables.values()))
    return _kept(out, as_yaml(system, label, source, tables.values()), tables)


Opened = Callable[[Contract], SourceConnector]


def _of_files(path: Path) -> tuple[dict[str, Table], dict[str, Any], Opened]:
    folder = path if path.is_dir() else path.parent
    files = sorted(f for f in path.rglob("*") if f.suffix.lower() in SUFFIXES and f.is_file()) if path.is_dir() else [path]
    files = [file for file in files if not any(part.startswith((".", "~$")) for part in file.relative_to(folder).parts)]
    if not files:
        raise SourceRefused(f"{path} holds no files that can be read", hint=f"files that end in {', '.join(SUFFIXES)}")
    tables = {table.entity: table for table in tables_of_files(folder, files)}
    return tables, {"kind": "files"}, lambda contract: DelimitedSource(folder, contract)


def _of_database(given: str, prefix: str) -> tuple[dict[str, Table], dict[str, Any], Opened]:
    try:
        url = make_url(given)
    except (ArgumentError, ValueError):
        hint = "a folder, a file, or a URL such as mysql://reader:${PASSWORD}@host/name"
        raise ConfigurationError(f"there is no file or folder {given}, and it is no address of a database", hint=hint) from None
    passwords = [str(url.password or ""), *(str(v) for k, v in url.query.items() if k.lower() in SECRET_WORDS)]
    if any(password and not VARIABLE.fullmatch(password) for password in passwords):
        hint = "export PASSWORD=..., and write '${PASSWORD}' in its place"
        raise ConfigurationError("a password stands on the command line, where others can read it", hint=hint)
    filled = Secrets().fill_url(given, Place(Path("command line")))
    tables = {table.entity: table for table in tables_of_database(table_shapes(filled, Path.cwd()), prefix)}
    if not tables:
        raise SourceRefused(f"the database has no tables with the prefix {prefix!r}", hint="--prefix")
    source: dict[str, Any] = {"kind": "database"} | ({"prefix": prefix} if prefix else {})
    return tables, source, lambda contract: DatabaseSource(filled, prefix, contract, Path.cwd())


def _contract(system: str, label: str, source: dict[str, Any], tables: Any) -> Contract:
    """A contract to read by: all that is known so far, and the first field as key where none is."""
    entities = {
        table.entity: {**table.words, "key": list(table.key) or [next(iter(table.fields))], "fields": dict(table.fields)}
        for table in tables
        if table.fields
    }
    return Contract.model_validate({"system": system, "label": label, "source": source, "entities": entities}, strict=False)


def _types(connection: duckdb.DuckDBPyConnection, table: Table, found: EntityProfile, *, files: bool) -> None:
    """Types of text, and what text says of missing values."""
    values = name(PROFILED, table.entity)
    guesses = {f.field: guess(connection, values, f.field) for f in found.fields if f.holding and f.type == "string" and files}
    comma = any(made.comma for made in guesses.values())
    for field in found.fields:
        words = table.fields[field.field]
        if (made := guesses.get(field.field)) is not None:
            if made.type == "decimal" and comma and not made.comma:
                # A file has one decimal mark, so the point is none here.
                made = Guess("string", doubt="numbers with a point, where other columns have a comma as decimal mark")
            if made.type != "string":
                words["type"] = made.type
            if made.formats:
                words["formats"] = list(made.formats)
            if made.doubt:
                table.doubt(field.field, made.doubt)
            if made.comma:
                table.words.setdefault("format", {})["decimal"] = ","
        elif field.holding and field.type == "int" and field.field not in table.key and is_epoch(connection, values, field.field):
            words["type"] = "epoch"
            table.doubt(field.field, "numbers that are instants since 1970, by name and range")
        if words.get("type") == "epoch":
            words["never"] = [0]
        elif words.get("type", "string") == "string" and field.blanks:
            words["never"] = [""]
        for sentinel in field.sentinels:
            table.doubt(field.field, f"{sentinel.value!r} looks like none ({sentinel.rows:,} rows: {sentinel.why})")


def _unreadable(connection: duckdb.DuckDBPyConnection, table: Table, contract: Contract, found: EntityProfile) -> None:
    """What a database declares and its rows are not: a run would keep those rows back, one by one."""
    rows_of = {field.field: field.unreadable for field in found.fields if field.unreadable}
    if not rows_of:
        return
    model = contract.entities[table.entity]
    for column in columns_of(connection, table.entity, model, model.format or FileFormat()):
        number = rows_of.get(column.field, 0)
        words = table.fields[column.field]
        if not number or words.get("type") != column.rule.type:
            continue
        if column.rule.type == "flag":
            words["type"] = "int"  # TINYINT(1) takes other numbers, too
        elif column.rule.type == "int":
            words["type"] = "string"
            table.doubt(column.field, f"text, for {number:,} rows hold numbers that are too large for a whole number")
        elif column.rule.type == "decimal":
            words["type"] = "string"
            table.doubt(column.field, f"text, for {number:,} rows hold numbers with more digits than a decimal carries")
        elif column.dated:
            text = f"CAST(r.{name(column.field)} AS VARCHAR)"
            zero = f"{column.unreadable} AND regexp_full_match({text}, '0000-00-00( [0:.]+)?')"
            asked = f"SELECT {text}, count(*) FROM {name(RAW, table.entity)} AS r WHERE {zero} GROUP BY 1 ORDER BY 1"
            zeros = connection.execute(asked).fetchall()
            if zeros:
                words["never"] = [value for value, _ in zeros]
            for value, rows in zeros:
                table.doubt(column.field, f"{value!r} looks like none ({rows:,} rows: no day of any calendar)")
            if others := number - sum(rows for _, rows in zeros):
                table.doubt(column.field, f"{others:,} rows hold what is no day")


def _key(table: Table, found: EntityProfile) -> None:
    if table.key:
        return
    order = {word: number for number, word in enumerate(looked_for().columns["key"])}

    def rank(names: tuple[str, ...]) -> tuple[int, int]:
        called = min((order.get(word, 99) for field in names for word in parts(field).split()), default=99)
        return called, list(table.fields).index(names[0])

    single = [f.field for f in found.fields if found.rows and f.distinct_exact and f.distinct == f.holding == found.rows]
    single = [f for f in single if table.fields[f].get("type", "string") in ("string", "int")] or single
    single.sort(key=lambda f: rank((f,)))
    several = [key.fields for key in found.keys if len(key.fields) > 1 and not key.surplus and not key.incomplete]
    nearly = [key for key in found.keys if key.surplus + key.incomplete <= NEARLY * found.rows]
    nearly.sort(key=lambda key: (len(key.fields), *rank(key.fields)))
    table.key_unique = bool(single or several)
    if single:
        table.key = (single[0],)
        table.notes.append(f"{MARK}: the key, {single[0]}, by its values: each stands once in {found.rows:,} rows")
    elif several:
        table.key = several[0]
        table.notes.append(f"{MARK}: the key, {' and '.join(several[0])}, by its values: no two rows of {found.rows:,} are alike")
    else:
        table.key = nearly[0].fields if nearly else (next(iter(table.fields)),)
        missing = f"{nearly[0].surplus:,} rows are too many, {nearly[0].incomplete:,} have no value" if nearly else ""
        why = missing or "it is the first column, and nothing identifies rows"
        table.notes.append(f"{MARK}: the key, {' and '.join(table.key)}: {why}")


def _personal(table: Table, found: EntityProfile) -> None:
    for field in found.fields:
        if field.personal is not None and field.personal.found is not None and "pii" not in table.fields[field.field]:
            table.fields[field.field]["pii"] = field.personal.found
            if field.personal.what != BY_LENGTH:
                table.doubt(field.field, f"personal: {field.personal.what}")
            else:
                table.doubt(field.field, BY_LENGTH)


def _common_format(source: dict[str, Any], tables: list[Table]) -> None:
    """The format that most files have is the system's; only others state their own."""
    formats = [table.words["format"] for table in tables if "format" in table.words]
    if not formats:
        return
    common = max(formats, key=formats.count)
    source["format"] = dict(common)
    for table in tables:
        if table.words.get("format") == common:
            del table.words["format"]


def _kept(out: Path, text: str, tables: dict[str, Table]) -> Drafted:
    part = out.with_name(f".{out.name}.part")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, "utf-8")
        load_contract(part)
        part.replace(out)
    except OSError as error:
        raise ConfigurationError(f"{out} cannot be written: {error.strerror}") from None
    finally:
        part.unlink(missing_ok=True)
    fields = sum(len(table.fields) for table in tables.values())
    return Drafted(out, len(tables), fields, text.count(f"{MARK}:"))
