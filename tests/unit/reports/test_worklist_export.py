"""The exported worklist: what comes first, what is masked, what may be chosen."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import openpyxl
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "support"))

from worklist_desk import RUN, SOME, Desk, decision, item

from migrate.errors import ConfigurationError
from migrate.worklist.cells import encoded
from migrate.worklist.columns import CAUSES, ITEMS, MEANING
from reports.formulas import restored
from reports.worklist_lists import INLINE, Lists, Shelf


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "desk")


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def test_csv_has_each_cause_before_its_items_and_the_largest_first(desk: Desk) -> None:
    found = rows(desk.export("w.csv"))
    assert list(found[0]) == list(ITEMS)
    causes = [row for row in found if row["kind"] == "cause"]
    spread = [int(row["records"]) + int(row["waiting"]) for row in causes]
    assert spread == sorted(spread, reverse=True) == [13, 9, 5, 1, 1, 1, 1, 1, 1, 1]
    above = ""
    for row in found:
        above = row["item"] if row["kind"] == "cause" else above
        assert row["cause"] == above
    notes = [row["item"] for row in found if row["cause"] == SOME["note"]["cause"] and row["kind"] != "cause"]
    assert notes == [SOME["note2"]["item"], SOME["note"]["item"]]
    assert desk.export("w.csv").read_bytes().startswith(b"\xef\xbb\xbf")


def test_closed_items_are_left_out_unless_they_are_asked_for(desk: Desk) -> None:
    closed = SOME["closed"]["item"]
    assert closed not in {row["item"] for row in rows(desk.export("w.csv"))}
    assert {row["item"] for row in rows(desk.export("w.csv", ["closed"]))} == {closed, SOME["closed"]["cause"]}


def test_a_workbook_explains_itself(desk: Desk) -> None:
    book = openpyxl.load_workbook(desk.export("w.xlsx"))
    assert book.sheetnames == ["Read me", "Causes", "Items", "Lists"]
    assert book["Lists"].sheet_state == "hidden"
    told = {str(a.value): str(b.value) for a, b in book["Read me"].iter_rows(max_col=2) if a.value}
    assert (told["Run"], told["Workspace"]) == (RUN, "desk")
    assert set(MEANING) | {"survivor", "waive"} <= set(told)
    for name, columns in (("Causes", CAUSES), ("Items", ITEMS)):
        sheet = book[name]
        assert [cell.value for cell in sheet[1]] == list(columns)
        assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("B2", sheet.dimensions)
    assert set(MEANING) == set(CAUSES) | set(ITEMS)


def test_a_row_offers_what_its_item_takes(desk: Desk) -> None:
    sheet = openpyxl.load_workbook(desk.export("w.xlsx"))["Items"]
    at = {str(row[0].value): row for row in sheet.iter_rows(min_row=2)}
    column = {name: number for number, name in enumerate(ITEMS)}

    def offered(name: str, word: str) -> str | None:
        cell = at[SOME[name]["item"]][column[word]]
        found = [v.formula1 for v in sheet.data_validations.dataValidation if cell.coordinate in v.sqref]
        assert len(found) <= 1
        return found[0] if found else None

    assert offered("merge", "decision") == '"accept,survivor,separate,return,reopen"'
    assert offered("name", "decision") == '"accept,override,exclude,waive,return,map,reopen"'
    assert offered("state", "new_value") == '"open,shut"'
    assert offered("name", "new_value") is None
    assert sheet.column_dimensions[at[SOME["name"]["item"]][column["new_value"]].column_letter].number_format == "@"
    assert str(at[SOME["merge"]["item"]][column["about"]].value) == "3, 1, 2"


def test_long_lists_stand_in_a_sheet_of_their_own() -> None:
    shelf, lists = Shelf(), Lists("C", strict=False)
    long, comma = tuple(f"value {n}" for n in range(60)), ("a,b", "c")
    for row in range(2, 2000):
        lists.add(row, long if row % 2 else comma)
    found = list(lists.validations(shelf))
    assert len(",".join(long)) > INLINE
    assert {v.formula1 for v in found} == {"Lists!$A$1:$A$2", "Lists!$B$1:$B$60"}
    assert shelf.columns == [comma, long]
    assert sum(len(v.sqref.ranges) for v in found) == 1998
    assert max(len(v.sqref.ranges) for v in found) <= 400


@pytest.mark.parametrize("name", ["w.csv", "w.xlsx"])
def test_personal_data_is_masked_unless_it_is_asked_for(tmp_path: Path, name: str) -> None:
    mail = {**SOME["mail"], "message": "'ana@example.org' is no address"}
    desk = Desk(tmp_path / "desk", [mail], mask=True)
    desk.decide(decision(mail, "override", "bo@example.org", "cy@example.org said so"))

    def text(file: Path) -> str:
        if name.endswith(".csv"):
            return file.read_text("utf-8-sig")
        return str([[cell.value for cell in row] for sheet in openpyxl.load_workbook(file) for row in sheet.iter_rows()])

    masked, clear = text(desk.export(name)), text(desk.export(name, clear=True))
    assert "example.org" not in masked
    assert "a***@***.org" in masked
    for person in ("ana", "bo", "cy"):
        assert f"{person}@example.org" in clear


def test_a_file_that_is_there_is_not_replaced_unasked(desk: Desk) -> None:
    from migrate.worklist.current import open_worklist
    from migrate.workspace import open_workspace
    from reports.masking import Masker
    from reports.worklist_export import export
    from reports.worklist_rows import WorklistRows

    file = desk.export("w.csv")
    before = file.read_bytes()
    listed = WorklistRows(open_workspace(desk.folder), open_worklist(desk.folder), Masker({}), frozenset({"closed"}))
    with pytest.raises(ConfigurationError, match="answers may stand in it"):
        export(listed, file)
    with pytest.raises(ConfigurationError, match="not written to such a file"):
        export(listed, desk.folder / "w.ods")
    with pytest.raises(ConfigurationError, match="cannot be written"):
        export(listed, desk.folder / "nowhere" / "w.csv")
    assert file.read_bytes() == before
    assert not list(desk.folder.glob(".w*"))


def test_a_long_text_is_cut_and_says_so(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "desk", [item("record", "P-NOTE", "note", "1", "x" * 50_000)])
    values = [str(row[10].value) for row in openpyxl.load_workbook(desk.export("w.xlsx"))["Items"].iter_rows(min_row=2)]
    assert [(len(value), value[-7:]) for value in values] == [(32_767, "… (cut)"[-7:])]


HOSTILE = (
    "=1+1", "+1+1", "-x", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", "=cmd|' /C calc'!A0", "'=1", "</script><b>", "a\u202eb",
    "\x1b[2J", "#REF!", '=HYPERLINK("http://attacker.example")', "http://attacker.example", "<r><t>=1</t></r>",
)  # fmt: skip


def test_hostile_text_stays_text_in_a_workbook(tmp_path: Path) -> None:
    items = [item("record", "P-NOTE", "note", text, text, message=text) for text in HOSTILE]
    book = openpyxl.load_workbook(Desk(tmp_path / "desk", items).export("w.xlsx"))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    assert not [cell for cell in cells if cell.data_type == "n" and not isinstance(cell.value, int)]
    assert not [cell for cell in cells if cell.hyperlink]
    assert all(cell.quotePrefix for cell in cells if str(cell.value)[:1] in "=+-@＝" and cell.data_type == "s")
    shown = {str(cell.value) for cell in cells}
    assert {encoded(text) for text in HOSTILE} <= shown


def test_hostile_text_begins_no_cell_of_a_csv(tmp_path: Path) -> None:
    items = [item("record", "P-NOTE", "note", text, text, message=text) for text in HOSTILE]
    found = rows(Desk(tmp_path / "desk", items).export("w.csv"))
    assert not [cell for row in found for cell in row.values() if cell[:1] in tuple("=+-@\t\r\n＝")]
    assert {restored(row["value"]) for row in found if row["kind"] != "cause"} == {encoded(text) for text in HOSTILE}
