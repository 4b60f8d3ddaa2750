"""What of the Cornerstone sample has to stand in Totara's files, written down without looking at the mapping."""

from __future__ import annotations

import pyarrow.parquet as pq
import pytest
from run_reading import cells, load_files
from sample_runs import sample_run

PAIR = "cornerstone_to_totara"


def rows(file: str) -> list[dict[str, str]]:
    header, *lines = cells(load_files(sample_run(PAIR).folder / "4_load")[file])
    return [dict(zip(header, line, strict=True)) for line in lines]


@pytest.mark.parametrize(
    ("number", "column", "value"),
    [
        ("000904", "username", "user000904"),
        ("904", "username", "user904"),
        ("000921", "firstname", "Zoé"),
        ("000921", "lastname", "D'Ávila-Nasser, Jr."),
        ("000922", "lastname", "منصور"),
        ("000906", "username", "upper.case"),
        ("000911", "suspended", "1"),
        ("000919", "customfield_hiredate", ""),
    ],
)
def test_people_arrive(number: str, column: str, value: str) -> None:
    (found,) = [row for row in rows("user.csv") if row["idnumber"] == number]
    assert found[column] == value


def test_the_history_of_a_closed_account_stands_under_the_other() -> None:
    assert not [row for row in rows("user.csv") if row["idnumber"] == "C00901"]
    mine = [row for row in rows("course_completion.csv") if row["username"] == "user000901"]
    assert [(row["courseshortname"], row["completiondate"]) for row in mine] == [("HS-007", "2017-02-14")]


def test_completions_name_the_version_that_was_in_force() -> None:
    found: dict[str, list[str]] = {row["shortname"]: [] for row in rows("courses.csv")}
    for row in rows("course_completion.csv"):
        if row["username"] != "user000945":
            found[row["courseshortname"]].append(row["completiondate"])
    assert max(found["GMP-101 v1.0"]) < "2020-06-01" <= min(found["GMP-101 v2.0"])
    assert max(found["SOP-014 v3"]) < "2021-02-01" <= min(found["SOP-014 v4"])


def test_odd_transcripts_arrive() -> None:
    mine = {row["completiondate"]: row for row in rows("course_completion.csv") if row["username"] == "user000945"}
    assert mine["2023-06-04"]["grade"] == "100"  # a second before midnight, and 99.999
    assert mine["2023-03-15"]["grade"] == "90"  # the better of two on one day
    assert mine["2023-06-08"]["courseshortname"] == "SOP-014 v4"


def test_sessions_count_for_their_event() -> None:
    assert {row["completiondate"] for row in rows("course_completion.csv") if row["courseshortname"] == "EV-300"} == {
        "2019-05-07",
        "2023-10-12",
    }


def test_retired_and_superseded_learning_objects_are_hidden() -> None:
    visible = {row["shortname"]: row["visible"] for row in rows("courses.csv")}
    assert (visible["GMP-101 v1.0"], visible["GMP-101 v2.0"], visible["VID-12"]) == ("0", "1", "0")
    assert [row["fullname"] for row in rows("courses.csv") if row["shortname"] == "VID-12"] == ["Old & gold"]


def test_the_archive_keeps_what_has_no_column() -> None:
    kept = pq.read_table(sample_run(PAIR).folder / "archive" / "transcripts.parquet").to_pylist()
    (signed,) = [row for row in kept if row["Signature"] == "Ines Beforehand"]
    assert signed["User_ID__target"] == "000945"
    assert [row["Due_Date"] for row in kept if row["Status"] == "In Progress" and row["Due_Date"]]
    granted = pq.read_table(sample_run(PAIR).folder / "archive" / "certification_records.parquet").to_pylist()
    assert sum(row["Expiration_Date"] == "06/30/2026" for row in granted) == 1
