"""Whatever is written is read back by the independent reader, but for what the writer says it altered or left out."""

from __future__ import annotations

import tempfile
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

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
from migrate.connectors.moodle_backup.sift import record_key

MADE = datetime(2026, 1, 1)
PEOPLE = [Person(f"person{n}", f"person{n}@example.invalid") for n in range(4)]
any_text = st.text(st.characters(exclude_categories=()), max_size=40) | st.sampled_from(
    ["$@NULL@$", "]]>", "&amp;", "\r\n", " ", "$@FILEPHP@$/1", "a\x00b", "<!DOCTYPE x>"]
)
names = any_text.filter(str.strip)
instants = st.none() | st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)).filter(
    lambda d: d.replace(microsecond=0) != datetime(1970, 1, 1)
)
until = st.none() | st.datetimes(datetime(1970, 1, 2), datetime(2300, 1, 1))
numbers = st.none() | st.decimals(-99999, 99999, places=5) | st.integers(-99999, 99999) | st.just(0)
users = st.sampled_from([p.username for p in PEOPLE])


@st.composite
def histories(draw: st.DrawFn) -> CourseHistory:
    """Histories without records that have to be left out."""
    items = [
        GradeItem(f"item{n}", f"{n} {draw(any_text)}", iteminfo=draw(st.none() | any_text), counts=draw(st.booleans()),
                  hiddenuntil=draw(until), locked=draw(instants), locktime=draw(instants), timecreated=draw(instants))
        for n in range(draw(st.integers(0, 2)))
    ]  # fmt: skip
    grades = [
        Grade(item.idnumber, user, draw(numbers), draw(st.none() | any_text), draw(st.sampled_from([0, 1, 2, 4])),
              draw(instants), draw(instants), draw(st.none() | users), draw(instants), draw(instants), False, draw(until),
              draw(instants), draw(instants))
        for item in items
        for user in draw(st.sets(users))
    ]  # fmt: skip
    completions = [CourseCompletion(user, draw(instants), draw(instants), draw(instants)) for user in draw(st.sets(users))]
    activities = [
        Activity(f"act{n}", draw(names), draw(st.sampled_from(["label", "page"])), draw(any_text), None, draw(st.booleans()),
                 draw(instants))
        for n in range(draw(st.integers(0, 2)))
    ]  # fmt: skip
    states = [
        ActivityCompletion(activity.idnumber, user, draw(st.integers(0, 3)), draw(instants), draw(instants))
        for activity in activities
        for user in draw(st.sets(users))
    ]
    return CourseHistory("C", draw(any_text), MADE, PEOPLE, items, grades, completions, activities, states)


@settings(max_examples=40, deadline=None)
@given(histories())
def test_what_is_read_is_what_was_written(history: CourseHistory) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "c.mbz")
        written = write_backup(path, history)
        backup = read_backup(path)
    assert written.left_out == ()
    assert backup.unresolved == []
    altered = {(a.part, a.key, a.field) for a in written.altered}
    parts = {
        "grade_items": (history.grade_items, lambda r: r["idnumber"]),
        "grades": (history.grades, lambda r: record_key(r["item"], r["user"])),
        "course_completions": (history.course_completions, lambda r: record_key("C", r["user"])),
        "activities": (history.activities, lambda r: r["idnumber"]),
        "activity_completions": (history.activity_completions, lambda r: record_key(r["activity"], r["user"])),
    }
    for part, (records, key) in parts.items():
        given_ = {key(asdict(r)): asdict(r) for r in records}
        read = {key(r): r for r in backup.rows[part]}
        assert read.keys() == given_.keys()
        assert written.counts[part] == len(read)
        for name, record in given_.items():
            expected = {f: v for f, v in record.items() if (part, name, f) not in altered}
            assert expected == {f: read[name][f] for f in expected}, part


def whole(value: Any) -> Any:
    return value.replace(microsecond=0) if isinstance(value, datetime) else value


@given(st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.timezones()))
@settings(max_examples=25, deadline=None)
def test_instants_with_a_zone_are_read_in_utc(instant: datetime) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "c.mbz")
        completion = CourseCompletion("person0", None, None, instant)
        written = write_backup(path, CourseHistory("C", "C", MADE, PEOPLE, course_completions=[completion]))
        rows = read_backup(path).rows["course_completions"]
    utc = instant.astimezone(UTC).replace(tzinfo=None)
    if written.left_out:
        assert utc.replace(microsecond=0) == datetime(1970, 1, 1)
    else:
        assert rows[0]["timecompleted"] == whole(utc)


def test_no_grade_is_not_the_grade_zero(tmp_path: Path) -> None:
    items = [GradeItem("i", "I")]
    grades = [Grade("i", "person0", None), Grade("i", "person1", 0), Grade("i", "person2", Decimal("-0.0"))]
    write_backup(tmp_path / "c.mbz", CourseHistory("C", "C", MADE, PEOPLE, items, grades))
    read = {r["user"]: r["finalgrade"] for r in read_backup(tmp_path / "c.mbz").rows["grades"]}
    assert read == {"person0": None, "person1": Decimal("0.00000"), "person2": Decimal("0.00000")}
    assert not read["person2"].is_signed()
