"""Two sites that go into one: what is numbered within a site stays apart, what people are known by does not change."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from run_reading import assert_balances, dispositions, facts, findings
from sample_runs import SAMPLES
from second_site import loaded, second_site, site_workspace

from migrate.pipeline import RunResult, run

NUMBERED = ("categories", "courses", "cohorts", "groups", "grade_items", "activities")
HISTORY = ("grade_items", "grades", "course_completions", "activities", "activity_completions")
CODE = re.compile(r"`([A-Z][A-Z0-9]*(?:-[A-Z0-9]+)+)`")
RAISED = {
    *("CRS-SITE", "CRS-DATES", "CRS-IDNUMBER-DUP", "CRS-NAME-HTML", "REF-CYCLE", "REF-ORPHAN", "REF-BLOCKED"),
    *(
        "USR-GUEST",
        "USR-DELETED",
        "USR-DELETED-HISTORY",
        "USR-EMAIL",
        "USR-EMAIL-SHARED",
        "USR-LOGIN-TAKEN",
        "USR-LOGIN-CHARACTERS",
    ),
    *("USR-LOGIN-RESERVED", "USR-NAME-BLANK", "USR-AUTH-UNMAPPED", "USR-LANGUAGE-UNMAPPED", "XWALK-PROPOSED", "PRO-BLANK"),
    *("ENR-SITE-COURSE", "ENR-FOLDED", "ENR-DATES", "ENR-NO-ROLE", "ENR-ROLE-ONLY", "ENR-ROLE-UNMAPPED"),
    *("ENR-USER-EXCLUDED", "ROLE-OUTSIDE-COURSES", "GRP-NAME-BLANK", "MEM-USER-EXCLUDED", "MOODLE-MEMBER-NOT-ENROLLED"),
    *("SRC-ENCODING", "SRC-TYPE", "SRC-UNKNOWN-COLUMN", "LOSS-UNDECLARED"),
}


@pytest.fixture(scope="module")
def second() -> RunResult:
    return second_site()


def numbers(result: RunResult, entities: tuple[str, ...] = NUMBERED) -> set[str]:
    return {row["idnumber"] for entity in entities for row in loaded(result)[entity] if row["idnumber"]}


def test_the_rehearsal_balances(second: RunResult) -> None:
    assert second.failure is None
    assert second.exit_code == 1
    told = second.summary["entities"]
    assert_balances(second.folder, {name: entity["source"] for name, entity in told.items()})
    assert all(not (e["missing"] or e["extra"] or e["differences"]) for e in told.values())


def raised(result: RunResult) -> set[tuple[str, str]]:
    """Entities and codes of records."""
    rows = [*findings(result.folder), *dispositions(result.folder)]
    return {(row["entity"], row["code"]) for row in rows if row["code"]}


def test_what_is_found(second: RunResult) -> None:
    assert {code for entity, code in raised(second) if entity not in HISTORY} == RAISED


def test_what_is_found_in_the_history_is_what_the_list_says(second: RunResult) -> None:
    listed = set(CODE.findall((SAMPLES / "moodle_history.md").read_text("utf-8")))
    # Blocked are the records of people and courses that wait; those faults are in the list of the sample itself.
    assert {code for entity, code in raised(second) if entity in HISTORY} == listed | {"REF-BLOCKED"}


def test_whatever_is_left_out_of_the_history_has_a_reason(second: RunResult) -> None:
    reasons = {entity: about["left_out"] for entity, about in facts(second.folder)["entities"].items()}
    ended = {
        (r["entity"], r["code"]) for r in dispositions(second.folder) if r["disposition"] == "excluded" and r["entity"] in HISTORY
    }
    assert len(ended) > 12
    assert [(entity, code) for entity, code in ended if not reasons[entity].get(code)] == []


@pytest.mark.parametrize(
    ("table", "mapping"),
    [("grade_items", "grade_items"), ("grade_grades", "grades"), ("course_completions", "course_completions"),
     ("course_modules", "activities"), ("course_modules_completion", "activity_completions")],
)  # fmt: skip
def test_the_archive_tells_of_every_record_of_history_what_became_of_it(second: RunResult, table: str, mapping: str) -> None:
    rows = pq.read_table(second.folder / "archive" / f"{table}.parquet").to_pylist()
    told = second.summary["entities"][mapping]["dispositions"]
    assert Counter(row["id__disposition"] for row in rows) == {word: n for word, n in told.items() if n}


def test_numbers_of_a_site_begin_with_its_name(second: RunResult) -> None:
    assert len(numbers(second)) > 240
    assert [number for number in numbers(second) if not number.startswith("b-")] == []


def test_two_sites_share_no_number(second: RunResult, tmp_path: Path) -> None:
    first = run(site_workspace(tmp_path / "first", "a"), only="groups")
    assert first.failure is None
    both = ("categories", "courses", "groups")
    assert len(numbers(first, both)) == len(numbers(second, both))
    assert numbers(first, both) & numbers(second, both) == set()


def test_people_and_courses_keep_the_names_they_are_known_by(second: RunResult) -> None:
    with closing(sqlite3.connect(second.folder.parents[1] / "source.sqlite")) as database:
        database.text_factory = bytes
        users = {name.decode().strip().lower() for (name,) in database.execute("SELECT username FROM mdl_user")}
        courses = {name.decode().strip() for (name,) in database.execute("SELECT shortname FROM mdl_course")}
    made_up = {row["username"] for row in loaded(second)["users"]} - users
    assert made_up == {"b-deleted-905", "b-deleted-906"}
    assert {row["shortname"] for row in loaded(second)["courses"]} <= courses
