"""Reading load files back as the target's own importer would, by the rules its contract states.

Written independently of the writer on purpose: what the target would drop, clear or misread has to show as a difference,
so nothing here may know what was meant.
"""

from __future__ import annotations

import codecs
import csv
import io
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import IO, Any, TextIO

import duckdb
import pyarrow as pa

from migrate.compiler.source import SQL_TYPES, decimal_text, query_sql
from migrate.compiler.text import key_text, literal, name
from migrate.connectors.batches import Watched, gathered, portions
from migrate.connectors.columns_read import Irregular, blank_to_null, can_read, cells, stripped, without_blank_rows
from migrate.connectors.json_records import objects
from migrate.connectors.json_shape import Shape, cell
from migrate.connectors.manifest_read import disagreement
from migrate.connectors.package import effective_format
from migrate.connectors.records import Unreadable, records
from migrate.contracts.model import FILE_ENDINGS, Contract, Entity, Field, FileFormat
from migrate.engine import number
from migrate.errors import RunFailed
from migrate.growing import Growing
from migrate.mapping.model import Scalar

SCHEMA = "imported"
Opener = Callable[[], IO[bytes]]
ENDINGS = tuple(f".{ending}" for ending in FILE_ENDINGS.values())
"""Of files within a package that are read."""
Places = list[int | None]
"""Where each field stands in a row; None: nowhere."""
CHUNK = 1 << 20
MAX_RATIO, LARGE = 200, 1 << 30
"""A package that unpacks to more than LARGE bytes and to more than MAX_RATIO times its size is refused."""


@dataclass(frozen=True)
class ReadFile:
    """A file of the package and the entity it was taken for (None: the importer would not know it)."""

    name: str
    entity: str | None
    rows: int
    problem: str | None = None


class Importer:
    """Imports a package into ``imported."entity"`` tables and ``refused`` (entity, key, reason)."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, contract: Contract) -> None:
        self.connection, self.contract = connection, contract
        assert contract.target is not None
        self.target = contract.target
        connection.execute(f"CREATE SCHEMA {SCHEMA}")
        self.line = 0
        self.entities_read: set[str] = set()
        self._taken: dict[str, str] = {}
        self._growing: dict[str, Growing] = {}
        self._changes = dict.fromkeys(contract.entities, 0)
        """How often rows of a table were dropped or changed."""
        self._resolved: dict[tuple[str, str], int] = {}
        """At how many changes of the table that it refers to a field was last resolved."""
        connection.execute("CREATE TABLE refused (entity VARCHAR, key VARCHAR, reason VARCHAR)")

    def run(self, files: list[Path]) -> list[ReadFile]:
        """Read every file, then apply the importer's rules in load order."""
        seen = []
        for entity_name, entity in self.contract.entities.items():
            self._growing[entity_name] = Growing(texts=True)
            texts = ", ".join(f"CAST(NULL AS VARCHAR) AS {name(f)}" for f in entity.fields)
            nothing = f"(SELECT {texts}, CAST(NULL AS BIGINT) AS _line) AS r"
            self._taken[entity_name] = taken = self._as_stored(entity)
            self.connection.execute(f"CREATE TABLE {name(SCHEMA, entity_name)} AS SELECT {taken} FROM {nothing} LIMIT 0")
        manifest, table = self.target.manifest, list[list[str]]()
        for file_name, opened in _contents(files):
            if manifest is not None and file_name == manifest.file:
                with opened() as stream, io.TextIOWrapper(stream, self.target.format.encoding, "replace", newline="") as text:
                    table = [cells for _, cells in records(text, self.target.format, strict=False)]
            else:
                seen.append(self._read(file_name, opened))
        if manifest is not None:
            wrong = disagreement(self.contract, manifest, table, [file.name for file in seen])
            seen.append(ReadFile(manifest.file, None, max(len(table) - 1, 0), wrong))
        for entity_name, entity in self.contract.entities.items():
            self._import(entity_name, entity)
        before = -1
        while before != (before := self._refused()):
            # What referred to a refused row is refused in its turn.
            for entity_name, entity in self.contract.entities.items():
                self._refuse(entity_name, entity)
                self._resolve_all(entity_name, entity)
        return seen

    def in_order(self, entity_name: str) -> bool:
        """Do the rows stand in their table in the order of keys, by the bytes of their texts? For a connection that keeps rows in
        the order in which they come."""
        return self._each_once(entity_name) and self._changes[entity_name] == 0

    def _each_once(self, entity_name: str) -> bool:
        """Did the rows come in the order of their keys, each key once, and do the keys stand in the table as they came?"""
        entity = self.contract.entities[entity_name]
        rule = entity.fields[entity.key[0]]
        return self._growing[entity_name].seen and rule.type == "string" and not rule.enum

    def _refused(self) -> int:
        row = self.connection.execute("SELECT count(*) FROM refused").fetchone()
        return int(row[0]) if row else 0

    # Reading -----------------------------------------------------------------------------------------------------

    def _read(self, file_name: str, opened: Opener) -> ReadFile:
        by_name = next((n for n in self.contract.entities if _is_part(self.contract.load_file(n), file_name)), None)
        format_ = effective_format(self.contract, self.contract.entities[by_name]) if by_name else self.target.format
        encoding = "utf-8-sig" if format_.encoding.lower() in ("utf-8", "utf8") else format_.encoding
        if (wrong := _undecodable(opened, encoding)) is not None:
            return ReadFile(file_name, None, 0, f"not {format_.encoding} at byte {wrong}")
        with opened() as stream, io.TextIOWrapper(stream, encoding=encoding, newline="") as text:
            try:
                if by_name is not None and format_.json_:
                    return self._read_objects(file_name, by_name, format_, text)
                return self._read_text(file_name, by_name, format_, text, opened)
            except csv.Error as error:  # a file is refused whole
                return ReadFile(file_name, by_name, 0, f"it cannot be taken apart: {error}")

    def _read_text(
        self, file_name: str, by_name: str | None, format_: FileFormat, text: io.TextIOWrapper, opened: Opener
    ) -> ReadFile:
        reader = (cells for _, cells in records(text, format_, strict=False))
        written = [cell.strip() for cell in next(reader, [])]
        header = [cell.lower() for cell in written]
        twice = next((cell for cell in header if cell and header.count(cell) > 1), None)
        if twice is not None:
            return ReadFile(file_name, by_name, 0, f"the column {twice} stands twice")
        entity_name = by_name if self.target.identify == "name" else self._by_header(header)
        if entity_name is None:
            return ReadFile(file_name, None, 0, f"no kind of file has these columns: {', '.join(header)}")
        entity = self.contract.entities[entity_name]
        fields = list(entity.fields)
        if self.target.strict_columns and (wrong := set(header) ^ {f.lower() for f in fields}):
            return ReadFile(file_name, entity_name, 0, f"unknown or missing columns: {', '.join(sorted(wrong))}")
        if self.target.strict_columns == "ordered" and written != fields:
            first = next(n for n, (there, wanted) in enumerate(zip(written, fields, strict=True)) if there != wanted)
            return ReadFile(file_name, entity_name, 0, f"column {first + 1} is {written[first]}, and has to be {fields[first]}")
        places = [header.index(f.lower()) if f.lower() in header else None for f in fields]
        try:
            if not header or not can_read(format_):
                raise Irregular
            rows = self._store(entity_name, fields, self._columns(opened, format_, len(header), places))
        except Irregular:
            rows = self._store(entity_name, fields, self._records(reader, places))
        self.entities_read.add(entity_name)
        return ReadFile(file_name, entity_name, rows)

    def _columns(self, opened: Opener, format_: FileFormat, width: int, places: Places) -> Iterator[list[pa.Array]]:
        """What ``_records`` gives, faster. Raises Irregular where only that can say what stands there."""
        with opened() as stream:
            for rows in cells(stream, format_, width):
                kept = without_blank_rows(rows) if self.target.blank_rows == "skip" else rows
                columns = [pa.nulls(kept.num_rows, pa.string()) if p is None else kept.column(p) for p in places]
                yield [blank_to_null(stripped(c) if self.target.strip else c) for c in columns]

    def _records(self, reader: Iterator[list[str]], places: Places) -> Iterator[list[pa.Array]]:
        while part := list(islice(reader, 50_000)):
            rows = [
                [self._cell(cells[p]) if p is not None and p < len(cells) else None for p in places]
                for cells in part
                if self.target.blank_rows != "skip" or any(cell.strip() for cell in cells)
            ]
            yield [pa.array([row[i] for row in rows], pa.string()) for i in range(len(places))]

    def _read_objects(self, file_name: str, entity_name: str, format_: FileFormat, text: io.TextIOWrapper) -> ReadFile:
        shape = Shape(self.contract.entities[entity_name].fields)
        rows = self._store(entity_name, list(shape.fields), self._objects(shape, text, format_))
        self.entities_read.add(entity_name)
        return ReadFile(file_name, entity_name, rows)

    def _objects(self, shape: Shape, text: TextIO, format_: FileFormat) -> Iterator[list[pa.Array]]:
        read = objects(text, format_)
        while part := list(islice(read, 50_000)):
            rows = []
            for line, whole in part:
                values, unknown = shape.take(whole)
                if (wrong := _misshapen(shape, values, unknown)) is not None:
                    raise Unreadable(line, wrong)
                rows.append([cell(value) or None for value in values.values()])
            yield [pa.array([row[i] for row in rows], pa.string()) for i in range(len(shape.fields))]

    def _cell(self, cell: str) -> str | None:
        if self.target.strip:
            cell = cell.strip()
        return cell or None

    def _store(self, entity_name: str, fields: list[str], batches: Iterator[list[pa.Array]]) -> int:
        """Store the rows of a file, and give their number. Raises what ``batches`` raise; then none of the file is stored."""
        schema = pa.schema([*((field, pa.string()) for field in fields), ("_line", pa.int64())])
        before, rows = self.line, 0
        numbered = Watched(gathered(self._numbered(entity_name, fields, batches, schema)))
        try:
            for portion in portions(numbered):
                rows += self._insert(entity_name, pa.RecordBatchReader.from_batches(schema, portion))
        except Exception as error:
            if rows:
                self.connection.execute(f"DELETE FROM {name(SCHEMA, entity_name)} WHERE _line > {before}")
            if isinstance(error, duckdb.Error) and numbered.error is not None:
                raise numbered.error from None
            raise
        return rows

    def _insert(self, entity_name: str, rows: pa.RecordBatchReader) -> int:
        self.connection.register("_rows", rows)
        try:
            taken = f"SELECT {self._taken[entity_name]} FROM _rows AS r"
            return number(self.connection, f"INSERT INTO {name(SCHEMA, entity_name)} {taken}")
        finally:
            self.connection.unregister("_rows")

    def _numbered(
        self, entity_name: str, fields: list[str], batches: Iterator[list[pa.Array]], schema: pa.Schema
    ) -> Iterator[pa.RecordBatch]:
        """The rows with ``_line``, counted over all files: numbers of their own."""
        key = self.contract.entities[entity_name].key
        growing = self._growing[entity_name]
        for columns in batches:
            rows = len(columns[0])
            growing.look(columns[fields.index(key[0])] if len(key) == 1 else pa.nulls(rows))
            lines = pa.arange(self.line + 1, self.line + rows + 1)
            self.line += rows
            yield pa.record_batch([*columns, lines], schema=schema)

    def _by_header(self, header: list[str]) -> str | None:
        columns = set(header)
        for entity_name, entity in self.contract.entities.items():
            signature = entity.identified_by
            if (
                signature is not None
                and columns.issuperset(signature.all)
                and (not signature.any or columns.intersection(signature.any))
                and not columns.intersection(signature.none)
            ):
                return entity_name
        return None

    # Importing ---------------------------------------------------------------------------------------------------

    def _as_stored(self, entity: Entity) -> str:
        """Columns over a row ``r`` of texts: its values as the target stores them, why it would refuse the row, and the key by
        which a refused row is known: the one it would have had, and its text where that cannot be read."""
        format_ = effective_format(self.contract, entity)
        columns, refusals = [], []
        stored: dict[str, str] = {}
        for field, rule in entity.fields.items():
            typed, wrong = _stored(rule, f"r.{name(field)}", format_)
            stored[field] = typed
            columns.append(f"{typed} AS {name(field)}")
            if wrong:
                refusals.append((wrong, f"{field}: the value cannot be read"))
            if rule.required:
                refusals.append((f"r.{name(field)} IS NULL", f"{field}: a value is required"))
            if rule.max_length is not None and rule.type == "string":
                refusals.append((f"length(r.{name(field)}) > {rule.max_length}", f"{field}: the value is too long"))
        cases = " ".join(f"WHEN {condition} THEN {literal(reason)}" for condition, reason in refusals)
        reason = f"CASE {cases} END" if cases else "CAST(NULL AS VARCHAR)"
        key_parts = [f"coalesce(CAST({stored[part]} AS VARCHAR), r.{name(part)})" for part in entity.key]
        unread = " OR ".join(f"({stored[part]}) IS NULL" for part in entity.key)
        own = f"CASE WHEN ({reason}) IS NOT NULL OR {unread} THEN {key_text(key_parts)} END AS _own_key"
        return f"{', '.join(columns)}, r._line, {reason} AS _reason, {own}"

    def _import(self, entity_name: str, entity: Entity) -> None:
        self._drop(entity_name, "_reason IS NOT NULL", "_reason")
        key = key_text(f"t.{name(part)}" for part in entity.key)
        # Files are written in the order of keys, so that it is seen while they are read that none stands twice.
        if entity.duplicates != "keep" and not self._each_once(entity_name):
            table, kept = name(SCHEMA, entity_name), "max" if entity.duplicates == "last" else "min"
            self._drop(
                entity_name,
                f"_line IN (SELECT t._line FROM {table} AS t JOIN (SELECT {key} AS k, {kept}(t._line) AS kept FROM {table} AS t "
                f"GROUP BY k HAVING count(*) > 1) AS n ON {key} IS NOT DISTINCT FROM n.k WHERE t._line <> n.kept)",
                literal("another row of the file has the same key"),
            )
        self._resolve_all(entity_name, entity)

    def _resolve_all(self, entity_name: str, entity: Entity) -> None:
        for field, rule in entity.fields.items():
            if rule.references is not None:
                self._resolve(entity_name, field, rule)

    def _resolve(self, entity_name: str, field: str, rule: Field) -> None:
        reference = rule.references
        assert reference is not None
        changes = self._changes[reference.entity]
        if self._resolved.get((entity_name, field)) == changes:
            return  # what was there is there still
        other = reference.field or self.contract.entities[reference.entity].key[0]
        unknown = (
            f"{name(field)} IS NOT NULL AND CAST({name(field)} AS VARCHAR) NOT IN (SELECT CAST({name(other)} AS VARCHAR) "
            f"FROM {name(SCHEMA, reference.entity)} WHERE {name(other)} IS NOT NULL)"
        )
        if reference.unknown == "keep" or not self._can_judge(entity_name, reference.entity):
            return
        self._resolved[entity_name, field] = changes
        if reference.unknown == "clear":
            cleared = f"UPDATE {name(SCHEMA, entity_name)} SET {name(field)} = NULL WHERE {unknown}"
            self._changes[entity_name] += number(self.connection, cleared)
        else:
            self._drop(entity_name, unknown, literal(f"{field}: no {reference.entity} has this {other}"))

    def _can_judge(self, entity_name: str, other: str) -> bool:
        """References to records that are imported later, or whose file is not there, are not judged: the target may
        hold them already."""
        order = list(self.contract.entities)
        return other in self.entities_read and order.index(other) <= order.index(entity_name)

    def _refuse(self, entity_name: str, entity: Entity) -> None:
        key = key_text(f"t.{name(part)}" for part in entity.key)
        for refusal in entity.refuses:
            wrong = key_text(f"r.{name(part)}" for part in entity.key)
            self._drop(
                entity_name,
                f"_line IN (SELECT t._line FROM {name(SCHEMA, entity_name)} AS t WHERE {key} IN "
                f"(SELECT {wrong} FROM ({query_sql(refusal.sql, SCHEMA)}) AS r))",
                literal(refusal.message),
            )

    def _drop(self, entity_name: str, condition: str, reason: str) -> None:
        table, entity = name(SCHEMA, entity_name), literal(entity_name)
        own = f"coalesce(_own_key, {key_text(name(part) for part in self.contract.entities[entity_name].key)})"
        refused = number(self.connection, f"INSERT INTO refused SELECT {entity}, {own}, {reason} FROM {table} WHERE {condition}")
        if refused:
            self.connection.execute(f"DELETE FROM {table} WHERE {condition}")
            self._changes[entity_name] += refused


_JSON_TYPES: dict[str, tuple[type, ...]] = {"flag": (bool,), "int": (int,), "decimal": (int, float)}


def _misshapen(shape: Shape, values: dict[str, Any], unknown: list[tuple[str, Any]]) -> str | None:
    """What a target that takes JSON would refuse of an object's shape: members that it does not know, and a number as text."""
    for path, _ in unknown:
        return f"{path} is no field of the contract"
    for field, value in values.items():
        if value is not None:
            kinds = _JSON_TYPES.get(shape.fields[field].type, (str,))
            if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
                return f"{field}: {cell(value)} is of the wrong kind"
    return None


def _stored(rule: Field, raw: str, format_: FileFormat) -> tuple[str, str | None]:
    """``(what the importer stores, condition under which it refuses the row or None)``."""
    wrong: str | None = None
    match rule.type:
        case "string":
            typed = raw
        case "flag":
            lowered = f"lower({raw})"
            true, false = (literal(word.lower()) for word in (format_.true, format_.false))
            typed = (
                f"CASE WHEN {lowered} IN ({true}, 'true', '1') THEN TRUE WHEN {lowered} IN ({false}, 'false', '0') THEN FALSE END"
            )
        case "date" | "datetime" | "epoch":
            formats = rule.formats or ((format_.date,) if rule.type == "date" else (format_.datetime, format_.date))
            readings = ", ".join(f"try_strptime({raw}, {literal(f)})" for f in formats)
            typed = f"CAST(coalesce({readings}) AS {SQL_TYPES[rule.type]})"
        case "int":
            typed = f"CASE WHEN regexp_full_match({raw}, '[+-]?[0-9]+') THEN TRY_CAST({raw} AS BIGINT) END"
        case "decimal":
            typed = decimal_text(raw, format_.decimal)
    if rule.type != "string" and rule.read.unparsable == "refuse":
        wrong = f"{raw} IS NOT NULL AND ({typed}) IS NULL"
    if rule.enum:
        words = [str(word) for word in rule.enum]
        exact = rule.read.match == "case"
        plain = (lambda text: text) if exact else str.lower
        shown = raw if exact else f"lower({raw})"
        whens = [f"WHEN {shown} = {literal(plain(word))} THEN {literal(word)}" for word in words]
        if rule.read.match == "prefix":
            whens += [
                f"WHEN starts_with(lower({raw}), {literal(w.lower())}) OR starts_with({literal(w.lower())}, lower({raw})) "
                f"THEN {literal(w)}"
                for w in words
            ]
        known = f"CASE {' '.join(whens)} END"
        typed = f"CAST({known} AS {SQL_TYPES[rule.type]})"
        otherwise: Scalar = rule.read.otherwise
        if otherwise is not None:
            typed = f"CASE WHEN {raw} IS NULL THEN NULL ELSE coalesce({typed}, {literal(otherwise)}) END"
        else:
            wrong = f"{raw} IS NOT NULL AND ({known}) IS NULL"
    return typed, wrong


def _is_part(pattern: str, file_name: str) -> bool:
    """``users.csv`` and its further parts ``users_2.csv``, ``users_3.csv``."""
    stem, _, ending = pattern.rpartition(".")
    own = PurePosixPath(file_name).name
    middle = own.removeprefix(stem).removesuffix("." + ending)
    return own == pattern or (own.startswith(stem) and own.endswith("." + ending) and middle[:1] == "_" and middle[1:].isdigit())


def _open(file: Path) -> IO[bytes]:
    return file.open("rb")


def _undecodable(opened: Opener, encoding: str) -> int | None:
    """Where the first byte stands that is not of the encoding; a file is refused whole, so before a row of it is taken."""
    decoder = codecs.getincrementaldecoder(encoding)()
    done = 0
    with opened() as stream:
        while True:
            chunk = stream.read(CHUNK)
            kept = len(decoder.getstate()[0])
            try:
                decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                return done - kept + error.start
            if not chunk:
                return None
            done += len(chunk)


def _contents(files: list[Path]) -> Iterator[tuple[str, Opener]]:
    """The files of a package, each with a way to read it in pieces: they may be larger than the memory."""
    for file in files:
        if file.suffix != ".zip":
            yield file.name, partial(_open, file)
            continue
        try:
            with zipfile.ZipFile(file) as archive:
                entries = archive.infolist()
                size = sum(entry.file_size for entry in entries)
                if size > LARGE and size > MAX_RATIO * file.stat().st_size:
                    raise RunFailed(f"{file} unpacks to {size} bytes, more than {MAX_RATIO} times its size")
                for entry in entries:
                    if entry.filename.lower().endswith(ENDINGS) and not PurePosixPath(entry.filename).name.startswith("."):
                        yield entry.filename, partial(archive.open, entry)
        except zipfile.BadZipFile as error:
            raise RunFailed(f"{file} is not a zip that can be read: {error}") from None
