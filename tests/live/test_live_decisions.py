"""What people decide about records that the target has already, or that somebody changed there."""

from __future__ import annotations

from typing import Any

import pyarrow.parquet as pq
import pytest
from live_school import LiveSchool, different, dispositions, findings, without
from small_pair import GOOD_ROWS

from migrate.decisions.file import append_decisions
from migrate.decisions.model import Decision, Verb

SOMEBODY = "INSERT INTO people (person_id, login, name, email, status) VALUES ('p-4', 'somebody', 'S', 'e@x.org', 'active')"


def items(run: Any) -> dict[str, dict[str, Any]]:
    """The items of a run that are not closed, by code."""
    rows = pq.read_table(run.folder / "worklist.parquet").to_pylist()
    return {item["code"]: item for item in rows if item["state"] != "closed"}


def decide(school: LiveSchool, item: dict[str, Any], verb: Verb, new_value: str = "") -> None:
    assert verb in item["choices"].split()
    decision = Decision(
        item["item"], item["kind"], verb, new_value, "looked at both", "registrar", "2026-01-31T12:00:00+00:00",
        item["entity"], item["code"], item["field"] or "", str(item["basis_rows"]), item["source"], item["contract"],
        item["last_run"],
    )  # fmt: skip
    append_decisions(school.folder, [decision])


def login_of(school: LiveSchool, key: str) -> str:
    (row,) = [row for row in school.held()["people"] if row["person_id"] == key]
    return str(row["login"])


def test_a_record_that_is_there_is_taken_for_ours_and_left_as_it_is(small: LiveSchool) -> None:
    small.change(SOMEBODY)
    first = small.live()
    decide(small, items(first)["LIVE-EXISTS"], "map")
    second = small.live()
    assert dispositions(second)["people"] == {"created": 2, "unchanged": 1, "merged": 1, "excluded": 1}
    assert login_of(small, "p-4") == "somebody"
    assert items(second)["LIVE-EXISTS"]["state"] == "decided"


def test_a_record_that_is_there_is_written_over(small: LiveSchool) -> None:
    small.change(SOMEBODY)
    decide(small, items(small.live())["LIVE-EXISTS"], "overwrite")
    second = small.live()
    assert dispositions(second)["people"] == {"created": 2, "updated": 1, "merged": 1, "excluded": 1}
    assert login_of(small, "p-4") == "ana2"
    assert items(second)["LIVE-EXISTS"]["state"] == "decided"
    assert second.summary["worklist"] == {"decided": 1, "open": 1}  # the merge waits to be confirmed
    decide(small, items(second)["USR-MERGE"], "accept")
    third = small.live()
    assert third.summary["worklist"] == {"decided": 2}
    assert third.exit_code == 0


def test_it_is_held_again_when_it_differs_in_something_else(small: LiveSchool) -> None:
    small.change(SOMEBODY)
    decide(small, items(small.live())["LIVE-EXISTS"], "overwrite")
    small.change("UPDATE people SET name = 'Ana Lúcia', email = 'ANA@x.org' WHERE person_id = 'p-4'")
    second = small.live()
    assert ("LIVE-EXISTS", "people", "4") in findings(second)
    assert items(second)["LIVE-EXISTS"]["state"] == "expired"
    assert login_of(small, "p-4") == "somebody"


@pytest.mark.parametrize(("verb", "name"), [("map", "By hand"), ("overwrite", "007")])
def test_what_somebody_changed_is_left_or_written_over(small: LiveSchool, verb: Verb, name: str) -> None:
    small.live()
    small.change("UPDATE people SET name = 'By hand' WHERE person_id = 'p-5'")
    small.rows(different(GOOD_ROWS, "user", 5, boss=None))
    decide(small, items(small.live())["LIVE-DRIFT"], verb)
    for _ in range(2):
        assert ("LIVE-DRIFT", "people", "5") not in findings(small.live())
        assert [row["name"] for row in small.held()["people"] if row["person_id"] == "p-5"] == [name]


def test_another_value_of_the_same_field_is_another_question(small: LiveSchool) -> None:
    small.live()
    small.change("UPDATE people SET name = 'By hand' WHERE person_id = 'p-5'")
    small.rows(different(GOOD_ROWS, "user", 5, boss=None))
    decide(small, items(small.live())["LIVE-DRIFT"], "overwrite")
    small.change("UPDATE people SET name = 'By another hand' WHERE person_id = 'p-5'")
    held = small.live()
    assert ("LIVE-DRIFT", "people", "5") in findings(held)
    assert items(held)["LIVE-DRIFT"]["state"] == "expired"
    assert [row["name"] for row in small.held()["people"] if row["person_id"] == "p-5"] == ["By another hand"]


def test_a_question_about_the_target_stays_open_in_a_rehearsal_that_does_not_look_there(small: LiveSchool) -> None:
    small.change(SOMEBODY)
    met = items(small.live())["LIVE-EXISTS"]
    rehearsed = items(small.rehearse())["LIVE-EXISTS"]
    assert rehearsed | {"present": 1} == met | {"present": 1}
    decide(small, rehearsed, "overwrite")
    assert items(small.rehearse())["LIVE-EXISTS"]["state"] == "decided"
    small.live()
    assert login_of(small, "p-4") == "ana2"


def test_what_the_target_held_otherwise_stays_open_until_it_is_read_again(small: LiveSchool) -> None:
    """Neither a rehearsal nor a delta that writes something else reads it, so neither may close it."""
    small.live()
    small.change("UPDATE people SET name = 'By hand' WHERE person_id = 'p-5'")
    met = items(small.live())["REC-DIFFERENT"]
    rehearsed = items(small.rehearse())["REC-DIFFERENT"]
    assert (rehearsed["state"], rehearsed["last_run"], rehearsed["times"]) == ("open", met["last_run"], 1)
    assert items(small.live(delta=True))["REC-DIFFERENT"]["state"] == "open"
    small.change("UPDATE people SET name = '007' WHERE person_id = 'p-5'")
    assert "REC-DIFFERENT" not in items(small.live())


def test_what_the_target_refused_stays_open_until_it_takes_it(small: LiveSchool) -> None:
    small.change("CREATE TRIGGER no BEFORE INSERT ON people WHEN NEW.person_id = 'p-5' BEGIN SELECT RAISE(ABORT, 'no'); END")
    small.live()
    assert items(small.rehearse())["LIVE-REFUSED"]["state"] == "open"
    small.change("DROP TRIGGER no")
    assert "LIVE-REFUSED" not in items(small.live())


def test_a_rehearsal_tells_what_a_live_run_would_propose_to_delete(small: LiveSchool) -> None:
    """People approve a rehearsal: what stands in the target without a source record belongs into what they see."""
    small.live()
    small.rows(without(GOOD_ROWS, "enrol", 5))
    rehearsal = small.rehearse()
    assert findings(rehearsal, "LIVE-VANISHED") == [("LIVE-VANISHED", "enrolments", "5")]
    asked = items(rehearsal)["LIVE-VANISHED"]
    live = small.live()
    assert findings(live, "LIVE-VANISHED") == [("LIVE-VANISHED", "enrolments", "5")]
    met = items(live)["LIVE-VANISHED"]
    assert (met["item"], met["source"], met["state"]) == (asked["item"], asked["source"], "open")
    decide(small, met, "waive")
    assert items(small.rehearse())["LIVE-VANISHED"]["state"] == "waived"
    small.rows(different(GOOD_ROWS, "course", 3, level="9"))
    assert (
        [key for _, _, key in findings(small.rehearse(), "LIVE-STALE")]
        == [key for _, _, key in findings(small.live(), "LIVE-STALE")]
        != []
    )
    assert "LIVE-VANISHED" not in items(small.rehearse())


def test_what_somebody_removed_is_written_again(small: LiveSchool) -> None:
    small.live()
    small.change("DELETE FROM places WHERE role = 'teacher'")
    small.rows(different(GOOD_ROWS, "enrol", 2, timeend=None))
    held = small.live()
    decide(small, items(held)["LIVE-GONE"], "overwrite")
    assert dispositions(small.live())["enrolments"] == {"created": 1, "unchanged": 3, "merged": 1, "excluded": 1}


def test_a_delta_closes_nothing_that_it_did_not_read_back(small: LiveSchool) -> None:
    small.live()
    small.change("UPDATE people SET name = 'By hand' WHERE person_id = 'p-5'")
    found = items(small.live())["REC-DIFFERENT"]
    assert items(small.live(delta=True))["REC-DIFFERENT"]["item"] == found["item"]
    small.change("UPDATE people SET name = '007' WHERE person_id = 'p-5'")
    assert "REC-DIFFERENT" not in items(small.live())
