"""The worklist as a workbook: what to do, the causes, the items. Every text is stored as text, so that no formula ever is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ERROR_CODES, Cell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from migrate.errors import ConfigurationError, Problem
from migrate.worklist.cells import DANGEROUS, encoded
from migrate.worklist.columns import ANSWER, CAUSES, ITEMS
from reports.worklist_lists import SHEET, Lists, Shelf, values_of
from reports.worklist_readme import readme
from reports.worklist_rows import Cell as Content
from reports.worklist_rows import WorklistRows

MOST_ROWS = 1_048_575
"""Rows of a sheet below its header."""
WIDTHS = {
    "item": 21, "cause": 21, "kind": 10, "state": 10, "severity": 11, "code": 20, "title": 48, "entity": 18, "field": 18,
    "key": 18, "about": 24, "value": 24, "message": 52, "items": 8, "records": 9, "waiting": 9, "since": 16, "times": 7,
    "note": 30, "choices": 34, "states": 22, "decision": 13, "new_value": 22, "reason": 36, "decided_by": 18, "run": 17,
}  # fmt: skip
HEAD = Font(name="Calibri", size=11, bold=True, color="FFFFFF")
HEAD_FILL, ANSWER_HEAD = PatternFill("solid", fgColor="44546A"), PatternFill("solid", fgColor="7F6000")
ANSWER_FILL = PatternFill("solid", fgColor="FFF8E1")
TEXT_FORMAT = "@"


def write_xlsx(rows: WorklistRows, file: Path) -> int:
    """Write the file; gives the number of items. Raises ConfigurationError where a sheet cannot hold them."""
    number = sum(1 for cause in rows.causes for _ in rows.listed(cause))
    if number > MOST_ROWS:
        problem = Problem("a sheet cannot hold so many items", value=f"{number:,}", allowed=(f"{MOST_ROWS:,} or fewer",))
        raise ConfigurationError("there are too many items", problems=[problem], hint="name a FILE.csv, or use --state")
    book, shelf = Workbook(write_only=True), Shelf()
    _write_readme(book, rows)
    _write_causes(book, rows, shelf)
    _write_items(book, rows, shelf)
    lists = book.create_sheet(SHEET)
    for at in range(max(map(len, shelf.columns), default=0)):
        lists.append([_cell(lists, encoded(column[at])) if at < len(column) else None for column in shelf.columns])
    lists.sheet_state = "hidden"
    book.active = 0
    book.save(file)
    return number


def _write_readme(book: Workbook, rows: WorklistRows) -> None:
    sheet = book.create_sheet("Read me")
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 22, 110
    for word, meaning in readme(rows):
        cells = [_cell(sheet, encoded(word)), _cell(sheet, encoded(meaning))]
        cells[0].font = Font(name="Calibri", size=11, bold=True)
        for cell in cells:
            cell.alignment = Alignment(vertical="top", wrap_text=True)
        sheet.append(cells)


def _write_causes(book: Workbook, rows: WorklistRows, shelf: Shelf) -> None:
    sheet = _sheet(book, "Causes", CAUSES)
    decisions = Lists(_letter(CAUSES, "decision"), strict=True)
    number = 1
    for number, cause in enumerate(rows.causes, 2):
        sheet.append(_line(sheet, rows.cause_row(cause), CAUSES))
        decisions.add(number, (*cause.choices, "reopen"))
    _finish(sheet, CAUSES, number, [decisions], shelf)


def _write_items(book: Workbook, rows: WorklistRows, shelf: Shelf) -> None:
    sheet = _sheet(book, "Items", ITEMS)
    decisions = Lists(_letter(ITEMS, "decision"), strict=True)
    values = Lists(_letter(ITEMS, "new_value"), strict=False)
    number = 1
    for cause in rows.causes:
        for item in rows.listed(cause):
            number += 1
            sheet.append(_line(sheet, rows.item_row(item), ITEMS))
            decisions.add(number, (*(item["choices"] or "").split(), "reopen"))
            values.add(number, values_of(rows.workspace, item))
    _finish(sheet, ITEMS, number, [decisions, values], shelf)


def _sheet(book: Workbook, title: str, columns: Sequence[str]) -> Any:
    sheet: Any = book.create_sheet(title)
    for column in columns:
        dimension = sheet.column_dimensions[_letter(columns, column)]
        dimension.width = WIDTHS[column]
        if column in ANSWER:
            # What a person types into these stays as it was typed: 007 is no 7.
            dimension.number_format, dimension.fill = TEXT_FORMAT, ANSWER_FILL
    sheet.freeze_panes = "B2"
    head = []
    for column in columns:
        cell = _cell(sheet, column)
        cell.font, cell.fill = HEAD, ANSWER_HEAD if column in ANSWER else HEAD_FILL
        head.append(cell)
    sheet.append(head)
    return sheet


def _finish(sheet: Any, columns: Sequence[str], last: int, lists: Sequence[Lists], shelf: Shelf) -> None:
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(columns))}{last}"
    for one in lists:
        for validation in one.validations(shelf):
            sheet.data_validations.append(validation)


def _line(sheet: Any, row: Mapping[str, Content], columns: Sequence[str]) -> list[object]:
    return list(_contents(sheet, row, columns))


def _contents(sheet: Any, row: Mapping[str, Content], columns: Sequence[str]) -> Iterator[object]:
    for column in columns:
        content = row[column]
        if content == "":
            yield None
        elif column in ANSWER:
            cell = _cell(sheet, str(content))
            cell.number_format, cell.fill = TEXT_FORMAT, ANSWER_FILL
            yield cell
        elif isinstance(content, str) and (DANGEROUS.match(content) or content in ERROR_CODES):
            yield _cell(sheet, content)
        else:
            yield content


def _cell(sheet: Any, text: str) -> Cell:
    """A cell that is text, whatever it looks like; ``text`` is one that a cell can hold."""
    cell = WriteOnlyCell(sheet, text)
    cell.data_type = "s"
    cell.quotePrefix = DANGEROUS.match(text) is not None
    return cell


def _letter(columns: Sequence[str], column: str) -> str:
    return get_column_letter(columns.index(column) + 1)
