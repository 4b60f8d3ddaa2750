"""What the stages ask of an engine, and the embedded one: a DuckDB session with bounds, and the names of its schemas."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

import duckdb
import pyarrow as pa

from migrate.allocator import give_back_blocks
from migrate.compiler.matched import LISTED
from migrate.compiler.shared import CROSSWALK, IDENTITY, MAPPED
from migrate.compiler.source import RAW, SOURCE
from migrate.compiler.text import literal
from migrate.defects import without_values
from migrate.errors import OutOfSpace, RunFailed
from migrate.observing import shown

DEFAULT_MEMORY = "800MB"


class Rows(Protocol):
    """The result of a statement."""

    def fetchone(self) -> Any:
        """The next row, or None."""

    def fetchall(self) -> list[Any]:
        """All rows that are left."""

    def to_arrow_reader(self, batch_size: int = ...) -> pa.RecordBatchReader:
        """All rows, batch by batch."""


class Engine(Protocol):
    """What map, validate and reconcile ask of an engine. All SQL is DuckDB's; a DuckDB connection is one as it stands, and
    :class:`migrate.spark.session.SparkEngine` is the other."""

    def execute(self, query: str, parameters: Sequence[object] = ...) -> Rows:
        """Run statements; gives the result of the last. A COPY and an INSERT give the number of their rows."""

    def executemany(self, query: str, parameters: Sequence[Sequence[object]]) -> object:
        """Run an INSERT for each of a few rows."""

    def register(self, view_name: str, python_object: object) -> object:
        """Make an Arrow table known under a name."""

    def unregister(self, view_name: str) -> object:
        """Forget it."""

    def cursor(self) -> Any:
        """For one result that is read batch by batch."""


Opener = Callable[[Path, str], AbstractContextManager[Engine]]
"""Opens a session of an engine: a folder to spill to, and the memory it may use on this machine."""


@contextmanager
def session(
    spill: Path | None = None, memory: str = DEFAULT_MEMORY, threads: int | None = None, *, ordered: bool = False
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB connection that keeps within ``memory`` and spills to ``spill`` (a folder, made when needed).

    ``threads`` bounds what runs at once; by default as many as there are cores. ``ordered`` keeps rows in the order of the files
    they are read from.

    It reads and writes local files for the engine only: extensions are neither fetched nor loaded, and no expression
    of a mapping can name a file. Raises OutOfSpace where the disk is full and RunFailed for every other engine error.
    """
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": memory,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "preserve_insertion_order": ordered,
        "checkpoint_threshold": "1TB",  # nothing outlives the session, and checkpoints of its memory took a sixth of its time
        "python_enable_replacements": False,  # a name in a query never means a variable of ours
    }
    if spill is not None:
        settings["temp_directory"] = str(spill)
    if threads is not None:
        settings["threads"] = threads
    give_back_blocks()
    connection = duckdb.connect(":memory:", config=settings)
    try:
        connection.execute("SET GLOBAL TimeZone = 'UTC'")  # its cursors, too
        for schema in (RAW, SOURCE, IDENTITY, MAPPED, CROSSWALK, LISTED):
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        with shown(connection) as told:
            yield told
    except duckdb.Error as error:
        raise translated(error) from error
    finally:
        connection.close()


def translated(error: duckdb.Error) -> RunFailed:
    """The engine's error as one of ours, in a line."""
    text = without_values(" ".join(str(error).split()))
    if "No space left" in text or "disk full" in text.lower() or "max_temp_directory_size" in text:
        return OutOfSpace(f"the disk is full: {text[:300]}", hint="free space, then run again")
    return RunFailed(f"the engine stopped: {text[:600]}", hint="lms-migrate sql WORKSPACE ENTITY prints the statement")


def copy_to_parquet(connection: Engine, select: str, file: Path) -> int:
    """Write the rows of ``select`` to ``file``; gives their number."""
    # Columns of keys have hardly a value twice; looking for a dictionary of them takes longer than writing them. What has no
    # dictionary is written as differences and lengths (version 2), which is quicker both ways, and smaller.
    options = "FORMAT parquet, PARQUET_VERSION V2, COMPRESSION zstd, COMPRESSION_LEVEL 1, DICTIONARY_SIZE_LIMIT 1000"
    return number(connection, f"COPY ({select}) TO {literal(str(file))} ({options})")


def number(connection: Engine, sql: str) -> int:
    """The first value of the first row, as a number; 0 where there is no row."""
    row = connection.execute(sql).fetchone()
    return int(row[0]) if row else 0


def size_of(memory: str) -> int:
    """The bytes that a setting of ``memory`` means: ``800MB``, ``1.5 GiB``."""
    found = re.fullmatch(r"([\d.]+)\s*([KMGT]?)(i?)B", memory)
    if found is None:
        raise ValueError(memory)
    number_, unit, binary = found.groups()
    return int(float(number_) * (1024 if binary else 1000) ** " KMGT".index(unit or " "))


def scan(*files: Path) -> str:
    """A table function that reads Parquet files."""
    return f"read_parquet([{', '.join(literal(str(file)) for file in files)}])"
