"""Source values of single records, read again from the extract by the statements that the map stage noted.

The statements come from a file, so they are not trusted: each has to be one statement of the kind that is expected, and the
engine that runs them reaches the folder of the extract and nothing else.
"""

from __future__ import annotations

import glob
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from migrate.compiler.text import literal

READING = "2_map/reading.json"
EXTRACT = "1_extract"
MEMORY = "300MB"
"""It is used beside the engine that asks about the run."""
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class FieldReading:
    """How one target field is made."""

    line: int
    text: str
    """Lines of the mapping."""
    reads: tuple[int, ...]
    """Places in :attr:`MappingReading.labels` of what it is made of."""
    ref: str | None
    """The mapping whose record it refers to."""
    names: bool
    """Do people look for records by it?"""


@dataclass(frozen=True)
class MappingReading:
    """What a run noted of one mapping."""

    file: str
    target: str
    sources: tuple[str, ...]
    select: str
    labels: tuple[str, ...]
    classes: tuple[str | None, ...]
    """Classes of personal data, beside the labels."""
    fields: Mapping[str, FieldReading]


@dataclass(frozen=True)
class Reading:
    """The file; empty of a run that has none, such as an older one, or where it is damaged."""

    statements: Mapping[str, str]
    mappings: Mapping[str, MappingReading]


def read_reading(folder: Path) -> Reading:
    """What the map stage of a run folder noted."""
    try:
        content = json.loads((folder / READING).read_text("utf-8"))
        mappings = {str(name): _mapping(about) for name, about in content["mappings"].items()}
        return Reading({str(k): str(v) for k, v in content["statements"].items()}, mappings)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Reading({}, {})


def _mapping(about: Mapping[str, Any]) -> MappingReading:
    columns = about["columns"]
    fields = {
        str(name): FieldReading(
            int(field["line"]), str(field["text"]), tuple(map(int, field["reads"])), field["ref"],
            bool(field["names"]),
        )
        for name, field in about["fields"].items()
    }  # fmt: skip
    labels, classes = tuple(str(column["label"]) for column in columns), tuple(column["pii"] for column in columns)
    if any(not 0 <= at < len(labels) for field in fields.values() for at in field.reads):
        raise ValueError("a field reads a column that is not listed")
    sources = tuple(map(str, about["sources"]))
    return MappingReading(str(about["file"]), str(about["target"]), sources, str(about["select"]), labels, classes, fields)


def source_values(
    folder: Path, reading: Reading, wanted: Mapping[str, Iterable[str | None]]
) -> dict[str, dict[str, tuple[Any, ...]]]:
    """``{mapping: {source key: values beside the labels}}`` of the wanted records, as text.

    A mapping is missing where its extract is gone or damaged, or its statements are not what they should be.
    """
    asked = {name: [key for key in keys if key is not None] for name, keys in wanted.items() if name in reading.mappings}
    found: dict[str, dict[str, tuple[Any, ...]]] = {}
    if not any(asked.values()) or not (folder / EXTRACT).is_dir():
        return found
    with _session(folder / EXTRACT) as (database, extract):
        made: dict[str, bool] = {}
        for mapping, keys in asked.items():
            about = reading.mappings[mapping]
            if not keys or not all(_make(database, extract, reading, entity, made) for entity in about.sources):
                continue
            # Values and no join: the engine takes them down to where a record is read, and makes fields of no other.
            texts = ", ".join(map(_key_literal, keys))
            try:
                rows = database.execute(f"SELECT r.* FROM ({_one(about.select, 'SELECT')}) AS r WHERE r._key IN ({texts})")
                found[mapping] = {row[0]: row[1:] for row in rows.fetchall()}
            except (duckdb.Error, ValueError):
                continue
    return found


@contextmanager
def _session(extract: Path) -> Iterator[tuple[duckdb.DuckDBPyConnection, Path]]:
    """An engine that reaches the extract alone, and the path by which it does."""
    with TemporaryDirectory(prefix="report-") as spill:
        reached = extract.resolve()
        if glob.has_magic(str(reached)):  # the engine takes it for a pattern, and allows no escaped one
            reached = Path(spill) / EXTRACT
            reached.symlink_to(extract.resolve())
        config: dict[str, Any] = {
            "temp_directory": spill,
            "memory_limit": MEMORY,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "python_enable_replacements": False,
        }
        with duckdb.connect(":memory:", config=config) as database:
            database.execute("SET TimeZone = 'UTC'")
            database.execute(f"SET allowed_directories = [{literal(str(reached))}]")
            database.execute("CREATE SCHEMA raw; CREATE SCHEMA source")
            database.execute("SET enable_external_access = false; SET lock_configuration = true")
            yield database, reached


def _make(database: duckdb.DuckDBPyConnection, extract: Path, reading: Reading, entity: str, made: dict[str, bool]) -> bool:
    """Make a source entity, once. False where that cannot be."""
    if entity not in made:
        try:
            file = extract / f"{entity}.parquet"
            if _NAME.fullmatch(entity) and file.is_file():
                database.execute(f'CREATE VIEW raw."{entity}" AS SELECT * FROM read_parquet({literal(str(file))})')
            database.execute(_one(reading.statements[entity], "CREATE"))
            made[entity] = True
        except (duckdb.Error, ValueError, KeyError):
            made[entity] = False
    return made[entity]


def _key_literal(key: str) -> str:
    """A key as a literal of SQL, which cannot hold the sign of number 0. Most keys have nothing that needs quoting."""
    if key.isascii() and key.isalnum():
        return f"'{key}'"
    return " || chr(0) || ".join(map(literal, key.split("\0")))


def _one(sql: str, kind: str) -> str:
    """``sql`` if it is one statement of this kind. Raises ValueError."""
    try:
        statements = duckdb.extract_statements(sql)
    except duckdb.Error as error:
        raise ValueError(str(error)) from None
    if len(statements) != 1 or statements[0].type.name != kind:
        raise ValueError("another statement was expected")
    return sql
