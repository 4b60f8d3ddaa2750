"""The story of a test plan: a run, its plan, worksheets filled in and handed in, a verdict, and the plan of the next run."""

from __future__ import annotations

import csv
import datetime as dt
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner
from small_pair import GOOD_ROWS, write_rows, write_workspace

from migrate.cli import cli
from migrate.errors import ConfigurationError
from migrate.pipeline import run
from migrate.test_plan import sheets, store
from migrate.test_plan.status import status
from migrate.test_plan.write import write_plan
from migrate.workspace import open_workspace

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
PEOPLE = 60
POLICY = """\
seed: story-of-a-plan
classes:
  critical: {claim: 5}
  major: {aql: 2.5}
  minor: {aql: 6.5, differences: null}
switching: {refused: 1}
requirements:
  - {id: REQ-WHO, risk: critical, text: Nobody is lost., covers: [people.person_id, people.login]}
  - {id: REQ-STATE, risk: major, text: States are right., covers: ["people.status", "enrolments.*"]}
  - {id: REQ-TEXT, risk: minor, text: Texts can be read., covers: ["courses.*", people.name]}
stratify: {people: [status]}
directed:
  - {entity: people, which: survivors, why: two became one}
  - {entity: people, which: longest, field: name, most: 1, why: may be cut}
  - {entity: people, which: excluded, why: left out}
"""
FILLED = {"tester": "Ana", "tested_on": "2026-03-01"}


def many() -> dict[str, list[dict[str, Any]]]:
    people = [
        {"id": n, "login": f"user{n}", "name": f"Person {'x' * (n % 7)} {n}", "active": n % 3 > 0}
        for n in range(100, 100 + PEOPLE)
    ]
    return {table: [*rows, *(people if table == "user" else ())] for table, rows in GOOD_ROWS.items()}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with one run."""
    folder = write_workspace(tmp_path_factory.mktemp("plan") / "school")
    settings = folder / "migration.yaml"
    settings.write_text(settings.read_text("utf-8").replace("mask: false", "mask: true"), "utf-8")
    write_rows(folder, many())
    assert run(folder, now=lambda: NOW).failure is None
    (folder / "test_plan.yaml").write_text(POLICY, "utf-8")
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "school"))


def call(*arguments: object) -> tuple[int, str]:
    """The command line within this process."""
    result = CliRunner().invoke(cli, [str(a) for a in arguments], standalone_mode=False)
    if isinstance(result.exception, ConfigurationError):
        return result.exception.exit_code, str(result.exception)
    assert result.exception is None, result.exception
    return int(result.return_value or 0), result.output


def fill(folder: Path, answer: Callable[[dict[str, str]], dict[str, str]]) -> Path:
    """The CSV worksheet, each row answered."""
    with (folder / "documents" / "test_worksheet.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = [row | answer(row) for row in csv.DictReader(stream)]
    file = folder / "filled.csv"
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, sheets.COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    return file


def all_pass(row: dict[str, str]) -> dict[str, str]:
    return FILLED | {"result": "pass"}


def test_a_plan_is_written_filled_in_and_accepted(folder: Path) -> None:
    assert call("test-plan", "write", folder)[0] == 0
    assert call("test-plan", "status", folder)[0] == 1
    code, said = call("test-plan", "import", folder, fill(folder, all_pass))
    assert code == 0, said
    assert call("test-plan", "status", folder)[0] == 0
    page = (folder / "documents" / "test_plan.html").read_text("utf-8")
    assert 'class="state-accepted"' in page
    assert 'class="state-refused"' not in page


def test_one_critical_failure_refuses_and_the_next_run_is_tightened(folder: Path) -> None:
    call("test-plan", "write", folder)
    failed = {"result": "fail", "note": "another person", "requirement": "REQ-WHO"}
    answer = lambda row: FILLED | (failed if row["pick"] == "people/0001" else {"result": "pass"})  # noqa: E731
    call("test-plan", "import", folder, fill(folder, answer))
    code, said = call("test-plan", "status", folder)
    assert code == 3
    assert "refused" in said
    first = store.latest(folder).plan
    later = NOW + dt.timedelta(days=1)
    assert run(folder, now=lambda: later).failure is None
    second = write_plan(open_workspace(folder), None, later).document
    tightened = {one.id: one for one in second.inspections}
    before = {one.id: one for one in first.inspections}
    assert tightened["people/critical"].size > before["people/critical"].size
    assert tightened["people/critical"].reason == "of the last 1 lots 1 were refused"
    assert tightened["people/major"].rule.endswith("normal inspection")
    assert status(folder, first.id).state == "refused"
    assert status(folder, second.id).state == "unfinished"


def test_the_same_run_and_policy_give_the_same_plan_and_another_seed_another(folder: Path) -> None:
    workspace = open_workspace(folder)
    first, again = (write_plan(workspace, None, NOW + dt.timedelta(hours=n)).document for n in range(2))
    assert (first.id, first.written) == (again.id, again.written)
    assert first.picks == again.picks
    policy = folder / "test_plan.yaml"
    policy.write_text(policy.read_text("utf-8").replace("story-of-a-plan", "another-seed"), "utf-8")
    other = write_plan(workspace, None, NOW).document
    assert {p.source_key for p in first.of("people")} != {p.source_key for p in other.of("people")}


def test_a_record_is_looked_at_once_for_all_classes_of_risk(folder: Path) -> None:
    document = write_plan(open_workspace(folder), None, NOW).document
    people = document.of("people")
    sizes = [one.size for one in document.inspections if one.entity == "people" and one.kind == "sample"]
    assert len({pick.source_key for pick in people}) == len(people) < sum(sizes)
    assert len(people) >= max(sizes)
    for pick in people:
        shown = {field for field, _ in pick.expected}
        assert ("status" in shown) == ("REQ-STATE" in pick.requirements)


def test_sizes_strata_and_directed_cases_are_those_of_the_policy(folder: Path) -> None:
    document = write_plan(open_workspace(folder), None, NOW).document
    by_id = {one.id: one for one in document.inspections}
    lot = PEOPLE + 3  # of the five others one is excluded and one is merged
    critical, major, directed = by_id["people/critical"], by_id["people/major"], by_id["people/directed"]
    assert (critical.lot, critical.accept, critical.letter) == (lot, 0, "")
    assert (major.letter, major.size, major.accept) == ("E", 20, 1)
    of_major = [pick for pick in document.of("people") if "REQ-STATE" in pick.requirements]
    assert len(of_major) == major.size
    suspended = [pick for pick in of_major if pick.why == "status: suspended"]
    assert len(suspended) in (6, 7)  # 21 of 63 records, in a sample of 20
    assert directed.accept == 0
    assert {pick.why for pick in document.of("people/directed")} == {"two became one", "may be cut", "left out"}
    (guest,) = [pick for pick in document.of("people/directed") if pick.why == "left out"]
    assert (guest.source_key, guest.target_key, guest.expected) == ("1", "p-1", ())  # the key it would have


def test_personal_data_is_masked_in_every_file(folder: Path) -> None:
    write_plan(open_workspace(folder), None, NOW)
    book = openpyxl.load_workbook(folder / "documents" / "test_worksheet.xlsx")
    cells = " ".join(str(cell.value) for row in book[sheets.SHEET].iter_rows() for cell in row)
    files = [*(folder / "documents").glob("test_*"), *(folder / "test_plans").iterdir()]
    texts = {file.name: file.read_text("utf-8") for file in files if file.suffix != ".xlsx"} | {"xlsx": cells}
    assert len(texts) == 6
    for name, text in texts.items():
        assert not re.search(r"Person x+|\buser1\d\d\b|Lúcia", text), name
    assert "P. x." in texts["test_worksheet.html"]


def test_the_spreadsheet_can_be_filled_in_and_handed_in(folder: Path) -> None:
    write_plan(open_workspace(folder), None, NOW)
    file = folder / "documents" / "test_worksheet.xlsx"
    book = openpyxl.load_workbook(file)
    sheet = book[sheets.SHEET]
    assert {rule.formula1 for rule in sheet.data_validations.dataValidation} >= {
        '"pass,fail"',
        '"REQ-WHO,REQ-STATE,REQ-TEXT"',
    }
    at = {column: n for n, column in enumerate(sheets.COLUMNS, start=1)}
    for row in range(2, sheet.max_row + 1):
        for column, text in (("result", "pass"), *FILLED.items()):
            sheet.cell(row, at[column], text)
    book.save(file)
    assert call("test-plan", "import", folder, file)[0] == 0
    assert call("test-plan", "status", folder)[0] == 0


def test_a_difference_that_the_comparison_found_refuses_whatever_people_saw(folder: Path) -> None:
    write_plan(open_workspace(folder), None, NOW)
    call("test-plan", "import", folder, fill(folder, all_pass))
    summary = next((folder / "runs").glob("*/summary.json"))
    numbers = json.loads(summary.read_text("utf-8"))
    numbers["entities"]["people"]["differences"] = {"status": 1}
    summary.write_text(json.dumps(numbers), "utf-8")
    code, said = call("test-plan", "status", folder)
    assert code == 3
    assert "REQ-STATE: the comparison of all records does not hold (1 differences, 0 missing or extra)" in said
    numbers["entities"]["people"]["differences"] = {"name": 1}  # minor: listed only
    summary.write_text(json.dumps(numbers), "utf-8")
    assert call("test-plan", "status", folder)[0] == 0


def test_each_requirement_is_traced_to_lines_tests_checks_and_records(folder: Path) -> None:
    document = write_plan(open_workspace(folder), None, NOW).document
    state = next(r for r in document.requirements if r.id == "REQ-STATE")
    line = next(one for one in state.lines if one.id == "people.status")
    assert line.tests == ("a person arrives",)
    assert {"USR-STATUS", "GATE-ENUM", "GATE-REQUIRED"} <= set(line.gates)
    assert line.compared == PEOPLE + 3
    assert re.fullmatch(r"mapping/people\.yaml:\d+", line.place)
    assert state.inspections == ("people/major", "enrolments/major", "people/directed")
    assert "people.email" in document.uncovered


def test_the_first_time_a_policy_is_written_that_covers_every_line(folder: Path) -> None:
    (folder / "test_plan.yaml").unlink()
    code, said = call("test-plan", "write", folder)
    assert code == 0, said
    assert "test_plan.yaml: written" in said
    assert "no requirement covers" not in said
    assert "seed:" in (folder / "test_plan.yaml").read_text("utf-8")


def test_a_mapping_that_changed_since_the_run_gets_no_plan(folder: Path) -> None:
    mapping = folder / "mapping" / "people.yaml"
    mapping.write_text(mapping.read_text("utf-8") + "# later\n", "utf-8")
    code, said = call("test-plan", "write", folder)
    assert code == 2
    assert "changed since run" in said
    assert not (folder / "test_plans").exists()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("aql: 2.5", "aql: 2.4", "no such AQL"),
        ("people.login]", "people.nothing]", "covers no line of the mapping"),
        ("id: REQ-STATE", "id: REQ-WHO", "stands twice"),
        ("{people: [status]}", "{persons: [status]}", "no mapping has this name"),
        ("{people: [status]}", "{people: [state]}", "maps no such field"),
        ("field: name", "field: title", "maps no such field"),
        ("claim: 5", "claim: 5, aql: 1", "either aql or claim"),
        ("{refused: 1}", "{refused: 0}", "number of lots"),
        ("{refused: 1}", "{refused: 3, of: 2}", "no less than refused"),
        ("seed: story-of-a-plan", "seed: x", "at least 8 characters"),
        ("which: survivors", "which: lucky", "not allowed"),
    ],
)
def test_mistakes_in_the_policy_are_named_with_their_place(folder: Path, old: str, new: str, message: str) -> None:
    policy = folder / "test_plan.yaml"
    policy.write_text(policy.read_text("utf-8").replace(old, new), "utf-8")
    code, said = call("test-plan", "write", folder)
    assert code == 2
    assert message in said
    assert re.search(r"test_plan\.yaml:\d+:\d+", said)


def test_a_listed_key_that_the_run_does_not_know_is_named(folder: Path) -> None:
    policy = folder / "test_plan.yaml"
    policy.write_text(policy.read_text("utf-8") + "  - {entity: people, which: keys, keys: ['3', '999'], why: asked}\n", "utf-8")
    code, said = call("test-plan", "write", folder)
    assert code == 2
    assert "999" in said


@pytest.mark.parametrize("asked", ["20200101-000000", "../runs", "."])
def test_a_run_that_is_not_there_is_named_with_those_that_are(folder: Path, asked: str) -> None:
    code, said = call("test-plan", "write", folder, "--run", asked)
    assert code == 2
    assert "20260301-120000" in said


def test_a_workspace_without_a_plan_says_how_to_get_one(folder: Path) -> None:
    code, said = call("test-plan", "status", folder)
    assert code == 2
    assert "lms-migrate test-plan write" in said
