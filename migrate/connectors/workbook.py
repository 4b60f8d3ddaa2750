"""Sheets of Excel workbooks as rows of text, for sources and for drafts of contracts. Nothing in a workbook is computed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import Any
from zipfile import BadZipFile

from migrate.connectors.formulas import uncomputed
from migrate.errors import SourceRefused
from migrate.worklist.xlsx_guard import why_unsafe

SUFFIX = ".xlsx"


def is_workbook(file: PurePath) -> bool:
    """Is it one by its name?"""
    return file.suffix.lower() == SUFFIX


def sheets(file: Path) -> list[str]:
    """The names of the sheets, in their order. Raises SourceRefused."""
    with _opened(file) as book:
        return list(book.sheetnames)


def sheet_rows(file: Path, sheet: str | None) -> Iterator[tuple[int, list[str]]]:
    """``(row of the sheet, cells as text)`` without blank rows; the first is the header. Blank cells beyond the header are cut
    off. Raises SourceRefused."""
    with _opened(file) as book:
        wide = 0
        for number, row in enumerate(_sheet(file, book, sheet).iter_rows(values_only=True), 1):
            cells = [cell_text(value) or "" for value in row]
            while len(cells) > wide and not cells[-1]:
                cells.pop()
            if not any(cells):
                continue
            wide = wide or len(cells)
            yield number, cells + [""] * (wide - len(cells))


def refuse_uncomputed(file: Path, sheet: str | None) -> None:
    """Raises SourceRefused where a formula of the sheet has no value, which would read as an empty cell."""
    with _opened(file) as book:
        cell = uncomputed(file, _sheet(file, book, sheet)._worksheet_path)
    if cell is not None:
        hint = "open it in a program for spreadsheets and save it, or export the values"
        raise SourceRefused(f"{file.name}: cell {cell} holds a formula that no program has computed", hint=hint)


def _sheet(file: Path, book: Any, sheet: str | None) -> Any:
    if sheet is not None and sheet not in book.sheetnames:
        raise SourceRefused(f"{file.name} has no sheet {sheet!r}", hint=f"it has {', '.join(book.sheetnames)}")
    return book[sheet] if sheet else book.worksheets[0]


def cell_text(value: object) -> str | None:
    """A cell as text. A day has no time of day; a number that is whole has no decimals; a duration is hours, also beyond 24."""
    if value is None:
        return None
    if isinstance(value, dt.timedelta):
        sign, seconds = "-" if value < dt.timedelta() else "", round(abs(value).total_seconds())
        return f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).removesuffix(" 00:00:00") if hasattr(value, "isoformat") else str(value)


@contextmanager
def _opened(file: Path) -> Iterator[Any]:
    """A workbook that is safe to open, closed at the end."""
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    if (why := why_unsafe(file)) is not None:
        raise SourceRefused(f"{file.name} is not opened: {why}", hint="save it anew as .xlsx, without macros or links")
    try:
        book = openpyxl.load_workbook(file, read_only=True, data_only=True)
    except (InvalidFileException, BadZipFile, KeyError, ValueError, OSError) as error:
        raise SourceRefused(f"{file.name} is no Excel workbook: {error}", hint="save it anew as .xlsx") from None
    try:
        yield book
    finally:
        book.close()
