"""What no file carries: held where files are delivered, rehearsed and written where the target has an address."""

from __future__ import annotations

import shutil
import sqlite3
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest
from canvas_school import CLASSES, GRADES, PEOPLE, write_school
from live_school import dispositions, findings, wait_a_moment

from migrate.pipeline import RunResult, run

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

if TYPE_CHECKING:
    from canvas_server import CanvasServer

FILES = ["courses.csv", "sections.csv", "users.csv", "enrollments.csv"]
HELD = {"assignments": {"held": CLASSES}, "grades": {"held": GRADES}}
CREATED = {"assignments": {"created": CLASSES}, "grades": {"created": GRADES}}


@pytest.fixture
def canvas(monkeypatch: pytest.MonkeyPatch) -> Iterator[CanvasServer]:
    from canvas_server import TOKEN, CanvasServer

    monkeypatch.setenv("CANVAS_TOKEN", TOKEN)
    with CanvasServer() as server:
        yield server


def without_address(workspace: Path) -> Path:
    """The same workspace, which delivers files."""
    text = (workspace / "migration.yaml").read_text("utf-8")
    kept = text.partition("  url: http")[0]
    (workspace / "migration.yaml").write_text(kept + "  deliver: outbox\n", "utf-8")
    return workspace


def of_both(result: RunResult) -> dict[str, dict[str, int]]:
    return {name: words for name, words in dispositions(result).items() if name in HELD}


def contents(package: Path) -> list[str]:
    with zipfile.ZipFile(package) as opened:
        return opened.namelist()


def load_files(result: RunResult) -> list[str]:
    inner = ("manifest.json", "results.parquet")
    return sorted(file.name for file in (result.folder / "4_load").iterdir() if file.name not in inner)


@pytest.mark.parametrize("live", [False, True])
def test_a_run_that_delivers_files_holds_it_and_says_so(tmp_path: Path, live: bool) -> None:
    workspace = without_address(write_school(tmp_path / "school", "http://nowhere.example.org"))
    result = run(workspace, live=live)
    assert result.summary["balanced"] is True
    assert of_both(result) == HELD
    told = findings(result, "LIVE")
    assert {code for code, _, _ in told} == {"LIVE-ONLY"}
    assert len(told) == len(set(told)) == CLASSES + GRADES
    ended = pq.read_table(result.folder / "dispositions.parquet").to_pylist()
    assert all(row["code"] == "LIVE-ONLY" and row["target_key"] for row in ended if row["entity"] in HELD)
    for name, field, number in (("assignments", "course", CLASSES), ("grades", "assignment", GRADES), ("grades", "user", GRADES)):
        assert result.summary["entities"][name]["references"][field] == {"resolved": number, "empty": 0, "blocked": 0}
    assert load_files(result) == ["sis_import.zip"]
    assert contents(result.folder / "4_load/sis_import.zip") == FILES
    assert (workspace / "outbox").exists() == live
    if live:
        assert [file.name for file in (workspace / "outbox").iterdir()] == ["sis_import.zip"]
        assert contents(workspace / "outbox/sis_import.zip") == FILES


def test_its_own_faults_show_in_the_rehearsal_all_the_same(tmp_path: Path) -> None:
    workspace = without_address(write_school(tmp_path / "school", "http://nowhere.example.org"))
    with sqlite3.connect(workspace / "school.sqlite") as database:
        database.execute("UPDATE mark SET points = NULL WHERE id = 101")
        database.execute("UPDATE mark SET person = 77 WHERE id = 102")
    database.close()
    result = run(workspace)
    assert of_both(result)["grades"] == {"quarantined": 1, "blocked": 1, "held": GRADES - 2}
    assert {code for code, entity, key in findings(result, "CANVAS", "REF") if (entity, key) == ("grades", "101")} == {
        "CANVAS-GRADE-EMPTY"
    }


def test_a_grade_waits_for_the_enrolment_of_its_student(tmp_path: Path) -> None:
    workspace = without_address(write_school(tmp_path / "school", "http://nowhere.example.org"))
    with sqlite3.connect(workspace / "school.sqlite") as database:
        database.execute("UPDATE place SET done = 9 WHERE id = 101")  # a state that nobody has mapped
        database.execute("DELETE FROM place WHERE id = 102")
    database.close()
    result = run(workspace)
    assert of_both(result)["grades"] == {"blocked": 2, "held": GRADES - 2}
    rows = pq.read_table(result.folder / "findings.parquet").to_pylist()
    assert {row["key"]: row["root_cause"] for row in rows if row["code"] == "CANVAS-GRADE-NOT-STUDENT"} == {
        "101": "enrollments/101",
        "102": None,
    }


def test_with_an_address_it_is_rehearsed_beside_the_package(tmp_path: Path, canvas: CanvasServer) -> None:
    workspace = write_school(tmp_path / "school", canvas.url)
    rehearsal = run(workspace)
    assert of_both(rehearsal) == CREATED
    assert rehearsal.summary["entities"]["grades"]["compared"] == GRADES
    assert rehearsal.summary["verdict"] == "pass"
    assert load_files(rehearsal) == ["assignments.csv", "grades.csv", "sis_import.zip"]
    assert contents(rehearsal.folder / "4_load/sis_import.zip") == FILES
    assert canvas.state.requests == []
    wait_a_moment()
    assert dispositions(run(workspace, live=True)) == dispositions(rehearsal)


def test_what_was_held_goes_as_soon_as_there_is_an_address(tmp_path: Path, canvas: CanvasServer) -> None:
    workspace = write_school(tmp_path / "school", canvas.url)
    shutil.copy(workspace / "migration.yaml", tmp_path / "with_address.yaml")
    assert of_both(run(without_address(workspace))) == HELD
    shutil.copy(tmp_path / "with_address.yaml", workspace / "migration.yaml")
    wait_a_moment()
    assert of_both(run(workspace, live=True)) == CREATED
    assert len(canvas.state.gradebook.submissions) == PEOPLE * CLASSES
    wait_a_moment()
    # The ledger knows of it, and without an address it is held all the same.
    again = run(without_address(workspace))
    assert of_both(again) == HELD
    assert dispositions(again)["users"] == {"unchanged": PEOPLE}
