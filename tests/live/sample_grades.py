"""The assignments and grades that the Moodle sample should give Canvas, worked out again in plain Python from its tables,
without contract, mapping or SQL; and those that a stand-in Canvas holds. Who is a student of what is taken from the stand-in."""

from __future__ import annotations

import html
import re
import sqlite3
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from canvas_server import CanvasServer

Row = dict[str, Any]
Grades = dict[tuple[str, str], tuple[float | None, bool, tuple[str, ...]]]
"""``{(assignment, person): (score, excused, comments)}`` by their sis ids."""
SCALES = {
    1: ["Not yet competent", "Competent"],
    2: ["Insufficient", "Sufficient", "Good", "Excellent"],
    3: ["Missing", "Incomplete", "Complete"],
}
SURVIVORS = {908: 907}
"""Accounts with grades that are merged into another one."""
AS_OF = datetime(2026, 1, 1, tzinfo=UTC).timestamp()


def _read(path: Path, table: str) -> dict[int, Row]:
    with closing(sqlite3.connect(path)) as database:
        database.row_factory = sqlite3.Row
        database.text_factory = lambda raw: raw.decode("utf-8", "replace")
        return {row["id"]: dict(row) for row in database.execute(f'SELECT * FROM "mdl_{table}"')}


class Expected:
    """What should be there."""

    def __init__(self, source: Path, canvas: CanvasServer) -> None:
        self.tables = {
            name: _read(source, name)
            for name in ("user", "course", "modules", "course_modules", "grade_items", "grade_grades", "grade_categories",
                         "assign", "quiz", "scorm", "enrol", "user_enrolments")
        }  # fmt: skip
        numbers = Counter((row["idnumber"] or "").strip() for row in self.tables["user"].values())
        own = {n: (row["idnumber"] or "").strip() for n, row in self.tables["user"].items()}
        self.people = {n: number if number and numbers[number] == 1 else f"moodle-{n}" for n, number in own.items()}
        self.people |= {other: self.people[survivor] for other, survivor in SURVIVORS.items()}
        codes = Counter(row["idnumber"] for row in self.tables["course"].values())
        self.courses = {
            n: row["idnumber"] if row["idnumber"] and codes[row["idnumber"]] == 1 else f"course-{n}"
            for n, row in self.tables["course"].items()
        }
        tables = canvas.state.account.tables
        self.there = set(tables["course"])
        self.students = {
            (e["course"], e["user"]) for e in tables["enrollment"].values() if e["role"] == "student" and e["state"] != "deleted"
        }
        enrolments = self.tables["user_enrolments"].values()
        self.enrolled = {(self.tables["enrol"][row["enrolid"]]["courseid"], row["userid"]) for row in enrolments}
        self.items = self._items()
        self.assignments = {f"moodle-item-{n}": self._assignment(n, row) for n, row in self.items.items()}
        self.grades = self._grades()

    def _items(self) -> dict[int, Row]:
        kinds = {n: row["name"] for n, row in self.tables["modules"].items()}
        binned = {(kinds[m["module"]], m["instance"]) for m in self.tables["course_modules"].values() if m["deletioninprogress"]}
        graded = {row["itemid"] for row in self.tables["grade_grades"].values() if row["finalgrade"] is not None}
        found = {}
        for n, row in self.tables["grade_items"].items():
            on_scale = row["itemmodule"] == "assign" and self.tables["assign"][row["iteminstance"]]["grade"] < 0
            left = row["itemtype"] == "category" or (row["itemtype"] == "course" and n not in graded)
            left = left or row["gradetype"] in (0, 3) or (row["itemmodule"], row["iteminstance"]) in binned
            waits = row["hidden"] == 1 or row["hidden"] > AS_OF or (on_scale and row["gradetype"] != 2)
            if not left and not waits and self.courses.get(row["courseid"]) in self.there:
                found[n] = row
        return found

    def _assignment(self, number: int, row: Row) -> Row:
        categories = Counter(one["courseid"] for one in self.tables["grade_categories"].values())
        formulas = {one["courseid"] for one in self.tables["grade_items"].values() if one["calculation"]}
        plain = categories[row["courseid"]] == 1 and row["courseid"] not in formulas
        name = "Oral exam" if "multilang" in (row["itemname"] or "") else " ".join((row["itemname"] or f"Item {number}").split())
        dates = {"assign": "duedate", "quiz": "timeclose", "scorm": "timeclose"}
        activity = self.tables.get(row["itemmodule"] or "", {}).get(row["iteminstance"], {})
        due = activity.get(dates.get(row["itemmodule"] or "", ""))
        return {
            "course": self.courses[row["courseid"]],
            "name": "Course total (Moodle)" if row["itemtype"] == "course" else name,
            "points_possible": row["grademax"], "grading_type": "points", "submission_types": ["none"], "published": True,
            "omit_from_final_grade": row["itemtype"] == "course" or not plain,
            "due_at": datetime.fromtimestamp(due, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if due else None,
        }  # fmt: skip

    def _grades(self) -> Grades:
        found: Grades = {}
        for row in self.tables["grade_grades"].values():
            item, person = self.items.get(row["itemid"]), self.people[row["userid"]]
            if item is None or (row["finalgrade"] is None and not row["excluded"]):
                continue
            if row["finalgrade"] is not None and (row["hidden"] == 1 or row["hidden"] > AS_OF):
                continue
            here = (item["courseid"], row["userid"]) in self.enrolled or row["userid"] in (*SURVIVORS, *SURVIVORS.values())
            if not here or (self.courses[item["courseid"]], person) not in self.students:
                continue
            exempt = bool(row["excluded"])
            comment = self._comment(row, item)
            one = (None if exempt else row["finalgrade"], exempt, (comment,) if comment else ())
            key = (f"moodle-item-{row['itemid']}", person)
            if key not in found or (found[key][0] or 0) < (one[0] or 0):
                found[key] = one
        return found

    def _comment(self, row: Row, item: Row) -> str:
        said = []
        if row["finalgrade"] is not None and row["timemodified"] and item["itemtype"] != "course":
            said.append(f"Graded in Moodle on {datetime.fromtimestamp(row['timemodified'], UTC):%Y-%m-%d}")
        if row["finalgrade"] is not None and row["excluded"]:
            said.append(f"Exempt, the grade was {row['finalgrade']:g}")
        if row["finalgrade"] is not None and item["scaleid"] in SCALES:
            said.append(SCALES[item["scaleid"]][round(row["finalgrade"]) - 1])
        remark = row["feedback"] or ""
        if row["feedbackformat"] not in (2, 4):
            remark = html.unescape(re.sub(r"<[^<>]+>", "", re.sub(r"<br>|</p>", " ", remark)))
        said.append(" ".join(remark.split()))
        return ". ".join(each for each in said if each)


def held_assignments(canvas: CanvasServer) -> dict[str, Row]:
    """``{sis id: the assignment without its ids}``"""
    own = ("id", "sis_assignment_id", "deleted")
    return {
        one["sis_assignment_id"]: {name: value for name, value in one.items() if name not in own}
        for one in canvas.state.gradebook.assignments.values()
        if not one["deleted"]
    }


def held_grades(canvas: CanvasServer) -> Grades:
    """What has a score or is excused; looking at a submission makes an empty one."""
    book, found = canvas.state.gradebook, Grades()
    people: dict[int, str] = {}
    for key, user in canvas.state.account.tables["user"].items():  # one line for each login; the first is the person's own
        people.setdefault(user["person"], key)
    for (number, person), one in book.submissions.items():
        if one["score"] is not None or one["excused"]:
            comments = tuple(comment["comment"] for comment in one["submission_comments"])
            found[book.assignments[number]["sis_assignment_id"], people[person]] = (one["score"], one["excused"], comments)
    return found
