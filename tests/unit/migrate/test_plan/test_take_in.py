"""Handing a worksheet in: mistakes by row and column, all or nothing, corrections kept."""

from __future__ import annotations

import csv
import datetime as dt
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from migrate.errors import ConfigurationError
from migrate.ledger import open_ledger
from migrate.test_plan import sheets, store
from migrate.test_plan.take_in import take_in

NOW = dt.datetime(2026, 3, 2, 10, 0, tzinfo=dt.UTC)


def results(desk: Any) -> list[tuple[str, str, str]]:
    return [(r.pick, r.result, r.corrects) for r in store.results(desk.folder, desk.plan.id)]


def test_what_was_looked_at_is_recorded_and_blank_rows_are_not(desk: Any) -> None:
    taken = take_in(desk, desk.write(desk.row(1, result="pass"), desk.row(2)), NOW)
    assert (taken.new, taken.corrected, taken.unchanged, taken.blank) == (1, 0, 0, 1)
    (row,) = store.results(desk.folder, desk.plan.id)
    assert (row.number, row.recorded, row.tester, row.tested_on) == ("1", "2026-03-02T10:00:00+00:00", "Ana", "2026-03-02")


def test_the_same_file_again_changes_nothing(desk: Any) -> None:
    sheet = desk.write(desk.row(1, result="pass"), desk.row(2, result="fail", note="gone"))
    take_in(desk, sheet, NOW)
    before = taken = store.results_file(desk.folder, desk.plan.id).read_bytes()
    taken = take_in(desk, sheet, NOW)
    assert (taken.new, taken.unchanged) == (0, 2)
    assert store.results_file(desk.folder, desk.plan.id).read_bytes() == before


def test_a_correction_needs_a_reason_and_keeps_the_old_row(desk: Any) -> None:
    take_in(desk, desk.write(desk.row(1, result="fail", note="not found")), NOW)
    with pytest.raises(ConfigurationError) as caught:
        take_in(desk, desk.write(desk.row(1, result="pass", note="not found")), NOW)
    assert "needs a note that says why" in str(caught.value)
    taken = take_in(desk, desk.write(desk.row(1, result="pass", note="looked in the wrong site", tester="Bo")), NOW)
    assert (taken.new, taken.corrected) == (0, 1)
    assert results(desk) == [("people/0001", "fail", ""), ("people/0001", "pass", "1")]


MISTAKES = [
    ({"result": "ok"}, "result", "result is pass or fail"),
    ({"result": "", "note": "seen"}, "result", "result is pass or fail"),
    ({"result": "pass", "tester": ""}, "tester", "name of who looked"),
    ({"result": "pass", "tested_on": "2.3.2026"}, "tested_on", "no date"),
    ({"result": "pass", "tested_on": "20260302"}, "tested_on", "no date"),
    ({"result": "pass", "tested_on": "2026-03-09"}, "tested_on", "in the future"),
    ({"result": "fail"}, "note", "needs a note"),
    ({"result": "fail", "note": "a\x0bb"}, "note", "U+000B"),
    ({"result": "pass", "tester": "\x1b[2J"}, "tester", "U+001B"),
    ({"result": "fail", "note": "x", "requirement": "REQ-3"}, "requirement", "nobody asks"),
    ({"result": "fail", "note": "x", "requirement": ""}, "requirement", "needs the requirement"),
    ({"result": "pass", "requirement": "REQ-1"}, "requirement", "named for what failed"),
    ({"result": "pass", "source_key": "7"}, "source_key", "not that of the pick"),
    ({"result": "pass", "target_key": "p-7"}, "target_key", "not that of the pick"),
    ({"result": "pass", "entity": "courses"}, "entity", "not that of the pick"),
    ({"result": "pass", "pick": "people/0999"}, "pick", "no such pick"),
]


@pytest.mark.parametrize(("cells", "column", "message"), MISTAKES)
def test_a_mistake_is_named_by_row_and_column_and_nothing_is_recorded(
    desk: Any, cells: dict[str, str], column: str, message: str
) -> None:
    wrong = desk.row(2, **({"result": "pass"} | cells))
    with pytest.raises(ConfigurationError) as caught:
        take_in(desk, desk.write(desk.row(1, result="pass"), wrong), NOW)
    (problem,) = caught.value.problems
    assert message in problem.message
    assert problem.place is not None
    assert (problem.place.line, problem.place.column) == (3, sheets.COLUMNS.index(column) + 1)
    assert results(desk) == []


def test_several_requirements_may_be_named_in_any_form(desk: Any) -> None:
    take_in(desk, desk.write(desk.row(1, result="fail", note="x", requirement="REQ-2;REQ-1 ")), NOW)
    (row,) = store.results(desk.folder, desk.plan.id)
    assert (row.requirement, row.requirements) == ("REQ-2, REQ-1", ("REQ-2", "REQ-1"))
    assert take_in(desk, desk.write(desk.row(1, result="fail", note="x", requirement="REQ-2, REQ-1")), NOW).unchanged == 1


def test_line_ends_of_all_systems_are_one(desk: Any) -> None:
    take_in(desk, desk.write(desk.row(1, result="fail", note="a\r\nb")), NOW)
    assert take_in(desk, desk.write(desk.row(1, result="fail", note="a\nb")), NOW).unchanged == 1


def test_where_one_thing_is_asked_it_need_not_be_named(desk: Any) -> None:
    assert take_in(desk, desk.write(desk.row(7, result="fail", note="x", requirement="")), NOW).new == 1


def test_all_mistakes_are_named_at_once_in_the_order_of_the_file(desk: Any) -> None:
    rows = [desk.row(n, **({"result": "pass"} | cells)) for n, (cells, _, _) in enumerate(MISTAKES[:4], start=1)]
    with pytest.raises(ConfigurationError) as caught:
        take_in(desk, desk.write(*rows), NOW)
    assert [p.place.line for p in caught.value.problems if p.place] == [2, 3, 4, 5]


def test_a_pick_that_stands_twice_is_a_mistake(desk: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        take_in(desk, desk.write(desk.row(1, result="pass"), desk.row(1, result="fail", note="x")), NOW)
    assert "stands in row 2 already" in caught.value.problems[0].message


def test_another_plan_and_a_mix_of_plans_are_refused(desk: Any) -> None:
    with pytest.raises(ConfigurationError, match="cannot be used") as caught:
        take_in(desk, desk.write(desk.row(1, result="pass", plan="TP-0000000000000000")), NOW)
    assert caught.value.problems[0].allowed == (desk.plan.id,)
    with pytest.raises(ConfigurationError) as caught:
        take_in(desk, desk.write(desk.row(1, result="pass"), desk.row(2, plan="TP-1")), NOW)
    assert "of one plan" in caught.value.problems[0].message


def test_a_plan_that_was_edited_takes_no_results(desk: Any) -> None:
    file = desk.folder / "test_plans" / f"{desk.plan.id}.json"
    file.write_text(file.read_text("utf-8").replace('"accept": 0', '"accept": 3'), "utf-8")
    with pytest.raises(ConfigurationError) as caught:
        take_in(desk, desk.write(desk.row(1, result="pass")), NOW)
    assert "not as it was written" in str(caught.value)


def test_results_that_were_edited_are_refused(desk: Any) -> None:
    take_in(desk, desk.write(desk.row(1, result="fail", note="x"), desk.row(2, result="pass")), NOW)
    file = store.results_file(desk.folder, desk.plan.id)
    lines = file.read_text("utf-8").splitlines(keepends=True)
    file.write_text("".join([lines[0], lines[2]]), "utf-8")
    with pytest.raises(ConfigurationError, match="not as it was written"):
        store.results(desk.folder, desk.plan.id)


def test_the_audit_trail_gets_an_entry_with_the_hash_and_no_names(desk: Any) -> None:
    ledger = open_ledger(desk.ledger_url(), desk.folder)
    assert ledger is not None
    try:
        take_in(desk, desk.write(desk.row(1, result="fail", note="secret words")), NOW)
        take_in(desk, desk.write(desk.row(1, result="fail", note="secret words")), NOW)
        (entry,) = ledger.trail()
        assert ledger.broken() is None
    finally:
        ledger.close()
    from migrate.artefacts import sha256

    assert entry.event == "test results"
    assert sha256(store.results_file(desk.folder, desk.plan.id)) in entry.detail
    assert "secret" not in entry.detail
    assert "Ana" not in entry.detail


def test_where_the_trail_cannot_be_written_nothing_is_recorded(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from migrate.errors import LedgerLost
    from migrate.ledger import Ledger

    ledger = open_ledger(desk.ledger_url(), desk.folder)
    assert ledger is not None
    ledger.close()

    def lost(*_: object) -> None:
        raise LedgerLost("gone")

    monkeypatch.setattr(Ledger, "note", lost)
    with pytest.raises(LedgerLost):
        take_in(desk, desk.write(desk.row(1, result="pass")), NOW)
    assert results(desk) == []


# Files ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiters_of_all_countries_are_read(desk: Any, delimiter: str) -> None:
    assert take_in(desk, desk.write(desk.row(1, result="pass"), delimiter=delimiter), NOW).new == 1


def test_columns_may_stand_in_any_order(desk: Any) -> None:
    assert take_in(desk, desk.write(desk.row(1, result="pass"), header=sheets.COLUMNS[::-1]), NOW).new == 1


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (sheets.COLUMNS[1:], "a column is missing"),
        ((*sheets.COLUMNS, "more"), "no such column"),
        ((*sheets.COLUMNS, "note"), "stands twice"),
    ],
)
def test_other_columns_are_refused(desk: Any, header: tuple[str, ...], message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        take_in(desk, desk.write(desk.row(1, result="pass"), header=header), NOW)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"", "a column is missing"),
        ("a.csv", b"plan,pick\xff\n", "not UTF-8"),
        ("a.csv", b"plan\0", "U+0000"),
        ("a.csv", b'plan,"pick\n', "cannot be read"),
        ("a.xlsx", b"no zip", "no XLSX"),
        ("a.xlsx", b"PK\x05\x06" + b"\0" * 18, "no XLSX"),
    ],
)
def test_what_is_no_worksheet_is_refused(desk: Any, name: str, content: bytes, message: str) -> None:
    file = desk.folder / name
    file.write_bytes(content)
    with pytest.raises(ConfigurationError) as caught:
        take_in(desk, file, NOW)
    assert message in str(caught.value)


def test_a_file_that_is_not_there_and_one_with_a_header_alone(desk: Any) -> None:
    with pytest.raises(ConfigurationError, match="nothing was taken in"):
        take_in(desk, desk.folder / "none.csv", NOW)
    with pytest.raises(ConfigurationError, match="has no rows"):
        take_in(desk, desk.write(), NOW)


def test_a_zip_bomb_is_not_unpacked(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    file = desk.folder / "bomb.xlsx"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * 2_000_000)
    monkeypatch.setattr(sheets, "MOST_BYTES", 1_000_000)
    with pytest.raises(ConfigurationError) as caught:
        take_in(desk, file, NOW)
    assert "unpacks to more" in str(caught.value)


def as_xlsx(desk: Any, *rows: dict[str, Any]) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = sheets.SHEET
    sheet.append(sheets.COLUMNS)
    for row in rows:
        sheet.append([row[column] for column in sheets.COLUMNS])
    file = desk.folder / "sheet.xlsx"
    book.save(file)
    assert isinstance(file, Path)
    return file


def test_a_spreadsheet_turns_numbers_and_dates_into_its_own_kinds(desk: Any) -> None:
    row = desk.row(1, result="pass") | {"source_key": 1, "tested_on": dt.datetime(2026, 3, 2)}
    assert take_in(desk, as_xlsx(desk, row), NOW).new == 1
    assert store.results(desk.folder, desk.plan.id)[0].tested_on == "2026-03-02"


def test_a_mistake_in_a_spreadsheet_is_named_by_row_and_column(desk: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        take_in(desk, as_xlsx(desk, desk.row(1, result="pass"), desk.row(2, result="maybe")), NOW)
    (problem,) = caught.value.problems
    assert problem.place is not None
    assert (problem.place.line, problem.place.column) == (3, sheets.COLUMNS.index("result") + 1)


NOTES = st.text(st.characters(exclude_categories=("Cs", "Cc"))).map(str.strip).filter(bool) | st.sampled_from(
    ['=HYPERLINK("http://x")', "-1", "'=1", "@x", "a\nb", '"', ";,"]
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(note=NOTES, tester=NOTES)
def test_notes_survive_the_file_and_never_become_formulas(desk: Any, note: str, tester: str) -> None:
    store.results_file(desk.folder, desk.plan.id).unlink(missing_ok=True)
    take_in(desk, desk.write(desk.row(1, result="fail", note=note, tester=tester)), NOW)
    (row,) = store.results(desk.folder, desk.plan.id)
    from reports.formulas import restored

    assert (row.note, row.tester) == (restored(note).strip(), restored(tester).strip())
    with store.results_file(desk.folder, desk.plan.id).open(encoding="utf-8", newline="") as stream:
        cells = [cell for line in csv.reader(stream) for cell in line]
    assert not [c for c in cells if c[:1] in ("=", "@")]
