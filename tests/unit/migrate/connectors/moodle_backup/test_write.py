"""What stands in the file, what is left out of it, and what is said about both."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from migrate.connectors.moodle_backup import (
    Activity,
    ActivityCompletion,
    CourseCompletion,
    CourseHistory,
    Grade,
    GradeItem,
    Person,
    read_backup,
    write_backup,
)
from migrate.errors import TargetRefused


def xml(file: Path, name: str) -> str:
    with zipfile.ZipFile(file) as archive:
        return archive.read(name).decode()


def test_everything_is_counted(write: Any) -> None:
    written = write()
    assert written.counts == {
        "grade_items": 3, "grades": 4, "course_completions": 2, "activities": 3, "activity_completions": 3,
    }  # fmt: skip
    assert (written.left_out, written.altered) == ((), ())


def test_equal_input_gives_equal_bytes(tmp_path: Path, small: CourseHistory) -> None:
    one, two = tmp_path / "a" / "c.mbz", tmp_path / "b" / "c.mbz"
    for file in (one, two):
        file.parent.mkdir()
    shuffled = replace(small, people=list(reversed(list(small.people))))
    assert write_backup(one, small).sha256 == write_backup(two, shuffled).sha256
    assert one.read_bytes() == two.read_bytes()


def test_restore_recognises_the_file_by_its_first_bytes(write: Any, file: Path) -> None:
    write()
    head = xml(file, "moodle_backup.xml").encode()[:200]
    assert b'<?xml version="1.0" encoding="UTF-8"?>' in head
    assert b"<moodle_backup>" in head
    assert b"<information>" in head


def test_people_stand_in_it_with_what_they_are_matched_by_only(write: Any, file: Path) -> None:
    write()
    users = xml(file, "users.xml")
    assert "One@Example.invalid" in users
    assert users.count("<firstname>$@NULL@$</firstname>") == 3, "or restore would make accounts anew"
    assert "password" not in users


def test_nothing_of_the_course_itself_is_touched(write: Any, file: Path) -> None:
    write()
    with zipfile.ZipFile(file) as archive:
        names = set(archive.namelist())
    assert "course/enrolments.xml" not in names
    assert "course/course.xml" not in names
    assert "<grade_category" not in xml(file, "gradebook.xml")
    assert "<course_completion_criteria" not in xml(file, "completion.xml")
    settings = xml(file, "moodle_backup.xml")
    for off in ("role_assignments", "groups", "permissions", "badges"):
        assert f"<name>{off}</name>\n<value>0</value>" in settings


def test_the_course_total_is_named_only_where_there_are_items(write: Any, file: Path) -> None:
    write()
    assert xml(file, "gradebook.xml").count("<itemtype>course</itemtype>") == 1
    write(grade_items=(), grades=())
    assert "<itemtype>" not in xml(file, "gradebook.xml")


def test_restore_takes_any_name_of_a_course(write: Any, file: Path) -> None:
    write(shortname="A <b>1</b>", fullname="x < y\x00")
    manifest = xml(file, "moodle_backup.xml")
    assert "<original_course_shortname>A  b 1 /b </original_course_shortname>" in manifest
    assert "<original_course_fullname>x   y\ufffd</original_course_fullname>" in manifest
    assert read_backup(file).shortname == "A <b>1</b>"


def test_without_activities_there_is_no_section(write: Any, file: Path) -> None:
    write(activities=(), activity_completions=())
    with zipfile.ZipFile(file) as archive:
        assert not [name for name in archive.namelist() if name.startswith(("sections/", "activities/"))]


@pytest.mark.parametrize(
    ("changes", "part", "key", "says"),
    [
        ({"grades": [Grade("exam", "ghost", 1)]}, "grades", "exam|ghost", "no account"),
        ({"grades": [Grade("none", "teacher", 1)]}, "grades", "none|teacher", "its item is not in the file"),
        ({"grades": [Grade("exam", "teacher", 1), Grade("exam", "teacher", 2)]}, "grades", "exam|teacher", "another record"),
        ({"grades": [Grade("words", "teacher", 1)]}, "grades", "words|teacher", "text only"),
        ({"grades": [Grade("exam", "teacher", 100_000)]}, "grades", "exam|teacher", "finalgrade: 100000; Moodle takes"),
        ({"grades": [Grade("exam", "teacher", float("nan"))]}, "grades", "exam|teacher", "nan"),
        ({"grades": [Grade("exam", "teacher", Decimal("99999.999996"))]}, "grades", "exam|teacher", "99999.999996"),
        ({"grades": [Grade("exam", "teacher", 1, hiddenuntil=datetime(1960, 1, 1))]}, "grades", "exam|teacher", "hiddenuntil"),
        ({"course_completions": [CourseCompletion("ghost")]}, "course_completions", "FIRE-1|ghost", "no account"),
        (
            {"course_completions": [CourseCompletion("teacher", timecompleted=datetime(1970, 1, 1))]},
            "course_completions",
            "FIRE-1|teacher",
            "timecompleted: 1970-01-01",
        ),
        ({"grade_items": [GradeItem("a", "x" * 256)], "grades": ()}, "grade_items", "a", "itemname: a text of 256"),
        ({"grade_items": [GradeItem("a", " ")], "grades": ()}, "grade_items", "a", "without a name"),
        ({"grade_items": [GradeItem("a", "A", gradetype=2)], "grades": ()}, "grade_items", "a", "grade type 2"),
        (
            {"grade_items": [GradeItem("a", "Été"), GradeItem("b", "ete ")], "grades": ()},
            "grade_items",
            "b",
            "another item of this name",
        ),
        (
            {"grade_items": [GradeItem("a", "Quiz 😀"), GradeItem("b", "quiz 🎓\u200d")], "grades": ()},
            "grade_items",
            "b",
            "another item of this name",
        ),
        (
            {"grade_items": [GradeItem("a", "Attendance")], "grades": (), "names_taken": ["ATTENDANCE"]},
            "grade_items",
            "a",
            "another item of this name",
        ),
        ({"activities": [Activity("a", "A", "quiz")], "activity_completions": ()}, "activities", "a", "kind 'quiz'"),
        ({"activities": [Activity("a", "A", "url")], "activity_completions": ()}, "activities", "a", "leads nowhere"),
        ({"activity_completions": [ActivityCompletion("a", "teacher")]}, "activity_completions", "a|teacher", "no other"),
        ({"activity_completions": [ActivityCompletion("film", "teacher", 4)]}, "activity_completions", "film|teacher", "state 4"),
    ],
)
def test_what_cannot_be_restored_as_meant_is_left_out_and_said(
    write: Any, changes: dict[str, Any], part: str, key: str, says: str
) -> None:
    written = write(**changes)
    (left_out,) = written.left_out
    assert (left_out.part, left_out.key) == (part, key)
    assert says in left_out.reason
    assert written.counts[part] == len(changes[part]) - 1


def test_a_grade_of_an_item_that_is_left_out_goes_with_it(write: Any) -> None:
    written = write(grade_items=[GradeItem("exam", "")], grades=[Grade("exam", "teacher", 1)])
    assert {(left.part, left.key) for left in written.left_out} == {("grade_items", "exam"), ("grades", "exam|teacher")}


@pytest.mark.parametrize(
    ("grade", "field", "says"),
    [
        (Grade("exam", "teacher", 1, "a\x00b"), "feedback", "1 control characters"),
        (Grade("exam", "teacher", 1, "see $@NULL@$"), "feedback", "its own markers"),
        (Grade("exam", "teacher", 1.0000001), "finalgrade", "rounded"),
        (Grade("exam", "teacher", 1, timemodified=datetime(2020, 1, 1, 0, 0, 0, 5)), "timemodified", "fraction"),
        (Grade("exam", "teacher", 1, grader="ghost"), "grader", "left empty"),
    ],
)
def test_what_is_altered_is_said(write: Any, grade: Grade, field: str, says: str) -> None:
    written = write(grades=[grade])
    (altered,) = written.altered
    assert (altered.part, altered.key, altered.field) == ("grades", "exam|teacher", field)
    assert says in altered.what
    assert written.counts["grades"] == 1


def test_a_folder_that_is_not_there_is_said(tmp_path: Path, small: CourseHistory) -> None:
    with pytest.raises(TargetRefused, match="cannot write"):
        write_backup(tmp_path / "none" / "c.mbz", small)


def test_a_file_is_written_whole_or_not_at_all(file: Path, small: CourseHistory) -> None:
    def broken() -> Any:
        yield Grade("exam", "teacher", 1)
        raise RuntimeError("the source went away")

    with pytest.raises(RuntimeError):
        write_backup(file, replace(small, grades=broken()))
    assert list(file.parent.iterdir()) == []


def test_keys_are_those_of_records(write: Any) -> None:
    written = write(people=[Person("a|b", "x@example.invalid")], grades=[Grade("exam", "c|d", 1)])
    assert ("grades", r"exam|c\|d") in {(left.part, left.key) for left in written.left_out}
