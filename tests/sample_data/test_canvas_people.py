"""The list of people, taken as those whom Canvas has: who is found, and what waits for a person."""

from __future__ import annotations

from typing import Any

import pytest
from run_reading import dispositions, findings
from sample_runs import SAMPLES, write_sample_workspace

from migrate.decisions.file import append_decisions
from migrate.decisions.model import Decision, value_fingerprint
from migrate.pipeline import RunResult, run
from migrate.worklist.identity import item_id

pytestmark = pytest.mark.long


ONE_PERSON = {"32": "E10224", "40": "E10280", "43": "E10301"}
"""Accounts with their ID numbers: a teacher, a student, and one that is suspended. The list has them as one person."""


def accepted(key: str) -> Decision:
    """The answer of a person: the account is the person who was found."""
    item = item_id("record", "MATCH-SEVERAL", "users", "user_id", key)
    words = ("accept", "", "one person", "registrar", "2026-01-01T08:00:00+00:00", "users", "MATCH-SEVERAL", "user_id")
    return Decision(item, "record", *words, "1", value_fingerprint("ID number: one.person"), "", "none")


@pytest.fixture(scope="module")
def matched(tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    """A rehearsal of people and enrolments, after somebody answered about three accounts of one person."""
    workspace = write_sample_workspace(tmp_path_factory.mktemp("people") / "canvas", "moodle_to_canvas")
    listed = (SAMPLES / "moodle_people.csv").read_text("utf-8")
    listed += "".join(f"one.person,{number},,,,\n" for number in ONE_PERSON.values())
    (workspace / "moodle_people.csv").write_text(listed, "utf-8")
    settings = workspace / "migration.yaml"
    line = "matching: {people: {file: moodle_people.csv, key: username}}\n"
    settings.write_text(settings.read_text("utf-8") + line, "utf-8")
    for file in (workspace / "mapping").glob("*.yaml"):  # the examples in them are tested elsewhere
        file.write_text(file.read_text("utf-8").partition("\ntests:")[0] + "\n", "utf-8")
    append_decisions(workspace, map(accepted, ONE_PERSON))
    return run(workspace, only="enrollments")


def ended(result: RunResult, entity: str = "users") -> dict[str, dict[str, Any]]:
    return {row["key"]: row for row in dispositions(result.folder) if row["entity"] == entity}


def test_people_of_canvas_are_found_or_asked_about(matched: RunResult) -> None:
    assert matched.failure is None
    assert matched.summary["balanced"]
    people = ended(matched)
    assert {key: people[key]["target_key"] for key in ("3", "9", "6")} == {"3": "l.quintana", "9": "s.hnatiuk", "6": "i.agaoglu"}
    assert {people[key]["disposition"] for key in ("25", "26", "933", "934")} == {"held"}
    raised = {(f["code"], f["key"]) for f in findings(matched.folder) if f["code"].startswith("MATCH")}
    assert {("MATCH-CONFIRM", "25"), ("MATCH-CONFIRM", "26"), ("MATCH-MANY", "933"), ("MATCH-MANY", "934")} <= raised
    # An ID number of two people identifies neither: they keep keys of their own.
    assert {people[key]["target_key"] for key in ("911", "912")} == {"moodle-911", "moodle-912"}


def test_accounts_that_are_one_become_one_and_their_rights_wait(matched: RunResult) -> None:
    people, enrolments = ended(matched), ended(matched, "enrollments")
    assert {people[key]["target_key"] for key in ONE_PERSON} == {"one.person"}
    assert sorted(people[key]["disposition"] for key in ONE_PERSON) == ["created", "merged", "merged"]
    waiting = [f for f in findings(matched.folder) if f["code"] == "ENR-MERGED-IDENTITY"]
    assert {enrolments[f["key"]]["disposition"] for f in waiting} == {"held"}
    # By the list alone: the rights of the teacher, and what the suspended account was shut out of.
    assert {f["value"] for f in waiting if f["field"] == "user_id"} == {"32", "43"}
    # Noelia's accounts are merged by what Moodle says of them, and were matched together.
    assert {people[key]["target_key"] for key in ("907", "908")} == {"n.zorrilla"}
    assert not any(f["code"] == "MATCH-SEVERAL" for f in findings(matched.folder) if f["key"] in ("907", "908"))
    assert any(f["field"] == "role" for f in waiting)
