"""Reviewers' acceptance tests from a YAML file to the gate: by hand, in the run, and what a sabotaged target makes of them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from plain_judge import SUITE, Plain, write_suite
from small_pair import CLEAN_ROWS, NOW, write_rows, write_workspace
from summaries import faults

import migrate.acceptance.run as acceptance_run
from migrate import pipeline
from migrate.acceptance.results import FAILING, RESULTS
from migrate.acceptance.run import acceptance
from migrate.approvals.listing import approvals
from migrate.approvals.signing import approve
from migrate.artefacts import Loaded, ReadBack, write_manifest
from migrate.errors import ConfigurationError, RunFailed
from migrate.fingerprints import fingerprints
from migrate.run_folder import latest_run
from migrate.workspace import open_workspace
from reports.html import render
from reports.text import render_text


@pytest.fixture(scope="session")
def rehearsed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    workspace = write_suite(write_workspace(tmp_path_factory.mktemp("accepted") / "school"))
    write_rows(workspace, CLEAN_ROWS)
    pipeline.run(workspace, now=lambda: NOW)
    return workspace


@pytest.fixture
def hub(rehearsed: Path, tmp_path: Path) -> Path:
    """A workspace with a suite, and a rehearsal of it."""
    shutil.copytree(rehearsed, tmp_path / "school")
    return tmp_path / "school"


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acceptance_run, "Judge", Plain)


def files(workspace: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    folder = latest_run(workspace / "runs")
    assert folder is not None
    summary, facts = (json.loads((folder / name).read_text("utf-8")) for name in ("summary.json", "run.json"))
    return summary, facts


def sabotage(workspace: Path, entity: str, field: str, value: str | None) -> None:
    """The target holds something else in the first record, and the run believes that it read that."""
    folder = latest_run(workspace / "runs")
    assert folder is not None
    back = folder / "5_read_back"
    table = pq.read_table(back / f"{entity}.parquet")
    column = table.column(field).to_pylist()
    column[0] = value
    at = table.schema.get_field_index(field)
    pq.write_table(table.set_column(at, field, pa.array(column, table.schema.field(field).type)), back / f"{entity}.parquet")

    write_manifest(ReadBack, back, Loaded(folder / "4_load"), back.glob("*.parquet"))


def gates(facts: dict[str, Any]) -> dict[str, bool]:
    return {gate["gate"]: gate["passed"] for gate in facts["gates"] if "acceptance" in gate["gate"]}


def test_until_they_are_judged_they_are_not_judged(hub: Path) -> None:
    summary, facts = files(hub)
    assert summary["acceptance"] == {"judged": False, "expectations": 3, "gates": 2}
    assert gates(facts) == {"acceptance": False}
    folder = hub / "runs" / summary["run"]
    assert "3 not judged. Next: lms-migrate acceptance" in render_text(folder)
    page = render(folder).read_text("utf-8")
    assert "3 expectations of the reviewers were not judged" in page


def test_great_expectations_judges_what_was_read_back(hub: Path) -> None:
    found = acceptance(hub)
    assert [(r.wanted.code, r.judged.state) for r in found.results] == [
        ("ACC-LOGIN", "passed"), ("ACC-PERSON", "passed"), ("ACC-TEACHERS", "passed"),
    ]  # fmt: skip
    summary, facts = files(hub)
    assert summary["verdict"] == "pass"
    assert gates(facts) == {"acceptance": True, "people acceptance": True, "enrolments acceptance": True}
    sabotage(hub, "people", "login", "Evil Login")
    sabotage(hub, "enrolments", "person_id", "p-404")
    found = acceptance(hub)
    assert [(r.judged.state, r.judged.unexpected) for r in found.results] == [("failed", 1), ("failed", 1), ("passed", None)]
    summary, facts = files(hub)
    assert summary["verdict"] == "attention"
    assert gates(facts) == {"acceptance": False, "people acceptance": False, "enrolments acceptance": False}


@pytest.mark.usefixtures("plain")
class TestWithoutTheLibrary:
    def test_both_files_and_the_report_say_what_failed(self, hub: Path) -> None:
        sabotage(hub, "people", "login", "</script><b>9")
        found = acceptance(hub)
        summary, facts = files(hub)
        numbers = {"judged": True, "expectations": 3, "gates": 2, "passed": 2, "failed": 1, "error": 0}
        assert summary["acceptance"] == numbers
        assert faults(summary) == []
        assert set(facts["acceptance"]["files"]) == {RESULTS, FAILING}
        (row,) = pq.read_table(found.folder / FAILING).to_pylist()
        assert row == {"code": "ACC-LOGIN", "entity": "people", "target_key": "p-2", "field": "login", "value": "</script><b>9"}
        page = render(found.folder).read_text("utf-8")
        assert "<script>window.attacked" not in page
        assert "</script><b>9" not in page
        assert "&lt;/script&gt;&lt;b&gt;9" in page
        assert "Of 3 acceptance tests of the reviewers, 1 failed." in page
        assert "REQ-7" in page
        assert "ACC-LOGIN  1 not so" in render_text(found.folder)

    def test_personal_values_are_masked_in_the_report(self, hub: Path) -> None:
        settings = hub / "migration.yaml"
        settings.write_text(settings.read_text("utf-8").replace("mask: false", "mask: true"), "utf-8")
        by_name = "expect: matches\n    field: person_id.name\n    arguments: {regex: '^x'}"
        write_suite(hub, SUITE.replace("expect: not_null\n    field: person_id.login", by_name))
        pipeline.run(hub, now=lambda: NOW)
        sabotage(hub, "people", "login", "sesame-4711")
        sabotage(hub, "people", "name", "Ana-Lucia 4711")
        found = acceptance(hub)
        assert len(found.of("failed")) == 2
        page = render(found.folder).read_text("utf-8")
        assert "4711" not in page
        assert "s•••1" in page

    def test_an_expectation_added_later_belongs_to_the_same_rehearsal(self, hub: Path) -> None:
        before = fingerprints(open_workspace(hub))["expectations"].hash
        write_suite(hub, SUITE.replace("ACC-", "NEW-"), "more.yaml")
        acceptance(hub)
        summary, facts = files(hub)
        assert summary["acceptance"]["expectations"] == 6
        part = fingerprints(open_workspace(hub))["expectations"]
        assert facts["parts"]["expectations"] == part.hash != before
        assert part.files.items() <= facts["inputs"].items()

    def test_judging_again_changes_no_byte_and_makes_no_run_newer(self, hub: Path) -> None:
        first = acceptance(hub).folder
        names = ("summary.json", "run.json", RESULTS, FAILING)
        before = {name: (first / name).read_bytes() for name in names}
        stamp = (first / "summary.json").stat().st_mtime_ns
        acceptance(hub)
        assert {name: (first / name).read_bytes() for name in names} == before
        assert (first / "summary.json").stat().st_mtime_ns == stamp
        assert not list(first.glob(".*"))

    def test_nobody_signs_what_was_not_judged_or_does_not_hold(self, hub: Path) -> None:
        settings = hub / "migration.yaml"
        settings.write_text(settings.read_text("utf-8").replace("roles: []", "roles: [quality]"), "utf-8")
        pipeline.run(hub, now=lambda: NOW)
        with pytest.raises(ConfigurationError, match="missed a gate: acceptance"):
            approve(hub, "quality", "Ana", "seen")
        sabotage(hub, "people", "login", "9")
        acceptance(hub)
        with pytest.raises(ConfigurationError, match="missed a gate: acceptance"):
            approve(hub, "quality", "Ana", "seen")
        sabotage(hub, "people", "login", "ana")
        acceptance(hub)
        approve(hub, "quality", "Ana", "seen")

        def against() -> list[str]:
            (listed,) = approvals(hub).listed
            return [state for state, _ in listed.standing.against]

        assert against() == []
        acceptance(hub)  # the same results
        assert against() == []
        write_suite(hub, SUITE.replace("ACC-LOGIN", "ACC-SIGN-IN"))
        assert "superseded" in against()
        (listed,) = approvals(hub).listed
        assert [(change.part, change.rows) for change in listed.changes] == [("expectations", 0)]

    def test_a_result_that_was_altered_is_not_believed(self, hub: Path) -> None:
        folder = acceptance(hub).folder
        table = pq.read_table(folder / RESULTS)
        pq.write_table(table.slice(0, 2), folder / RESULTS)
        page = render(folder).read_text("utf-8")
        assert "is not what was written when the expectations were judged" in page
        assert 'class="verdict verdict-fail"' in page

    def test_what_was_read_back_and_changed_since_is_not_judged(self, hub: Path) -> None:
        folder = hub / "runs" / files(hub)[0]["run"]
        (folder / "5_read_back" / "people.parquet").write_bytes(b"")
        with pytest.raises(RunFailed, match=r"people\.parquet is not what stage read_back wrote"):
            acceptance(hub)

    def test_what_a_run_did_not_make_is_not_evaluated(self, hub: Path) -> None:
        shutil.rmtree(hub / "runs")
        pipeline.run(hub, only="people", now=lambda: NOW)
        found = acceptance(hub)
        assert [r.judged.state for r in found.results] == ["passed", "error", "error"]
        assert found.results[1].judged.why == "this run made no records of enrolments"

    def test_a_run_that_read_nothing_back_has_nothing_to_judge(self, hub: Path) -> None:
        shutil.rmtree(hub / "runs")
        pipeline.run(hub, stop_after="map", now=lambda: NOW)
        with pytest.raises(ConfigurationError, match="read nothing back: it stopped at map"):
            acceptance(hub)

    def test_a_run_that_is_not_there(self, hub: Path) -> None:
        with pytest.raises(ConfigurationError, match="there is no such run"):
            acceptance(hub, "../../etc")

    def test_another_contract_is_not_judged(self, hub: Path) -> None:
        contract = hub / "systems" / "hub.yaml"
        contract.write_text(contract.read_text("utf-8").replace("title: {required", "titel: {}\n      title: {required"), "utf-8")
        with pytest.raises(ConfigurationError, match="the contracts are not those of run"):
            acceptance(hub)

    def test_on_the_command_line(self, hub: Path) -> None:
        from click.testing import CliRunner

        from migrate.cli.acceptance import command

        sabotage(hub, "people", "login", "\x1b[2J9")
        done = CliRunner().invoke(command, [str(hub)], standalone_mode=False)
        assert done.return_value == 1
        first, second, third, _, sums, page, following = done.stdout.splitlines()
        assert first.startswith("FAILED  ACC-LOGIN  people: login holds what this pattern matches (regex: ^[a-z]+$)")
        assert first.endswith(": 1 of 3 not so")
        assert second == "passed  ACC-PERSON  enrolments: person_id.login has a value"
        assert third.endswith("(min_value: 1), where role = 'teacher'")
        assert sums.endswith(": 2 passed, 1 failed, 0 could not be evaluated")
        assert page.endswith("report.html#acceptance")
        assert following.startswith("next: lms-migrate gates ")
        assert "\x1b" not in done.output
        sabotage(hub, "people", "login", "ana")
        assert CliRunner().invoke(command, [str(hub)], standalone_mode=False).return_value == 0

    def test_in_the_run_where_the_workspace_says_so(self, school: Path) -> None:
        write_suite(school)
        settings = school / "migration.yaml"
        settings.write_text(settings.read_text("utf-8") + "acceptance: {when: after_run}\n", "utf-8")
        result = pipeline.run(school, now=lambda: NOW)
        assert result.summary["acceptance"]["passed"] == 3
        assert result.summary["timings"]["acceptance"] >= 0
        assert gates(files(school)[1])["acceptance"] is True


def test_without_a_suite_nothing_is_said(school: Path) -> None:
    result = pipeline.run(school, now=lambda: NOW)
    assert "acceptance" not in result.summary
    assert gates(files(school)[1]) == {}
    with pytest.raises(ConfigurationError, match="holds no suite"):
        acceptance(school)
    assert 'id="acceptance"' not in render(result.folder).read_text("utf-8")


def test_a_suite_that_does_not_fit_stops_at_check(school: Path) -> None:
    write_suite(school, SUITE.replace("role = 'teacher'", "role > 3.5"))
    with pytest.raises(ConfigurationError, match=r"school\.yaml:15:5: ACC-TEACHERS: its rows cannot be selected"):
        pipeline.check(school)
