"""What another Moodle should hold of the sample's grades and completions, worked out again in plain Python from the tables,
without the contract, the mapping or SQL. Who and what is there at all is taken from the load files of people and courses."""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from second_site import loaded, second_site

pytestmark = pytest.mark.long

Row = dict[str, Any]
SCALES = {
    1: ["Not yet competent", "Competent"],
    2: ["Insufficient", "Sufficient", "Good", "Excellent"],
    3: ["Missing", "Incomplete", "Complete"],
}


def read(path: Path, table: str) -> dict[int, Row]:
    with closing(sqlite3.connect(path)) as database:
        database.row_factory = sqlite3.Row
        database.text_factory = lambda raw: raw.decode("utf-8", "replace")
        return {row["id"]: dict(row) for row in database.execute(f'SELECT * FROM "mdl_{table}"')}


def instant(seconds: int | None) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if seconds else ""


def number(value: float | None) -> str:
    return "" if value is None else f"{Decimal(str(value)).normalize():f}"


def flag(value: bool) -> str:
    return "1" if value else "0"


class Expected:
    """The records of history that should be in the other Moodle, by their number in the sample."""

    def __init__(self, source: Path, there: dict[str, list[dict[str, str]]]) -> None:
        names = ("user", "course", "modules", "course_modules", "grade_items", "grade_grades", "grade_categories", "assign",
                 "quiz", "scorm", "customcert", "course_completions", "course_modules_completion",
                 "course_modules_viewed")  # fmt: skip
        self.tables = {name: read(source, name) for name in names}
        people, courses = {row["username"] for row in there["users"]}, {row["shortname"] for row in there["courses"]}
        called = {
            n: f"b-deleted-{n}" if row["deleted"] else row["username"].strip().lower() for n, row in self.tables["user"].items()
        }
        uses = Counter(called.values())
        self.users = {n: name for n, name in called.items() if name in people and uses[name] == 1}
        self.courses = {n: row["shortname"].strip() for n, row in self.tables["course"].items()}
        self.courses = {n: name for n, name in self.courses.items() if name in courses}
        self.kinds = {n: row["name"] for n, row in self.tables["modules"].items()}
        self.places = {(self.kinds[m["module"]], m["instance"]): m for m in self.tables["course_modules"].values()}
        self.grade_items = self._items()
        self.grades = self._grades()
        self.course_completions = {
            n: {"course": self.courses[row["course"]], "user": self.users[row["userid"]],
                "timeenrolled": instant(row["timeenrolled"]), "timestarted": instant(row["timestarted"]),
                "timecompleted": instant(row["timecompleted"])}
            for n, row in self.tables["course_completions"].items()
            if row["course"] in self.courses and row["userid"] in self.users
            and (row["timeenrolled"] or row["timestarted"] or row["timecompleted"])
        }  # fmt: skip
        self.activities = self._activities()
        self.activity_completions = self._activity_completions()

    def _items(self) -> dict[int, Row]:
        items = self.tables["grade_items"]
        numbers = Counter(row["idnumber"] for row in items.values() if row["idnumber"])
        names = Counter((row["courseid"], (row["itemname"] or f"Item {n}").strip().lower()) for n, row in items.items())
        categories: dict[int, int] = Counter(row["courseid"] for row in self.tables["grade_categories"].values())
        formulas = {row["courseid"] for row in items.values() if row["calculation"]}
        made = {}
        for n, row in items.items():
            place = self.places.get((row["itemmodule"], row["iteminstance"]))
            binned = place is not None and place["deletioninprogress"]
            unclear = row["itemmodule"] == "assign" and self.tables["assign"][row["iteminstance"]]["grade"] < 0
            if (
                row["itemtype"] in ("course", "category")
                or row["gradetype"] == 0
                or binned
                or row["courseid"] not in self.courses
            ):
                continue
            if unclear and row["gradetype"] != 2:
                continue
            name, text = (row["itemname"] or f"Item {n}").strip(), row["gradetype"] == 3
            if names[row["courseid"], name.lower()] > 1:
                name += f" ({row['itemmodule']} {n})" if row["itemmodule"] else f" ({n})"
            remark = [f"From the earlier site: {row['itemmodule']} {row['iteminstance']}"] if row["itemtype"] == "mod" else []
            if row["gradetype"] == 2:
                scale = {1: "Competent or not", 2: "Four steps", 3: "Laboratory notebook"}.get(row["scaleid"])
                words = ",".join(SCALES.get(row["scaleid"], ["?"]))
                remark.append(f"Scale{f' {scale}' if scale else ''}, 1 is the first word: {words}")
            made[n] = {
                "idnumber": f"b-{row['idnumber']}" if numbers[row["idnumber"]] == 1 else f"b-item-{n}",
                "course": self.courses[row["courseid"]], "itemname": name, "gradetype": "3" if text else "1",
                "grademax": "" if text else number(row["grademax"]), "grademin": "" if text else number(row["grademin"]),
                "gradepass": "" if text else number(row["gradepass"]), "iteminfo": ". ".join(remark),
                "counts": flag(not text and categories[row["courseid"]] == 1 and row["courseid"] not in formulas),
                "hidden": flag(row["hidden"] == 1), "hiddenuntil": instant(row["hidden"] if row["hidden"] > 1 else 0),
                "locked": instant(row["locked"]), "locktime": instant(row["locktime"]),
                "timecreated": instant(row["timecreated"]),
            }  # fmt: skip
        return made

    def _grades(self) -> dict[int, Row]:
        made = {}
        told = ("finalgrade", "feedback", "overridden", "excluded", "hidden", "locked", "locktime")
        for n, row in self.tables["grade_grades"].items():
            if row["itemid"] not in self.grade_items or row["userid"] not in self.users:
                continue
            if row["finalgrade"] is None and not any(row[word] for word in told):
                continue
            item = self.tables["grade_items"][row["itemid"]]
            final, words, style = row["finalgrade"], row["feedback"] or "", str(row["feedbackformat"])
            if item["gradetype"] == 2 and final is not None and item["scaleid"] in SCALES:
                word = SCALES[item["scaleid"]][int(final) - 1]
                words, style = (f"<p>{word}</p>{words}", style) if words else (word, "2")
            made[n] = {
                "item": self.grade_items[row["itemid"]]["idnumber"], "user": self.users[row["userid"]],
                "finalgrade": "" if item["gradetype"] == 3 else number(final), "feedback": words,
                "feedbackformat": style if words else "", "timecreated": instant(row["timecreated"]),
                "timemodified": instant(row["timemodified"]), "grader": self.users.get(row["usermodified"], ""),
                "overridden": instant(row["overridden"]), "excluded": instant(row["excluded"]),
                "hidden": flag(row["hidden"] == 1),
                "hiddenuntil": instant(row["hidden"] if row["hidden"] > 1 else 0), "locked": instant(row["locked"]),
                "locktime": instant(row["locktime"]),
            }  # fmt: skip
        return made

    def _activities(self) -> dict[int, Row]:
        completed = {row["coursemoduleid"] for row in self.tables["course_modules_completion"].values() if row["completionstate"]}
        made = {}
        for n, row in self.tables["course_modules"].items():
            if n not in completed or row["deletioninprogress"] or row["course"] not in self.courses:
                continue
            kind = self.kinds[row["module"]]
            name = self.tables[kind][row["instance"]]["name"] if kind in self.tables else f"{kind} {n}"
            made[n] = {
                "idnumber": f"b-{row['idnumber'] or f'activity-{n}'}", "course": self.courses[row["course"]], "name": name,
                "kind": "label", "visible": "0", "added": instant(row["added"]),
            }  # fmt: skip
        return made

    def _activity_completions(self) -> dict[int, Row]:
        viewed = {(v["coursemoduleid"], v["userid"]): v["timecreated"] for v in self.tables["course_modules_viewed"].values()}
        return {
            n: {"activity": self.activities[row["coursemoduleid"]]["idnumber"], "user": self.users[row["userid"]],
                "completionstate": str(min(row["completionstate"], 3)), "timemodified": instant(row["timemodified"]),
                "timeviewed": instant(viewed.get((row["coursemoduleid"], row["userid"])))}
            for n, row in self.tables["course_modules_completion"].items()
            if row["coursemoduleid"] in self.activities and row["userid"] in self.users and row["completionstate"]
        }  # fmt: skip


@pytest.fixture(scope="module")
def there() -> dict[str, list[dict[str, str]]]:
    return loaded(second_site())


@pytest.fixture(scope="module")
def expected(there: dict[str, list[dict[str, str]]]) -> Expected:
    return Expected(second_site().folder.parents[1] / "source.sqlite", there)


def by_key(rows: list[Row], *key: str) -> dict[tuple[str, ...], Row]:
    found: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in rows:
        found[tuple(row[part] for part in key)].append(row)
    assert all(len(same) == 1 for same in found.values())
    return {name: same[0] for name, same in found.items()}


@pytest.mark.parametrize(
    ("entity", "key", "least"),
    [
        ("grade_items", ["idnumber"], 80),
        ("grades", ["item", "user"], 1700),
        ("course_completions", ["course", "user"], 850),
        ("activities", ["idnumber"], 60),
        ("activity_completions", ["activity", "user"], 1100),
    ],
)
def test_the_other_site_gets_what_the_tables_say(
    expected: Expected, there: dict[str, list[dict[str, str]]], entity: str, key: list[str], least: int
) -> None:
    found = by_key([{k: v for k, v in row.items() if k != "text"} for row in there[entity]], *key)
    wanted = by_key(list(getattr(expected, entity).values()), *key)
    assert found.keys() == wanted.keys()
    assert [(row, wanted[name]) for name, row in found.items() if row != wanted[name]] == []
    assert len(found) > least


def test_the_text_of_a_placeholder_says_what_it_stands_for(there: dict[str, list[dict[str, str]]]) -> None:
    (forum,) = [row for row in there["activities"] if row["idnumber"] == "b-TALK"]
    assert forum["text"] == "<p>forum 68</p><p>Stands for forum 1 of the earlier site and keeps who completed it.</p>"


def test_what_only_looks_odd_arrives(there: dict[str, list[dict[str, str]]]) -> None:
    """The rows of the list with a dash."""
    drill = {row["finalgrade"]: row for row in there["grades"] if row["item"] == "b-DRILL"}
    assert drill["0"]["hiddenuntil"] == "2026-03-02T08:00:00Z"
    assert (drill["-5"]["locked"], drill["-5"]["locktime"]) == ("2024-06-03T10:00:00Z", "2024-07-03T10:00:00Z")
    assert drill[""]["excluded"] == "2024-06-03T10:00:00Z"
    assert (drill["88.88889"]["feedback"], drill["88.88889"]["feedbackformat"]) == ("**Well** done", "4")
    (oral,) = [row for row in there["grade_items"] if row["itemname"] == "Oral"]
    assert [oral[word] for word in ("hiddenuntil", "locked", "locktime")] == [
        "2026-08-31T22:00:00Z",
        "2025-01-06T23:00:00Z",
        "2027-01-06T23:00:00Z",
    ]
    remarks = [row for row in there["grades"] if row["feedback"] == "Writes clearly & briefly"]
    assert [(row["finalgrade"], row["feedbackformat"]) for row in remarks] == [("", "2")]
