"""Restoring into a real Moodle. It writes courses and accounts there: give it a site that is made for tests.

``LMS_MIGRATE_MOODLE_CLI`` names the folder of the site's code, with its ``config.php``; ``php`` has to be on the path.
"""

from __future__ import annotations

import json
import os
import subprocess
import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from migrate.connectors.moodle_backup import CourseHistory, Grade, Person, read_backup, write_backup

SITE = os.environ.get("LMS_MIGRATE_MOODLE_CLI", "")
SUPPORT = Path(__file__).resolve().parents[4] / "support" / "moodle_site.php"
pytestmark = pytest.mark.skipif(not SITE, reason="LMS_MIGRATE_MOODLE_CLI names no Moodle to restore into")
EPOCH = datetime(1970, 1, 1)


def php(*arguments: str, fails: bool = False) -> str:
    done = subprocess.run(["php", *arguments], capture_output=True, text=True, timeout=300, check=False)
    assert (done.returncode != 0) == fails, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def ask(*arguments: str) -> Any:
    return json.loads(php(str(SUPPORT), SITE, *arguments).strip().splitlines()[-1])


def restore(file: Path, course: int, *, fails: bool = False) -> str:
    return php(f"{SITE}/admin/cli/restore_backup.php", f"--file={file}", f"--courseid={course}", fails=fails)


@pytest.fixture
def history(small: CourseHistory) -> CourseHistory:
    """The small history, of accounts that no other test has."""
    mark = uuid.uuid4().hex[:12]
    text = "日本 \U0001f600 <script>x</script> ]]> &amp; \r\n\t end"
    grades = [*small.grades, Grade("exam", "teacher", Decimal("12.34567"), text, hidden=True)]

    def own(record: Any) -> Any:
        names = {name: f"{mark}.{value}" for name in ("user", "grader") if (value := getattr(record, name, None))}
        return replace(record, **names)

    return replace(
        small,
        shortname=mark,
        people=[Person(f"{mark}.{p.username}", f"{mark}.{p.username}@EXAMPLE.invalid") for p in small.people],
        grades=[own(grade) for grade in grades],
        course_completions=[own(completion) for completion in small.course_completions],
        activity_completions=[own(completion) for completion in small.activity_completions],
    )


@pytest.fixture
def course(history: CourseHistory) -> int:
    return int(ask("course", history.shortname, *sorted(person.username for person in history.people)))


def plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row in Moodle's own terms: seconds, digits, one number for 'hidden'."""
    held = dict(row)
    if "user" in held:
        held["username"] = held.pop("user")
    if "hiddenuntil" in held:
        until = held.pop("hiddenuntil")
        held["hidden"] = until or int(held["hidden"])
    if "counts" in held:
        held["weightoverride"] = int(not held.pop("counts"))
    return {name: _plain(value) for name, value in held.items() if _plain(value) not in (None, "0", "")}


def _plain(value: Any) -> str | None:
    if isinstance(value, datetime):
        return str(int((value - EPOCH).total_seconds()))
    if isinstance(value, bool):
        return str(int(value))
    return None if value is None else str(value)


def as_read(file: Path) -> dict[str, list[dict[str, Any]]]:
    return {part: _sorted(plain(row) for row in rows) for part, rows in read_backup(file).rows.items()}


def as_held(course: int, *, completions_of: set[str] | None = None) -> dict[str, list[dict[str, Any]]]:
    held = {part: [plain(row) for row in rows] for part, rows in ask("rows", str(course)).items()}
    if completions_of is not None:  # Moodle's task makes rows of its own for those who are enrolled
        held["course_completions"] = [row for row in held["course_completions"] if row["username"] in completions_of]
    return {part: _sorted(rows) for part, rows in held.items()}


def _sorted(rows: Any) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: json.dumps(row, sort_keys=True))


def test_every_field_arrives_and_nothing_else_changes(history: CourseHistory, course: int, tmp_path: Path) -> None:
    file = tmp_path / "c.mbz"
    written = write_backup(file, history)
    assert (written.left_out, written.altered) == ((), ())
    around = ask("around", str(course))
    restore(file, course)
    assert as_held(course) == as_read(file)
    assert ask("around", str(course)) == around

    ask("tasks")
    of = {completion.user for completion in history.course_completions}
    assert as_held(course, completions_of=of) == as_read(file), "the tasks of the site leave the dates alone"


def test_a_second_restore_doubles_placeholders_alone(history: CourseHistory, course: int, tmp_path: Path) -> None:
    file = tmp_path / "c.mbz"
    write_backup(file, history)
    restore(file, course)
    restore(file, course)
    held, read = as_held(course), as_read(file)
    assert len(held["activities"]) == 2 * len(read["activities"])
    for part in ("grade_items", "grades", "course_completions"):
        assert held[part] == read[part]


def test_an_account_that_is_gone_is_not_made_anew(history: CourseHistory, course: int, tmp_path: Path) -> None:
    ghost = Person(f"{history.shortname}.ghost", "ghost@example.invalid")
    file = tmp_path / "c.mbz"
    write_backup(file, replace(history, people=[*history.people, ghost]))
    before = (ask("around", str(course)), as_held(course))
    restore(file, course, fails=True)
    assert (ask("around", str(course)), as_held(course)) == before


def test_an_account_of_another_address_stops_the_restore(history: CourseHistory, course: int, tmp_path: Path) -> None:
    first, *others = history.people
    file = tmp_path / "c.mbz"
    write_backup(file, replace(history, people=[replace(first, email="other@example.invalid"), *others]))
    before = (ask("around", str(course)), as_held(course))
    restore(file, course, fails=True)
    assert (ask("around", str(course)), as_held(course)) == before
