"""What of the Brightspace sample has to stand in Canvas's files, written down without looking at the mapping."""

from __future__ import annotations

import pyarrow.parquet as pq
import pytest
from run_reading import cells, load_files
from sample_runs import sample_run

PAIR = "brightspace_to_canvas"


def rows(file: str) -> list[dict[str, str]]:
    header, *lines = cells(load_files(sample_run(PAIR).folder / "4_load")[file])
    return [dict(zip(header, line, strict=True)) for line in lines]


@pytest.mark.parametrize(
    ("number", "column", "value"),
    [
        ("007", "login_id", "user9010"),
        ("7", "login_id", "user9011"),
        ("d2l-9001", "login_id", "user9001"),
        ("0009012", "full_name", "Zoé O'Neill, Jr."),
        ("0009012", "login_id", "upper.case"),
        ("0000208", "status", "suspended"),
    ],
)
def test_people_arrive(number: str, column: str, value: str) -> None:
    (found,) = [row for row in rows("users.csv") if row["user_id"] == number]
    assert found[column] == value


def test_courses_are_over_running_or_hidden() -> None:
    courses = {row["course_id"]: row for row in rows("courses.csv")}
    assert courses["BIO101-2024-FA"]["status"] == "completed"
    assert courses["BIO101-2025-FA"]["status"] == "published"
    assert (courses["HIDE-1"]["status"], courses["HIDE-1"]["long_name"]) == ("unpublished", "Old & gold")
    assert courses["TWO-1"]["account_id"] == "SCI"
    assert courses["BIO101-2025-FA"]["start_date"].startswith("2025-08-18T06:00:00")


def test_whoever_is_in_a_section_is_there_and_not_twice() -> None:
    mine = [row for row in rows("enrollments.csv") if row["course_id"] == "BIO101-2025-FA" and row["role"] == "student"]
    sections = {row["section_id"]: row["name"] for row in rows("sections.csv")}
    named = [sections[row["section_id"]] for row in mine]
    assert named.count("Cells & organisms A") == named.count("Cells & organisms B") == 7
    assert {"1020-C", "Cells & organisms"} <= set(named)  # two who were planted: one in a section only, one in none
    assert len({row["user_id"] for row in mine}) == len(mine)


def test_departments_keep_their_tree() -> None:
    above = {row["account_id"]: row["parent_account_id"] for row in rows("accounts.csv")}
    assert above == {"SCI": "", "ARTS": "", "SCI-BIO": "SCI", "D-LEFT": ""}


def test_the_archive_joins_grades_to_people_and_courses() -> None:
    grades = pq.read_table(sample_run(PAIR).folder / "archive" / "Grade_Results.parquet").to_pylist()
    assert len(grades) == 84
    assert all(row["UserId__target"] and row["OrgUnitId__target"].endswith(("2024-FA", "2025-SP")) for row in grades)
