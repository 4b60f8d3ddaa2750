"""Certification states where people and auditors see them: the report in its forms, the command, and evidence packs."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pytest
from certified_pair import Plant
from click.testing import CliRunner
from evidence_packs import Change, edit, failed, forge, table, with_value

from migrate.cli import cli
from migrate.evidence.make import make
from migrate.evidence.verify import verify
from reports.build import build
from reports.html import render
from reports.junit.write import write_junit
from reports.text import render_text
from reports.xlsx.write import write_xlsx

LATE = ("    from: ends\n", '    expr: "case when id = 3 then ends + interval 1 day else ends end"\n')
OLD = (
    ", reason: it counts no more}",
    ', reason: it counts no more}\n  - {code: AWD-OLD, when: "id = 5", reason: too <b>old</b>}',
)


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Plant:
    """One person's licence is valid for a day too long, and another's expired award was left behind."""
    plant = Plant(tmp_path_factory.mktemp("shown") / "plant")
    file = plant.folder / "mapping" / "holdings.yaml"
    file.write_text(file.read_text("utf-8").replace(*LATE).replace(*OLD), "utf-8")
    return Plant.of(plant.folder)


@pytest.fixture(scope="module")
def run(school: Plant) -> Path:
    folder: Path = school.run().folder
    return folder


# The report --------------------------------------------------------------------------------------------------------------


def test_the_page_has_a_section_with_the_states_of_each_day(run: Path) -> None:
    report = build(run)
    found = report.certifications
    assert found is not None
    assert (found.verdict, found.people, found.equal, found.different) == ("different", 4, 2, 1)
    assert (
        "Certification states differ without a reason: 1 of 4 people, each counted once per certification."
        in report.verdict.reasons
    )
    assert report.alerts == ()
    every = {row.day: row for row in found.days if row.certification is None}
    assert list(every) == ["2026-01-01", "2026-01-31", "2026-04-01", "2027-01-01"]
    assert every["2026-01-01"].source == {"certified": 3, "window open": 0, "expired": 1, "unknown": 0}
    assert every["2026-01-01"].target == {"certified": 3, "window open": 0, "expired": 0, "unknown": 0}
    assert (every["2026-01-01"].different, every["2026-01-01"].accounted) == (0, 1)
    late, old = found.reasons
    assert (late.outcome, late.kind, late.code, late.people.n, late.first, late.days) == (
        "different", "later", "REC-CERT-LATER", 1, "2027-03-01", 1,
    )  # fmt: skip
    assert late.people.href == "#view=findings&code=REC-CERT-LATER&of=1"
    assert (old.outcome, old.kind, old.code, old.reason, old.days) == ("explained", "missing", "AWD-OLD", "too <b>old</b>", None)
    page = render(run).read_text("utf-8")
    assert '<section id="certifications"' in page
    assert '<a href="#certifications">Certifications <span class="tally">1</span></a>' in page
    assert "too &lt;b&gt;old&lt;/b&gt;" in page
    assert "<b>old</b>" not in page.partition("<script")[0]


def test_a_report_of_a_source_without_states_has_none(tmp_path: Path) -> None:
    without = Plant(tmp_path / "plant")
    contract = without.folder / "systems" / "plant.yaml"
    head, _, rest = contract.read_text("utf-8").partition("    certification:\n")
    contract.write_text(head + "    fields:\n" + rest.partition("    fields:\n")[2], "utf-8")
    result = Plant.of(without.folder).run()
    assert "certifications" not in result.summary["reconciliation"]
    assert build(result.folder).certifications is None
    assert 'id="certifications"' not in render(result.folder).read_text("utf-8")
    assert "Certifications:" not in render_text(result.folder)
    shown = CliRunner().invoke(cli, ["certifications", str(without.folder)], standalone_mode=False)
    assert "compared no certifications" in str(shown.exception)


def test_the_other_forms_say_it_too(run: Path, tmp_path: Path) -> None:
    text = render_text(run)
    assert (
        "Certifications: states differ without a reason; 4 people compared from 2026-01-01 on: 1 different, 1 explained; "
        "1 REC-CERT-LATER" in text
    )
    report = build(run)
    write_xlsx(report, tmp_path / "report.xlsx")
    book = openpyxl.load_workbook(tmp_path / "report.xlsx")
    sheet = book["Certifications"]
    rows = list(sheet.iter_rows(values_only=True))
    head = next(row for row in rows if row[0] == "certification")
    first = rows[rows.index(head) + 1]
    assert dict(zip(head, first, strict=True)) == {
        "certification": "all", "day": "2026-01-01", "certified, source": 3, "certified, target": 3, "window open, source": 0,
        "window open, target": 0, "expired, source": 1, "expired, target": 0, "unknown, source": 0, "unknown, target": 0,
        "different": 0, "explained": 1, "excused": 0, "aside": 0,
    }  # fmt: skip
    assert ("a finding", "later", "REC-CERT-LATER") in [row[:3] for row in book["States that differ"].iter_rows(values_only=True)]
    write_junit(report, tmp_path / "report.xml")
    cases = (tmp_path / "report.xml").read_text("utf-8")
    assert "certification states are the same" in cases
    assert "1 of 4 people are in another state on some day from 2026-01-01 on" in cases


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("certification_differences.parquet", "certification_differences.parquet is not there"),
        ("certifications.parquet", "certifications.parquet is not there"),
    ],
)
def test_a_summary_that_its_files_do_not_bear_out_is_an_alert(run: Path, tmp_path: Path, file: str, said: str) -> None:
    folder = shutil.copytree(run, tmp_path / "run")
    (folder / "6_reconcile" / file).unlink()
    report = build(folder)
    assert any(said in alert for alert in report.alerts)
    assert report.verdict.level == "fail"


# The command -------------------------------------------------------------------------------------------------------------


def shown(school: Plant, *arguments: str) -> Any:
    return CliRunner().invoke(cli, ["certifications", str(school.folder), *arguments], standalone_mode=False)


def test_the_command_shows_any_day(school: Plant, run: Path) -> None:
    assert run.is_dir()
    said = shown(school, "--on", "2027-03-01", "--on", "2021-01-01", "--certification", "C-FORK")
    assert said.exception is None
    assert said.return_value == 1
    lines = [line.split() for line in said.output.splitlines() if line.startswith("  C-FORK")]
    assert lines == [
        ["C-FORK", "2021-01-01", "0", "0", "0", "0", "0"],
        ["C-FORK", "2027-03-01", "1", "0", "->", "1", "1", "->", "0", "1", "0"],
    ]
    assert "1  a finding  later    REC-CERT-LATER" in said.output
    assert "p-2" not in said.output, "nobody is named"


def test_the_command_passes_where_nothing_differs(tmp_path: Path) -> None:
    plant = Plant(tmp_path / "plant")
    assert "lms-migrate run" in str(shown(plant).exception)
    plant.run()
    said = shown(plant)
    assert said.return_value == 0
    assert "nothing differs without a reason: 0 of 4 people, every day from 2026-01-01 on" in said.output
    assert "allowed: C-FORK, C-WELD" in str(shown(plant, "--certification", "FORK").exception)
    assert "there is no such run" in str(shown(plant, "--run", "../x").exception)


def test_states_that_somebody_changed_are_not_asked_again(run: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(run.parent.parent, tmp_path / "plant")
    file = folder / "runs" / run.name / "6_reconcile" / "certification_states.parquet"
    file.write_bytes(file.read_bytes() + b" ")
    said = CliRunner().invoke(cli, ["certifications", str(folder), "--on", "2027-03-01"], standalone_mode=False)
    assert "certification_states.parquet" in str(said.exception)


# Evidence packs ------------------------------------------------------------------------------------------------------------

DIFFERENCES, STATES, COUNTS = (
    f"run/6_reconcile/{name}.parquet" for name in ("certification_differences", "certification_states", "certifications")
)
SUMMARY, FACTS = "run/summary.json", "run/run.json"


@pytest.fixture(scope="module")
def packs(school: Plant, run: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    out = tmp_path_factory.mktemp("packs")
    assert run.is_dir()
    return {
        "masked": make(school.folder, out=out / "masked.zip").file,
        "personal": make(school.folder, out=out / "personal.zip", personal=True).file,
    }


def test_a_pack_is_judged_again(packs: dict[str, Path]) -> None:
    said = {kind: next(c for c in verify(pack).checks if c.name == "certifications") for kind, pack in packs.items()}
    assert {kind: check.status for kind, check in said.items()} == {"masked": "pass", "personal": "pass"}
    assert "the states of every person were compared again" in said["personal"].detail
    assert "not recounted" in said["masked"].detail


def claimed(change: Callable[[dict[str, Any]], None]) -> Change:
    return edit(SUMMARY, lambda told: change(told["reconciliation"]["certifications"]))


def hide_the_late_one(told: dict[str, Any]) -> None:
    told |= {"verdict": "equal", "different": 0, "equal": told["equal"] + 1, "kinds": {}}


def never_later(given: pa.Table) -> pa.Table:
    rows = [row for row in given.to_pylist() if row["side"] != "target" or row["state"] != "expired"]
    return pa.Table.from_pylist(rows, schema=given.schema)


@pytest.mark.parametrize(
    ("kind", "change", "said"),
    [
        ("masked", claimed(hide_the_late_one), "1 findings are REC-CERT-LATER"),
        ("masked", claimed(lambda told: told.update(equal=3)), "4 people are not the 5"),
        ("masked", claimed(lambda told: told.update(verdict="equal")), "its numbers different"),
        ("masked", edit(FACTS, lambda told: told["certifications"].update(explained={"A-B": {"differs": [], "reason": "x"}})),
         "pair.yaml in the pack"),
        ("personal", table(DIFFERENCES, with_value("outcome", 0, "explained")), "are counted"),
        ("personal", table(STATES, never_later), "rows are not what the states of the pack give"),
        ("personal", table(COUNTS, with_value("target_expired", 0, 7)), "rows are not what the states of the pack give"),
    ],
)  # fmt: skip
def test_a_forged_pack_is_found(packs: dict[str, Path], tmp_path: Path, kind: str, change: Change, said: str) -> None:
    found = verify(forge(packs[kind], tmp_path / "forged.zip", change))
    assert "certifications" in failed(found)
    assert said in next(c.detail for c in found.checks if c.name == "certifications")
