"""People who were matched with somebody of the target: adopted, never created a second time, and held where that one is gone."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import memory_target
import pytest
from live_school import LiveSchool, different, dispositions, findings
from memory_target import Site
from small_pair import CLEAN_ROWS, GOOD_ROWS
from test_handed_over import GROUP, by_hand, handed
from test_live_decisions import decide, items

from migrate.connectors import opening
from migrate.rollback import rollback

MATCH = """
match:
  against: staff
  tiers:
    - {name: e-mail, on: {mail: email}}
    - {name: name, on: {name: name}, confirm: true}
  normalise: {mail: [lower]}
  code: USR-SAME
  reason: the same person of the hub
fields:
"""
CY = "INSERT INTO people (person_id, login, name, email, status) VALUES ('hr-9', 'cyrus', 'Cyrus', 'cy@hub.org', 'suspended')"


def matching(school: LiveSchool, *rows: str, there: str = "true") -> None:
    """Give the workspace a list of the people of the target."""
    mapping = school.folder / "mapping" / "people.yaml"
    mapping.write_text(mapping.read_text("utf-8").replace("\nfields:\n", MATCH, 1), "utf-8")
    (school.folder / "staff.csv").write_text("\n".join(["Person,Mail,Name", *rows]) + "\n", "utf-8")
    file = school.folder / "migration.yaml"
    text = f"matching:\n  staff: {{file: staff.csv, key: person, there: {there}}}\n"
    file.write_text(file.read_text("utf-8") + text, "utf-8")


def people(school: LiveSchool) -> dict[str, tuple[Any, ...]]:
    return {row["person_id"]: (row["login"], row["name"], row["status"]) for row in school.held()["people"]}


def test_whoever_is_there_is_adopted_and_keeps_what_the_target_says(small: LiveSchool) -> None:
    small.change(CY)
    matching(small, "hr-9,CY@x.org,")
    rehearsal = small.rehearse()
    live = small.live()
    assert dispositions(live)["people"] == {"created": 2, "unchanged": 1, "merged": 1, "excluded": 1}
    assert dispositions(rehearsal)["people"] == dispositions(live)["people"], "a rehearsal says so before"
    assert people(small)["hr-9"] == ("cyrus", "Cyrus", "suspended")
    assert set(people(small)) == {"p-3", "p-4", "hr-9"}, "nobody was created beside"
    assert findings(live) == []
    assert {row["person_id"] for row in small.held()["places"] if row["course_id"] == "c-3"} == {"p-3", "hr-9"}
    facts = json.loads((live.folder / "run.json").read_text("utf-8"))
    assert facts["matches"]["mappings"] == {"people": {"e-mail": {"taken": 1}}}
    assert facts["inputs"]["matching/staff"] == facts["matches"]["lists"]["staff"]["sha256"]
    # Nothing was compared away unseen: what differs is counted.
    assert facts["entities"]["people"]["excused"]["name"] == {"matched": 1}
    again = small.live()
    assert dispositions(again)["people"] == {"unchanged": 3, "merged": 1, "excluded": 1}
    assert people(small)["hr-9"] == ("cyrus", "Cyrus", "suspended")
    assert findings(again) == []


def test_taking_back_a_later_run_leaves_who_was_adopted_before_known(small: LiveSchool) -> None:
    """A changed row is adopted once more. What the run before knows of them is not forgotten with that."""
    small.change(CY)
    matching(small, "hr-9,CY@x.org,")
    first = small.live().folder.name
    small.rows(different(GOOD_ROWS, "user", 5, name="Cyrus the other", boss=None))
    done, _ = rollback(small.folder, small.live(delta=True).folder.name, execute=True)
    assert {entity: dict(words) for entity, words in done.counts().items()} == {"people": {"forget": 1}}
    assert known(small) == [("hr-9", "held", "adopted")]
    done, _ = rollback(small.folder, first, execute=True)
    assert [step for step in done.steps if step.refused] == []
    assert known(small) == [("hr-9", "removed", "adopted")]
    assert set(people(small)) == {"hr-9"}


def known(school: LiveSchool) -> list[tuple[str, str, str]]:
    """What the ledger knows of who was adopted."""
    with closing(sqlite3.connect(school.folder / "ledger.sqlite")) as ledger:
        return ledger.execute("SELECT key, state, origin FROM identities WHERE key = 'hr-9'").fetchall()


@pytest.mark.long
def test_a_later_change_of_the_source_does_not_write_over_who_was_adopted(small: LiveSchool) -> None:
    small.change(CY)
    matching(small, "hr-9,CY@x.org,")
    small.live()
    small.rows(different(GOOD_ROWS, "user", 5, name="Cyrus the other", boss=None))
    assert dispositions(small.rehearse())["people"] == {"unchanged": 3, "merged": 1, "excluded": 1}
    for delta in (True, False):
        again = small.live(delta=delta)
        assert dispositions(again)["people"] == {"unchanged": 3, "merged": 1, "excluded": 1}
        assert people(small)["hr-9"] == ("cyrus", "Cyrus", "suspended")
        assert findings(again) == []


def test_our_own_people_in_a_fresh_export_of_the_target_are_ours_as_before(small: LiveSchool) -> None:
    small.live()
    matching(small, "p-5,cy@x.org,", "p-3,bo@x.org,")
    small.rows(different(GOOD_ROWS, "user", 5, name="Cyrus", boss=None))
    again = small.live()
    assert dispositions(again)["people"] == {"unchanged": 2, "updated": 1, "merged": 1, "excluded": 1}
    assert people(small)["p-5"][1] == "Cyrus"
    small.change("UPDATE people SET name = 'By hand' WHERE person_id = 'p-5'")
    assert ("REC-DIFFERENT", "people", "5") in findings(small.live())


@pytest.mark.parametrize(("policy", "name"), [("update", "007"), ("hold", "Cyrus")])
def test_the_workspace_may_want_it_otherwise(small: LiveSchool, policy: str, name: str) -> None:
    small.change(CY)
    small.set({"existing": {"people": policy}})
    matching(small, "hr-9,cy@x.org,")
    live = small.live()
    assert people(small)["hr-9"][1] == name
    assert [code for code, _, _ in findings(live, "LIVE-EXISTS")] == (["LIVE-EXISTS"] if policy == "hold" else [])


def test_somebody_the_target_does_not_have_is_not_made_up(small: LiveSchool) -> None:
    matching(small, "hr-9,cy@x.org,")
    live = small.live()
    assert ("LIVE-ABSENT", "people", "5") in findings(live)
    assert set(people(small)) == {"p-3", "p-4"}
    decide(small, items(live)["LIVE-ABSENT"], "overwrite")
    second = small.live()
    assert people(small)["hr-9"][1] == "007"
    assert items(second)["LIVE-ABSENT"]["state"] == "decided"


def test_somebody_of_a_second_source_may_come_first_from_here(small: LiveSchool) -> None:
    matching(small, "hr-9,cy@x.org,", there="false")
    live = small.live()
    assert findings(live) == []
    assert set(people(small)) == {"p-3", "p-4", "hr-9"}


def test_nobody_is_written_before_a_person_confirmed(small: LiveSchool) -> None:
    small.change(CY)
    matching(small, "hr-9,,007")
    first = small.live()
    assert ("MATCH-CONFIRM", "people", "5") in findings(first, "MATCH")
    assert people(small) == {
        "hr-9": ("cyrus", "Cyrus", "suspended"), "p-3": people(small)["p-3"], "p-4": people(small)["p-4"],
    }  # fmt: skip
    decide(small, items(first)["MATCH-CONFIRM"], "accept")
    second = small.live()
    assert dispositions(second)["people"] == {"unchanged": 3, "merged": 1, "excluded": 1}
    assert people(small)["hr-9"] == ("cyrus", "Cyrus", "suspended")
    assert items(second)["MATCH-CONFIRM"]["state"] == "decided"


def test_people_who_go_by_files_are_looked_for_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site(by_hand=("people", *GROUP))
    site.records["people"] = {"hr-9": {"person_id": "hr-9", "login": "cyrus", "name": "Cyrus"}}
    monkeypatch.setattr(memory_target, "SITE", site)
    monkeypatch.setitem(opening.TARGETS, "memory", "memory_target:MemoryTarget")
    school = by_hand(tmp_path)
    matching(school, "hr-9,cy@x.org,", "hr-8,bo@x.org,")
    first = school.live()
    assert ("LIVE-ABSENT", "people", "3") in findings(first)
    assert handed(first)["people"] == ["p-2"], "neither who is there nor who should be"
    school.rows(different(CLEAN_ROWS, "user", 5, name="Cyrus the other", boss=None))
    again = school.live()
    assert dispositions(again)["people"] == {"unchanged": 1, "held": 2}
    assert not any(key == "5" for _, entity, key in findings(again) if entity == "people")
    assert site.records["people"]["hr-9"]["name"] == "Cyrus"
