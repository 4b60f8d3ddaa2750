"""What the generators of samples share: rows of files, faults that are planted in them, the list of these, the command line."""

from __future__ import annotations

import argparse
import csv
import io
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

Row = dict[str, str]
World = TypeVar("World")

GIVEN = [
    "Ada", "Astrid", "Bruno", "Camila", "Chloé", "Diego", "Femi", "Freya", "Gaël", "Inès",
    "Jörg", "Kofi", "Leïla", "Lucía", "Mário", "Niamh", "Olivia", "Ramón", "Sören", "Zoë",
]  # fmt: skip
FAMILY = [
    "Adeyemi", "Álvarez", "Bergström", "Dubois", "Fernández", "Göransson", "Häusler",
    "Ibáñez", "Jansen", "Keßler", "Lindqvist", "Moreau", "Nkrumah", "Núñez",
]  # fmt: skip
"""Names from which people are made who do not exist."""


@dataclass
class Files:
    """Rows by file. ``raw`` holds whole lines no writer would produce, ``extra`` files nobody described."""

    columns: Mapping[str, str]
    """``{file: its header, with commas}``."""
    tables: dict[str, list[Row]] = field(init=False)
    raw: dict[str, list[bytes]] = field(default_factory=dict)
    extra: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.tables = {name: [] for name in self.columns}

    def add(self, table: str, **cells: object) -> Row:
        """Add a row; cells that are not named are blank. ``KeyError`` for a column the file does not have."""
        row = dict.fromkeys(self.columns[table].split(","), "")
        unknown = set(cells) - set(row)
        if unknown:
            raise KeyError(f"{table} has no {unknown}")
        row |= {name: str(value) for name, value in cells.items()}
        self.tables[table].append(row)
        return row

    def find(self, table: str, **cells: object) -> list[Row]:
        """Rows with these values."""
        wanted = {name: str(value) for name, value in cells.items()}
        return [row for row in self.tables[table] if all(row[name] == value for name, value in wanted.items())]

    def one(self, table: str, **cells: object) -> Row:
        """The first row with these values. ``IndexError`` where there is none."""
        return self.find(table, **cells)[0]


def count(table: str, **cells: object) -> Callable[[Files], int]:
    """A probe: how many rows have these values?"""
    return lambda files: len(files.find(table, **cells))


def write_files(
    directory: Path, files: Files, names: Mapping[str, str] | None = None, encoding: str = "utf-8", delimiter: str = ","
) -> None:
    """Write each table as a CSV file of its name (or that in ``names``), lines ended as spreadsheets and reports end them."""
    directory.mkdir(parents=True, exist_ok=True)
    for table, rows in files.tables.items():
        own = files.columns[table].split(",")
        columns = own + sorted({name for row in rows for name in row} - set(own))
        stream = io.StringIO()
        writer = csv.DictWriter(stream, columns, restval="", lineterminator="\r\n", delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)
        raw = b"".join(line if columns[-1] == own[-1] else line.replace(b"\r\n", b",\r\n") for line in files.raw.get(table, ()))
        (directory / (names or {}).get(table, f"{table}.csv")).write_bytes(stream.getvalue().encode(encoding) + raw)
    for name, text in files.extra.items():
        (directory / name).write_bytes(text.encode(encoding))


class Listed(Protocol):
    """What the list says of a fault."""

    @property
    def what(self) -> str: ...
    @property
    def where(self) -> str: ...
    @property
    def code(self) -> str: ...


@dataclass(frozen=True)
class Fault(Generic[World]):
    """A kind of fault. ``code`` is what a run has to raise, ``-`` where the value has to arrive unharmed.

    ``probe`` counts it in the finished sample. ``plant`` is None where the sample has it by nature.
    """

    what: str
    where: str
    code: str
    probe: Callable[[World], int]
    rows: int
    plant: Callable[[World], None] | None = None


def plant_all(world: World, faults: Sequence[Fault[World]]) -> World:
    """Plant each fault once, in the order of the list."""
    for plant in dict.fromkeys(fault.plant for fault in faults if fault.plant):
        plant(world)
    return world


def fault_table(faults: Sequence[Listed], sample: str, run: str = "a run") -> str:
    """The list for people, as Markdown."""
    lines = [
        f"# Faults in {sample}",
        "",
        f"The last column is what {run} has to raise; a dash marks a value that has to arrive unharmed.",
        "",
        "| # | fault | where | code |",
        "|---|---|---|---|",
    ]
    for number, fault in enumerate(faults, start=1):
        code = fault.code if fault.code == "-" else f"`{fault.code}`"
        lines.append(f"| {number} | {fault.what} | {fault.where} | {code} |")
    return "\n".join(lines) + "\n"


def command_line(
    generate: Callable[[Path], Any],
    lists: Mapping[str, Callable[[], str]],
    sample: str,
    arguments: Sequence[str] | None = None,
) -> int:
    """``generate`` the sample at the path that is given, or print one of ``lists`` (``{option: its text}``)."""
    parser = argparse.ArgumentParser(description=f"Write the {sample}, or the table of its faults.")
    parser.add_argument("path", nargs="?", type=Path, help="the file or folder to write")
    for option in lists:
        parser.add_argument(f"--{option}", action="store_true", help="print a table of faults as Markdown instead")
    options = parser.parse_args(arguments)
    chosen = [text for option, text in lists.items() if getattr(options, option.replace("-", "_"))]
    if chosen:
        sys.stdout.write(chosen[0]())
    elif options.path is None:
        parser.error("name the file or folder to write, or say --list")
    else:
        generate(options.path)
        print(f"{options.path}: {sample}, with planted faults")
    return 0
