"""A small school with grades, and the Moodle sample, live into the stand-in Canvas."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from canvas_school import GRADES, write_school
from live_school import dispositions, findings, wait_a_moment
from sample_grades import Expected, held_assignments, held_grades
from sample_runs import write_sample_workspace

from migrate.pipeline import run

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

if TYPE_CHECKING:
    from canvas_server import CanvasServer

ENTITIES = {"accounts": "account", "terms": "term", "courses": "course", "sections": "section", "enrollments": "enrollment"}


@pytest.fixture
def canvas(monkeypatch: pytest.MonkeyPatch) -> Iterator[CanvasServer]:
    from canvas_server import TOKEN, CanvasServer

    monkeypatch.setenv("CANVAS_TOKEN", TOKEN)
    with CanvasServer() as server:
        yield server


def grades_of(canvas: CanvasServer) -> dict[str, dict[str, float]]:
    """``{assignment: {person: score}}``, each score at its place."""
    book, found = canvas.state.gradebook, dict[str, dict[str, float]]()
    people = {user["person"]: key for key, user in canvas.state.account.tables["user"].items()}
    for (number, person), submission in book.submissions.items():
        found.setdefault(book.assignments[number]["sis_assignment_id"], {})[people[person]] = submission["score"]
    return found


MEANT = {f"item-{c}": {f"p-{n}": n + 0.25 for n in range(1, 9)} for c in (1, 2)}


def test_grades_are_written_before_places_and_courses_are_completed(tmp_path: Path, canvas: CanvasServer) -> None:
    workspace = write_school(tmp_path / "school", canvas.url)
    first = run(workspace, live=True)
    assert first.summary["verdict"] == "pass"
    assert grades_of(canvas) == MEANT
    assert canvas.state.gradebook.bulk_calls == [GRADES // 2, GRADES // 2]
    tables = canvas.state.account.tables
    assert {key: course["state"] for key, course in tables["course"].items()} == {"c-1": "available", "c-2": "completed"}
    assert Counter(one["state"] for one in tables["enrollment"].values()) == {"active": 8, "completed": 8}
    comments = [one["submission_comments"] for one in canvas.state.gradebook.submissions.values()]
    assert Counter(len(each) for each in comments) == {0: 12, 1: 4}
    before, imports = canvas.state.dump(), len(canvas.state.jobs)
    wait_a_moment()
    second = run(workspace, live=True)
    assert {tuple(words) for words in dispositions(second).values()} == {("unchanged",)}
    assert canvas.state.dump() == {**before, "requests": len(canvas.state.requests)}
    assert len(canvas.state.jobs) == imports


@pytest.mark.parametrize(
    ("fault", "method", "path"),
    [("lose", "POST", "sis_imports$"), ("lose", "POST", "update_grades$"), ("502", "POST", "assignments$"),
     *(pytest.param("drop", "POST", path, marks=pytest.mark.long)
       for path in ("sis_imports$", "update_grades$", "assignments$"))],
)  # fmt: skip
def test_a_second_run_completes_what_lost_replies_left(
    tmp_path: Path, canvas: CanvasServer, fault: str, method: str, path: str
) -> None:
    workspace = write_school(tmp_path / "school", canvas.url)
    canvas.fail(fault, method, path)
    run(workspace, live=True)
    wait_a_moment()
    assert run(workspace, live=True).summary["verdict"] == "pass"
    assert grades_of(canvas) == MEANT
    assert len(canvas.state.gradebook.assignments) == 2
    assert len(canvas.state.account.tables["enrollment"]) == GRADES
    comments = [one["submission_comments"] for one in canvas.state.gradebook.submissions.values()]
    assert Counter(len(each) for each in comments) == {0: 12, 1: 4}


def sample_workspace(folder: Path, url: str) -> Path:
    """The Moodle sample with every crosswalk entry confirmed, and the stand-in as its live target."""
    workspace = write_sample_workspace(folder, "moodle_to_canvas")
    file = workspace / "migration.yaml"
    words = f"  url: {url}\n  token: ${{CANVAS_TOKEN}}\n  options: {{poll_ms: 5}}\n"
    words += "  acknowledge: {CANVAS-NOT-ENCRYPTED: on this machine, CANVAS-MAIL-GRADES: nobody is written to}\n"
    text = file.read_text("utf-8").replace("  system: canvas\n", f"  system: canvas\n{words}")
    file.write_text(text.replace("roles: [data_owner, quality]", "roles: []"), "utf-8")
    for crosswalk in (workspace / "crosswalks").glob("*.csv"):
        crosswalk.write_text(crosswalk.read_text("utf-8").replace(",proposed,", ",confirmed,"), "utf-8")
    return workspace


@pytest.mark.long
def test_what_the_sample_writes_is_what_canvas_holds(tmp_path: Path, canvas: CanvasServer) -> None:
    from canvas_world import counted

    workspace = sample_workspace(tmp_path / "sample", canvas.url)
    first = run(workspace, live=True)
    # The stand-in keeps texts as they are, so that no rule about their form has anything to excuse.
    assert {code for code, *_ in findings(first, "REC", "READ", "LIVE")} <= {"REC-RULE-IDLE"}
    assert all(not e["missing"] and not e["extra"] and not e["differences"] for e in first.summary["entities"].values())
    there = counted(canvas.state)
    created = dispositions(first)
    # Courses and enrolments of which the second pass left the last word open are there too.
    assert {entity: there[kind] for entity, kind in ENTITIES.items() if entity not in ("courses", "enrollments")} == {
        entity: created[entity]["created"] for entity in ENTITIES if entity not in ("courses", "enrollments")
    }
    assert there["course"] >= created["courses"]["created"] > 0
    assert there["enrollment"] >= created["enrollments"]["created"] > 0
    assert canvas.state.begun_while_running == 0
    expected, grades = Expected(workspace / "source.sqlite", canvas), held_grades(canvas)
    assert held_assignments(canvas) == expected.assignments
    assert grades == expected.grades
    assert created["grades"]["created"] == len(grades) > 2500
    assert created["assignments"]["created"] == len(expected.assignments) > 100
    assert {0.0, 120.0, -5.0} <= {score for score, _, _ in grades.values()}
    assert sum(excused for _, excused, _ in grades.values()) == 2
    before = canvas.state.dump()
    wait_a_moment()
    second = run(workspace, live=True)
    assert {code for code, *_ in findings(second, "REC", "READ", "LIVE")} <= {"REC-RULE-IDLE"}
    assert {name: words for name, words in dispositions(second).items() if words.get("created") or words.get("updated")} == {}
    assert {name: dispositions(second)[name]["unchanged"] for name in ("assignments", "grades")} == {
        name: created[name]["created"] for name in ("assignments", "grades")
    }
    assert canvas.state.dump() == {**before, "requests": len(canvas.state.requests)}
