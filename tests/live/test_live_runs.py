"""Live runs into databases: what is written, what a second run does, what is never done unasked."""

from __future__ import annotations

import json

import pytest
from live_school import LiveSchool, different, dispositions, findings, without
from small_pair import GOOD_ROWS

from migrate.errors import ConfigurationError
from migrate.pipeline import run

ALL_CREATED = {
    "people": {"created": 3, "merged": 1, "excluded": 1},
    "courses": {"created": 2, "excluded": 1},
    "enrolments": {"created": 4, "merged": 1, "excluded": 1},
}
ALL_UNCHANGED = {name: {("unchanged" if w == "created" else w): n for w, n in d.items()} for name, d in ALL_CREATED.items()}


def test_a_live_run_writes_what_the_rehearsal_said(school: LiveSchool) -> None:
    rehearsal = school.rehearse()
    assert school.held() == {"people": [], "courses": [], "places": []}
    live = school.live()
    assert live.failure is None
    assert dispositions(live) == dispositions(rehearsal) == ALL_CREATED
    assert findings(live) == []
    held = school.held()
    assert [(row["person_id"], row["login"], row["boss_id"], row["extra"]) for row in held["people"]] == [
        ("p-3", "bo", "p-4", "by the target"), ("p-4", "ana2", None, "by the target"), ("p-5", "cy", "p-3", "by the target"),
    ]  # fmt: skip
    assert [(row["course_id"], row["teacher_id"]) for row in held["courses"]] == [("c-2", "p-4"), ("c-3", "p-5")]
    assert [(row["course_id"], row["person_id"], row["role"]) for row in held["places"]] == [
        ("c-2", "p-3", "student"), ("c-2", "p-4", "teacher"), ("c-3", "p-3", "student"), ("c-3", "p-5", "student"),
    ]  # fmt: skip
    facts = json.loads((live.folder / "run.json").read_text("utf-8"))
    assert facts["predicted"]["run"] == rehearsal.folder.name
    assert facts["predicted"]["changed_inputs"] == []
    compared = {name: entity["compared"] for name, entity in live.summary["entities"].items()}
    assert compared == {"people": 3, "courses": 2, "enrolments": 4}


def test_a_second_run_changes_nothing_and_says_so(school: LiveSchool) -> None:
    school.live()
    before = school.held()
    again = school.live()
    assert dispositions(again) == ALL_UNCHANGED
    assert findings(again) == []
    assert school.held() == before
    assert dispositions(school.rehearse()) == ALL_UNCHANGED


def test_a_rehearsal_with_pseudonyms_is_not_compared_with_what_was_written_under_real_names(school: LiveSchool) -> None:
    rehearsal = school.rehearse()
    school.live()
    masked = run(school.folder, mask=True)
    assert dispositions(masked) == ALL_CREATED
    assert findings(masked, "LIVE") == []
    facts = json.loads((school.live().folder / "run.json").read_text("utf-8"))
    assert facts["predicted"]["run"] == rehearsal.folder.name


def test_a_change_in_the_source_reaches_the_records_it_touches(school: LiveSchool) -> None:
    school.live()
    school.rows(different(GOOD_ROWS, "user", 5, name="Cyrus", boss=None))
    again = school.live(delta=True)
    assert dispositions(again)["people"] == {"updated": 1, "unchanged": 2, "merged": 1, "excluded": 1}
    assert dispositions(again)["enrolments"] == ALL_UNCHANGED["enrolments"]
    (cy,) = [row for row in school.held()["people"] if row["person_id"] == "p-5"]
    assert (cy["name"], cy["boss_id"]) == ("Cyrus", None)
    assert again.summary["entities"]["people"]["compared"] == 1
    assert findings(again) == []


def test_a_change_of_the_mapping_reaches_the_records_it_touches(small: LiveSchool) -> None:
    small.live()
    file = small.folder / "mapping/courses.yaml"
    file.write_text(file.read_text("utf-8").replace('"coalesce(title, code)"', "\"coalesce(title, code) || '!'\""), "utf-8")
    again = small.live(delta=True)
    assert dispositions(again)["courses"] == {"updated": 2, "excluded": 1}
    assert dispositions(again)["people"] == ALL_UNCHANGED["people"]
    assert [row["title"] for row in small.held()["courses"]] == ["Algebra!", "Biology!"]


def test_a_change_of_a_crosswalk_reaches_the_records_it_touches(small: LiveSchool) -> None:
    rows = different(GOOD_ROWS, "course", 3, level="2")
    file = small.folder / "crosswalks/levels.csv"
    entry = "2,,,advanced,equal,,confirmed,ana,2026-01-01,\n"
    file.write_text(file.read_text("utf-8") + entry, "utf-8")
    small.rows(rows)
    small.live()
    file.write_text(file.read_text("utf-8").replace(entry, entry.replace("advanced", "basic")), "utf-8")
    again = small.live(delta=True)
    assert dispositions(again)["courses"] == {"updated": 1, "unchanged": 1, "excluded": 1}
    assert [row["level"] for row in small.held()["courses"]] == ["basic", "basic"]


def test_what_the_target_refuses_is_named_and_what_needs_it_waits(school: LiveSchool) -> None:
    school.rows(different(GOOD_ROWS, "user", 5, login="refused"))
    live = school.live()
    assert dispositions(live)["people"] == {"created": 2, "failed": 1, "merged": 1, "excluded": 1}
    assert dispositions(live)["courses"] == {"created": 1, "blocked": 1, "excluded": 1}
    assert dispositions(live)["enrolments"] == {"created": 2, "blocked": 2, "merged": 1, "excluded": 1}
    assert findings(live) == [
        ("LIVE-BLOCKED", "courses", "3"), ("LIVE-BLOCKED", "enrolments", "5"), ("LIVE-BLOCKED", "enrolments", "6"),
        ("LIVE-REFUSED", "people", "5"),
    ]  # fmt: skip
    assert live.summary["balanced"]
    school.rows(GOOD_ROWS)
    again = school.live()
    assert dispositions(again)["people"] == {"created": 1, "unchanged": 2, "merged": 1, "excluded": 1}
    assert dispositions(again)["enrolments"] == {"created": 2, "unchanged": 2, "merged": 1, "excluded": 1}


def test_a_record_that_is_there_already_is_held_unless_it_is_the_same(school: LiveSchool) -> None:
    person = "INSERT INTO people (person_id, login, name, email, status) VALUES (:p, :l, :n, :e, 'active')"
    school.change(person, p="p-4", l="somebody", n="Somebody", e="else@x.org")
    school.change(person.replace(", status", ", note, status").replace(", 'active'", ", :note, 'active'"),
                  p="p-3", l="bo", n="Bo", e="bo@x.org", note='a "b", c')  # fmt: skip
    live = school.live()
    assert ("LIVE-EXISTS", "people", "4") in findings(live)
    assert dispositions(live)["people"] == {"held": 1, "blocked": 2, "merged": 1, "excluded": 1}
    assert dispositions(live)["courses"] == {"blocked": 2, "excluded": 1}
    (there,) = [row for row in school.held()["people"] if row["person_id"] == "p-4"]
    assert there["login"] == "somebody"


def test_a_workspace_may_take_or_change_what_is_there(small: LiveSchool) -> None:
    person = (
        "INSERT INTO people (person_id, login, name, email, status) VALUES ('p-4', 'somebody', 'Somebody', 'e@x.org', 'active')"
    )
    small.change(person)
    small.set({"existing": {"people": "adopt"}})
    adopted = small.live()
    assert dispositions(adopted)["people"] == {"created": 2, "unchanged": 1, "merged": 1, "excluded": 1}
    assert adopted.summary["entities"]["people"]["differences"] == {"login": 1, "name": 1, "email": 1}
    assert [row["login"] for row in small.held()["people"]] == ["bo", "somebody", "cy"]


def test_a_workspace_may_update_what_is_there(small: LiveSchool) -> None:
    small.change("INSERT INTO people (person_id, login, status) VALUES ('p-4', 'somebody', 'active')")
    small.set({"existing": {"people": "update"}})
    updated = small.live()
    assert dispositions(updated)["people"] == {"created": 2, "updated": 1, "merged": 1, "excluded": 1}
    assert [row["login"] for row in small.held()["people"]] == ["bo", "ana2", "cy"]


def test_what_somebody_changed_since_is_not_overwritten(school: LiveSchool) -> None:
    school.live()
    school.change("UPDATE people SET name = 'By hand' WHERE person_id = 'p-5'")
    school.rows(different(GOOD_ROWS, "user", 5, score=9))
    held = school.live()
    assert findings(held) == [("LIVE-DRIFT", "people", "5")]
    assert [row["name"] for row in school.held()["people"] if row["person_id"] == "p-5"] == ["By hand"]
    school.set({"drift": "overwrite"})
    assert dispositions(school.live())["people"] == {"updated": 1, "unchanged": 2, "merged": 1, "excluded": 1}
    assert [row["name"] for row in school.held()["people"] if row["person_id"] == "p-5"] == ["007"]


def test_a_change_in_the_target_alone_shows_as_a_difference(school: LiveSchool) -> None:
    school.live()
    school.change("UPDATE people SET name = 'By hand' WHERE person_id = 'p-5'")
    again = school.live()
    assert findings(again) == [("REC-DIFFERENT", "people", "5")]
    assert dispositions(again) == ALL_UNCHANGED


def test_what_somebody_removed_since_is_told(school: LiveSchool) -> None:
    school.live()
    school.change("DELETE FROM places WHERE role = 'teacher'")
    again = school.live()
    assert findings(again) == [("REC-MISSING", "enrolments", "2")]
    assert dispositions(again)["enrolments"]["failed"] == 1
    school.rows(different(GOOD_ROWS, "enrol", 2, timeend=None))
    assert findings(school.live()) == [("LIVE-GONE", "enrolments", "2")]


def test_deletions_are_proposed_and_not_made(school: LiveSchool) -> None:
    school.live()
    before = school.held()
    school.rows(without(GOOD_ROWS, "enrol", 5, 6))
    again = school.live(delta=True)
    assert findings(again) == [("LIVE-VANISHED", "enrolments", "5"), ("LIVE-VANISHED", "enrolments", "6")]
    assert school.held() == before


def test_deletions_are_made_when_they_are_asked_for_and_few_enough(school: LiveSchool) -> None:
    school.live()
    before = school.held()
    school.rows(without(GOOD_ROWS, "enrol", 5))
    capped = school.live(apply_deletions=True)
    assert findings(capped) == [("LIVE-VANISHED", "enrolments", "5")]
    assert school.held() == before
    school.set({"max_deletions": 25.0})
    applied = school.live(apply_deletions=True)
    assert findings(applied) == [("LIVE-REMOVED", "enrolments", "5")]
    assert [row["person_id"] for row in school.held()["places"]] == ["p-3", "p-4", "p-3"]
    assert findings(school.live()) == []


def test_a_record_that_is_only_kept_back_is_no_deletion(small: LiveSchool) -> None:
    small.live()
    before = small.held()
    small.rows(different(GOOD_ROWS, "course", 3, level="9"))
    small.set({"max_deletions": 100.0})
    again = small.live(apply_deletions=True)
    assert ("LIVE-STALE", "courses", "3") in findings(again)
    assert not [one for one in findings(again) if one[0] in ("LIVE-VANISHED", "LIVE-REMOVED")]
    assert small.held() == before


def test_a_record_whose_key_changed_is_not_created_twice(small: LiveSchool) -> None:
    small.live()
    before = small.held()
    file = small.folder / "mapping/courses.yaml"
    file.write_text(file.read_text("utf-8").replace("'c-' ||", "'k-' ||"), "utf-8")
    again = small.live()
    # The keys of enrolments hold that of their course.
    assert findings(again) == [
        *(("LIVE-RENAMED", "courses", number) for number in "23"),
        *(("LIVE-RENAMED", "enrolments", number) for number in "2456"),
    ]
    assert [row["course_id"] for row in small.held()["courses"]] == ["c-2", "c-3"]
    assert small.held()["people"] == before["people"]


def test_side_effects_have_to_be_acknowledged(small: LiveSchool) -> None:
    file = small.folder / "systems/hub.yaml"
    effect = "side_effects: [{code: HUB-MAIL, message: everybody gets a mail, avoid: switch mail off}]"
    file.write_text(file.read_text("utf-8").replace("kind: database\n", f"kind: database\n  {effect}\n"), "utf-8")
    with pytest.raises(ConfigurationError, match="1 side effect") as caught:
        small.live()
    assert "HUB-MAIL" in str(caught.value)
    assert "switch mail off" in str(caught.value)
    assert small.held()["people"] == []
    assert small.rehearse().failure is None
    small.set({"acknowledge": {"HUB-MAIL": "mail is off"}})
    assert dispositions(small.live()) == ALL_CREATED


def test_only_one_live_run_at_a_time(small: LiveSchool) -> None:
    from migrate.ledger import open_ledger

    ledger = open_ledger("sqlite:///ledger.sqlite", small.folder)
    assert ledger is not None
    with ledger.locked(), pytest.raises(ConfigurationError, match="another live run"):
        small.live()
    assert dispositions(small.live()) == ALL_CREATED
