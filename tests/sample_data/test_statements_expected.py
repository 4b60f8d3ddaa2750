"""Statements of the Moodle sample against what was worked out from its tables by hand, without the mapping."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import sqlite3
import sys
import uuid
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sample_runs import sample_run, write_sample_workspace

from migrate.pipeline import run

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

SITE = "https://moodle.example.org"
VERBS = "http://adlnet.gov/expapi/verbs/"


@pytest.fixture(scope="module")
def statements() -> dict[str, dict[str, Any]]:
    """By the row that each was made of."""
    lines = (sample_run("moodle_to_xapi").folder / "4_load" / "statements.jsonl").read_text("utf-8").splitlines()
    made = [json.loads(line) for line in lines]
    return {one["context"]["extensions"]["urn:lms-migrate:record"]: one for one in made}


@pytest.fixture(scope="module")
def source() -> sqlite3.Connection:
    database = sqlite3.connect(sample_run("moodle_to_xapi").workspace / "source.sqlite")
    database.row_factory = sqlite3.Row
    return database


def rows(source: sqlite3.Connection, sql: str) -> list[sqlite3.Row]:
    return source.execute(sql).fetchall()


def instant(seconds: int) -> str:
    return dt.datetime.fromtimestamp(seconds, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def named(*parts: object) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join(map(str, parts))))


def stamp(seconds: int) -> str:
    return dt.datetime.fromtimestamp(seconds, dt.UTC).strftime("%Y%m%d%H%M%S")


def hashed(mail: str) -> str:
    return hashlib.sha1(f"mailto:{mail}".encode(), usedforsecurity=False).hexdigest()


def number(row: sqlite3.Row) -> str:
    return row["idnumber"].strip() or f"moodle-{row['userid']}"


PEOPLE = "JOIN mdl_user u ON u.id = t.userid AND u.deleted = 0 AND u.username <> 'guest'"


def test_a_strict_store_takes_every_statement(statements: dict[str, dict[str, Any]]) -> None:
    from lrs_statements import check

    for one in statements.values():
        check(one)
    assert len({one["id"] for one in statements.values()}) == len(statements)


def test_completions_of_courses(statements: dict[str, dict[str, Any]], source: sqlite3.Connection) -> None:
    found = rows(source, f"SELECT t.*, u.idnumber, c.fullname FROM mdl_course_completions t {PEOPLE} "
                 "JOIN mdl_course c ON c.id = t.course WHERE t.timecompleted BETWEEN 1 AND 1767225600 ORDER BY t.id")  # fmt: skip
    expected, seen = {}, set()
    for row in found:
        id_ = named(f"{SITE}#course_completion", 1, number(row), row["course"], stamp(row["timecompleted"]))
        if id_ not in seen:
            seen.add(id_)
            expected[f"course_completions/{row['id']}"] = (
                id_, number(row), f"{SITE}/course/view.php?id={row['course']}", instant(row["timecompleted"]),
            )  # fmt: skip
    got = {
        record: (one["id"], one["actor"]["account"]["name"], one["object"]["id"], one["timestamp"])
        for record, one in statements.items()
        if record.startswith("course_completions/")
    }
    assert got == expected
    assert {one["verb"]["id"] for record, one in statements.items() if record in expected} == {VERBS + "completed"}


def test_completions_of_activities(statements: dict[str, dict[str, Any]], source: sqlite3.Connection) -> None:
    found = rows(source, f"SELECT t.*, u.idnumber, m.name AS kind, k.course FROM mdl_course_modules_completion t {PEOPLE} "
                 "JOIN mdl_course_modules k ON k.id = t.coursemoduleid JOIN mdl_modules m ON m.id = k.module "
                 "WHERE t.completionstate IN (1, 2, 3) AND t.timemodified BETWEEN 1 AND 1767225600 AND m.name NOT LIKE '% %' "
                 "ORDER BY t.id")  # fmt: skip
    outcomes = {1: ("completed", None, True), 2: ("passed", True, True), 3: ("failed", False, None)}
    expected, seen = {}, set()
    for row in found:
        who, state, at = number(row), row["completionstate"], row["timemodified"]
        id_ = named(f"{SITE}#activity_completion", 1, who, row["coursemoduleid"], state, stamp(at))
        if id_ not in seen:
            seen.add(id_)
            address = f"{SITE}/mod/{row['kind']}/view.php?id={row['coursemoduleid']}"
            expected[f"course_modules_completion/{row['id']}"] = (id_, who, *outcomes[state], address, instant(at))
    got = {
        record: (
            one["id"], one["actor"]["account"]["name"], one["verb"]["id"].removeprefix(VERBS), one["result"].get("success"),
            one["result"].get("completion"), one["object"]["id"], one["timestamp"],
        )
        for record, one in statements.items()
        if record.startswith("course_modules_completion/")
    }  # fmt: skip
    assert got == expected


def test_points(statements: dict[str, dict[str, Any]], source: sqlite3.Connection) -> None:
    found = rows(source, f"SELECT t.*, u.idnumber, i.grademin, i.grademax FROM mdl_grade_grades t {PEOPLE} "
                 "JOIN mdl_grade_items i ON i.id = t.itemid WHERE t.finalgrade IS NOT NULL AND i.gradetype = 1 AND t.hidden = 0 "
                 "AND i.itemtype <> 'category' AND t.finalgrade BETWEEN i.grademin AND i.grademax "
                 "AND t.timemodified BETWEEN 1 AND 1767225600 AND t.userid NOT IN (911, 912) ORDER BY t.id")  # fmt: skip
    expected = {
        f"grade_items/{row['itemid']}/grade_grades/{row['id']}": (
            number(row), row["finalgrade"], row["grademax"], round(row["finalgrade"] / row["grademax"], 4),
            instant(row["timemodified"]),
        )
        for row in found
    }  # fmt: skip
    got = {
        record: (
            one["actor"]["account"]["name"], one["result"]["score"]["raw"], one["result"]["score"]["max"],
            round(one["result"]["score"]["scaled"], 4), one["timestamp"],
        )
        for record, one in statements.items()
        if record in expected
    }  # fmt: skip
    assert got == expected
    assert len(got) > 25
    zero = next(
        one
        for one in statements.values()
        if one["actor"].get("account", {}).get("name") == "000902" and "score" in one.get("result", {})
    )
    assert zero["result"]["score"] == {"scaled": 0, "raw": 0, "min": 0, "max": 20}
    # Of one person's two accounts the higher grade is the one that goes.
    (twin,) = [
        one for one in statements.values() if one["verb"]["id"] == VERBS + "scored" and one["actor"]["account"]["name"] == "00911"
    ]
    assert twin["result"]["score"]["raw"] == 14


def test_attempts(statements: dict[str, dict[str, Any]], source: sqlite3.Connection) -> None:
    found = rows(source, f"SELECT t.*, u.idnumber, q.grade, q.sumgrades AS marks FROM mdl_quiz_attempts t {PEOPLE} "
                 "JOIN mdl_quiz q ON q.id = t.quiz WHERE t.state = 'finished' AND t.preview = 0 AND t.timefinish > t.timestart "
                 "AND t.timefinish < 1767225600 AND t.sumgrades <= q.sumgrades AND t.userid <> 912")  # fmt: skip
    expected = {
        f"quiz_attempts/{row['id']}": (
            row["attempt"], round(row["sumgrades"] * row["grade"] / row["marks"], 3),
            f"PT{row['timefinish'] - row['timestart']}S", instant(row["timefinish"]),
        )
        for row in found
    }  # fmt: skip
    got = {
        record: (
            one["context"]["extensions"]["urn:lms-migrate:attempt"], round(one["result"]["score"]["raw"], 3),
            one["result"]["duration"], one["timestamp"],
        )
        for record, one in statements.items()
        if record in expected
    }  # fmt: skip
    assert got == expected
    assert len(got) > 8


def test_names_that_look_odd_arrive(statements: dict[str, dict[str, Any]]) -> None:
    names = {one["actor"]["account"]["name"]: one["actor"]["name"] for one in statements.values()}
    assert names["000902"] == "Zoë Brandt👩🏽‍🔬"
    assert names["S/903 ü|x"] == "شيماء حداد"
    assert names["moodle-901"] == "Milan Horvat"


@pytest.mark.long
@pytest.mark.parametrize("person", ["username", "email", "email_hash"])
def test_people_may_be_called_otherwise(tmp_path: Path, person: str) -> None:
    workspace = write_sample_workspace(tmp_path / person, "moodle_to_xapi")
    settings = workspace / "migration.yaml"
    settings.write_text(settings.read_text("utf-8").replace('person: "number"', f'person: "{person}"'), "utf-8")
    result = run(workspace)
    assert result.failure is None
    made = [json.loads(line) for line in (result.folder / "4_load" / "statements.jsonl").read_text("utf-8").splitlines()]
    assert len(made) > 80
    with closing(sqlite3.connect(workspace / "source.sqlite")) as database:
        people = database.execute("SELECT username, lower(trim(email)) FROM mdl_user").fetchall()
    known = {
        "username": {("account", name) for name, _ in people},
        "email": {("mbox", f"mailto:{mail}") for _, mail in people},
        "email_hash": {
            ("mbox_sha1sum", hashlib.sha1(f"mailto:{mail}".encode(), usedforsecurity=False).hexdigest()) for _, mail in people
        },
    }[person]
    called = {
        (kind, one["actor"][kind]["name"] if kind == "account" else one["actor"][kind])
        for one in made
        for kind in ("account", "mbox", "mbox_sha1sum")
        if kind in one["actor"]
    }
    assert called <= known
    assert len({kind for kind, _ in called}) == 1
    held = Counter(row["disposition"] for row in _findings(result.folder, "PERSON-NAMELESS"))
    assert bool(held) == (person != "username")  # who has no address, and whose account is gone


def _findings(folder: Path, code: str) -> list[dict[str, Any]]:
    import pyarrow.parquet as pq

    return [
        {**row, "disposition": "held"} for row in pq.read_table(folder / "findings.parquet").to_pylist() if row["code"] == code
    ]
