"""Files that answers come in: what is read of them, and what is refused before anything is."""

from __future__ import annotations

import datetime as dt
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from worklist_desk import RUN, SOME, Desk

from migrate.errors import CellPlace, ConfigurationError, Problem
from migrate.worklist import answers_csv, xlsx_guard
from migrate.worklist.answers import read_answers

HEADER = ("item", "decision", "new_value", "reason", "decided_by", "run")


def book(file: Path, *rows: tuple[object, ...], header: tuple[str, ...] = HEADER, sheet: str = "Items") -> Path:
    made = openpyxl.Workbook()
    made.active.title = sheet
    for row in (header, *rows):
        made.active.append(row)
    made.save(file)
    return file


def refused(file: Path) -> list[Problem]:
    answers, problems = read_answers(file)
    assert answers == []
    return problems


def said(file: Path) -> str:
    (problem,) = refused(file)
    return problem.message


# Cells -----------------------------------------------------------------------------------------------------------------


def test_cells_of_a_sheet_are_what_a_person_sees(tmp_path: Path) -> None:
    values = [7, 7.0, 7.25, True, dt.datetime(2026, 1, 31), dt.datetime(2026, 1, 31, 17, 5), "007", " x "]
    file = book(tmp_path / "w.xlsx", *((f"W-{n}", "override", value, "r", "ana", RUN) for n, value in enumerate(values)))
    answers, _ = read_answers(file)
    shown = ["7", "7", "7.25", "true", "2026-01-31", "2026-01-31 17:05:00", "007", " x "]
    assert [answer.new_value for answer in answers] == shown


def test_a_formula_and_an_error_are_no_answers(tmp_path: Path) -> None:
    file = book(tmp_path / "w.xlsx", ("W-1", "waive", "=1+1", "r", "ana", RUN), ("W-2", "waive", None, "#N/A", "ana", RUN))
    problems = refused(file)
    assert [(p.message, str(p.place).rpartition(":")[2]) for p in problems] == [
        ("a formula stands here", "Items!C2"), ("an error stands here", "Items!D3"),
    ]  # fmt: skip


def test_columns_are_found_by_their_names(tmp_path: Path) -> None:
    header = ("notes", "run", "BY", "Reason ", "new_value", "decision", "item")
    (answer,), _ = read_answers(book(tmp_path / "w.xlsx", ("mine", RUN, "ana", "r", None, "Waive", "W-1"), header=header))
    assert (answer.item, answer.decision, answer.reason, answer.by, answer.run) == ("W-1", "waive", "r", "ana", RUN)
    assert str(answer.place("decision")).endswith("w.xlsx:Items!F2")


@pytest.mark.parametrize(("column", "letters"), [(1, "A"), (26, "Z"), (27, "AA"), (703, "AAA")])
def test_a_cell_is_named_as_spreadsheets_name_it(column: int, letters: str) -> None:
    assert str(CellPlace(Path("w.xlsx"), 3, column, "Items")) == f"w.xlsx:Items!{letters}3"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_as_spreadsheets_of_some_countries_save_it(tmp_path: Path, delimiter: str) -> None:
    file = tmp_path / "w.csv"
    file.write_text(
        "\ufeff" + delimiter.join(HEADER) + "\n" + delimiter.join(("W-1", "waive", "", "r", "ana", RUN)) + "\n", "utf-8"
    )
    (answer,), problems = read_answers(file)
    assert (answer.item, answer.by, problems) == ("W-1", "ana", [])


def test_the_line_of_a_row_is_where_it_begins(tmp_path: Path) -> None:
    file = tmp_path / "w.csv"
    file.write_text(f'{",".join(HEADER)}\nW-1,waive,,"two\nlines",ana,{RUN}\nW-2,waive,,r,ana,{RUN}\n', "utf-8")
    answers, _ = read_answers(file)
    assert [str(answer.place("reason")).partition("w.csv:")[2] for answer in answers] == ["2:4", "4:4"]


# Whole files -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "columns are missing"),
        (b"item,decision,new_value,reason,decided_by\n", "columns are missing: run"),
        (b"item,decision,new_value,reason,by,run,decision\n", "this column stands twice"),
        (b"item,decision\n\xff\xfe", "not UTF-8"),
        (b'item,decision,new_value,reason,by,run\nW-1,"waive', "this is no CSV"),
    ],
)
def test_csv_that_cannot_be_read(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "w.csv"
    file.write_bytes(content)
    assert message in said(file)


def test_a_csv_that_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers_csv, "MOST_BYTES", 10)
    (tmp_path / "w.csv").write_bytes(b"x" * 11)
    assert "too large" in said(tmp_path / "w.csv")


def test_other_files(tmp_path: Path) -> None:
    for name in ("w.ods", "w.xlsm", "w"):
        (tmp_path / name).write_bytes(b"x")
        with pytest.raises(ConfigurationError, match="no kind of file"):
            read_answers(tmp_path / name)
    with pytest.raises(ConfigurationError, match="no such file"):
        read_answers(tmp_path / "w.csv")


def test_a_sheet_is_missing_or_stands_elsewhere(tmp_path: Path) -> None:
    assert said(book(tmp_path / "a.xlsx", sheet="Sheet1")) == "a sheet is missing"
    made = openpyxl.load_workbook(book(tmp_path / "b.xlsx"))
    made.create_sheet("Mine").append(HEADER)
    made.create_sheet("Notes").append(("what", "I", "think"))
    made.save(tmp_path / "b.xlsx")
    (problem,) = refused(tmp_path / "b.xlsx")
    assert (problem.message, problem.value) == ("answers stand in a sheet that is not read", "Mine")


# Workbooks that are not what they seem ---------------------------------------------------------------------------------


def rewritten(file: Path, change: Callable[[dict[str, bytes]], object]) -> Path:
    with zipfile.ZipFile(file) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    change(parts)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            package.writestr(name, content)
    return file


SHEET = "xl/worksheets/sheet1.xml"
ENTITY = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda parts: parts.update({SHEET: ENTITY + parts[SHEET]}), "declares a document type"),
        (lambda parts: parts.update({SHEET: b" " * (1 << 20) + ENTITY + parts[SHEET]}), "declares a document type"),
        (lambda parts: parts.update({SHEET: parts[SHEET].decode().encode("utf-16")}), "is not in UTF-8"),
        (lambda parts: parts.update({"xl/vbaProject.bin": b"x"}), "it holds macros"),
        (lambda parts: parts.update({"xl/externalLinks/externalLink1.xml": b"<x/>"}), "links or objects from elsewhere"),
        (lambda parts: parts.pop("xl/workbook.xml"), "it has no workbook"),
        (lambda parts: parts.update({SHEET: parts[SHEET][: len(parts[SHEET]) // 2]}), "the workbook is damaged"),
        (lambda parts: parts.pop(SHEET), "a sheet is missing"),
        (lambda parts: parts.update({f"xl/media/{n}": b"" for n in range(1001)}), "1,000 parts"),
    ],
)
def test_a_workbook_that_is_not_opened(tmp_path: Path, change: Callable[[dict[str, bytes]], object], message: str) -> None:
    assert message in said(rewritten(book(tmp_path / "w.xlsx", ("W-1", "waive", "", "r", "ana", RUN)), change))


def test_a_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = rewritten(book(tmp_path / "w.xlsx"), lambda parts: parts.update({"xl/sharedStrings.xml": b" " * 3_000_000}))
    assert file.stat().st_size < 50_000
    monkeypatch.setattr(xlsx_guard, "MOST_STRINGS", 2_000_000)
    assert "bytes of texts" in said(file)
    monkeypatch.setattr(xlsx_guard, "MOST_BYTES", 1_000_000)
    assert "would unpack to more than 1,000,000 bytes" in said(file)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no zip", b"item,decision\n"])
def test_what_is_no_zip(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "w.xlsx").write_bytes(content)
    assert "it is no XLSX file" in said(tmp_path / "w.xlsx")


def test_a_row_number_beyond_every_sheet_ends_the_reading(tmp_path: Path) -> None:
    far = lambda parts: parts.update({SHEET: parts[SHEET].replace(b'r="2"', b'r="99999999999"').replace(b"A2", b"A99999999999")})  # noqa: E731
    answers, _ = read_answers(rewritten(book(tmp_path / "w.xlsx", ("W-1", "waive", "", "r", "ana", RUN)), far))
    assert answers == []


def test_a_damaged_workbook_changes_nothing(desk: Desk) -> None:
    file = rewritten(desk.export("w.xlsx"), lambda parts: parts.update({"xl/styles.xml": b"<x"}))
    with pytest.raises(ConfigurationError, match="nothing was taken in"):
        desk.take_in(file)
    assert SOME["name"]["item"] not in "".join(d.item for d in desk.decisions())
