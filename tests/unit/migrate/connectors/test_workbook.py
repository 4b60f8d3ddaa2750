"""Sheets of workbooks as sources: cells as text, nothing computed, nothing unsafe opened."""

from __future__ import annotations

import datetime as dt
import json
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from migrate.connectors.delimited import DelimitedSource
from migrate.connectors.workbook import sheet_rows, sheets
from migrate.contracts.model import Contract
from migrate.errors import SourceRefused


def book(file: Path, **content: list[list[Any]]) -> Path:
    made = openpyxl.Workbook()
    made.remove(made.active)  # type: ignore[arg-type]
    for name, rows in content.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    made.save(file)
    return file


def opened(folder: Path, sheet: str | None = None) -> DelimitedSource:
    fields: dict[str, Any] = {"id": {}, "name": {}, "born": {}, "rate": {}}
    people = {"key": "id", "file": "x.xlsx", "sheet": sheet, "fields": fields}
    text = {"system": "s", "label": "S", "source": {"kind": "files"}, "entities": {"people": people}}
    return DelimitedSource(folder, Contract.model_validate_json(json.dumps(text)))


HEADER = ["ID", "Name", "Born", "Rate"]
ROWS = [
    HEADER,
    ["007", "Añá;\nb|c;d", dt.datetime(1990, 3, 4), 1.5],
    [None, None, None, None],
    [8, dt.timedelta(hours=25, minutes=30), dt.datetime(1990, 3, 4, 5, 6, 7), 2.0],
    [9, None, None, True],
]


def test_cells_are_text(tmp_path: Path) -> None:
    book(tmp_path / "x.xlsx", Other=[["a"]], People=ROWS)
    source = opened(tmp_path, "People")
    assert source.columns("people") == ["id", "name", "born", "rate"]
    assert source.count("people") == 3
    found = [row for batch in source.rows("people", ["id", "name", "born", "rate"]) for row in batch.to_pylist()]
    assert [(r["id"], r["name"], r["born"], r["rate"], r["_fault"]) for r in found] == [
        ("007", "Añá;\nb|c;d", "1990-03-04", "1.5", None),
        ("8", "25:30:00", "1990-03-04 05:06:07", "2", None),
        ("9", "", "", "True", None),
    ]


def test_the_first_sheet_is_meant_where_none_is_named(tmp_path: Path) -> None:
    file = book(tmp_path / "x.xlsx", People=ROWS, Other=[["a"]])
    assert sheets(file) == ["People", "Other"]
    assert opened(tmp_path).count("people") == 3


def test_cells_beyond_the_header_are_a_fault(tmp_path: Path) -> None:
    book(tmp_path / "x.xlsx", People=[HEADER, [1, "a", None, 2, None, "more"], [2, "b"]])
    found = [row for batch in opened(tmp_path).rows("people", ["id"]) for row in batch.to_pylist()]
    assert [row["_fault"] for row in found] == ["SRC-SHAPE", None]


def test_a_formula_that_no_program_has_computed_is_refused(tmp_path: Path) -> None:
    book(tmp_path / "x.xlsx", Other=[["a"], ["=1+1"]], People=[HEADER, [1, "a"], [2, '=A2 & "x"']])
    with pytest.raises(SourceRefused, match=r"x\.xlsx: cell B3 holds a formula") as refused:
        list(opened(tmp_path, "People").rows("people", ["id", "name"]))
    assert "save it" in refused.value.hint


@pytest.mark.parametrize("written", ['<c r="B2" t="str"><f>C2</f><v></v></c>', '<c r="B2"><f>1+1</f><v>2</v></c>'])
def test_a_formula_that_was_computed_is_read_as_its_value(tmp_path: Path, written: str) -> None:
    file, made = tmp_path / "x.xlsx", book(tmp_path / "made.xlsx", People=[HEADER, [1, "=1+1"]])
    with zipfile.ZipFile(made) as old, zipfile.ZipFile(file, "w") as new:
        for name in old.namelist():
            text = old.read(name).decode()
            new.writestr(name, text.replace('<c r="B2"><f>1+1</f><v /></c>', written))
    (batch,) = opened(tmp_path).rows("people", ["id", "name"])
    assert (batch.to_pylist()[0]["name"] or "") == ("2" if "1+1" in written else "")


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    book(tmp_path / "x.xlsx", People=ROWS)
    with pytest.raises(SourceRefused, match=r"x\.xlsx has no sheet 'Staff'") as refused:
        opened(tmp_path, "Staff").count("people")
    assert refused.value.hint == "it has People"


def test_macros_are_not_opened(tmp_path: Path) -> None:
    file = book(tmp_path / "x.xlsx", People=ROWS)
    with zipfile.ZipFile(file, "a") as package:
        package.writestr("xl/vbaProject.bin", b"x")
    with pytest.raises(SourceRefused, match="it holds macros"):
        next(sheet_rows(file, None))
