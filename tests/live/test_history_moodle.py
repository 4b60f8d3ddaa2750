"""The history of the small school into a stand-in Moodle: handed over as backups, restored, and found again."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from live_school import dispositions, findings
from moodle_school import TOKEN, StandIn, add_history, stand_in, write_moodle_school
from small_pair import CLEAN_ROWS, write_rows

from migrate.pipeline import RunResult, run
from migrate.rollback import rollback
from reports.build import build
from reports.html import render

OPTIONS = {"batch": 7, "find_batch": 20, "first_pause": 0.01, "longest_pause": 0.05, "wait": 5}
HISTORY = ("grade_items", "grades", "course_completions", "activities", "activity_completions")
ONE_OVER = {**CLEAN_ROWS, "enrol": [{**row, "role": str(row["role"]).strip().lower()} for row in CLEAN_ROWS["enrol"]]}
ROWS = {**ONE_OVER, "enrol": [{**row, "timeend": None} for row in ONE_OVER["enrol"]]}
"""Nobody's enrolment is suspended: Moodle shows course completions of active enrolments alone."""


@pytest.fixture
def moodle(monkeypatch: pytest.MonkeyPatch) -> StandIn:
    with stand_in() as site:
        monkeypatch.setenv(TOKEN, site.token)
        yield site


@pytest.fixture
def school(tmp_path: Path, moodle: StandIn) -> Path:
    return add_history(write_moodle_school(tmp_path / "school", moodle.url, ROWS, OPTIONS))


def of_history(result: RunResult) -> dict[str, dict[str, int]]:
    found = {name: words for name, words in dispositions(result).items() if name in HISTORY}
    return {name: {w: n for w, n in words.items() if w != "merged"} for name, words in found.items()}


def restore_list(result: RunResult) -> list[list[str]]:
    with (result.folder / "hand_over/restore.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))


COUNTS = {"grade_items": 2, "grades": 4, "course_completions": 4, "activities": 2, "activity_completions": 4}


def all_(word: str) -> dict[str, dict[str, int]]:
    return {name: {word: number} for name, number in COUNTS.items()}


def test_history_is_held_until_it_is_restored_and_then_found_and_compared(school: Path, moodle: StandIn) -> None:
    first = run(school, live=True)
    assert of_history(first) == all_("held")
    assert {code for code, *_ in findings(first)} == {"LIVE-HANDED-OVER"}
    assert len(restore_list(first)) == 2
    moodle.restore(first.folder / "hand_over")
    there = run(school, live=True)
    assert of_history(there) == all_("unchanged")
    assert findings(there) == []
    for name, number in COUNTS.items():
        assert there.summary["entities"][name]["compared"] == number
        assert there.summary["entities"][name]["differences"] == {}
    assert not (there.folder / "hand_over").exists()
    state = moodle.state()
    assert state["grades"][0] == ["item-2", "ana", 15, 1700000000]
    assert {name: len(state[name]) for name in HISTORY} == COUNTS


@pytest.mark.long
def test_a_file_of_a_course_holds_all_that_waits_and_other_courses_get_none(school: Path, moodle: StandIn) -> None:
    first = run(school, live=True)
    more = {"id": 9, "userid": 2, "courseid": 3, "role": "student"}
    write_rows(school, {**ROWS, "enrol": [*ROWS["enrol"], more]})
    second = run(school, live=True)
    (third_course,) = restore_list(second)
    assert third_course in restore_list(first)
    # The newest file takes the place of the earlier one.
    folder = first.folder / "hand_over"
    (folder / third_course[1]).write_bytes((second.folder / "hand_over" / third_course[1]).read_bytes())
    moodle.restore(folder)
    there = run(school, live=True)
    assert {word for words in of_history(there).values() for word in words} == {"unchanged"}
    assert len(moodle.state()["activities"]) == 2
    assert findings(there) == []


@pytest.mark.long
def test_what_can_come_later_comes_later_and_what_cannot_is_said(school: Path, moodle: StandIn) -> None:
    moodle.restore(run(school, live=True).folder / "hand_over")
    run(school, live=True)
    more = {"id": 9, "userid": 2, "courseid": 3, "role": "student"}
    write_rows(school, {**ROWS, "enrol": [*ROWS["enrol"], more]})
    second = run(school, live=True)
    assert of_history(second) == {
        "grade_items": {"unchanged": 2}, "grades": {"unchanged": 4, "held": 1}, "course_completions": {"unchanged": 4, "held": 1},
        "activities": {"unchanged": 2}, "activity_completions": {"unchanged": 4, "failed": 1},
    }  # fmt: skip
    moodle.restore(second.folder / "hand_over")
    third = run(school, live=True)
    assert of_history(third)["grades"] == {"unchanged": 5}
    assert of_history(third)["course_completions"] == {"unchanged": 5}
    assert len(moodle.state()["activities"]) == 2
    assert [code for code, entity, _ in findings(third) if entity == "activity_completions"] == ["LIVE-REFUSED"]


@pytest.mark.long
def test_an_item_is_added_to_under_the_name_that_somebody_gave_it_since(school: Path, moodle: StandIn) -> None:
    first = run(school, live=True)
    moodle.restore(first.folder / "hand_over")
    run(school, live=True)
    moodle.rename_item("item-3", "Final, by the teacher")
    write_rows(school, {**ROWS, "enrol": [*ROWS["enrol"], {"id": 9, "userid": 2, "courseid": 3, "role": "student"}]})
    moodle.restore(run(school, live=True).folder / "hand_over")
    assert len(moodle.state()["grade_items"]) == 2
    assert sum(grade[0] == "item-3" for grade in moodle.state()["grades"]) == 3


def test_what_moodle_does_not_show_stays_held(school: Path, moodle: StandIn) -> None:
    write_rows(school, ONE_OVER)  # one enrolment is over
    moodle.restore(run(school, live=True).folder / "hand_over")
    for _ in range(2):
        there = run(school, live=True)
        assert of_history(there)["course_completions"] == {"unchanged": 3, "held": 1}
        assert of_history(there)["grades"] == {"unchanged": 4}
        assert not (there.folder / "hand_over").exists()


@pytest.mark.long
def test_a_rehearsal_predicts_what_is_handed_over(school: Path, moodle: StandIn) -> None:
    rehearsal = run(school)
    assert of_history(rehearsal) == all_("held")
    assert {code for code, *_ in findings(rehearsal)} == {"LIVE-HANDED-OVER"}
    for name, number in COUNTS.items():
        assert rehearsal.summary["entities"][name]["compared"] == number
    first = run(school, live=True)
    assert unforeseen(first) == []
    told = build(first.folder).live
    assert told is not None
    assert (first.folder / told.handed_over).read_text("utf-8").startswith("One course backup for each course")
    assert "hand_over/README.txt" in render(first.folder).read_text("utf-8")
    moodle.restore(first.folder / "hand_over")
    found = run(school, live=True)
    again = run(school)
    assert "hand_over" not in render(found.folder).read_text("utf-8")
    assert of_history(again) == of_history(found) == all_("unchanged")
    assert findings(again) == []
    later = [{**row, "timestart": 1690000000} for row in ROWS["enrol"]]
    write_rows(school, {**ROWS, "enrol": later})
    changed = run(school)
    assert of_history(changed)["grades"] == {"held": 4}
    assert of_history(changed)["grade_items"] == {"unchanged": 2}
    assert {code for code, entity, *_ in findings(changed) if entity in HISTORY} == {"LIVE-UNCHANGEABLE"}


def test_a_rollback_takes_no_grades_along(school: Path, moodle: StandIn) -> None:
    first = run(school, live=True)
    moodle.restore(first.folder / "hand_over")
    before = moodle.state()
    preview, _ = rollback(school, first.folder.name)
    stays = {step.entity: step.refused for step in preview.steps if step.entity in ("grade_items", "grades")}
    assert set(stays.values()) == {"the target's interface has no way to remove it"}
    assert {name: preview.counts()[name]["refused"] for name in stays} == {"grade_items": 2, "grades": 4}
    done, _ = rollback(school, first.folder.name, execute=True)
    after = moodle.state()
    assert after["grades"] == before["grades"]
    assert len(after["grades"]) == COUNTS["grades"]
    graded = {(grade[0].replace("item-", ""), grade[1]) for grade in before["grades"]}
    kept = [step for step, _ in done.failed if step.entity == "enrolments"]
    assert len(kept) == len(graded) == len(after["enrolments"])
    assert all("they would be removed with it" in why for step, why in done.failed if step.entity == "enrolments")


def test_what_a_record_that_could_not_be_removed_refers_to_stays(school: Path, moodle: StandIn) -> None:
    for name in HISTORY:  # nobody but the site knows of the grades
        if name not in ("grade_items", "grades"):
            (school / f"mapping/{name}.yaml").unlink()
    moodle.restore(run(school, live=True).folder / "hand_over")
    for name in ("grade_items", "grades"):
        (school / f"mapping/{name}.yaml").unlink()
    (school / "ledger.sqlite").unlink()
    write_rows(school, {**ROWS, "user": [*ROWS["user"], {**ROWS["user"][0], "id": 77, "login": "new", "email": "new@x.org"}],
                        "enrol": [*ROWS["enrol"], {"id": 99, "userid": 77, "courseid": 3, "role": "student"}]})  # fmt: skip
    second = run(school, live=True)
    moodle.grade("item-3", "new", 7)
    done, _ = rollback(school, second.folder.name, execute=True)
    assert {(step.entity, why.split(":")[0]) for step, why in done.failed} == {
        ("enrolments", "it still holds 1 grade of the person in the course, which would be removed with it"),
        ("users", "a record that stays refers to it"),
    }
    assert [grade for grade in moodle.state()["grades"] if grade[1] == "new"] == [["item-3", "new", 7, None]]


def unforeseen(result: RunResult) -> list[tuple[str, str, int, int]]:
    """Of a live run: entity and disposition whose number the rehearsal before it gave otherwise, predicted and actual."""
    before = json.loads((result.folder / "run.json").read_text("utf-8"))["predicted"]["entities"]
    after = {name: entity["dispositions"] for name, entity in result.summary["entities"].items()}
    return [
        (name, word, before[name][word], number)
        for name, words in after.items()
        for word, number in words.items()
        if before[name][word] != number
    ]
