"""Write a part of the Moodle sample whose learning history becomes statements, with faults planted where :data:`FAULTS` says.

    python sample_data/generate_moodle_statements.py moodle.sqlite
    python sample_data/generate_moodle_statements.py --list > sample_data/moodle_statements.md

It is the ordinary site of ``generate_moodle.py``, without the faults that are planted there. Of its completions, grades and
attempts those of some people in two courses are kept, so that each statement of a rehearsal can be looked at. Planted people
have ids from 901 upwards, planted rows of other tables from 9001.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moodle_sample.clock import DAY, madrid
from moodle_sample.courses import by_shortname
from moodle_sample.fault import module_of, students
from moodle_sample.history_faults import plant_item
from moodle_sample.ordinary import build_site
from moodle_sample.people_faults import plant_deleted
from moodle_sample.site import GUEST, Site
from moodle_sample.written import write

COURSES = ("SAFETY-FIRE", "SAFETY-LAB")
PEOPLE_KEPT = 8
FIRE = "SAFETY-FIRE"
WHEN = madrid(2024, 6, 3, 12)
LATER = madrid(2030, 1, 1)
NUMBERS = {"course_completions": 9001, "course_modules_completion": 9001, "grade_grades": 9001, "quiz_attempts": 9001}


@dataclass(frozen=True)
class Fault:
    """One kind of planted fault. ``code`` is what a run has to raise, ``-`` where the value has to arrive unharmed."""

    what: str
    where: str
    code: str
    plant: Callable[[Site], None] | None = None


# The ordinary part ------------------------------------------------------------------------------------------------------------


def reduced(site: Site) -> None:
    """Leave the history of some people in two courses."""
    courses = [by_shortname(site)[name] for name in COURSES]
    people = {user for name in COURSES for user in students(site, name)[:PEOPLE_KEPT]}
    modules = {row["id"] for row in site.all("course_modules") if row["course"] in courses}
    items = {row["id"] for row in site.all("grade_items") if row["courseid"] in courses}
    quizzes = {row["id"] for row in site.all("quiz") if row["course"] in courses}
    kept: dict[str, Callable[[Any], bool]] = {
        "course_completions": lambda row: row["course"] in courses,
        "course_modules_completion": lambda row: row["coursemoduleid"] in modules,
        "grade_grades": lambda row: row["itemid"] in items,
        "quiz_attempts": lambda row: row["quiz"] in quizzes,
    }
    for table, keep in kept.items():
        rows = site.rows[table]
        for number in [n for n, row in rows.items() if row["userid"] not in people or not keep(row)]:
            del rows[number]


def add(site: Site, table: str, **values: Any) -> int:
    """Add a planted row."""
    number = max(NUMBERS[table], *(n + 1 for n in site.rows[table]))
    return int(site.add(table, id=number, **values))


def person(site: Site, number: int, first: str, last: str, **values: Any) -> int:
    """Add somebody who is in the course on fire safety."""
    site.person(number, first, last, **values)
    return number


def completed(site: Site, user: int, at: int | None = WHEN, enrolled: int = WHEN - 30 * DAY) -> None:
    """Let somebody complete the course on fire safety."""
    course = by_shortname(site)[FIRE]
    add(site, "course_completions", userid=user, course=course, timeenrolled=enrolled, timestarted=enrolled, timecompleted=at)


def did(site: Site, user: int, state: int = 1, at: int = WHEN, module: int = 0) -> None:
    """Let somebody complete an activity; by default the final test on fire safety."""
    chosen = module or module_of(site, FIRE, "quiz")["id"]
    add(site, "course_modules_completion", coursemoduleid=chosen, userid=user, completionstate=state, timemodified=at)


def graded(site: Site, user: int, value: float | None, item: int | None = None, **values: Any) -> None:
    """Grade somebody, by default in a column of up to 20 points."""
    chosen = item if item is not None else column(site, "Oral")
    given = {"timemodified": WHEN, "usermodified": 2, **values}
    add(site, "grade_grades", itemid=chosen, userid=user, finalgrade=value, **given)


def column(site: Site, name: str, **values: Any) -> int:
    """A column that was made by hand in the course on fire safety."""
    course = by_shortname(site)[FIRE]
    for row in site.all("grade_items"):
        if row["courseid"] == course and row["itemname"] == name:
            return int(row["id"])
    return int(plant_item(site, FIRE, name, **{"grademax": 20.0, **values}))


def attempted(site: Site, user: int, number: int = 1, marks: float | None = 10.0, quiz: int | None = None, **values: Any) -> None:
    """Let somebody attempt the final test on fire safety."""
    chosen = module_of(site, FIRE, "quiz")["instance"] if quiz is None else quiz
    unique = max(row["uniqueid"] for row in site.all("quiz_attempts")) + 1
    given = {"state": "finished", "timestart": WHEN - 600, "timefinish": WHEN, "timemodified": WHEN, "sumgrades": marks, **values}
    add(site, "quiz_attempts", quiz=chosen, userid=user, attempt=number, uniqueid=unique, layout="1,2,0", **given)


# Faults -----------------------------------------------------------------------------------------------------------------------


def plant_people(site: Site) -> None:
    person(site, 901, "Milan", "Horvat", idnumber="", email="")
    completed(site, 901)
    person(site, 902, "Zoë", "Brandt👩🏽‍🔬", idnumber="000902")
    completed(site, 902)
    graded(site, 902, 0.0)
    person(site, 903, "شيماء", "حداد", idnumber="S/903 ü|x")
    completed(site, 903)
    plant_deleted(site, 904, "Former", "Kvist")
    completed(site, 904)
    completed(site, GUEST)
    completed(site, 99_999)


def plant_twins(site: Site) -> None:
    """One person with two accounts, to whom the same happened at the same instant in both."""
    for number in (911, 912):
        person(site, number, "Pilar", "Soto", idnumber="00911", username=f"psoto{number}")
        completed(site, number)
        did(site, number, state=2)
        graded(site, number, 12.0 if number == 911 else 14.0)
        attempted(site, number)


def plant_completions(site: Site) -> None:
    for number, last in enumerate(("Varga", "Lindholm", "Osei", "Tanaka"), start=921):
        person(site, number, "Robin", last, idnumber=f"000{number}")
    completed(site, 921, at=LATER)
    completed(site, 922, at=madrid(2016, 1, 4), enrolled=0)
    completed(site, 923, at=WHEN, enrolled=WHEN + DAY)
    completed(site, 924, at=None)


def plant_activities(site: Site) -> None:
    for number, last in enumerate(("Abdi", "Jansen", "Moreau", "Silva", "Weiss", "Yilmaz", "Castro"), start=931):
        person(site, number, "Sam", last, idnumber=f"000{number}")
    course = by_shortname(site)[FIRE]
    did(site, 931, state=4)
    did(site, 932, state=9)
    did(site, 933, at=0)
    did(site, 934, at=LATER)
    did(site, 935, module=77_777)
    did(site, 936, state=0)
    odd = site.add("modules", name="virtual lab")
    gone = site.add("course_modules", course=course, module=88, instance=1, section=0, idnumber="", added=WHEN)
    lab = site.add("course_modules", course=course, module=odd, instance=1, section=0, idnumber="", added=WHEN)
    did(site, 937, module=lab)
    did(site, 937, module=gone)
    did(site, GUEST)


def plant_grades(site: Site) -> None:
    for number, last in enumerate(("Petrov", "Nowak", "Rossi", "Bauer", "Kaya", "Novák", "Haddad", "Olsen", "Iyer"), start=941):
        person(site, number, "Kim", last, idnumber=f"000{number}")
    graded(site, 941, 20.5)
    graded(site, 942, 5.0, hidden=1)
    levels = column(site, "Levels", gradetype=2, scaleid=99, grademin=1.0, grademax=3.0)
    graded(site, 943, 2.0, item=levels)
    graded(site, 944, 10.0, excluded=WHEN)
    graded(site, 945, 10.0, timemodified=None)
    graded(site, 946, 10.0, timemodified=LATER)
    graded(site, 947, 10.0, item=66_666)
    graded(site, 948, None)
    part = column(site, "Part", itemtype="category")
    graded(site, 949, 10.0, item=part)
    graded(site, GUEST, 1.0)


def plant_attempts(site: Site) -> None:
    names = ("Fischer", "Dubois", "Garcia", "Horák", "Koch", "Lund", "Mensah", "Popescu")
    for number, last in enumerate(names, start=951):
        person(site, number, "Toni", last, idnumber=f"000{number}")
    attempted(site, 951, marks=500.0)
    attempted(site, 952, quiz=55_555)
    attempted(site, 953, timestart=WHEN, timefinish=WHEN - 600)
    attempted(site, 954, timestart=0, timefinish=0)
    attempted(site, 955, timefinish=LATER)
    attempted(site, 956, state="inprogress", timefinish=0, marks=None)
    attempted(site, 957, preview=1)
    attempted(site, 958, state="abandoned", timefinish=0, marks=None)
    attempted(site, GUEST)


FAULTS: tuple[Fault, ...] = (
    Fault("Completion of somebody without an ID number and without an e-mail address", "user 901, and ordinary people",
          "PERSON-NO-NUMBER", plant_people),
    Fault("Name with characters outside of the basic plane, number with leading zeros, a grade of 0", "user 902", "-"),
    Fault("Name from right to left, number with a blank, a slash and a vertical bar", "user 903", "-"),
    Fault("Completion of a deleted account", "user 904", "PERSON-DELETED"),
    Fault("Completion of the guest account", "user 1", "CMP-GUEST"),
    Fault("Completion of nobody", "user 99999", "LOOKUP-NONE"),
    Fault("A course completed twice at one instant, by two accounts of one person", "users 911, 912", "CMP-TWICE", plant_twins),
    Fault("An activity passed twice, by two accounts of one person", "users 911, 912", "ACP-TWICE"),
    Fault("Graded twice, by two accounts of one person", "users 911, 912", "GRD-TWICE"),
    Fault("An attempt made twice, by two accounts of one person", "users 911, 912", "ATT-TWICE"),
    Fault("Completed in the future", "user 921", "CMP-FUTURE", plant_completions),
    Fault("Completed before the course was made", "user 922", "CMP-BEFORE-COURSE"),
    Fault("Completed before the person was enrolled", "user 923", "CMP-BEFORE-ENROLMENT"),
    Fault("Course that is not completed", "user 924, and ordinary people", "CMP-NOT-COMPLETED"),
    Fault("Failed, which the person was not to see", "user 931", "ACP-FAIL-HIDDEN", plant_activities),
    Fault("State of completion that no Moodle has", "user 932", "ACP-STATE-UNKNOWN"),
    Fault("Activity completed without a date", "user 933", "ACP-NO-DATE"),
    Fault("Activity completed in the future", "user 934", "ACP-FUTURE"),
    Fault("Completion of an activity that never was", "user 935, course module 77777", "LOOKUP-NONE"),
    Fault("Activity that is not complete", "user 936, and ordinary people", "ACP-NOT-COMPLETE"),
    Fault("Activity of a kind whose name is no part of an address", "user 937, virtual lab", "GATE-PATTERN"),
    Fault("Activity whose kind is gone", "user 937", "ACP-KIND-GONE"),
    Fault("Activity completed by the guest account", "user 1", "ACP-GUEST"),
    Fault("Points above the most that the column allows", "user 941", "GRD-RANGE", plant_grades),
    Fault("Hidden grade", "user 942, and ordinary people", "GRD-HIDDEN"),
    Fault("Grade on a scale that is gone", "user 943", "GRD-SCALE-WORD"),
    Fault("Grade of somebody who is exempt", "user 944", "GRD-EXEMPT"),
    Fault("Grade without any date", "user 945", "GRD-NO-DATE"),
    Fault("Graded in the future", "user 946", "GRD-FUTURE"),
    Fault("Grade in a column that is gone", "user 947, column 66666", "GRD-ITEM-GONE"),
    Fault("Row without a grade", "user 948, and ordinary people", "GRD-EMPTY"),
    Fault("Total of a part of a course", "user 949", "GRD-CATEGORY-TOTAL"),
    Fault("Grade of the guest account", "user 1", "GRD-GUEST"),
    Fault("Attempt with more points than the quiz gives", "user 951", "ATT-RANGE", plant_attempts),
    Fault("Attempt at a quiz that is gone", "user 952, quiz 55555", "ATT-QUIZ-GONE"),
    Fault("Attempt that ended before it began", "user 953", "ATT-BACKWARDS"),
    Fault("Attempt without any date", "user 954", "ATT-NO-DATE"),
    Fault("Attempt that ended in the future", "user 955", "ATT-FUTURE"),
    Fault("Attempt under way", "user 956, and ordinary people", "ATT-OPEN"),
    Fault("A teacher's test run", "user 957", "ATT-PREVIEW"),
    Fault("Attempt that was abandoned, without points", "user 958, and ordinary people", "-"),
    Fault("Attempt of the guest account", "user 1", "ATT-GUEST"),
)  # fmt: skip


def fault_table() -> str:
    """The list for people, as Markdown."""
    lines = [
        "# Faults in the part of the Moodle sample that becomes statements",
        "",
        "The last column is what a run to a record store has to raise; a dash marks a value that has to arrive unharmed.",
        "",
        "| # | fault | where | code |",
        "|---|---|---|---|",
    ]
    for number, fault in enumerate(FAULTS, start=1):
        code = fault.code if fault.code == "-" else f"`{fault.code}`"
        lines.append(f"| {number} | {fault.what} | {fault.where} | {code} |")
    return "\n".join(lines) + "\n"


def build() -> Site:
    """The part of the ordinary site with every fault planted."""
    site = build_site()
    reduced(site)
    for fault in FAULTS:
        if fault.plant is not None:
            fault.plant(site)
    return site


def generate(file: Path) -> None:
    """Write the database to ``file``, in place of what is there."""
    write(build(), file)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, nargs="?")
    parser.add_argument("--list", action="store_true", help="print the list of planted faults")
    given = parser.parse_args()
    if given.list:
        sys.stdout.write(fault_table())
    elif given.file is not None:
        generate(given.file)
    else:
        parser.error("name a file, or say --list")


if __name__ == "__main__":
    main()
