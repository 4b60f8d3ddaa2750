"""Write a small Moodle 4.5 database, as SQLite, with faults planted where :data:`FAULTS` says.

    python sample_data/generate_moodle.py moodle.sqlite
    python sample_data/generate_moodle.py --list > sample_data/moodle.md
    python sample_data/generate_moodle.py --list-history > sample_data/moodle_history.md
    python sample_data/generate_moodle.py --list-grades > sample_data/moodle_grades.md

Nothing in it is real: people are made from lists of given and family names, every address ends in
example.org, and every IP address comes from the range kept for documentation. Two runs give the same content.

Tables and columns have Moodle's own names, types, defaults and unique keys; only the tables a migration
reads are there. The ordinary site is built first, then each fault is planted by a function of its own.
Planted rows have ids from 901 (people) and 101 (courses, groups) upwards, so that a finding is easily told
from the ordinary site. The parts are in ``moodle_sample/``, by what they make.
"""

from __future__ import annotations

import sys
from pathlib import Path

import planted
from moodle_sample.course_faults import COURSE_FAULTS
from moodle_sample.enrolment_faults import ADMINISTRATOR_FAULTS, ENROLMENT_FAULTS, GROUP_FAULTS
from moodle_sample.fault import Fault
from moodle_sample.grade_faults import GRADE_FAULTS, GRADES_TITLE
from moodle_sample.history_faults import HISTORY_FAULTS, HISTORY_TITLE
from moodle_sample.ordinary import build_site
from moodle_sample.people_faults import PEOPLE_FAULTS, PLUGIN_FAULTS
from moodle_sample.site import Site
from moodle_sample.written import write

FAULTS: tuple[Fault, ...] = (
    *PEOPLE_FAULTS,
    *PLUGIN_FAULTS,
    *COURSE_FAULTS,
    *ENROLMENT_FAULTS,
    *GROUP_FAULTS,
    *ADMINISTRATOR_FAULTS,
)
"""Every planted fault, in the order it is planted; ``moodle.md`` is this table for people."""


def fault_table(faults: tuple[Fault, ...] = FAULTS, about: str = "the Moodle sample") -> str:
    """``moodle.md``, ``moodle_history.md`` or ``moodle_grades.md``: faults as one Markdown table."""
    return planted.fault_table(faults, about)


def build() -> Site:
    """The ordinary site with every fault planted."""
    site = build_site()
    for fault in (*FAULTS, *HISTORY_FAULTS, *GRADE_FAULTS):
        if fault.plant:
            fault.plant(site)
    counts: dict[int, int] = {}
    for course in site.all("course"):
        counts[course["category"]] = counts.get(course["category"], 0) + 1
    for category in site.all("course_categories"):
        category["coursecount"] = counts.get(category["id"], 0)
    return site


def generate(path: Path) -> None:
    """Write the sample database, replacing a file that is there."""
    write(build(), path)


LISTS = {
    "list": fault_table,
    "list-history": lambda: fault_table(HISTORY_FAULTS, HISTORY_TITLE),
    "list-grades": lambda: fault_table(GRADE_FAULTS, GRADES_TITLE),
}

if __name__ == "__main__":
    sys.exit(planted.command_line(generate, LISTS, "Moodle sample"))
