"""The small school as it moves into a Moodle: people, a category, courses, enrolments."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from small_pair import Rows, write_rows, write_workspace

SERVER = Path(__file__).parents[1] / "support" / "moodle_server.py"
TOKEN = "SCHOOL_MOODLE_TOKEN"  # noqa: S105 - the name of a variable
MIGRATION = """\
label: School to Moodle
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

    def faults(self, faults: list[dict[str, Any]]) -> None:
        """What goes wrong from now on."""
        request = urllib.request.Request(f"{self.url}/faults", json.dumps(faults).encode(), method="POST")  # noqa: S310
        urllib.request.urlopen(request).close()  # noqa: S310


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
