"""`report --format`: each form by its name, one report behind them all, and what is printed can be piped."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import openpyxl
import pytest
from click.testing import CliRunner, Result
from defusedxml.ElementTree import parse

from migrate.cli import cli
from migrate.errors import ConfigurationError
from reports.acceptance.model import Acceptance, Expected, State, Unexpected
from reports.build import build
from reports.forms import FILES, FORMS, checked
from reports.junit.cases import suites
from reports.parts import Count
from reports.reconciliation.model import Reconciliation, ReferenceField, RuleVerdict, SidesRule, TargetRows

DOCUMENT = (Path(__file__).parents[3] / "docs" / "report-forms.md").read_text("utf-8")
ROLES = "roles:\n  registrar: [name, email, login, identifier, contact, free_text]\n"


@pytest.fixture
def workspace(decided_run: Path, tmp_path: Path) -> Path:
    """A workspace with one finished run."""
    runs = tmp_path / "desk" / "runs"
    runs.mkdir(parents=True)
    shutil.copytree(decided_run, runs / "one")
    (tmp_path / "desk" / "privacy.yaml").write_text(ROLES, "utf-8")
    return tmp_path / "desk"


def report(workspace: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["report", str(workspace), *arguments], standalone_mode=False)


def files(workspace: Path) -> set[str]:
    return {path.name for path in (workspace / "runs" / "one").iterdir() if path.name.startswith(("report", "."))}


def test_the_page_is_what_it_makes_unasked(workspace: Path) -> None:
    done = report(workspace)
    assert done.stdout == f"report: {workspace / 'runs' / 'one' / 'report.html'}\n"
    assert files(workspace) == {"report.html"}


def test_several_forms_of_one_report(workspace: Path) -> None:
    done = report(workspace, "--format", "xlsx", "--format", "junit", "--format", "html", "--format", "xlsx")
    assert [Path(line.removeprefix("report: ")).name for line in done.stdout.splitlines()] == [
        "report.xlsx", "report.junit.xml", "report.html",
    ]  # fmt: skip
    assert files(workspace) == {"report.html", "report.xlsx", "report.junit.xml"}
    root: Element = parse(workspace / "runs" / "one" / "report.junit.xml").getroot()
    assert int(str(root.get("failures"))) > 0
    assert "users" in openpyxl.load_workbook(workspace / "runs" / "one" / "report.xlsx").sheetnames


def test_a_role_has_files_of_its_own(workspace: Path) -> None:
    report(workspace, "--format", "xlsx", "--format", "junit", "--role", "registrar")
    assert files(workspace) == {"report-registrar.xlsx", "report-registrar.junit.xml"}
    book = openpyxl.load_workbook(workspace / "runs" / "one" / "report-registrar.xlsx")
    assert "ana.ferreira@school.example.org" in {row[5] for row in book["Findings"].iter_rows(values_only=True)}
    assert b"ana.ferreira@" in (workspace / "runs" / "one" / "report-registrar.junit.xml").read_bytes()
    with pytest.raises(ConfigurationError, match="no such role"):
        raise report(workspace, "--format", "xlsx", "--role", "janitor").exception or AssertionError


def test_json_is_the_summary_and_nothing_beside_it(workspace: Path) -> None:
    done = report(workspace, "--format", "json", "--format", "junit")
    assert json.loads(done.stdout) == json.loads((workspace / "runs" / "one" / "summary.json").read_text("utf-8"))
    assert "report.junit.xml" in done.stderr


def test_text_names_the_page_where_there_is_one(workspace: Path) -> None:
    alone = report(workspace, "--format", "text").stdout
    assert alone.startswith("NEEDS A PERSON  rehearsal")
    assert f"Next: lms-migrate worklist show {workspace}" in alone
    assert "Report:" not in alone
    report(workspace)
    assert "Report:" in report(workspace, "--format", "text").stdout


@pytest.mark.parametrize(("forms", "said"), [(["pdf"], "there is no such form"), (["text", "json"], "only one form")])
def test_what_cannot_be_made_is_answered_with_what_can(workspace: Path, forms: list[str], said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        checked(forms)
    told = str(caught.value)
    assert said in told
    assert "allowed:" in told
    assert "next:    lms-migrate report --help" in told
    assert len(forms) > 1 or all(form in told for form in FORMS)
    assert report(workspace, *(word for form in forms for word in ("--format", form))).exit_code != 0
    assert files(workspace) == set()


def test_a_file_that_cannot_be_written_is_no_traceback(workspace: Path) -> None:
    for name in ("report.xlsx", "report.junit.xml", "report.html"):
        (workspace / "runs" / "one" / name).mkdir()
    for form in ("xlsx", "junit", "html"):
        error = report(workspace, "--format", form).exception
        assert isinstance(error, ConfigurationError)
        assert "cannot be written" in str(error)
    assert not [name for name in files(workspace) if name.startswith(".")]
    (workspace / "runs" / "one" / ".report.xlsx.part").mkdir()
    assert isinstance(report(workspace, "--format", "xlsx").exception, ConfigurationError)


def expected(state: State, **words: Any) -> Expected:
    unexpected = int(state == "failed")
    row = Expected(
        f"ACC-{state.upper()}", "own", "a login is there", "nobody signs in without", "", True, state, 9, 9, unexpected, None, ""
    )
    return replace(row, **words)


ACCEPTED = Acceptance(
    True, 3, 3, "gx", "acceptance/rows.parquet", "lms-migrate acceptance acme",
    (
        expected("failed", sample=(Unexpected("k-1", None, (("login", None),)),)), expected("error", why="it broke"),
        expected("passed"),
    ),
)  # fmt: skip


def sides(name: str, verdict: RuleVerdict, *wrong: str) -> SidesRule:
    return SidesRule(
        name, "teachers stay", "X-1", verdict, "", (), (), 3, int(verdict == "different"), 9, (), 9, 9, Count(0), (), 0, wrong
    )


ROWS = TargetRows("people", 9, 8, 1, 0, 0, 0)
RECONCILED = Reconciliation(
    (ROWS,),
    (sides("teachers", "equal"), sides("dates", "different"), sides("grades", "empty"), sides("altered", "equal", "not so")),
    (),
    (ReferenceField("people", "boss", 4, 3, 0, 0, Count(1)),),
)


def test_rules_over_both_sides_are_cases(workspace: Path) -> None:
    report = replace(build(workspace / "runs" / "one", most_rows=0), reconciliation=RECONCILED)
    cases = {case.name: case for case in suites(report)[0].cases}
    assert {name: cases[f"both sides {name}"].outcome for name in ("teachers", "dates", "grades", "altered")} == {
        "teachers": "passed", "dates": "failure", "grades": "skipped", "altered": "failure",
    }  # fmt: skip
    assert cases["rows read back add up"].outcome == "passed"
    assert cases["references of the target lead to records"].lines == ("people.boss: 1 of 4",)
    uneven = replace(report, reconciliation=replace(RECONCILED, rows=(replace(ROWS, extra=1),)))
    assert {case.name: case for case in suites(uneven)[0].cases}["rows read back add up"].outcome == "failure"


def test_acceptance_tests_are_cases(workspace: Path) -> None:
    report = build(workspace / "runs" / "one", most_rows=0)
    run, *_ = suites(replace(report, acceptance=ACCEPTED))
    cases = {case.name: case for case in run.cases if case.name.startswith("acceptance")}
    assert {name: case.outcome for name, case in cases.items()} == {
        "acceptance results are those of the run": "passed",
        "acceptance own ACC-FAILED": "failure",
        "acceptance own ACC-ERROR": "error",
        "acceptance own ACC-PASSED": "passed",
    }
    assert cases["acceptance own ACC-FAILED"].lines == ("k-1: login null",)
    assert cases["acceptance own ACC-ERROR"].lines == ("it broke",)
    (waiting,) = [
        case
        for case in suites(replace(report, acceptance=replace(ACCEPTED, judged=False)))[0].cases
        if case.name.startswith("acceptance")
    ]
    assert (waiting.outcome, waiting.message) == ("skipped", "3 were not judged: lms-migrate acceptance acme")


def documented(table: str) -> list[str]:
    _, found, rest = DOCUMENT.partition(f"<!-- {table} -->\n")
    assert found
    return re.findall(r"^\| `([^`]+)` \|", rest.partition("\n\n")[0], re.MULTILINE)


def test_the_document_names_every_form_and_file() -> None:
    assert documented("forms of a report") == list(FORMS)
    for form, ending in FILES.items():
        assert f"| `{form}` | `report.{ending}` |" in DOCUMENT


def test_the_document_names_every_test_case(workspace: Path) -> None:
    """A run with gates, references, a rehearsal before it and a finding has a case of each kind."""
    run = workspace / "runs" / "one" / "run.json"
    facts = json.loads(run.read_text("utf-8"))
    facts["gates"] = [{"gate": "balanced", "entity": None, "says": "", "value": "yes", "limit": "yes", "passed": True}]
    facts["live"], facts["predicted"] = {}, {"run": "r-1"}
    run.write_text(json.dumps(facts), "utf-8")
    kinds = {
        re.compile(re.sub("FIELD|NAME|SUITE CODE|RULE", ".+", re.sub("^CODE$", "[A-Z-]+[0-9]*", name))): name
        for name in documented("cases")
    }
    report = build(run.parent, most_rows=0)
    whole = replace(report, acceptance=ACCEPTED, reconciliation=RECONCILED)
    names = {case.name for suite in suites(whole) for case in suite.cases}
    assert [name for name in names if not any(kind.fullmatch(name) for kind in kinds)] == []
    assert [name for kind, name in kinds.items() if not any(kind.fullmatch(each) for each in names)] == []
