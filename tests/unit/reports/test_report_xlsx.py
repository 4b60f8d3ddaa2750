"""The workbook: every number is the summary's, every text is a text, and sheets are what spreadsheets take."""

from __future__ import annotations

import json
import re
import tempfile
import unicodedata
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.workbook import Workbook

from reports.build import build
from reports.model import DISPOSITIONS, NEEDS_A_PERSON, Report
from reports.parts import Table
from reports.xlsx.book import EMPTY, MOST_ROWS, OVERVIEW, Book, Column
from reports.xlsx.cells import cell_text
from reports.xlsx.names import SheetNames
from reports.xlsx.write import write_xlsx

FORMULA = '=HYPERLINK("http://attacker.example","click")'
ATTACKS = (
    FORMULA, "=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", "=cmd|' /C calc'!A0", "'=1",
    "</script><script>alert(1)</script>", "user\u202egnp.exe", "\x00\x07\x1b[2J", "\ud800", "\ufffe\uffff", "_x000D_", "[U+000D]",
    "<r><t>bold</t></r>", '<r></t></is></c><c r="A9"><f>1+1</f></c><c><is><t></r>', "{=1}", "http://attacker.example/",
    "mailto:a@b.example", "internal:'Overview'!A1", "external:c:\\x.xlsx", "007", "1e5", "TRUE", "#N/A", "x" * 40_000,
    "😀" * 20_000,
)  # fmt: skip
SIGNS = st.text(st.sampled_from("=+-@'＝[]U+00D_x41<r>/&\"\t\r\n\x07\u202e\u200b\ud800\ufffe \u00a0"), min_size=1, max_size=20)


def opened(file: Path) -> Workbook:
    return openpyxl.load_workbook(file)


def rows(book: Workbook, sheet: str, head: int = 2) -> list[dict[str, Any]]:
    """The rows of a table below its head."""
    names, *found = book[sheet].iter_rows(min_row=head, values_only=True)
    return [dict(zip(names, row, strict=True)) for row in found]


@pytest.fixture
def report(decided_run: Path) -> Report:
    return build(decided_run)


@pytest.fixture
def book(report: Report, tmp_path: Path) -> Workbook:
    write_xlsx(report, tmp_path / "report.xlsx")
    return opened(tmp_path / "report.xlsx")


def with_findings(report: Report, *texts: str | None) -> Report:
    """A report with these texts as values of findings, and in every other place of them that is text."""
    count = len(texts)
    findings = next(table for table in report.tables if table.name == "findings")
    columns = {
        name: [None] * count if name in ("record", "root_record", "item") else list(texts) for name in findings.columns
    } | {"entity": ["users"] * count, "severity": ["hold"] * count, "state": ["open"] * count}
    table = Table("findings", findings.file, count, columns)
    return replace(report, tables=(*(t for t in report.tables if t.name != "findings"), table))


def test_every_number_is_the_summary_s(book: Workbook, decided_run: Path) -> None:
    summary = json.loads((decided_run / "summary.json").read_text("utf-8"))
    overview = list(book[OVERVIEW].iter_rows(values_only=True))
    head = next(at for at, row in enumerate(overview) if row[0] == "entity")
    told = {
        row[0]: dict(zip(overview[head], row, strict=True)) for row in overview[head + 1 : head + 1 + len(summary["entities"])]
    }
    assert list(told) == list(summary["entities"])
    for name, numbers in summary["entities"].items():
        balance = dict(zip(*(row for row in book[name].iter_rows(min_row=3, max_row=4, values_only=True)), strict=True))
        for line in (told[name], balance):
            assert {word: line[word] for word in DISPOSITIONS} == numbers["dispositions"]
            assert [line[word] for word in ("source", "compared", "missing", "extra")] == [
                numbers[word] for word in ("source", "compared", "missing", "extra")
            ]
            assert line["different"] == sum(numbers["differences"].values())
            assert line["balance"] == "yes"
    codes: dict[str, int] = {}
    for row in rows(book, "Rules"):
        codes[row["code"]] = codes.get(row["code"], 0) + row["findings"]
    assert codes == summary["findings"]
    assert len(rows(book, "Findings")) == sum(summary["findings"].values())
    assert len(rows(book, "Worklist")) == sum(summary["worklist"].values())
    assert len(rows(book, "Differences")) == sum(
        e["missing"] + e["extra"] + sum(e["differences"].values()) for e in summary["entities"].values()
    )
    assert [(row["source"], row["rows"], row["treatment"]) for row in rows(book, "Losses")] == [
        (loss["source"], loss["rows"], loss["treatment"])
        for loss in sorted(
            summary["loss_register"], key=lambda each: ("undeclared", "dropped", "archived").index(each["treatment"])
        )
    ]
    assert {(r["entity"], r["field"]): (r["resolved"], r["empty"], r["blocked"]) for r in rows(book, "References")} == {
        (entity, field): (n["resolved"], n["empty"], n["blocked"])
        for entity, numbers in summary["entities"].items()
        for field, n in numbers["references"].items()
    }


def test_an_entity_has_the_rows_that_need_a_person(book: Workbook) -> None:
    found = rows(book, "users", head=5)
    findings = [row for row in found if row["what"] == "finding"]
    assert {row["state"] for row in findings} <= set(NEEDS_A_PERSON)
    assert [row["code"] for row in findings].count("USR-002") == 6
    assert not [row for row in found if row["code"] == "USR-004"], "waived findings need nobody"
    (expired,) = [row for row in findings if row["state"] == "expired"]
    assert (expired["disposition"], expired["decision"], expired["new value"]) == ("quarantined", "override", "E•••8")
    differences = [row for row in found if row["what"] == "difference"]
    assert {row["field"] for row in differences} == {"full_name", "login_id"}
    assert ("A. L. F.", "a. a. a.") in {(row["mapped"], row["read back"]) for row in differences}
    assert f"{len(found)} rows need a person" in str(book["users"]["A2"].value)


def test_records_that_no_finding_explains_are_listed(report: Report, tmp_path: Path) -> None:
    write_xlsx(with_findings(report), tmp_path / "r.xlsx")
    found = [row for row in rows(opened(tmp_path / "r.xlsx"), "enrolments", head=5) if row["what"] == "record"]
    assert len(found) == 18
    assert {(row["severity"], row["disposition"], row["code"]) for row in found} == {("unknown", "blocked", "REF-BLOCKED")}


def test_tables_have_filters_frozen_heads_and_ways_back(book: Workbook) -> None:
    entities = {"users", "courses", "enrolments"}
    for sheet in book.worksheets[1:]:
        head = 5 if sheet.title in entities else 2
        assert sheet.auto_filter.ref == f"A{head}:{sheet.dimensions.partition(':')[2]}", sheet.title
        assert str(sheet.freeze_panes) in (f"A{head + 1}", f"B{head + 1}"), sheet.title
        assert sheet["A1"].hyperlink.location == f"'{OVERVIEW}'!A1"
        assert all(sheet.column_dimensions[letter].width > 7 for letter in "AB")
        assert all(cell.font.b for cell in sheet[head] if cell.value is not None)
    assert book[OVERVIEW].freeze_panes == "B2"
    targets = {
        cell.hyperlink.location.rpartition("!")[0].strip("'")
        for row in book[OVERVIEW].iter_rows()
        for cell in row
        if cell.hyperlink
    }
    assert targets == {sheet.title for sheet in book.worksheets[1:]}, "the overview leads to every sheet"
    assert book["users"]["A4"].number_format == "#,##0"
    assert book["Timings"]["B3"].number_format == "#,##0.0"


def test_gates_and_facts_stand_in_the_overview(make_run: Callable[..., Path], tmp_path: Path) -> None:
    def gates(summary: dict[str, Any], run: dict[str, Any]) -> None:
        run["gates"] = [
            {"gate": "balanced", "entity": None, "says": "s", "value": "yes", "limit": "yes", "passed": True},
            {"gate": "users held", "entity": "users", "says": "s", "value": 6, "limit": "at most 0", "passed": False},
        ]

    write_xlsx(build(make_run(gates)), tmp_path / "r.xlsx")
    lines = [row[:5] for row in opened(tmp_path / "r.xlsx")[OVERVIEW].iter_rows(values_only=True)]
    assert ("users held", "users", "MISSED", 6, "at most 0") in lines
    assert ("balanced", None, "yes", "yes", "yes") in lines
    assert ("lms-migrate", "1.0.0") in {line[:2] for line in lines}


def test_hostile_text_stays_text(report: Report, tmp_path: Path) -> None:
    hostile = with_findings(report, *ATTACKS)
    entity = replace(report.entities[0], name=FORMULA)
    hostile = replace(hostile, label=FORMULA, entities=(entity, *hostile.entities), failure="\x1b]0;x\x07\n=1", mode="=1")
    write_xlsx(hostile, tmp_path / "r.xlsx")
    found = opened(tmp_path / "r.xlsx")
    shown = [row["value"] for row in rows(found, "Findings")]
    assert shown == [cell_text(text) for text in ATTACKS]
    for sheet in found:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type in ("s", "n", "inlineStr"), (sheet.title, cell.coordinate, cell.value)
                assert cell.data_type != "n" or cell.value is None or isinstance(cell.value, int | float)
                if isinstance(cell.value, str) and cell.value[:1] in "=+-@\t\r\n＝＋－＠":
                    assert cell.quotePrefix, cell.value
                if cell.hyperlink:
                    assert cell.hyperlink.target is None
                    assert cell.hyperlink.location.rpartition("!")[0].strip("'") in found.sheetnames
    with zipfile.ZipFile(tmp_path / "r.xlsx") as packed:
        assert not [name for name in packed.namelist() if "externalLink" in name or "vba" in name.lower()]
        assert not [name for name in packed.namelist() if b"<f>" in packed.read(name)]


@settings(max_examples=30, deadline=None)
@given(texts=st.lists(st.one_of(st.text(min_size=1), SIGNS), min_size=1, max_size=12))
def test_a_cell_gives_back_the_text_that_was_put_in(texts: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "b.xlsx"
        with Book(file, title="t", created=None) as book:
            book.table(book.names.give("t"), [Column("text", 10)], [[text] for text in texts])
        cells = [row[0] for row in opened(file)["t"].iter_rows(min_row=2)]
    assert [spell_back(str(cell.value)) for cell in cells] == texts
    assert {cell.data_type for cell in cells} == {"s"}
    assert all(str(cell.value).isprintable() or not spelled_out(str(cell.value)) for cell in cells)


def spell_back(cell: str) -> str:
    return re.sub(r"\[U\+([0-9A-F]{4,6})\]", lambda found: chr(int(found[1], 16)), cell)


def spelled_out(cell: str) -> set[str]:
    """Signs that one cannot see and that a cell shall not hold; code points that nobody assigned may stay."""
    return {sign for sign in cell if sign != " " and unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp", "Zs")}


def test_what_is_cut_says_so() -> None:
    for text, most in (("x" * 40_000, 32_767), ("😀" * 20_000, 32_767), ("\x07" * 9_000, 32_767)):
        shown = cell_text(text)
        assert shown.endswith("… (cut)")
        assert most - 2 <= len(shown.encode("utf-16-le")) // 2 <= most
    assert cell_text("x" * 32_767) == "x" * 32_767


def test_null_and_empty_text_are_told_apart(book: Workbook) -> None:
    lost = next(row for row in rows(book, "Differences") if row["key"] == "7" and row["field"] == "idnumber")
    assert (lost["mapped"], lost["read back"]) == (EMPTY, None)


def test_a_table_that_is_longer_than_a_sheet_goes_on(report: Report, tmp_path: Path) -> None:
    write_xlsx(report, tmp_path / "r.xlsx", most_rows=12)
    found = opened(tmp_path / "r.xlsx")
    parts = [name for name in found.sheetnames if name.startswith("Findings")]
    assert parts == ["Findings", "Findings part 2", "Findings part 3", "Findings part 4"]
    assert all(found[name].max_row <= 12 and found[name].auto_filter.ref for name in parts)
    assert sum(len(rows(found, name)) for name in parts) == report.tables[1].total == 32
    assert "goes on from the sheet Findings" in str(found[parts[1]]["B1"].value)
    assert MOST_ROWS == 2**20


def test_rows_that_the_report_does_not_carry_are_named(decided_run: Path, tmp_path: Path) -> None:
    write_xlsx(build(decided_run, most_rows=5), tmp_path / "r.xlsx")
    found = opened(tmp_path / "r.xlsx")
    assert "5 of 32 rows; the others are in findings.parquet" in str(found["Findings"]["B1"].value)
    assert "does not carry all rows" in str(found["users"]["A2"].value)


@pytest.mark.parametrize("names", [
    ["Findings", "findings", "FINDINGS"], ["a" * 40, "a" * 41], ["😀" * 20, "😀" * 21], ["[x]:*?/\\'", "'quoted'", ""],
    ["History", "\x00\u202e\n"], [FORMULA, "  "], ["ß", "SS"], ["a" * 31, "a" * 30 + "B", "a" * 30 + "b"],
])  # fmt: skip
def test_sheets_have_valid_names_of_their_own(names: list[str], report: Report, tmp_path: Path) -> None:
    entities = tuple(replace(report.entities[0], name=name) for name in names)
    write_xlsx(replace(report, entities=entities, tables=()), tmp_path / "r.xlsx")
    found = opened(tmp_path / "r.xlsx").sheetnames
    assert len({name.casefold() for name in found}) == len(found)
    for name in found:
        assert 0 < len(name.encode("utf-16-le")) // 2 <= 31
        assert not set(name) & set("[]:*?/\\'")
        assert name.isprintable()
        assert name.casefold() != "history"


def test_a_name_keeps_its_ending_however_long_it_is() -> None:
    names = SheetNames()
    assert names.give("a" * 40, " part 2") == "a" * 24 + " part 2"
    assert names.give("a" * 40, " part 2") == "a" * 20 + " part 2 (2)"


def test_equal_reports_give_equal_bytes(decided_run: Path, tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("a.xlsx", "b.xlsx")]
    for file in files:
        write_xlsx(build(decided_run), file)
    assert files[0].read_bytes() == files[1].read_bytes()
    properties = opened(files[0]).properties
    assert (properties.created.isoformat(), properties.modified.isoformat()) == ("2031-05-04T09:10:00",) * 2
    assert not list(tmp_path.glob(".*"))


def test_it_is_masked_as_the_page_is(report: Report, decided_run: Path, tmp_path: Path) -> None:
    def everything(of: Report) -> str:
        write_xlsx(of, tmp_path / "r.xlsx")
        return "\n".join(
            str(cell) for sheet in opened(tmp_path / "r.xlsx") for row in sheet.iter_rows(values_only=True) for cell in row
        )

    masked = everything(report)
    for secret in ("ana.ferreira", "Ferreira", "juergen@", "E-100007"):
        assert secret not in masked
    clear = everything(build(decided_run, mask=False))
    assert "ana.ferreira@school.example.org" in clear
    assert "Personal data: masked in this file." in masked
    assert "treat this file as personal data" in clear


def test_a_run_that_stopped_early_has_a_workbook(tmp_path: Path) -> None:
    for name in ("summary.json", "run.json"):
        (tmp_path / name).write_text("{}")
    write_xlsx(build(tmp_path), tmp_path / "r.xlsx")
    found = opened(tmp_path / "r.xlsx")
    assert found[OVERVIEW]["A2"].value == "FAILED"
    assert "findings.parquet is not there" in str(found["Findings"]["B1"].value)
