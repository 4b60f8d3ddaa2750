"""What of the SuccessFactors sample has to stand in Cornerstone's files, written down without looking at the mapping."""

from __future__ import annotations

import pyarrow.parquet as pq
import pytest
from run_reading import cells, load_files
from sample_runs import sample_run

PAIR = "successfactors_to_cornerstone"


def rows(file: str) -> list[dict[str, str]]:
    header, *lines = cells(load_files(sample_run(PAIR).folder / "4_load")[file])
    return [dict(zip(header, line, strict=True)) for line in lines]


def transcripts(person: str) -> dict[str, dict[str, str]]:
    return {row["Completion_Date"]: row for row in rows("course_transcripts.csv") if row["User_ID"] == person}


@pytest.mark.parametrize(
    ("number", "column", "value"),
    [
        ("00000902", "Last_Name", "One"),
        ("902", "Last_Name", "Other"),
        ("00000915", "First_Name", "Zoé"),
        ("00000915", "Last_Name", "O|Neill, Jr."),
        ("00000915", "Country", "ES"),
        ("00000910", "Hire_Date", ""),
        ("00000911", "Active", "No"),
    ],
)
def test_people_arrive(number: str, column: str, value: str) -> None:
    (found,) = [row for row in rows("users.csv") if row["User_ID"] == number]
    assert found[column] == value


def test_the_history_of_a_number_without_zeros_stands_under_the_whole_number() -> None:
    assert not [row for row in rows("users.csv") if row["User_ID"] == "901"]
    assert [row["Course_ID"] for row in transcripts("00000901").values()] == ["COURSE-HS-007-20120109"]


def test_instants_come_in_utc_and_grades_as_numbers() -> None:
    row = transcripts("00000921")["05/01/2023 03:59:59 +00:00"]
    assert (row["Score"], row["Comments"]) == ("66.6667", "first second")


def test_revisions_are_those_that_were_in_force() -> None:
    mine = [row for row in transcripts("00000921").values() if row["Course_ID"].startswith("COURSE-GMP-101")]
    assert [row["Course_ID"] for row in mine] == ["COURSE-GMP-101-20200601"] * 2  # one names none, one is an hour off


def test_no_show_and_open_assignments_are_not_lost() -> None:
    attended = {row["Status"] for row in rows("session_transcripts.csv")}
    assert attended == {"Completed", "No Show"}
    open_ones = [row for row in rows("course_transcripts.csv") if row["Status"] == "Registered"]
    assert len(open_ones) == len([row for row in open_ones if row["Due_Date"] and not row["Completion_Date"]]) == 11


def test_retired_items_and_old_revisions_are_not_in_use() -> None:
    active = {row["Course_ID"]: row["Active"] for row in rows("online_courses.csv")}
    assert active["COURSE-GMP-101-20120109"] == active["COURSE-OLD-1-20120109"] == "No"
    assert active["COURSE-GMP-101-20200601"] == "Yes"


def test_the_archive_keeps_what_has_no_column() -> None:
    kept = pq.read_table(sample_run(PAIR).folder / "archive" / "learning_history.parquet").to_pylist()
    (signed,) = [row for row in kept if row["ES_USER_NAME"] == "Ines Beforehand"]
    assert signed["STUD_ID__target"] == "00000921"
    expiry = pq.read_table(sample_run(PAIR).folder / "archive" / "curriculum_assignments.parquet").to_pylist()
    assert any(row["EXP_DTE"] == "2027-02-03" for row in expiry)
