"""What of the Moodle sample has to stand in Totara's files, written down without looking at the mapping."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from run_reading import cells, load_files
from sample_runs import sample_run

PAIR = "moodle_to_totara"


def rows(file: str) -> list[dict[str, str]]:
    header, *lines = cells(load_files(sample_run(PAIR).folder / "4_load")[file])
    return [dict(zip(header, line, strict=True)) for line in lines]


@pytest.mark.parametrize(
    ("number", "column", "value"), [("007", "suspended", "0"), ("7", "suspended", "0"), ("moodle-911", "auth", "manual")]
)
def test_people_arrive(number: str, column: str, value: str) -> None:
    (found,) = [row for row in rows("user.csv") if row["idnumber"] == number]
    assert found[column] == value


def test_days_are_those_of_the_site() -> None:
    starts = {row["shortname"]: row["startdate"] for row in rows("courses.csv")}
    assert starts["BIO101-2025-S1"] == "2025-01-13"  # 23:00 UTC on the day before
    assert {"null", "0", "BOT-GARDEN"} <= set(starts)


def test_every_completion_of_a_loaded_person_and_course_is_there_with_its_total() -> None:
    """Asked of the database by another query than the mapping's."""
    with closing(sqlite3.connect(sample_run(PAIR).workspace / "source.sqlite")) as database:
        database.text_factory = lambda raw: raw.decode("utf-8", "replace")
        expected = {
            (login.lower().strip(), course): None if total is None else round(total, 2)
            for login, course, total in database.execute(
                "SELECT u.username, k.shortname,"
                " (SELECT g.finalgrade FROM mdl_grade_grades g JOIN mdl_grade_items i ON i.id = g.itemid"
                " WHERE i.courseid = c.course AND i.itemtype = 'course' AND g.userid = c.userid)"
                " FROM mdl_course_completions c JOIN mdl_user u ON u.id = c.userid JOIN mdl_course k ON k.id = c.course"
                " WHERE c.timecompleted > 0 AND c.timecompleted < 1767225600"
            )
        }
    written = {(row["username"], row["courseshortname"]): float(row["grade"]) for row in rows("course_completion.csv")}
    missing = {login for login, _ in set(expected) - set(written)}
    assert missing <= {"guest", "tugrul.yildiz"} | {login for login, _ in expected if "@" in login}
    assert len(written) == 644
    for key in set(expected) & set(written):
        assert written[key] == pytest.approx(100 if expected[key] is None else expected[key], abs=0.011), key


def test_jobs_are_in_the_departments_that_people_name() -> None:
    assert {row["fullname"] for row in rows("org.csv")} == {"Administration", "Biology", "Chemistry", "History", "Languages"}
    jobs = rows("jobassignment.csv")
    assert len(jobs) == len({row["useridnumber"] for row in jobs}) == 208
