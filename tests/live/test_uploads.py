"""The small school into a stand-in Moodle that takes people and enrolments as files: handed over, uploaded, and found again."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from live_school import dispositions, findings
from moodle_school import HISTORY, TOKEN, StandIn, stand_in, write_moodle_school
from small_pair import CLEAN_ROWS, write_rows

from migrate.errors import ConfigurationError
from migrate.pipeline import RunResult, run

OPTIONS = {"batch": 7, "find_batch": 20, "first_pause": 0.01, "longest_pause": 0.05, "wait": 5}
ENROLLED = [{**row, "role": str(row["role"]).strip().lower(), "timeend": None} for row in CLEAN_ROWS["enrol"]]
ROWS = {**CLEAN_ROWS, "enrol": ENROLLED}


@pytest.fixture
def moodle(monkeypatch: pytest.MonkeyPatch) -> StandIn:
    with stand_in() as site:
        monkeypatch.setenv(TOKEN, site.token)
        yield site


def school(folder: Path, moodle: StandIn, *by_file: str, more: tuple[str, ...] = ("MOODLE-MAIL-PASSWORDS",)) -> Path:
    """A workspace in which these go by file, and in which it was seen what that sets off."""
    made = write_moodle_school(folder / "school", moodle.url, ROWS, {**OPTIONS, "by_file": by_file})
    acknowledge(made, "TARGET-NO-WAY-BACK", *more)
    return made


def acknowledge(folder: Path, *codes: str) -> None:
    file = folder / "migration.yaml"
    words = ", ".join(f'"{code}": "seen"' for code in (*codes, "MOODLE-IDS-ASSUMED"))
    file.write_text(file.read_text("utf-8").replace('"MOODLE-IDS-ASSUMED": "a stand-in"', words), "utf-8")


def of(result: RunResult, *entities: str) -> dict[str, dict[str, int]]:
    found = {name: words for name, words in dispositions(result).items() if name in entities}
    return {name: {w: n for w, n in words.items() if w != "merged"} for name, words in found.items()}


def uploaded(result: RunResult) -> dict[str, list[str]]:
    """Names of the files, and the text of their first column."""
    folder = result.folder / "hand_over/upload"
    found = {}
    for file in sorted(folder.glob("*.csv")):
        if file.name != "upload.csv":
            with file.open(encoding="utf-8", newline="") as stream:
                found[file.stem] = [row[0] for row in csv.reader(stream)][1:]
    return found


PEOPLE = ("users", "enrolments")


def test_they_are_held_until_they_are_uploaded_and_then_found_and_compared(tmp_path: Path, moodle: StandIn) -> None:
    workspace = school(tmp_path, moodle, *PEOPLE)
    first = run(workspace, live=True)
    assert of(first, *PEOPLE, "courses") == {"users": {"held": 3}, "courses": {"created": 2}, "enrolments": {"held": 4}}
    assert {code for code, *_ in findings(first)} == {"LIVE-HANDED-OVER"}
    assert {name: len(rows) for name, rows in uploaded(first).items()} == {"users": 3, "enrolments": 4}

    assert moodle.upload(first.folder / "hand_over/upload") == []
    there = run(workspace, live=True)
    assert of(there, *PEOPLE, "courses") == {
        "users": {"unchanged": 3},
        "courses": {"unchanged": 2},
        "enrolments": {"unchanged": 4},
    }
    assert findings(there) == []
    assert not (there.folder / "hand_over").exists()
    for entity, number in (("users", 3), ("enrolments", 4)):
        assert there.summary["entities"][entity]["compared"] == number
        assert there.summary["entities"][entity]["differences"] == {}
    moodle.upload(first.folder / "hand_over/upload")  # once more, and nothing changes
    assert of(run(workspace, live=True), *PEOPLE) == {"users": {"unchanged": 3}, "enrolments": {"unchanged": 4}}


@pytest.mark.long
def test_history_waits_for_its_people_and_is_handed_over_then(tmp_path: Path, moodle: StandIn) -> None:
    workspace = school(tmp_path, moodle, *PEOPLE)
    for name, text in HISTORY.items():
        (workspace / f"mapping/{name}.yaml").write_text(text, "utf-8")
    first = run(workspace, live=True)
    assert of(first, "grade_items", "grades") == {"grade_items": {"held": 2}, "grades": {"blocked": 4}}
    moodle.upload(first.folder / "hand_over/upload")
    there = run(workspace, live=True)
    assert of(there, "grades") == {"grades": {"held": 4}}
    moodle.restore(there.folder / "hand_over")
    last = run(workspace, live=True)
    assert {word for words in dispositions(last).values() for word in words} <= {"unchanged", "merged"}
    assert findings(last) == []


def test_files_write_what_functions_write(tmp_path: Path, moodle: StandIn) -> None:
    workspace = school(tmp_path, moodle, *PEOPLE)
    first = run(workspace, live=True)
    moodle.upload(first.folder / "hand_over/upload")
    by_file = moodle.state()
    with stand_in() as other:
        functions = write_moodle_school(tmp_path / "other", other.url, ROWS, OPTIONS)
        assert run(functions, live=True).exit_code in (0, 1)
        state = other.state()
    assert by_file["enrolments"] == state["enrolments"]
    assert by_file["role_assignments"] == state["role_assignments"]

    def people(state: Any) -> list[dict[str, Any]]:
        """Of accounts that nobody made for the test, and without what is asked of cron and the site's language."""
        return [{k: v for k, v in row.items() if k not in ("mailed", "lang")} for row in state["users"] if "idnumber" in row]

    assert people(by_file) == people(state)
    assert {row["mailed"] for row in by_file["users"] if "idnumber" in row} == {True}


def test_what_waits_for_people_is_blocked_and_goes_on_with_them(tmp_path: Path, moodle: StandIn) -> None:
    workspace = school(tmp_path, moodle, "users")
    first = run(workspace, live=True)
    assert of(first, *PEOPLE) == {"users": {"held": 3}, "enrolments": {"blocked": 4}}
    assert moodle.state()["enrolments"] == []
    moodle.upload(first.folder / "hand_over/upload")
    assert of(run(workspace, live=True), *PEOPLE) == {"users": {"unchanged": 3}, "enrolments": {"created": 4}}


def test_what_is_new_brings_what_waits_with_it(tmp_path: Path, moodle: StandIn) -> None:
    workspace = school(tmp_path, moodle, *PEOPLE)
    first = run(workspace, live=True)
    again = run(workspace, live=True)
    assert not uploaded(again)
    assert of(again, *PEOPLE) == {"users": {"held": 3}, "enrolments": {"held": 4}}
    write_rows(workspace, {**ROWS, "enrol": [*ENROLLED, {"id": 9, "userid": 5, "courseid": 2, "role": "student"}]})
    second = run(workspace, live=True)
    assert uploaded(second)["users"] == uploaded(first)["users"]
    assert len(uploaded(second)["enrolments"]) == 5
    assert moodle.upload(second.folder / "hand_over/upload") == []
    assert of(run(workspace, live=True), *PEOPLE) == {"users": {"unchanged": 3}, "enrolments": {"unchanged": 5}}


def test_an_account_that_changed_after_its_upload_is_held(tmp_path: Path, moodle: StandIn) -> None:
    workspace = school(tmp_path, moodle, *PEOPLE)
    moodle.upload(run(workspace, live=True).folder / "hand_over/upload")
    run(workspace, live=True)
    write_rows(workspace, {**ROWS, "user": [{**row, "email": f"new-{row['email']}"} for row in ROWS["user"]]})
    changed = run(workspace, live=True)
    assert of(changed, *PEOPLE) == {"users": {"held": 3}, "enrolments": {"unchanged": 4}}
    assert {code for code, entity, _ in findings(changed) if entity == "users"} == {"LIVE-UNCHANGEABLE"}


def test_what_came_by_file_is_changed_through_functions_once_these_are_allowed(tmp_path: Path, moodle: StandIn) -> None:
    workspace = school(tmp_path, moodle, *PEOPLE)
    moodle.upload(run(workspace, live=True).folder / "hand_over/upload")
    run(workspace, live=True)
    file = workspace / "migration.yaml"
    file.write_text(file.read_text("utf-8").replace('"by_file": ["users", "enrolments"]', '"by_file": []'), "utf-8")
    write_rows(workspace, {**ROWS, "user": [{**row, "email": f"new-{row['email']}"} for row in ROWS["user"]]})
    changed = run(workspace, live=True)
    assert of(changed, *PEOPLE) == {"users": {"updated": 3}, "enrolments": {"unchanged": 4}}
    assert {row["email"][:4] for row in moodle.state()["users"] if "idnumber" in row} == {"new-"}


def test_mail_to_new_accounts_has_to_be_acknowledged(tmp_path: Path, moodle: StandIn) -> None:
    workspace = school(tmp_path, moodle, "users", more=())
    with pytest.raises(ConfigurationError, match="not acknowledged") as refused:
        run(workspace, live=True)
    assert ["MOODLE-MAIL-PASSWORDS" in problem.message for problem in refused.value.problems] == [True]
