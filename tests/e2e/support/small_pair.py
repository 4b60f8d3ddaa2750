"""A small made-up pair of systems: users, courses and enrolments of a school, for a hub that takes files.

It has one of each thing that decides about a record (exclusion, merge, reference, fold, value map, crosswalk, check,
gate), and is small enough to be run hundreds of times.
"""

from __future__ import annotations

import csv
import datetime as dt
import shutil
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Literal
from unittest.mock import patch

from migrate import pipeline
from migrate.check import CheckResult, check
from migrate.pipeline import RunResult

Kind = Literal["database", "files"]
Rows = Mapping[str, Sequence[Mapping[str, Any]]]
NOW = dt.datetime(2026, 3, 1, 12, 0, 0, tzinfo=dt.UTC)

COLUMNS = {
    "user": ("id", "login", "name", "email", "active", "score", "born", "boss", "note"),
    "course": ("id", "code", "title", "level", "teacher"),
    "enrol": ("id", "userid", "courseid", "role", "timestart", "timeend"),
}
MAPPING_OF = {"user": "people", "course": "courses", "enrol": "enrolments"}

MIGRATION = """\
label: School to Hub
source:
  system: school
  {place}
target:
  system: hub
  {deliver}
as_of: 2026-01-01 00:00:00
memory: 512MB
report:
  mask: false
approvals: {{roles: []}}
"""

SCHOOL = """\
system: school
label: School
source:
  kind: {kind}
entities:
  user:
    {user}
    key: id
    fields:
      id: {{type: int, required: true}}
      login: {{pii: login}}
      name: {{pii: name}}
      email: {{pii: email}}
      active: {{type: flag}}
      score: {{type: decimal}}
      born: {{type: epoch, never: [0]}}
      boss: {{type: int, references: {{entity: user}}}}
      note: {{}}
  course:
    {course}
    key: id
    fields:
      id: {{type: int, required: true}}
      code: {{}}
      title: {{}}
      level: {{}}
      teacher: {{type: int, references: {{entity: user}}}}
  enrol:
    {enrol}
    key: id
    fields:
      id: {{type: int, required: true}}
      userid: {{type: int, references: {{entity: user}}}}
      courseid: {{type: int, references: {{entity: course}}}}
      role: {{}}
      timestart: {{type: epoch, never: [0]}}
      timeend: {{type: epoch, never: [0]}}
"""

HUB = """\
system: hub
label: Hub
target:
  kind: files
  package: {package}
  strip: {strip}
  format: {{datetime: "%Y-%m-%dT%H:%M:%SZ"}}
entities:
  people:
    file: people.csv
    key: person_id
    fields:
      person_id: {{required: true, unique: true, max_length: 40}}
      login: {{required: true, unique: true, max_length: 30, pii: login}}
      name: {{max_length: 30, pii: name}}
      email: {{pii: email}}
      status: {{required: true, enum: [active, suspended]}}
      score: {{type: decimal, min: -1000, max: 1000}}
      born: {{type: datetime}}
      boss_id: {{references: {{entity: people}}}}
      note: {{}}
  courses:
    file: courses.csv
    key: course_id
    fields:
      course_id: {{required: true, unique: true}}
      title: {{required: true, max_length: 60}}
      level: {{enum: [basic, advanced]}}
      teacher_id: {{references: {{entity: people}}}}
  enrolments:
    file: enrolments.csv
    key: [course_id, person_id]
    fields:
      course_id: {{required: true, references: {{entity: courses}}}}
      person_id: {{required: true, references: {{entity: people}}}}
      role: {{required: true, enum: [student, teacher]}}
      start: {{type: datetime}}
      end: {{type: datetime}}
"""

PAIR = """\
from: school
to: hub
label: School to Hub
identities: {user: people, course: courses}
crosswalks: [levels]
"""

PEOPLE = """\
from: school.user
to: hub.people
exclude:
  - {code: USR-GUEST, when: "login = 'guest'", reason: a built-in account}
merge:
  by: "lower(trim(email))"
  when: "email is not null and trim(email) <> '' and active"
  keep: "id desc"
  code: USR-MERGE
  reason: the same address
  confirm: true
fields:
  person_id: {expr: "'p-' || cast(id as text)"}
  login: {from: login, do: [trim, lower], unique: {code: USR-LOGIN, severity: quarantine}}
  name: {from: name, do: [blank_to_null]}
  email: {from: email, do: [blank_to_null], check: {email: {code: USR-EMAIL, severity: warn, set: null}}}
  status: {from: active, values: {true: active, false: suspended}, unmapped: {code: USR-STATUS, severity: hold}}
  score: {from: score, check: {between: {to: [-10, 100], code: USR-SCORE, severity: warn, set: null}}}
  born: {from: born}
  boss_id: {ref: people, by: boss}
  note: {from: note, do: [blank_to_null]}
tests:
  - name: a person arrives
    given: {user: [{id: 7, login: ' Ana ', active: 1}]}
    expect: [{person_id: p-7, login: ana, status: active}]
"""

COURSES = """\
from: school.course
to: hub.courses
exclude:
  - {code: CRS-SITE, when: "id = 1", reason: the front page}
fields:
  course_id: {expr: "'c-' || cast(id as text)"}
  title: {expr: "coalesce(title, code)", check: {not_blank: {code: CRS-TITLE, severity: quarantine}}}
  level: {from: level, crosswalk: levels, unmapped: {code: CRS-LEVEL, severity: hold}}
  teacher_id: {ref: people, by: teacher, missing: {code: CRS-TEACHER, severity: warn, set: null}}
"""

ENROLMENTS = """\
from: school.enrol
to: hub.enrolments
fold:
  by: [course_id, person_id]
  keep: "role desc, start"
  combine: {start: min, end: max_or_null}
  code: ENR-FOLDED
  reason: enrolled twice
fields:
  course_id:
    ref: courses
    by: courseid
    excluded: {code: ENR-SITE, when: "true", reason: the front page}
  person_id:
    ref: people
    by: userid
    excluded: {code: ENR-GUEST, when: "true", reason: a built-in account}
  role: {from: role, do: [trim, lower], values: {student: student, teacher: teacher}}
  start: {from: timestart}
  end:
    from: timeend
    check:
      expr: {to: "timeend >= timestart", code: ENR-DATES, severity: warn, set: null}
"""

LEVELS = """\
source,label,rows,target,equivalence,confidence,status,by,at,reason
1,,,basic,equal,,confirmed,ana,2026-01-01,
2,,,advanced,equal,,proposed,,,
3,,,advanced,equal,,rejected,ana,2026-01-01,not the same
"""


def write_workspace(
    folder: Path,
    kind: Kind = "database",
    *,
    strip: bool = False,
    package: str | None = None,
    deliver: str | None = None,
) -> Path:
    """Write the workspace with an empty source."""
    for part in ("systems", "mapping", "crosswalks"):
        (folder / part).mkdir(parents=True)
    place = "url: sqlite:///source.sqlite" if kind == "database" else "folder: source"
    tables = {entity: f"{'table' if kind == 'database' else 'file'}: {entity}" for entity in COLUMNS}
    if kind == "files":
        tables = {entity: f"{line}.csv" for entity, line in tables.items()}
    words = {"kind": kind, "strip": str(strip).lower(), "package": package or "null", **tables}
    for name, text in {
        "migration.yaml": MIGRATION.format(place=place, deliver=f"deliver: {deliver}" if deliver else "# deliver: outbox"),
        "systems/school.yaml": SCHOOL.format(**words),
        "systems/hub.yaml": HUB.format(**words),
        "mapping/pair.yaml": PAIR,
        "mapping/people.yaml": PEOPLE,
        "mapping/courses.yaml": COURSES,
        "mapping/enrolments.yaml": ENROLMENTS,
        "crosswalks/levels.csv": LEVELS,
    }.items():
        (folder / name).write_text(text, "utf-8")
    write_rows(folder, {})
    return folder


def write_rows(folder: Path, rows: Rows) -> None:
    """Replace the source's content, in the kind of source the workspace asks for."""
    if "folder:" in (folder / "migration.yaml").read_text("utf-8"):
        _write_files(folder / "source", rows)
    else:
        _write_database(folder / "source.sqlite", rows)


def _write_database(file: Path, rows: Rows) -> None:
    """Columns without a type: SQLite then stores each value as it is given."""
    file.unlink(missing_ok=True)
    with closing(sqlite3.connect(file)) as database, database:
        for table, columns in COLUMNS.items():
            database.execute(f'CREATE TABLE "{table}" ({", ".join(columns)})')
            values = [tuple(row.get(column) for column in columns) for row in rows.get(table, ())]
            database.executemany(f'INSERT INTO "{table}" VALUES ({", ".join("?" * len(columns))})', values)


def _write_files(folder: Path, rows: Rows) -> None:
    folder.mkdir(exist_ok=True)
    for table, columns in COLUMNS.items():
        with (folder / f"{table}.csv").open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, quoting=csv.QUOTE_ALL)
            writer.writerow(columns)
            writer.writerows([row.get(column) for column in columns] for row in rows.get(table, ()))


GOOD_ROWS: Rows = {
    "user": [
        {"id": 1, "login": "guest", "name": "Guest", "active": 1},
        {"id": 2, "login": "Ana", "name": "Ana Lúcia", "email": "ana@x.org", "active": 1, "score": 7.5, "born": 86400},
        {"id": 3, "login": "bo", "name": "Bo", "email": "bo@x.org", "active": 1, "boss": 2, "note": 'a "b", c'},
        {"id": 4, "login": "ana2", "name": "Ana Lúcia", "email": "ANA@x.org", "active": 1, "boss": None},
        {"id": 5, "login": "cy", "name": "007", "email": "cy@x.org", "active": 0, "score": 0, "boss": 3},
    ],
    "course": [
        {"id": 1, "code": "site", "title": "Front page"},
        {"id": 2, "code": "A1", "title": "Algebra", "level": "1", "teacher": 2},
        {"id": 3, "code": "B2", "title": "Biology", "level": "1", "teacher": 5},
    ],
    "enrol": [
        {"id": 1, "userid": 1, "courseid": 2, "role": "student"},
        {"id": 2, "userid": 2, "courseid": 2, "role": "teacher", "timestart": 1700000000, "timeend": 1800000000},
        {"id": 3, "userid": 3, "courseid": 2, "role": "student", "timestart": 1700000000},
        {"id": 4, "userid": 3, "courseid": 2, "role": "Student ", "timestart": 1600000000},
        {"id": 5, "userid": 5, "courseid": 3, "role": "student"},
        {"id": 6, "userid": 3, "courseid": 3, "role": "student"},
    ],
}  # fmt: skip
"""Rows with an exclusion, a merge and a fold in them, and nothing that is wrong. The merge asks a person."""

CLEAN_ROWS: Rows = {
    "user": [row for row in GOOD_ROWS["user"] if row["id"] not in (1, 4)],
    "course": [row for row in GOOD_ROWS["course"] if row["id"] != 1],
    "enrol": [row for row in GOOD_ROWS["enrol"] if row["userid"] != 1],
}
"""The same without anything to ask: a run passes."""


class Bench:
    """A workspace that is checked once and then run over many sources."""

    def __init__(self, folder: Path, kind: Kind = "database", **options: Any) -> None:
        self.folder = write_workspace(folder, kind, **options)
        self.checked: CheckResult = check(self.folder)

    @classmethod
    def of(cls, folder: Path) -> Bench:
        """A bench over a workspace that was written before, and perhaps changed."""
        bench = cls.__new__(cls)
        bench.folder, bench.checked = folder, check(folder)
        return bench

    def run(self, rows: Rows | None = None, **options: Any) -> RunResult:
        """Run over ``rows``, in a runs folder that holds nothing else."""
        if rows is not None:
            write_rows(self.folder, rows)
        shutil.rmtree(self.folder / "runs", ignore_errors=True)
        with patch.object(pipeline, "check", return_value=self.checked):
            return pipeline.run(self.folder, now=lambda: NOW, **options)
