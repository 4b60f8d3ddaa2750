"""The test plan traces requirements to acceptance tests and rules over both sides, and takes what the run says of them."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from both_sides_rules import add_rules
from click.testing import CliRunner
from plain_judge import SUITE, Plain, write_suite
from small_pair import CLEAN_ROWS, write_rows, write_workspace

import migrate.acceptance.run as acceptance_run
from migrate.acceptance.run import acceptance
from migrate.cli import cli
from migrate.pipeline import run
from migrate.test_plan import store
from migrate.test_plan.status import status
from migrate.test_plan.write import look_again, write_plan
from migrate.workspace import open_workspace
from reports.documents.test_plan import PlanDocument, TraceTest

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
POLICY = """\
seed: story-of-a-plan
classes:
  critical: {claim: 5}
  major: {aql: 2.5, differences: 1}
  minor: {aql: 6.5, differences: null}
requirements:
  - {id: REQ-7, risk: critical, text: Everybody can sign in., covers: [people.person_id]}
  - {id: REQ-STATE, risk: major, text: States are right., covers: [people.status, people.score, enrolments.role]}
  - {id: REQ-WHO, risk: critical, text: Who takes part., covers: [enrolments.person_id]}
"""
MORE = """\
  - code: ACC-TITLE
    entity: courses
    expect: not_null
    field: title
    requirement: GxP-12
    reason: a course has a name
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a run of which no expectation was judged."""
    workspace = write_suite(write_workspace(tmp_path_factory.mktemp("tested") / "school"), SUITE + MORE)
    add_rules(workspace)
    write_rows(workspace, CLEAN_ROWS)
    assert run(workspace, now=lambda: NOW).failure is None
    (workspace / "test_plan.yaml").write_text(POLICY, "utf-8")
    return workspace


@pytest.fixture
def folder(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(acceptance_run, "Judge", Plain)
    return Path(shutil.copytree(made, tmp_path / "school"))


def plan(folder: Path) -> PlanDocument:
    return write_plan(open_workspace(folder), None, NOW).document


def traced(document: PlanDocument, requirement: str) -> dict[str, TraceTest]:
    found = next(r for r in document.requirements if r.id == requirement)
    return {test.id: test for test in found.tests}


def change(folder: Path, **rules: Any) -> None:
    """Other numbers of rules in the summary of the run."""
    file = next((folder / "runs").glob("*/summary.json"))
    summary = json.loads(file.read_text("utf-8"))
    for name, words in rules.items():
        summary["reconciliation"]["checks"][name].update(words)
    file.write_text(json.dumps(summary), "utf-8")


def test_each_stands_under_the_requirements_that_it_is_evidence_for(folder: Path) -> None:
    """An expectation says which; all others go by the lines that write the fields they look at."""
    document = plan(folder)
    assert set(traced(document, "REQ-7")) == {"ACC-LOGIN", "scores", "births"}
    assert set(traced(document, "REQ-STATE")) == {"ACC-TEACHERS", "scores"}
    assert set(traced(document, "REQ-WHO")) == {"ACC-PERSON", "teachers", "courses_of_people"}
    assert [(test.id, test.named) for test in document.loose] == [("ACC-TITLE", "GxP-12")]
    login, person = traced(document, "REQ-7")["ACC-LOGIN"], traced(document, "REQ-WHO")["ACC-PERSON"]
    assert (login.kind, login.place) == ("acceptance test", "expectations/school.yaml:3")
    assert login.says == "people: login holds what this pattern matches (regex: ^[a-z]+$)"
    assert person.lines == ("people.login", "enrolments.person_id")
    teachers = traced(document, "REQ-WHO")["teachers"]
    assert teachers.says == "A course keeps its teachers: set of teacher by course"
    assert teachers.lines == ("enrolments.course_id", "enrolments.person_id")
    assert teachers.place.startswith("mapping/pair.yaml:")


def test_what_nobody_judged_is_not_finished_and_what_was_is_evidence(folder: Path) -> None:
    before = plan(folder)
    assert traced(before, "REQ-7")["ACC-LOGIN"].holds is None
    assert (traced(before, "REQ-7")["ACC-LOGIN"].named, traced(before, "REQ-7")["ACC-LOGIN"].evidence) == ("", "")
    assert traced(before, "REQ-STATE")["ACC-TEACHERS"].holds is True, "what is no gate is listed only"
    assert traced(before, "REQ-7")["scores"].state == "equal"
    result = CliRunner().invoke(cli, ["test-plan", "status", str(folder)], standalone_mode=False)
    assert "REQ-7: acceptance test ACC-LOGIN: not judged" in result.output
    acceptance(folder)
    after = look_again(open_workspace(folder), store.latest(folder), NOW)
    assert after.id == before.id
    found = traced(after, "REQ-7")["ACC-LOGIN"]
    assert (found.state, found.evidence, found.holds) == ("passed", "0 of 3 values are not as expected", True)
    assert status(folder).tests == ()


def test_an_expectation_that_fails_refuses_its_requirement_and_no_other(folder: Path) -> None:
    write_rows(folder, {**CLEAN_ROWS, "user": [{**row, "login": f"x{row['id']}"} for row in CLEAN_ROWS["user"]]})
    shutil.rmtree(folder / "runs")
    assert run(folder, now=lambda: NOW).failure is None
    acceptance(folder)
    document = plan(folder)
    assert document.state == "refused"
    assert {r.id: r.state for r in document.requirements}["REQ-7"] == "refused"
    assert {r.id: r.state for r in document.requirements}["REQ-WHO"] != "refused"
    result = CliRunner().invoke(cli, ["test-plan", "status", str(folder)], standalone_mode=False)
    assert result.return_value == 3
    assert "REQ-7: acceptance test ACC-LOGIN: failed (3 of 3 values are not as expected)" in result.output
    page = (folder / "documents" / "test_plan.html").read_text("utf-8")
    assert '<span class="bad">failed</span>' in page
    assert 'class="state-refused">refused</span>: <a href="#' in page, "by which requirement"
    text = (folder / "documents" / "test_plan.md").read_text("utf-8")
    assert text.count("| failed | 3 of 3 values are not as expected |") == 1
    assert "### Tests of the run that belong to no requirement" in text
    assert "empty text" not in page + text


def test_a_rule_may_differ_in_as_many_groups_as_the_class_of_risk_allows(folder: Path) -> None:
    acceptance(folder)
    plan(folder)
    change(folder, scores={"verdict": "different", "different": 1})
    document = look_again(open_workspace(folder), store.latest(folder), NOW)
    assert traced(document, "REQ-STATE")["scores"].holds is True, "one is allowed"
    assert traced(document, "REQ-7")["scores"].holds is False, "none is"
    change(folder, scores={"different": 2})
    document = look_again(open_workspace(folder), store.latest(folder), NOW)
    assert traced(document, "REQ-STATE")["scores"].holds is False
    assert traced(document, "REQ-STATE")["scores"].evidence.startswith("2 groups, 2 differ; 3 records expected, 3 in the target")


def test_a_rule_that_compared_nothing_or_was_not_asked_leaves_its_requirement_open(folder: Path) -> None:
    plan(folder)
    change(folder, scores={"verdict": "empty"}, teachers={"verdict": "not asked", "why": "not shown"})
    document = look_again(open_workspace(folder), store.latest(folder), NOW)
    assert (traced(document, "REQ-7")["scores"].state, traced(document, "REQ-7")["scores"].holds) == ("nothing to compare", None)
    teachers = traced(document, "REQ-WHO")["teachers"]
    assert (teachers.state, teachers.evidence, teachers.holds) == ("not asked", "not shown", None)


def test_results_of_another_suite_or_that_were_altered_are_no_evidence(folder: Path) -> None:
    acceptance(folder)
    plan(folder)
    write_suite(folder, (SUITE + MORE).replace("^[a-z]+$", "^[a-z]*$"))
    acceptance(folder)
    document = look_again(open_workspace(folder), store.latest(folder), NOW)
    assert traced(document, "REQ-7")["ACC-LOGIN"].state == "not judged", "the plan asks for something else"
    assert traced(document, "REQ-WHO")["ACC-PERSON"].state == "passed"
    next((folder / "runs").glob("*/acceptance/results.parquet")).write_bytes(b"")
    document = look_again(open_workspace(folder), store.latest(folder), NOW)
    assert "not those that were written" in traced(document, "REQ-WHO")["ACC-PERSON"].evidence


def test_a_plan_whose_run_is_gone_has_no_evidence(folder: Path) -> None:
    plan(folder)
    shutil.rmtree(folder / "runs")
    assert {outcome.state for _, outcome in status(folder).tests} == {"the run folder is gone"}


def test_a_plan_without_tests_keeps_the_id_that_it_had(folder: Path) -> None:
    plan(folder)
    kept = store.latest(folder).plan
    without = kept.model_copy(update={"tests": ()})
    assert b'"tests"' not in without.content()
    assert without.id != kept.id
