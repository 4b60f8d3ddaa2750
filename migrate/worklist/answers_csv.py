"""Answers in a CSV file: the one that an export wrote, or the one that the report's page gave."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from pathlib import Path

from migrate.errors import Place, Problem
from migrate.worklist.answer import Answer, read_header, read_row
from reports.formulas import restored

MOST_BYTES = 1_000_000_000
CELL = 10_000_000
"""Characters of a cell."""


def csv_answers(file: Path, problems: list[Problem]) -> Iterator[Answer]:
    """The answers, in the order of the file. A cell's column is its number in the row."""
    text = _text(file, problems)
    if text is None:
        return
    first = text.partition("\n")[0]
    # Spreadsheets of some countries save with semicolons.
    delimiter = max(",;\t", key=first.count)
    before = csv.field_size_limit(CELL)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        header = read_header([restored(cell) for cell in next(reader, [])], _where(file, 1), problems)
        if header is None:
            return
        line = reader.line_num + 1
        for cells in reader:
            if cells and (answer := read_row(header, [restored(cell) for cell in cells], _where(file, line), problems)):
                yield answer
            line = reader.line_num + 1
    except csv.Error as error:
        problems.append(Problem(f"this is no CSV: {error}", Place(file, reader.line_num)))
    finally:
        csv.field_size_limit(before)


def _where(file: Path, line: int) -> Callable[[int], Place]:
    return lambda at: Place(file, line, at + 1)


def _text(file: Path, problems: list[Problem]) -> str | None:
    try:
        if file.stat().st_size > MOST_BYTES:
            problems.append(Problem("the file is too large to be answers", Place(file), file.stat().st_size))
            return None
        return file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        problems.append(Problem("the file is not UTF-8", Place(file), hint="save it as 'CSV UTF-8'"))
    except OSError as error:
        problems.append(Problem(f"the file cannot be read: {error.strerror}", Place(file)))
    return None
