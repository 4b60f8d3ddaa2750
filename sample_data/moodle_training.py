"""What of the Moodle sample is in the way of a move to Totara: the list of its faults.

    python sample_data/moodle_training.py moodle.sqlite
    python sample_data/moodle_training.py --list > sample_data/moodle_training.md

The sample is that of ``generate_moodle.py``; nothing is planted here.
"""

from __future__ import annotations

import sqlite3
import sys

import planted
from generate_moodle import generate
from moodle_sample import met_faults as met
from moodle_sample.met_faults import COURSE, PEOPLE, found
from planted import Fault

COMPLETED = "SELECT c.id FROM mdl_course_completions c JOIN mdl_course k ON k.id = c.course WHERE"
TOTAL = (
    "SELECT 1 FROM mdl_grade_items i JOIN mdl_grade_grades g ON g.itemid = i.id WHERE i.courseid = c.course"
    " AND i.itemtype = 'course' AND g.userid = c.userid AND g.finalgrade IS NOT NULL"
)

FAULTS: tuple[Fault[sqlite3.Connection], ...] = (
    # -- people
    met.GUEST_ACCOUNT,
    met.DELETED,
    met.TWICE,
    met.NUMBER_TWICE,
    Fault("No ID number", "42 of those who go", "USR-IDNUMBER-MISSING",
          found(f"{PEOPLE} trim(idnumber) = '' LIMIT 1"), 1),
    met.NUMBER_TAKEN,
    met.LOGIN_TWICE,
    Fault("User name outside ASCII", "user 936", "USR-LOGIN-CHARACTERS", found(f"{PEOPLE} id = 936"), 1),
    Fault("Two people who share one mailbox", "user 933, 934", "USR-EMAIL-SHARED", found(f"{PEOPLE} id IN (933, 934)"), 2),
    met.EMAIL,
    met.NAME_BLANK,
    met.NAME_HTML,
    met.NAME_CONTROL,
    Fault("Sign-in method of a plugin that is gone (saml_old)", "user 920, 921", "USR-AUTH-UNMAPPED",
          found(f"{PEOPLE} auth = 'saml_old'"), 2),
    Fault("Sign-in method whose counterpart nobody has confirmed (ldap, oauth2)", "92 accounts", "XWALK-PROPOSED",
          found(f"{PEOPLE} auth IN ('ldap', 'oauth2')"), 92),
    met.ENCODING,
    Fault("Time far outside the calendar", "user 924 (lastaccess)", "SRC-TYPE", found(f"{PEOPLE} lastaccess = 99999999999999"),
          1),
    met.LEADING_ZEROS,
    met.NAMES_THAT_SURVIVE,
    met.PLUGIN_COLUMN,
    met.PLUGIN_TABLE,
    # -- courses
    met.FRONT_PAGE,
    Fault("Course in a category that does not exist", "course 106 (CLOSED-DEP)", "CRS-CATEGORY-GONE",
          found(f"{COURSE} category NOT IN (SELECT id FROM mdl_course_categories) AND category > 0"), 1),
    Fault("Course in a category without an ID number", "courses of categories 7 and 9", "CRS-CATEGORY-NUMBER",
          found(f"{COURSE} category IN (SELECT id FROM mdl_course_categories WHERE coalesce(idnumber, '') = '')"), 11),
    Fault("ID number used by two courses", "course 102, 103 (SIS-PRESENT)", "CRS-IDNUMBER-DUP",
          found(f"{COURSE} idnumber = 'SIS-PRESENT'"), 2),
    Fault("HTML in a course name, and a name in two languages", "course 104, 105", "CRS-NAME-HTML",
          found(f"{COURSE} fullname LIKE '%<%'"), 2),
    met.COURSES_THAT_SURVIVE,
    # -- completions
    Fault("Course begun and not completed", "the ordinary site", "CMP-OPEN", found(f"{COMPLETED} c.timecompleted IS NULL"),
          271),
    Fault("Completed in the future", "SAFETY-FIRE", "CMP-FUTURE", found(f"{COMPLETED} c.timecompleted > 1767225600"), 1),
    Fault("Completed before the person was enrolled", "SAFETY-FIRE", "CMP-BEFORE-ENROLMENT",
          found(f"{COMPLETED} c.timecompleted < c.timeenrolled"), 1),
    Fault("Completion in a course that tracks none", "CHE-OLD", "CMP-NOT-TRACKED",
          found(f"{COMPLETED} k.enablecompletion = 0 AND c.timecompleted > 0"), 1),
    Fault("Completion of the guest account and of deleted ones", "SAFETY-FIRE, user 905, 906", "CMP-USER-EXCLUDED",
          found(f"{COMPLETED} c.timecompleted > 0 AND c.userid IN (1, 905, 906)"), 3),
    Fault("Completions and jobs of people who wait", "user 12", "REF-BLOCKED",
          found(f"{COMPLETED} c.timecompleted > 0 AND c.userid = 12"), 3),
    Fault("Completed without a total", "the ordinary site", "-",
          found(f"{COMPLETED} c.timecompleted > 0 AND NOT EXISTS ({TOTAL}) LIMIT 1"), 1),
)  # fmt: skip


def fault_table() -> str:
    """The list for people, as Markdown."""
    return planted.fault_table(FAULTS, "the Moodle sample, for a move to Totara", "a run to Totara")


if __name__ == "__main__":
    sys.exit(planted.command_line(generate, {"list": fault_table}, "Moodle sample"))
