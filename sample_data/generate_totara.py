"""Write the Totara database of a company that does not exist, as SQLite, with planted faults.

    python sample_data/generate_totara.py FILE
    python sample_data/generate_totara.py --list > sample_data/totara.md

The same content every time: fixed seed, no clock, standard library only. Tables and columns are those of Totara 12.9.1
(``totara_tables.txt``), limited to what a migration reads. Nothing in it is real: people are made from lists of given and family
names, every address ends in example.org. The ordinary company is built first, then each fault is planted by a function of its
own, in rows with numbers from 901 upwards.
"""

from __future__ import annotations

import random
import sqlite3
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import planted
from planted import FAMILY, GIVEN, Fault, plant_all

SEED = 20260214
PREFIX = "mdl_"
DAY = 86_400
START = 1_609_459_200
"""The first instant of 2021, UTC."""
Row = dict[str, Any]


def schema() -> dict[str, dict[str, str]]:
    """``{table: {column: SQL type}}``."""
    types = {"i": "INTEGER", "n": "REAL", "t": "TEXT"}
    found = {}
    for line in (Path(__file__).parent / "totara_tables.txt").read_text("utf-8").splitlines():
        table, *columns = line.split()
        found[table] = {name: types[kind] for name, _, kind in (column.partition(":") for column in columns)}
    return found


@dataclass
class Company:
    """Rows by table."""

    tables: dict[str, list[Row]] = field(default_factory=dict)

    def add(self, table: str, **values: Any) -> int:
        """Add a row and give its number; a row of a number that is given keeps it."""
        rows = self.tables.setdefault(table, [])
        values.setdefault("id", max((r["id"] for r in rows if r["id"] < 900), default=0) + 1)
        rows.append(values)
        return int(values["id"])

    def find(self, table: str, **values: Any) -> list[Row]:
        """Rows with these values."""
        return [row for row in self.tables.get(table, []) if all(row.get(k) == v for k, v in values.items())]

    def row(self, table: str, number: int) -> Row:
        """The row with a number."""
        (found,) = self.find(table, id=number)
        return found


# The ordinary company -----------------------------------------------------------------------------------------------------


def build_company() -> Company:
    """The company before anything is planted."""
    pick = random.Random(SEED)
    c = Company()
    c.add("config", name="totara_release", value="12.9.1 (Build: 20190826.00)")
    c.add("user", username="guest", firstname="Guest user", lastname=" ", email="root@example.org", auth="manual", confirmed=1)
    for level, number in ((10, 0), (40, 1)):
        c.add("context", contextlevel=level, instanceid=number, path=f"/{level}", depth=1)
    c.add("role", shortname="student", name="", archetype="student", sortorder=1)
    for kind, names in (
        ("org", ("Head office", "Works North", "Works South", "Laboratory")),
        ("pos", ("Engineer", "Analyst", "Guard")),
    ):
        frame = c.add(f"{kind}_framework", fullname="Main", idnumber="MAIN", shortname="main", visible=1, sortorder=1)
        for number, name in enumerate(names, 1):
            c.add(
                kind, fullname=name, idnumber=f"{kind[0].upper()}{number:02}", shortname=name[:8], frameworkid=frame, visible=1,
                parentid=1 if kind == "org" and number > 1 else 0, path=f"/{number}", depthlevel=1, typeid=0, timemodified=START,
            )  # fmt: skip
    c.add(
        "course", fullname="Site", shortname="site", format="site", category=0, visible=1, timecreated=START, lang="", summary=""
    )
    c.add("course_categories", name="Safety", idnumber="SAFE", parent=0, visible=1, sortorder=1, depth=1, path="/1")
    for number in range(1, 13):
        course = c.add(
            "course", fullname=f"Course {number}", shortname=f"C{number:03}", idnumber=f"K-{number:03}", format="topics",
            category=1,
            visible=0 if number == 12 else 1, timecreated=START + number * DAY, lang="", summary=f"<p>About {number}</p>",
        )  # fmt: skip
        c.add("context", contextlevel=50, instanceid=course, path=f"/50/{course}", depth=2)
        c.add("enrol", enrol="manual", courseid=course, status=0)
        c.add("grade_items", courseid=course, itemtype="course", gradetype=1, grademax=100.0, grademin=0.0)
    for number in range(1, 49):
        _person(c, pick, number)
    _certifications(c, pick)
    return c


def _person(c: Company, pick: random.Random, number: int) -> None:
    given, family = pick.choice(GIVEN), pick.choice(FAMILY)
    person = c.add(
        "user", username=f"user{number:03}", idnumber=f"{10_000 + number}", firstname=given, lastname=family, auth="manual",
        email=f"user{number:03}@example.org", lang=pick.choice(("en", "de", "es")), country=pick.choice(("ES", "DE", "GB")),
        city="Springfield", timezone="99", confirmed=1, deleted=0, suspended=1 if number % 20 == 0 else 0, timecreated=START,
        timemodified=START, totarasync=1, middlename="", address="",
    )  # fmt: skip
    manager = c.find("job_assignment", userid=2 + (number - 1) // 12) if number > 1 else []
    c.add(
        "job_assignment", userid=person, fullname=pick.choice(("Engineer", "Analyst", "Guard")), idnumber=f"J{number:03}",
        organisationid=pick.randint(1, 4), positionid=pick.randint(1, 3), sortorder=1, startdate=START, enddate=0,
        managerjapath="",
        managerjaid=manager[0]["id"] if manager and manager[0]["userid"] != person else None, timemodified=START, shortname="",
    )  # fmt: skip
    for course in sorted(pick.sample(range(2, 14), 5)):
        (enrol,) = c.find("enrol", courseid=course)
        c.add("user_enrolments", enrolid=enrol["id"], userid=person, status=0, timestart=START, timeend=0, timecreated=START)
        at = START + pick.randint(1, 1200) * DAY + pick.randint(0, DAY)
        done = pick.random() < 0.8
        c.add(
            "course_completions", userid=person, course=course, timeenrolled=START, timestarted=START, status=50 if done else 25,
            timecompleted=at if done else None, reaggregate=0, rpl="", renewalstatus=0,
        )  # fmt: skip
        if done:
            (item,) = c.find("grade_items", courseid=course)
            c.add("grade_grades", itemid=item["id"], userid=person, finalgrade=float(pick.randint(50, 100)))
            if pick.random() < 0.2:
                c.add("course_completion_history", courseid=course, userid=person, timecompleted=at - 400 * DAY, grade=70.0)


def _certifications(c: Company, pick: random.Random) -> None:
    certif = c.add(
        "certif", learningcomptype=1, activeperiod="24 month", windowperiod="3 month", recertifydatetype=1, timemodified=START
    )
    c.add(
        "prog",
        fullname="First aid",
        shortname="FA",
        idnumber="CERT-FA",
        certifid=certif,
        category=1,
        visible=1,
        timemodified=START,
    )
    c.add("prog_courseset", programid=1, sortorder=1, label="All", completiontype=1, certifpath=1)
    c.add("prog_courseset_course", coursesetid=1, courseid=2)
    for person in range(2, 32):
        at = START + pick.randint(1, 500) * DAY
        c.add("prog_user_assignment", programid=1, userid=person, assignmentid=1, timeassigned=START, exceptionstatus=0)
        c.add(
            "prog_completion",
            programid=1,
            userid=person,
            coursesetid=0,
            status=1,
            timedue=at + 730 * DAY,
            timecompleted=at,
            timestarted=START,
        )
        c.add(
            "certif_completion", certifid=certif, userid=person, certifpath=2, status=3, renewalstatus=0, timecompleted=at,
            timewindowopens=at + 640 * DAY, timeexpires=at + 730 * DAY, baselinetimeexpires=at + 730 * DAY, timemodified=at,
        )  # fmt: skip


# Planted faults -------------------------------------------------------------------------------------------------------------


def person(c: Company, number: int, **values: Any) -> None:
    """A further person, with a job and one completion of C001."""
    ordinary: Row = {
        "id": number, "username": f"planted{number}", "idnumber": f"{20_000 + number}", "firstname": "Ines",
        "lastname": f"Planted{number}",
        "email": f"planted{number}@example.org", "lang": "en", "country": "ES", "city": "Springfield", "timezone": "99",
        "confirmed": 1,
        "deleted": 0, "suspended": 0, "auth": "manual", "timecreated": START, "timemodified": START, "middlename": "",
        "address": "",
    }  # fmt: skip
    c.add("user", **{**ordinary, **values})
    c.add("job_assignment", id=number, userid=number, fullname="Engineer", idnumber=f"J{number}", organisationid=1, positionid=1,
          sortorder=1, startdate=START, enddate=0, managerjaid=1, managerjapath="", timemodified=START, shortname="")  # fmt: skip
    completion(c, number, userid=number)


def completion(c: Company, number: int, **values: Any) -> None:
    """A further completion, of C001 unless something else is said."""
    ordinary: Row = {"userid": 3, "course": 2, "timeenrolled": START, "timestarted": START,
        "timecompleted": START + number % 900 * DAY,
                     "status": 50, "reaggregate": 0, "rpl": "", "renewalstatus": 0}  # fmt: skip
    c.add("course_completions", id=number, **{**ordinary, **values})


def plant_people(c: Company) -> None:
    person(c, 901, idnumber="")
    person(c, 902, idnumber="30000")
    person(c, 903, idnumber="30000 ")
    person(c, 904, firstname=" ")
    person(c, 905, email="nobody at home")
    person(c, 906, lang="xx_odd")
    person(c, 907, deleted=1, idnumber="", username="planted907@example.org.1600000000", email="0cc175b9c0f1b6a831c399e269772661")
    person(c, 908, firstname="Zoë", lastname="O|Neill")
    person(c, 909, firstname="Line\nBreak", country="es ")


def plant_jobs(c: Company) -> None:
    for number in (911, 912, 913, 914, 915):
        person(c, number)
    c.row("job_assignment", 911)["managerjaid"] = 911
    c.row("job_assignment", 912)["managerjaid"] = c.row("job_assignment", 901)["id"]
    c.row("job_assignment", 913)["organisationid"] = 999
    c.row("job_assignment", 914)["positionid"] = 999
    c.add("job_assignment", id=999, userid=915, fullname="Second job", idnumber="J999", organisationid=2, positionid=2,
        sortorder=2,
          startdate=START, enddate=0, managerjapath="", timemodified=START, shortname="")  # fmt: skip


def plant_organisation(c: Company) -> None:
    ordinary: Row = {
        "frameworkid": 1,
        "visible": 1,
        "path": "/9",
        "depthlevel": 1,
        "typeid": 0,
        "timemodified": START,
        "shortname": "x",
    }
    c.add("org", id=901, fullname="Without a code", idnumber="", parentid=1, **ordinary)
    c.add("org", id=902, fullname="One", idnumber="TWICE", parentid=1, **ordinary)
    c.add("org", id=903, fullname="Two", idnumber="TWICE ", parentid=1, **ordinary)
    c.add("org", id=904, fullname="L" * 120, idnumber="LONG", parentid=1, **ordinary)
    c.add("org", id=905, fullname="Lost", idnumber="LOST", parentid=998, **ordinary)
    c.add("pos", id=901, fullname="Without a code", idnumber="", parentid=0, **ordinary)
    c.add("pos", id=902, fullname="One", idnumber="TWICE", parentid=0, **ordinary)
    c.add("pos", id=903, fullname="Two", idnumber="TWICE", parentid=0, **ordinary)


def plant_courses(c: Company) -> None:
    ordinary: Row = {
        "format": "topics",
        "category": 1,
        "visible": 1,
        "timecreated": START,
        "lang": "",
        "summary": "",
        "idnumber": "",
    }
    c.add("course", id=901, fullname="Code too long", shortname="L" * 100, **ordinary)
    c.add("course", id=902, **{**ordinary, "fullname": "Long description", "shortname": "DESC", "summary": "d" * 4000})
    c.add("course", id=903, **{**ordinary, "fullname": "<b>Fire &amp; water</b>", "shortname": "HTML", "lang": "tlh"})
    c.add("course", id=904, fullname="Two blanks", shortname="C001  ", **ordinary)
    for number in (901, 903):
        completion(c, 930 + number, course=number)


def plant_completions(c: Company) -> None:
    completion(c, 921, userid=4, course=903, timecompleted=4_102_444_800)
    completion(c, 922, userid=5, course=903, status=75, rpl="Imported grade = 61.5", rplgrade=61.5)
    completion(c, 923, userid=6, course=903, status=75, rplgrade=-4.0)
    completion(c, 924, userid=7, course=903, timecompleted=START + 7 * DAY)
    c.add("course_completion_history", id=901, userid=7, courseid=903, timecompleted=START + 7 * DAY, grade=40.0)
    completion(c, 925, userid=8, course=1)
    completion(c, 926, userid=99_999, course=2)
    completion(c, 927, userid=9, course=99_999)
    completion(c, 928, userid=10, course=903, rpl="first | second\nthird", status=75, rplgrade=5.0)
    completion(c, 929, userid=11, course=903, status=75, rplgrade=55.0, timecompleted=START + 31 * DAY + 1)


Probe = Callable[[Company], int]


def rows(table: str, **values: Any) -> Probe:
    """How many rows have these values."""
    return lambda c: len(c.find(table, **values))


FAULTS: tuple[Fault[Company], ...] = (
    Fault("Totara's account for visitors", "user guest", "USR-GUEST", rows("user", username="guest"), 1),
    Fault("Account that was deleted", "user 907", "USR-DELETED", rows("user", deleted=1), 1, plant_people),
    Fault("Account without a number of HR", "user 901", "USR-NUMBER-MISSING", rows("user", idnumber="", deleted=0), 1,
          plant_people),
    Fault("Two accounts with one number, one with a blank behind it", "users 902, 903", "USR-NUMBER-TWICE",
          lambda c: sum(str(r.get("idnumber")).strip() == "30000" for r in c.tables["user"]), 2, plant_people),
    Fault("Given name of blanks", "user 904", "USR-NAME-BLANK", rows("user", firstname=" "), 1, plant_people),
    Fault("Text that is no address", "user 905", "USR-EMAIL-INVALID", rows("user", email="nobody at home"), 1, plant_people),
    Fault("Language of a pack that the site made itself", "user 906", "USR-LOCALE-UNKNOWN", rows("user", lang="xx_odd"), 1,
          plant_people),
    Fault("Name with the delimiter of the files", "user 908", "GATE-PATTERN", rows("user", lastname="O|Neill"), 1, plant_people),
    Fault("Name over two lines, country in small letters", "user 909", "-", rows("user", country="es "), 1, plant_people),
    Fault("Person who is their own manager", "job 911", "USR-MANAGER-SELF", rows("job_assignment", id=911, managerjaid=911), 1,
          plant_jobs),
    Fault("Manager who is not loaded", "job 912, under user 901", "USR-MANAGER-MISSING",
          rows("job_assignment", managerjaid=901), 1, plant_jobs),
    Fault("Job in an organisation that is not there", "job 913", "USR-ORG-MISSING", rows("job_assignment", organisationid=999),
          1, plant_jobs),
    Fault("Job in a position that is not there", "job 914", "USR-POSITION-MISSING", rows("job_assignment", positionid=999), 1,
          plant_jobs),
    Fault("Person with two jobs", "user 915", "USR-FURTHER-JOBS", rows("job_assignment", sortorder=2), 1, plant_jobs),
    Fault("Organisation without a code", "org 901", "ORG-CODE-MISSING", rows("org", idnumber=""), 1, plant_organisation),
    Fault("Two organisations with one code", "org 902, 903", "ORG-CODE-TWICE",
          lambda c: sum(str(r["idnumber"]).strip() == "TWICE" for r in c.tables["org"]), 2, plant_organisation),
    Fault("Name of 120 characters", "org 904", "ORG-NAME-LENGTH", rows("org", idnumber="LONG"), 1, plant_organisation),
    Fault("Organisation under one that is not there", "org 905", "ORG-PARENT-UNKNOWN", rows("org", parentid=998), 1,
          plant_organisation),
    Fault("Position without a code", "pos 901", "POS-CODE-MISSING", rows("pos", idnumber=""), 1, plant_organisation),
    Fault("Two positions with one code", "pos 902, 903", "POS-CODE-TWICE", rows("pos", idnumber="TWICE"), 2, plant_organisation),
    Fault("The front page, which is a course to Totara", "course 1", "ITM-SITE", rows("course", format="site"), 1),
    Fault("Short name of 100 characters", "course 901", "ITM-CODE-LENGTH", rows("course", id=901), 1, plant_courses),
    Fault("Description of 4000 characters", "course 902", "ITM-DESCRIPTION-LENGTH", rows("course", id=902), 1, plant_courses),
    Fault("Language that the crosswalk does not list", "course 903", "ITM-LOCALE-UNKNOWN", rows("course", lang="tlh"), 1,
          plant_courses),
    Fault("Markup in a title", "course 903", "-", rows("course", id=903), 1, plant_courses),
    Fault("Short names that differ in blanks", "courses 2 and 904", "KEY-DUPLICATE", rows("course", shortname="C001  "), 1,
          plant_courses),
    Fault("Course begun and not finished", "the ordinary company", "CMP-OPEN", rows("course_completions", status=25), 43),
    Fault("Completed in the year 2100", "completion 921", "CMP-FUTURE", rows("course_completions",
          timecompleted=4_102_444_800), 1,
          plant_completions),
    Fault("Uploaded record, whose status nobody confirmed", "completions 922, 923, 928, 929", "XWALK-PROPOSED",
          rows("course_completions", status=75), 4, plant_completions),
    Fault("Grade below nothing", "completion 923", "CMP-GRADE-RANGE", rows("course_completions", rplgrade=-4.0), 1,
          plant_completions),
    Fault("One completion, current and in the history", "completion 924, history 901", "CMP-SAME-TWICE",
          rows("course_completion_history", id=901), 1, plant_completions),
    Fault("Completion of the front page", "completion 925", "CMP-COURSE-EXCLUDED", rows("course_completions", course=1), 1,
          plant_completions),
    Fault("Completion of the deleted account", "completion 907", "CMP-PERSON-EXCLUDED", rows("course_completions", userid=907), 1,
          plant_people),
    Fault("Completions of a person and of a course that are not there", "completions 926, 927", "REF-ORPHAN",
          lambda c: sum(99_999 in (r["userid"], r["course"]) for r in c.tables["course_completions"]), 2, plant_completions),
    Fault("Completion of the account without a number", "completion 901", "GATE-REQUIRED", rows("course_completions",
          userid=901), 1,
          plant_people),
    Fault("Completions of people who wait", "completions 902 to 904, 908", "REF-BLOCKED",
          lambda c: sum(r["id"] in (902, 903, 904, 908) for r in c.tables["course_completions"]), 4, plant_people),
    Fault("Completion of the course whose short name is too long", "completion 1831", "GATE-LENGTH",
          rows("course_completions", course=901), 1, plant_courses),
    Fault("Remark with the delimiter and a line break", "completion 928", "GATE-PATTERN",
          rows("course_completions", rpl="first | second\nthird"), 1, plant_completions),
    Fault("Completed one second after midnight", "completion 929", "-", rows("course_completions", rplgrade=55.0), 1,
          plant_completions),
)  # fmt: skip


def fault_table() -> str:
    """The list for people, as Markdown."""
    return planted.fault_table(FAULTS, "the Totara sample", "a run to SuccessFactors")


# Writing --------------------------------------------------------------------------------------------------------------------


def build() -> Company:
    """The ordinary company with every fault planted."""
    return plant_all(build_company(), FAULTS)


def generate(file: Path) -> None:
    """Write the database to ``file``, in place of what is there."""
    company, tables = build(), schema()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    connection = sqlite3.connect(file)
    try:
        for table, columns in tables.items():
            defined = ", ".join(f'"{name}" {kind}{" PRIMARY KEY" if name == "id" else ""}' for name, kind in columns.items())
            connection.execute(f'CREATE TABLE "{PREFIX}{table}" ({defined})')
            for row in company.tables.get(table, []):
                names = ", ".join(f'"{name}"' for name in row)
                marks = ", ".join("?" for _ in row)
                connection.execute(f'INSERT INTO "{PREFIX}{table}" ({names}) VALUES ({marks})', [*row.values()])
        connection.commit()
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(planted.command_line(generate, {"list": fault_table}, "Totara sample"))
