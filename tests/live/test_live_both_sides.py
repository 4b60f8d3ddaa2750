"""Rules over both sides ask a live target what it holds, and do not take what it keeps for itself for a loss."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from both_sides_rules import add_rules
from live_school import LiveSchool, different, dispositions, findings
from plain_judge import Plain, write_suite
from small_pair import CLEAN_ROWS

import migrate.acceptance.run as acceptance_run
from migrate.acceptance.run import acceptance
from migrate.pipeline import RunResult


@pytest.fixture
def ruled(tmp_path: Path) -> LiveSchool:
    school = LiveSchool(tmp_path / "school", f"sqlite:///{tmp_path / 'hub.sqlite'}", CLEAN_ROWS)
    add_rules(school.folder)
    return school


def told(result: RunResult) -> dict[tuple[str, str | None], str]:
    rows = pq.read_table(result.folder / "findings.parquet").to_pylist()
    return {(r["code"], r["key"]): r["value"] for r in rows if r["code"].startswith("BTH")}


def checks(result: RunResult) -> dict[str, Any]:
    found: dict[str, Any] = result.summary["reconciliation"]["checks"]
    return found


def test_people_who_change_places_in_the_target_are_found(ruled: LiveSchool) -> None:
    first = ruled.live()
    assert first.failure is None
    assert {check["verdict"] for check in checks(first).values()} == {"equal"}
    ruled.change("DELETE FROM places WHERE role = 'teacher'")
    ruled.change(
        "INSERT INTO places (course_id, person_id, role) SELECT c.id, p.id, 'teacher' FROM courses c, people p "
        "WHERE c.course_id = 'c-2' AND p.person_id = 'p-5'"
    )
    again = ruled.live()
    assert told(again)["BTH-TEACHERS", "2"].startswith("not in the target: p-2")
    assert checks(again)["teachers"]["verdict"] == "different"


def test_a_delta_run_counts_what_it_did_not_read_and_raises_no_alarm(ruled: LiveSchool) -> None:
    ruled.live()
    ruled.rows(different(CLEAN_ROWS, "user", 5, score=9))
    delta = ruled.live(delta=True)
    assert told(delta) == {}
    assert checks(delta)["teachers"] == {
        "verdict": "empty", "groups": 1, "different": 0, "source": 1, "parts": {"unread": 1}, "expected": 0, "target": 0,
    }  # fmt: skip
    scores = checks(delta)["scores"]
    assert (scores["verdict"], scores["expected"], scores["parts"]) == ("equal", 1, {"unread": 2})


def test_a_rehearsal_asks_for_what_a_live_run_would_hold(ruled: LiveSchool) -> None:
    ruled.live()
    file = ruled.folder / "mapping/courses.yaml"
    file.write_text(file.read_text("utf-8").replace("'c-' ||", "'k-' ||"), "utf-8")
    rehearsal = ruled.rehearse()
    assert dispositions(rehearsal)["courses"] == {"held": 2}
    assert told(rehearsal) == {}
    assert {check["verdict"] for check in checks(rehearsal).values()} == {"equal"}
    predicted, live = findings(rehearsal, "LIVE"), findings(ruled.live(), "LIVE")
    assert predicted == live
    assert {code for code, *_ in live} == {"LIVE-RENAMED"}


def test_a_reference_to_nothing_is_told(ruled: LiveSchool) -> None:
    first = ruled.live()
    assert first.summary["reconciliation"]["dangling"] == 0
    ruled.change("UPDATE courses SET teacher_id = 999 WHERE course_id = 'c-3'")
    again = ruled.live()
    rows = pq.read_table(again.folder / "findings.parquet").to_pylist()
    dangling = [(r["entity"], r["key"], r["field"], r["value"]) for r in rows if r["code"] == "REC-DANGLING"]
    assert dangling == [("courses", "3", "teacher_id", "#999")]
    assert again.summary["reconciliation"]["dangling"] == 1


def test_who_refers_to_what_a_live_run_kept_back_is_not_judged(ruled: LiveSchool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acceptance_run, "Judge", Plain)
    write_suite(ruled.folder)
    ruled.live()

    def states() -> dict[str, str]:
        return {result.wanted.code: result.judged.state for result in acceptance(ruled.folder).results}

    assert states()["ACC-PERSON"] == "passed"
    ruled.change("UPDATE people SET name = 'Somebody' WHERE person_id = 'p-5'")
    ruled.rows(different(CLEAN_ROWS, "user", 5, score=9))
    assert findings(ruled.live(), "LIVE-DRIFT") == [("LIVE-DRIFT", "people", "5")]
    assert states()["ACC-PERSON"] == "error"
