"""Export, edit, import: what a person did not touch says nothing, and what they typed arrives as they typed it."""

from __future__ import annotations

import csv
import re
import tempfile
import zipfile
from pathlib import Path

import openpyxl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from made_up_rows import TEXT
from worklist_desk import SOME, Desk, decision, edit_csv, edit_xlsx, item

from migrate.worklist.cells import MOST, decoded, encoded
from reports.formulas import defused, restored

SOME_RUNS = settings(max_examples=12)
MANY = settings(max_examples=300)
KEPT_TEXT = TEXT.filter(lambda text: "\0" not in text)
SAID = KEPT_TEXT.filter(lambda text: text.strip() == text != "")
# What no spreadsheet lets a person type: control characters, and what is no character. Carriage returns become line feeds.
TYPED = SAID.filter(lambda text: not re.search("[\x00-\x08\x0b-\x1f\ufffe\uffff]", text))
ANY_TEXT = st.one_of(TEXT, st.text(st.sampled_from("'=+-@[]U0123456789ABCDF_x\t\r\n\x07\ud800＝"), max_size=30))
FILES = pytest.mark.parametrize("name", ["w.xlsx", "w.csv"])


@MANY
@given(text=ANY_TEXT)
@example(text="[U+000D]")
@example(text="_x000D_ [U+005B]")
@example(text="''=1")
def test_a_cell_gives_back_the_text_that_was_put_in(text: str) -> None:
    cell = encoded(text)
    assert decoded(cell) == text
    assert not re.search("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]", cell)
    assert restored(defused(cell)) == cell
    assert len(encoded(text * 3000)) <= MOST


@FILES
@SOME_RUNS
@given(texts=st.lists(KEPT_TEXT, min_size=3, max_size=3), said=st.lists(SAID, min_size=6, max_size=6))
@example(texts=["=1+1", "\r\n", "_x000D_"], said=["'=1", "[U+000D]", "\x07", "@a", "x005F_", "\u202ea\r\nb"])
@example(texts=["x" * 40_000, "\uffff", ""], said=["x" * 40_000, "-1", "+1", "\ufffe", "'''=", "•••"])
def test_what_nobody_touches_says_nothing(name: str, texts: list[str], said: list[str]) -> None:
    value, key, message = texts
    note = item("record", "P-NOTE", "note", key, value, message=message, choices="override waive")
    other = item("record", "P-MAIL", "mail", key + "2", value, message=message)
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(Path(folder) / "desk", [note, other, SOME["sort"]])
        desk.decide(decision(note, "override", *said[:3]), decision(other, "waive", "", *said[3:5]))
        before = (desk.folder / "decisions.csv").read_bytes()
        file = desk.export(name)
        if name.endswith(".xlsx"):
            edit_xlsx(file, lambda _, column: None)
        assert desk.take_in(file).decisions == ()
        assert (desk.folder / "decisions.csv").read_bytes() == before


@FILES
@SOME_RUNS
@given(value=TYPED, reason=TYPED, by=TYPED, was=KEPT_TEXT)
@example(value="=cmd|' /C calc'!A0", reason="@SUM(A1)", by="+1", was="=1")
@example(value="007", reason="1e5", by="NULL", was="\t")
def test_what_is_typed_arrives(name: str, value: str, reason: str, by: str, was: str) -> None:
    note = item("record", "P-NOTE", "note", "1", was)
    other = item("record", "P-NOTE", "note", "2", was)
    typed = {"decision": "override", "new_value": value, "reason": reason, "decided_by": by}
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(Path(folder) / "desk", [note, other])
        file = desk.export(name)
        if name.endswith(".xlsx"):
            edit_xlsx(file, lambda item_id, column: typed.get(column) if item_id == note["item"] else None)
        else:
            # A spreadsheet takes one apostrophe for its own sign, and so does the import.
            edit_csv(
                file, lambda item_id, column: defused(typed[column]) if column in typed and item_id == note["item"] else None
            )
        desk.take_in(file)
        (line,) = desk.decisions()
        assert (line.item, line.new_value, line.reason, line.by) == (note["item"], value, reason, by)
        assert desk.take_in(file).decisions == ()


@SOME_RUNS
@given(texts=st.lists(KEPT_TEXT, min_size=3, max_size=3), said=st.lists(SAID, min_size=3, max_size=3))
@example(texts=["=1+1", "#N/A", "@x"], said=["=2", "+3", "-4"])
def test_no_cell_is_a_formula(texts: list[str], said: list[str]) -> None:
    value, key, message = texts
    note = item("record", "P-NOTE", "note", key, value, message=message)
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(Path(folder) / "desk", [note, SOME["sort"]])
        desk.decide(decision(note, "override", *said))
        book = openpyxl.load_workbook(desk.export("w.xlsx"))
        kinds = {
            cell.data_type for sheet in book.worksheets for row in sheet.iter_rows() for cell in row if cell.value is not None
        }
        assert kinds <= {"s", "n", "inlineStr"}
        with zipfile.ZipFile(desk.folder / "w.xlsx") as package:
            assert not any(b"<f>" in package.read(part) for part in package.namelist() if "worksheets" in part)
        with desk.export("w.csv").open(encoding="utf-8-sig", newline="") as stream:
            cells = [cell for row in csv.reader(stream) for cell in row]
        risky = [cell for cell in cells if cell.startswith(tuple("=+-@\t\r\n＝＋－＠"))]
        assert all(re.fullmatch(r"[-+](\d+\.?\d*|\.\d+|inf|nan|infinity)(e[-+]?\d+)?", cell, re.IGNORECASE) for cell in risky)
