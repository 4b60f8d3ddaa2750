"""The list of people whom the other Moodle has already: each case of it ends as its page says."""

from __future__ import annotations

import re
import shutil
from typing import Any

import pyarrow.parquet as pq
import pytest
from run_reading import dispositions, findings
from sample_runs import SAMPLES
from second_site import site_workspace

from migrate.decisions.file import append_decisions
from migrate.decisions.model import Decision, value_fingerprint
from migrate.matching.evidence import evidence_file
from migrate.matching.show import show
from migrate.pipeline import RunResult, run
from migrate.worklist.identity import item_id
from migrate.workspace import open_workspace

ROW = re.compile(r"^\| \d+ \| (?P<case>[^|]+) \| (?P<accounts>[^|]+) \| (?P<person>[^|]+) \| (?P<code>[^|]+) \|$", re.MULTILINE)


def accepted(key: str) -> Decision:
    """The answer of a person: the account is the person who was found."""
    item = item_id("record", "MATCH-SEVERAL", "users", "username", key)
    words = ("accept", "", "both are Noelia", "registrar", "2026-01-01T08:00:00+00:00", "users", "MATCH-SEVERAL", "username")
    return Decision(item, "record", *words, "1", value_fingerprint("e-mail and name: n.zorrilla"), "", "none")


@pytest.fixture(scope="module")
def matched(tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    """A rehearsal of people and enrolments, after somebody answered about two accounts of one person."""
    workspace = site_workspace(tmp_path_factory.mktemp("people") / "site")
    shutil.copy(SAMPLES / "moodle_people.csv", workspace)
    settings = workspace / "migration.yaml"
    line = "matching: {people: {file: moodle_people.csv, key: username}}\n"
    settings.write_text(settings.read_text("utf-8") + line, "utf-8")
    for file in (workspace / "mapping").glob("*.yaml"):  # the examples in them are tested elsewhere
        file.write_text(file.read_text("utf-8").partition("\ntests:")[0] + "\n", "utf-8")
    append_decisions(workspace, [accepted("907"), accepted("908")])
    return run(workspace, only="enrolments")


def ended(result: RunResult, entity: str = "users") -> dict[str, dict[str, Any]]:
    return {row["key"]: row for row in dispositions(result.folder) if row["entity"] == entity}


def test_each_case_of_the_page_ends_as_it_says(matched: RunResult) -> None:
    assert matched.failure is None
    rows = ended(matched)
    raised = {(f["code"], f["key"]) for f in findings(matched.folder)}
    cases = list(ROW.finditer((SAMPLES / "moodle_people.md").read_text("utf-8")))
    assert len(cases) == 13
    for case in cases:
        keys, persons = re.findall(r"\b\d+\b(?!\))", case["accounts"]), re.findall(r"`([^`]+)`", case["person"])
        code = case["code"].strip("` ")
        for key in keys:
            merged = rows[key]["disposition"] == "merged"  # its question was answered
            assert (code, key) in raised or code == "-" or merged, case["case"]
            if code == "-":
                assert rows[key]["disposition"] == "created", case["case"]
                assert not any(found.startswith("MATCH") for found, whose in raised if whose == key)
            is_somebody = code == "-" and persons
            assert (rows[key]["target_key"] in persons) == bool(is_somebody or key in ("907", "908", "2")), case["case"]
        assert keys or (code, None) in raised


def test_everybody_whom_the_list_finds_stands_on_the_page(matched: RunResult) -> None:
    page = (SAMPLES / "moodle_people.md").read_text("utf-8")
    told = {key for case in ROW.finditer(page) for key in re.findall(r"\b\d+\b(?!\))", case["accounts"])}
    assert {row["key"] for row in pq.read_table(evidence_file(matched.folder)).to_pylist()} <= told


def test_two_accounts_become_one_and_the_rights_of_one_wait(matched: RunResult) -> None:
    people = ended(matched)
    assert {people["907"]["target_key"], people["908"]["target_key"]} == {"n.zorrilla"}
    assert sorted(people[key]["disposition"] for key in ("907", "908")) == ["created", "merged"]
    rights = [f for f in findings(matched.folder) if f["code"] == "ENR-MERGED-IDENTITY"]
    assert {f["value"] for f in rights} == {"908"}
    enrolments = ended(matched, "enrolments")
    assert {enrolments[f["key"]]["disposition"] for f in rights} == {"held"}
    names = [row["target_key"] for row in enrolments.values() if row["disposition"] == "created" and row["target_key"]]
    assert sum("n.zorrilla" in name for name in names) == 2, "the history of both is hers"


def test_it_is_shown_without_names(matched: RunResult) -> None:
    text = "\n".join(show(open_workspace(matched.folder.parent.parent), None, 9))
    assert "ID number: 3 taken" in text
    assert "name and hire date: 1 confirm" in text
    assert "6 wait for a person" in text
    assert not any(name in text for name in ("zorrilla", "nair", "E10021", "@"))
