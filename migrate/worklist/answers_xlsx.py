"""Answers in an XLSX file that an export wrote and a person filled in."""

from __future__ import annotations

import datetime as dt
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from migrate.errors import CellPlace, Place, Problem
from migrate.worklist.answer import Answer, Header, read_header, read_row
from migrate.worklist.columns import SHEETS
from migrate.worklist.xlsx_guard import why_unsafe

MOST_COLUMNS, MOST_ROWS = 100, 1_048_576
_TAKEN = ("item", "cause", "decision", "new_value", "reason", "decided_by", "by", "at", "run")


def xlsx_answers(file: Path, problems: list[Problem]) -> Iterator[Answer]:
    """The answers, in the order of the sheets."""
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    if (why := why_unsafe(file)) is not None:
        problems.append(Problem(why, Place(file)))
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about parts of the workbook that are of no concern here
            book = load_workbook(file, read_only=True, data_only=False, keep_links=False)
            try:
                yield from _of_book(book, file, problems)
            finally:
                book.close()
    except (InvalidFileException, BadZipFile, KeyError, ValueError, TypeError, AttributeError, IndexError, SyntaxError) as error:
        # What openpyxl raises for a workbook whose parts do not fit together.
        text = " ".join(str(error).split())[:200]
        problems.append(Problem(f"the workbook is damaged: {text}", Place(file), hint="export it again"))


def _of_book(book: Any, file: Path, problems: list[Problem]) -> Iterator[Answer]:
    if "Items" not in book.sheetnames:
        problems.append(Problem("a sheet is missing", Place(file), ", ".join(book.sheetnames), SHEETS))
        return
    for sheet in book.worksheets:
        own = sheet.title in SHEETS
        rows = sheet.iter_rows(max_row=MOST_ROWS, max_col=MOST_COLUMNS)
        header: Header | None = None
        for number, cells in enumerate(rows, 1):
            where = _where(file, sheet.title, number)
            if header is None:
                texts = [_text(cell) or "" for cell in cells]
                if not own:
                    if {"decision", "reason"} <= {text.strip().lower() for text in texts}:
                        hint = "move its rows to the sheet Items"
                        problems.append(Problem("answers stand in a sheet that is not read", where(0), sheet.title, SHEETS, hint))
                    break
                header = read_header(texts, where, problems)
                if header is None:
                    break
                continue
            yield from _of_row(header, cells, where, problems)


def _of_row(header: Header, cells: tuple[Any, ...], where: Callable[[int], Place], problems: list[Problem]) -> Iterator[Answer]:
    filled = [header.columns[column] for column in ("decision", "new_value", "reason")]
    if all(at >= len(cells) or cells[at].value is None for at in filled):
        return
    texts: list[str] = []
    before = len(problems)
    taken = {header.columns[column] for column in _TAKEN if column in header.columns}
    for at, cell in enumerate(cells):
        text = _text(cell)
        if text is None and at in taken:
            what = "a formula stands here" if cell.data_type == "f" else "an error stands here"
            problems.append(Problem(what, where(at), cell.value, hint="write the value itself"))
        texts.append(text or "")
    if len(problems) == before and (answer := read_row(header, texts, where, problems)) is not None:
        yield answer


def _text(cell: Any) -> str | None:
    """A cell as the text that a person sees; None for formulas and errors."""
    value = cell.value
    if value is None:
        return ""
    if cell.data_type in ("f", "e"):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(" ", "seconds")
    return str(value)


def _where(file: Path, sheet: str, row: int) -> Callable[[int], Place]:
    return lambda at: CellPlace(file, row, at + 1, sheet)
