"""The worksheet as CSV and as XLSX: the same rows, with boxes to choose from in the XLSX."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from migrate.test_plan.sheets import COLUMNS, SHEET
from migrate.test_plan.take_in import RESULTS, SAYS
from reports.documents.test_plan import PickRow, PlanDocument
from reports.formulas import defused

WIDTHS = {"plan": 21, "pick": 24, "entity": 16, "source_key": 22, "target_key": 22, "why": 30, "expected": 46, "note": 40,
          "tester": 20, "tested_on": 12, "requirement": 18}  # fmt: skip
TO_FILL_IN = PatternFill("solid", start_color="FFF4CC")
LONGEST_LIST = 255
"""Characters that a spreadsheet takes as a list of choices."""
ABOUT = (
    "Look at each record in the old system and in the new one, on the screen a user sees.",
    "result: pass or fail. Where it fails, the note says what was seen; requirement names what is not met (with commas).",
    "tester: your name. tested_on: the day, YYYY-MM-DD. Leave records blank that nobody has looked at yet.",
    "Change no other column. To hand it in: lms-migrate test-plan import WORKSPACE FILE",
)


def cells(document: PlanDocument, pick: PickRow) -> dict[str, str]:
    """A row of the worksheet, not defused."""
    return {
        "plan": document.id,
        "pick": pick.id,
        "entity": pick.entity,
        "source_key": pick.source_key,
        "target_key": pick.target_key,
        "why": pick.why,
        "expected": "; ".join(f"{field}: {value}" for field, value in pick.expected),
        "result": pick.result,
        "requirement": pick.requirement,
        "note": pick.note,
        "tester": pick.tester,
        "tested_on": pick.tested_on,
    }


def rows(document: PlanDocument) -> Iterator[list[str]]:
    """All rows in the order of the columns, with formulas made harmless."""
    for pick in document.picks:
        row = cells(document, pick)
        yield [defused(row[column]) for column in COLUMNS]


def as_csv(document: PlanDocument) -> str:
    """The worksheet as CSV."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows(document))
    return text.getvalue()


def write_xlsx(document: PlanDocument, file: Path) -> Path:
    """The worksheet as XLSX, written in one step."""
    book = Workbook()
    sheet: Worksheet = book.create_sheet(SHEET, 0)
    book.remove(book.worksheets[1])
    sheet.freeze_panes = "C2"
    for at, column in enumerate(COLUMNS):
        sheet.column_dimensions[_letter(at)].width = WIDTHS.get(column, 10)
    last = len(document.picks) + 1
    results = DataValidation("list", formula1=f'"{",".join(RESULTS)}"', allow_blank=True, showErrorMessage=True)
    results.error = "pass or fail"
    sheet.add_data_validation(results)
    results.add(f"{_letter(COLUMNS.index('result'))}2:{_letter(COLUMNS.index('result'))}{last}")
    _requirement_lists(sheet, document)
    sheet.append(COLUMNS)
    for head in sheet[1]:
        head.font = Font(bold=True)
    for number, row in enumerate(rows(document), start=2):
        for at, (column, text) in enumerate(zip(COLUMNS, row, strict=True), start=1):
            cell = sheet.cell(number, at)
            assert isinstance(cell, Cell)
            if text:
                cell.value, cell.data_type = text, "s"  # no formula, whatever it begins with
            cell.number_format = "@"
            cell.alignment = Alignment(vertical="top", wrap_text=column in ("why", "expected", "note"))
            if column in SAYS:
                cell.fill = TO_FILL_IN
    about = book.create_sheet("about")
    about.column_dimensions["A"].width = 110
    for line in (f"Test plan {document.id} of run {document.run}", f"sha256:{document.describes}", *ABOUT):
        about.append([defused(line)])
    part = file.with_name(f".{file.name}.part")
    book.save(part)
    part.replace(file)
    return file


def _requirement_lists(sheet: Worksheet, document: PlanDocument) -> None:
    """What may stand under requirement, by rows of which the same is asked. Several may be written, so none is refused."""
    column, row = _letter(COLUMNS.index("requirement")), 2
    for requirements, picks in groupby(document.picks, key=lambda pick: pick.requirements):
        listed, size = ",".join(requirements), len(list(picks))
        if len(listed) <= LONGEST_LIST:
            choices = DataValidation("list", formula1=f'"{listed}"', allow_blank=True, showErrorMessage=False)
            choices.add(f"{column}{row}:{column}{row + size - 1}")
            sheet.add_data_validation(choices)
        row += size


def _letter(at: int) -> str:
    return chr(ord("A") + at)
