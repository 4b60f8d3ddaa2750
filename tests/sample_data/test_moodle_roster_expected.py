"""What of the Moodle sample has to stand in the roster, written down without looking at the mapping."""

from __future__ import annotations

import csv
import io
import zipfile

import pytest
from sample_runs import sample_run

PAIR = "moodle_to_oneroster12"


def package() -> zipfile.ZipFile:
    return zipfile.ZipFile(sample_run(PAIR).folder / "4_load" / "oneroster.zip")


def rows(file: str) -> list[dict[str, str]]:
    with package() as zipped:
        return list(csv.DictReader(io.StringIO(zipped.read(file).decode("utf-8"))))


def test_the_package_is_whole_and_says_so() -> None:
    told = {row["propertyName"]: row["value"] for row in rows("manifest.csv")}
    assert told["oneroster.version"] == "1.2"
    for file in ("orgs", "academicSessions", "courses", "classes", "users", "roles", "enrollments"):
        assert told[f"file.{file}"] == "bulk"
        assert not [row for row in rows(f"{file}.csv") if row["status"] or row["dateLastModified"]]
    assert told["file.results"] == "absent"


@pytest.mark.parametrize(
    ("number", "column", "value"),
    [
        ("007", "userIds", "{Moodle:930}"),
        ("7", "userIds", "{Moodle:931}"),
        ("moodle-911", "identifier", "E-4711"),
    ],
)
def test_people_arrive(number: str, column: str, value: str) -> None:
    (found,) = [row for row in rows("users.csv") if row["sourcedId"] == number]
    assert found[column] == value


def test_everybody_has_one_primary_role() -> None:
    primary = [row["userSourcedId"] for row in rows("roles.csv") if row["roleType"] == "primary"]
    held = {row["sourcedId"] for row in rows("users.csv")} - set(primary)
    assert len(primary) == len(set(primary))
    assert len(held) == 1  # of the auditor, whose role nobody has said yet


def test_a_term_ends_on_the_day_after_its_last() -> None:
    (term,) = [row for row in rows("academicSessions.csv") if row["title"] == "2025-S1"]
    assert (term["startDate"], term["endDate"], term["schoolYear"]) == ("2025-01-13", "2025-07-01", "2025")


def test_classes_are_at_schools_and_of_courses_without_their_term() -> None:
    schools = {row["sourcedId"] for row in rows("orgs.csv") if row["type"] == "school"}
    classes = {row["classCode"]: row for row in rows("classes.csv")}
    assert {row["schoolSourcedId"] for row in classes.values()} <= schools
    assert "BIO101-2025-S1" not in classes  # it ended more than six months ago
    assert classes["ONB-01"]["courseSourcedId"] == "course-ONB-01"
    (catalogued,) = [row for row in rows("courses.csv") if row["courseCode"] == "BIO101"]
    assert catalogued["title"] == "Cell Biology"
    assert {"null", "0", "BOT-GARDEN"} <= set(classes)


def test_an_enrolment_without_end_has_none() -> None:
    (endless,) = [row for row in rows("enrollments.csv") if row["sourcedId"].endswith("-944")]
    assert endless["endDate"] == ""
