"""A filled worksheet as rows of text: CSV from the page or a spreadsheet, or XLSX. Only cells are read, never formulas."""

from __future__ import annotations

import csv
import datetime as dt
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import openpyxl

from migrate.errors import ConfigurationError, Place, Problem
from reports.formulas import restored

COLUMNS = (
    "plan", "pick", "entity", "source_key", "target_key", "why", "expected",
    "result", "requirement", "note", "tester", "tested_on",
)  # fmt: skip
SHEET = "worksheet"
MOST_BYTES = 50_000_000
"""Of a file, and of what an XLSX unpacks to."""


@dataclass(frozen=True)
class Row:
    """A row of a worksheet: its number in the file, and the text of each column."""

    number: int
    cells: dict[str, str]
    columns: dict[str, int]

    def place(self, file: Path, column: str) -> Place:
        """Where a cell is: row, and column counted from 1."""
        return Place(file, self.number, self.columns[column])


def read(file: Path) -> list[Row]:
    """The rows that are not blank. Raises ConfigurationError for what is no worksheet."""
    try:
        size = file.stat().st_size
        if size > MOST_BYTES:
            raise _refused(file, f"the file has {size:,} bytes, more than any worksheet", 1)
        listed = _xlsx(file) if file.suffix.lower() == ".xlsx" else _csv(file)
    except OSError as error:
        raise _refused(file, f"the file cannot be read: {error.strerror}") from None
    header = [cell.strip() for cell in (listed[0][1] if listed else [])]
    while header and not header[-1]:
        header.pop()
    missing, twice = [c for c in COLUMNS if c not in header], [c for c in header if header.count(c) > 1]
    unknown = [c for c in header if c not in COLUMNS]
    problems = [Problem("a column is missing", Place(file), c, COLUMNS) for c in missing]
    problems += [Problem("a worksheet has no such column", Place(file, 1, header.index(c) + 1), c, COLUMNS) for c in unknown]
    problems += [Problem("a column stands twice", Place(file, 1, header.index(c) + 1), c) for c in dict.fromkeys(twice)]
    if problems:
        raise ConfigurationError(f"{file} is no worksheet of a test plan; nothing was taken in", problems=problems)
    columns = {column: at + 1 for at, column in enumerate(header)}
    rows = []
    for number, cells in listed[1:]:
        if len(cells) > len(header) and any(cells[len(header) :]):
            raise _refused(file, f"{len(cells)} cells stand here, a row has {len(header)}", number)
        if any(cells):
            padded = [*cells, *[""] * (len(header) - len(cells))]
            rows.append(Row(number, {c: _cell(padded[at - 1]) for c, at in columns.items()}, columns))
    return rows


def _cell(text: str) -> str:
    """What was written into a cell, with the line ends of one system."""
    return restored(text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def _csv(file: Path) -> list[tuple[int, list[str]]]:
    """Comma, semicolon or tab: spreadsheets write what their country is used to."""
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise _refused(file, "the file is not UTF-8", line, hint="save it as CSV UTF-8, or as XLSX") from None
    if "\0" in text:
        raise _refused(file, "the character U+0000 may not stand in a worksheet")
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[tuple[int, list[str]]] = []
    try:
        begins = 1
        for cells in reader:
            rows.append((begins, cells))
            begins = reader.line_num + 1
    except csv.Error as error:
        raise _refused(file, f"the CSV cannot be read: {error}", reader.line_num) from None
    return rows


def _xlsx(file: Path) -> list[tuple[int, list[str]]]:
    try:
        with zipfile.ZipFile(file) as archive:
            if sum(part.file_size for part in archive.infolist()) > MOST_BYTES:
                raise _refused(file, "the file unpacks to more than any worksheet holds")
        book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
    except ConfigurationError:
        raise
    except Exception as error:  # openpyxl has no common root of what a broken file raises
        raise _refused(file, f"the file is no XLSX: {type(error).__name__}") from None
    try:
        if SHEET not in book.sheetnames:
            raise _refused(file, f"there is no sheet called {SHEET}", allowed=tuple(book.sheetnames))
        rows = book[SHEET].iter_rows(values_only=True)
        return [(number, [_text(value) for value in row]) for number, row in enumerate(rows, start=1)]
    finally:
        book.close()


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        return value.date().isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _refused(file: Path, message: str, line: int = 1, allowed: tuple[str, ...] = (), hint: str = "") -> ConfigurationError:
    problem = Problem(message, Place(file, line), allowed=allowed, hint=hint)
    return ConfigurationError("nothing was taken in", problems=[problem])
