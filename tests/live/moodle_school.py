"""The small school as it moves into a Moodle: people, a category, courses, enrolments, and on demand history."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import moodle_upload
from moodle_plain import plain
from small_pair import Rows, write_rows, write_workspace

from migrate.connectors.moodle_backup import read_backup

SERVER = Path(__file__).parents[1] / "support" / "moodle_server.py"
TOKEN = "SCHOOL_MOODLE_TOKEN"  # noqa: S105 - the name of a variable
MIGRATION = """\
label: School to Moodle
approvals: {{roles: []}}
source: {{system: school, url: "sqlite:///source.sqlite"}}
target:
  system: moodle
  url: {url}
  token: ${{{token}}}
  options: {options}
  acknowledge: {acknowledge}
as_of: 2026-01-01 00:00:00
memory: 512MB
"""
EFFECTS = ("MOODLE-MAIL-WELCOME", "MOODLE-COHORT-SYNC", "MOODLE-CRON", "MOODLE-EVENTS")
PAIR = "from: school\nto: moodle\nlabel: School to Moodle\nidentities: {user: users, course: courses}\n"
CATEGORIES = """\
from: school.course
to: moodle.categories
fold: {by: [idnumber], keep: idnumber, code: CAT-ONE, reason: one category for all}
fields: {idnumber: {const: all}, name: {const: Everything}}
"""
USERS = """\
from: school.user
to: moodle.users
fields:
  username: {from: login, do: [trim, lower]}
  firstname: {from: name}
  lastname: {from: name}
  email: {from: email}
  idnumber: {expr: "'p-' || cast(id as text)"}
  suspended: {expr: "not active"}
drop: {score: not kept, born: not kept, boss: not kept, note: not kept}
"""
COURSES = """\
from: school.course
to: moodle.courses
fields:
  shortname: {from: code}
  fullname: {from: title}
  category: {ref: categories, by: id}
drop: {level: not kept, teacher: not kept}
"""
ENROLMENTS = """\
from: school.enrol
to: moodle.enrolments
fold: {by: [course, user], keep: timestart, code: ENR-ONE, reason: enrolled twice}
fields:
  course: {ref: courses, by: courseid}
  user: {ref: users, by: userid}
  role: {from: role}
  timestart: {from: timestart}
  suspended: {expr: "timeend is not null"}
"""
HISTORY = {
    "grade_items": """\
from: school.course
to: moodle.grade_items
fields:
  idnumber: {expr: "'item-' || cast(id as text)"}
  course: {ref: courses, by: id}
  itemname: {expr: "'Final of ' || code"}
  grademax: {const: 50}
  counts: {const: false}
""",
    "grades": """\
from: school.enrol
to: moodle.grades
fold: {by: [item, user], keep: timemodified, code: GRD-ONE, reason: enrolled twice}
fields:
  item: {ref: grade_items, by: courseid}
  user: {ref: users, by: userid}
  finalgrade: {expr: "cast(userid as decimal) * 7.5"}
  feedback: {const: "Well & good"}
  timemodified: {expr: "coalesce(timestart, timestamp '2015-06-01 12:00:00')"}
""",
    "course_completions": """\
from: school.enrol
to: moodle.course_completions
fold: {by: [course, user], keep: timecompleted, code: CPL-ONE, reason: enrolled twice}
fields:
  course: {ref: courses, by: courseid}
  user: {ref: users, by: userid}
  timeenrolled: {from: timestart}
  timecompleted: {expr: "coalesce(timestart, timestamp '2015-06-01 12:00:00')"}
""",
    "activities": """\
from: school.course
to: moodle.activities
fields:
  idnumber: {expr: "'activity-' || cast(id as text)"}
  course: {ref: courses, by: id}
  name: {expr: "'Quiz of ' || code"}
  text: {const: <p>A quiz of the earlier system</p>}
""",
    "activity_completions": """\
from: school.enrol
to: moodle.activity_completions
fold: {by: [activity, user], keep: timemodified, code: ACT-ONE, reason: enrolled twice}
fields:
  activity: {ref: activities, by: courseid}
  user: {ref: users, by: userid}
  completionstate: {const: 2}
  timemodified: {expr: "coalesce(timestart, timestamp '2015-06-01 12:00:00')"}
""",
}


def add_history(folder: Path) -> Path:
    """The same workspace, with the history of every enrolment."""
    for name, text in HISTORY.items():
        (folder / f"mapping/{name}.yaml").write_text(text, "utf-8")
    file = folder / "migration.yaml"
    acknowledged = '"TARGET-NO-WAY-BACK": "there is a backup", "MOODLE-IDS-ASSUMED"'
    file.write_text(file.read_text("utf-8").replace('"MOODLE-IDS-ASSUMED"', acknowledged), "utf-8")
    return folder


def write_moodle_school(folder: Path, url: str, rows: Rows, options: dict[str, Any]) -> Path:
    """A workspace whose live target is the Moodle at ``url``."""
    write_workspace(folder)
    (folder / "systems/hub.yaml").unlink()
    (folder / "crosswalks/levels.csv").unlink()
    words = json.dumps(dict.fromkeys((*EFFECTS, "MOODLE-IDS-ASSUMED"), "a stand-in"))
    migration = MIGRATION.format(url=url, token=TOKEN, options=json.dumps(options), acknowledge=words)
    (folder / "migration.yaml").write_text(migration, "utf-8")
    for file in (folder / "mapping").glob("*.yaml"):
        file.unlink()
    for name, text in {
        "pair": PAIR, "categories": CATEGORIES, "users": USERS, "courses": COURSES, "enrolments": ENROLMENTS,
    }.items():  # fmt: skip
        (folder / f"mapping/{name}.yaml").write_text(text, "utf-8")
    write_rows(folder, rows)
    return folder


class StandIn:
    """A stand-in Moodle in a process of its own, which outlives whoever is killed."""

    def __init__(self, url: str, token: str) -> None:
        self.url, self.token = url, token

    def state(self) -> Any:
        """All records, without ids."""
        with urllib.request.urlopen(f"{self.url}/state") as reply:  # noqa: S310 - on loopback
            return json.load(reply)

    def restore(self, folder: Path) -> None:
        """A person restores everything that a run left to be restored."""
        with (folder / "restore.csv").open(encoding="utf-8", newline="") as stream:
            for course, file in csv.reader(stream):
                backup = read_backup(folder / file)
                self._post("restore", {"course": int(course), "people": backup.people, "rows": plain(backup.rows)})

    def upload(self, folder: Path) -> list[str]:
        """A person uploads everything that a run left to be uploaded; what Moodle says of rows that it did not take."""
        given = [
            {"way": way, "options": options, "text": (folder / name).read_bytes().decode()}
            for name, way, options in moodle_upload.files(folder)
        ]
        body = json.dumps(given).encode()
        request = urllib.request.Request(f"{self.url}/upload", body, method="POST")  # noqa: S310 - on loopback
        with urllib.request.urlopen(request) as reply:  # noqa: S310
            return list(json.load(reply))

    def rename_item(self, idnumber: str, name: str) -> None:
        """A teacher gives a grade item another name."""
        self._post("rename_item", {"idnumber": idnumber, "name": name})

    def grade(self, idnumber: str, username: str, grade: float) -> None:
        """A teacher gives a grade."""
        self._post("grade", {"idnumber": idnumber, "username": username, "grade": grade})

    def _post(self, path: str, content: Any) -> None:
        body = json.dumps(content).encode()
        request = urllib.request.Request(f"{self.url}/{path}", body, method="POST")  # noqa: S310 - on loopback
        urllib.request.urlopen(request).close()  # noqa: S310

    def faults(self, faults: list[dict[str, Any]]) -> None:
        """What goes wrong from now on."""
        self._post("faults", faults)


@contextmanager
def stand_in() -> Iterator[StandIn]:
    """An empty site."""
    process = subprocess.Popen([sys.executable, str(SERVER)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        about = json.loads(process.stdout.readline())
        yield StandIn(about["url"], about["token"])
    finally:
        process.kill()
        process.wait()
