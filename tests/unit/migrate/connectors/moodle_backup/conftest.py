"""A small history of one course, to be changed by tests."""

from __future__ import annotations

from collections.abc import Callable
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
    Written,
    write_backup,
)

SMALL = CourseHistory(
    shortname="FIRE-1",
    fullname="Fire safety <for all> & more",
    made=datetime(2026, 11, 25, 8, 0, 0),
    people=[
        Person("learner.one", "One@Example.invalid"),
        Person("learner.two", "two@example.invalid"),
        Person("teacher", "teacher@example.invalid"),
    ],
    grade_items=[
        GradeItem("exam", "Final exam", grademax=60, gradepass=Decimal("30.5"), timecreated=datetime(2014, 1, 1, 9)),
        GradeItem("total", "Total in the earlier system", counts=False, locked=datetime(2019, 1, 1)),
        GradeItem("words", "Remarks", gradetype=3, hidden=True),
    ],
    grades=[
        Grade(
            "exam",
            "learner.one",
            Decimal("42.5"),
            "Well done,\r\n<b>one</b> & all",
            timecreated=datetime(2015, 5, 1, 10, 30, 1),
            timemodified=datetime(2015, 5, 3),
            grader="teacher",
            overridden=datetime(2015, 5, 4),
        ),
        Grade("exam", "learner.two", 0, excluded=datetime(2015, 6, 1), hiddenuntil=datetime(2040, 1, 1)),
        Grade("total", "learner.one", None, None, locked=datetime(2016, 1, 1), locktime=datetime(2015, 12, 31)),
        Grade("words", "learner.two", None, "Come again", 2),
    ],
    course_completions=[
        CourseCompletion("learner.one", datetime(2015, 1, 1), datetime(2015, 2, 1), datetime(2015, 6, 1, 12, 0, 1)),
        CourseCompletion("learner.two", None, datetime(2015, 2, 1), None),
    ],
    activities=[
        Activity("film", "Film", text="<p>SCORM package of the earlier system</p>", added=datetime(2013, 1, 1)),
        Activity("notes", "Notes", "page", "<p>a page</p>", visible=True),
        Activity("link", "Link", "url", "", "https://example.invalid/?a=1&b=2"),
    ],
    activity_completions=[
        ActivityCompletion("film", "learner.one", 2, datetime(2015, 3, 1), datetime(2015, 2, 28)),
        ActivityCompletion("film", "learner.two", 0),
        ActivityCompletion("notes", "learner.one", 3, datetime(2015, 3, 2)),
    ],
)

Write = Callable[..., Written]


@pytest.fixture
def small() -> CourseHistory:
    return SMALL


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "fire.mbz"


@pytest.fixture
def write(file: Path) -> Write:
    """Writes the small history, with changes, to ``file``."""

    def write(**changes: Any) -> Written:
        return write_backup(file, replace(SMALL, **changes))

    return write
