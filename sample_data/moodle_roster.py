"""What of the Moodle sample is in the way of a roster, for a move to OneRoster: the list of its faults.

    python sample_data/moodle_roster.py moodle.sqlite
    python sample_data/moodle_roster.py --list > sample_data/moodle_roster.md

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

ENROLLED = "SELECT ue.id FROM mdl_user_enrolments ue JOIN mdl_enrol e ON e.id = ue.enrolid"
HELD = "SELECT ra.id FROM mdl_role_assignments ra JOIN mdl_context c ON c.id = ra.contextid WHERE"
LONG_OVER = "enddate > 0 AND enddate < 1751328000 AND enddate >= startdate"
"""Ended half a year before the run, which is on the first day of 2026."""

FAULTS: tuple[Fault[sqlite3.Connection], ...] = (
    # -- organisations and classes
    Fault("Category that is its own parent", "course_categories 13", "REF-CYCLE",
          found("SELECT id FROM mdl_course_categories WHERE id = parent"), 1),
    met.FRONT_PAGE,
    Fault("One course in several terms", "BIO101 and others", "CRS-FOLDED",
          found("SELECT substr(shortname, 1, 6) FROM mdl_course WHERE shortname LIKE '%-20__-S_' GROUP BY 1 HAVING count(*) > 1"),
          8),
    Fault("Class that is long over", "20 courses of 2023 to spring 2025, CHE-OLD, SPA-OLD", "CLS-OVER",
          found(f"{COURSE} {LONG_OVER}"), 22),
    Fault("Enrolments in classes that are long over", "the same", "ENR-CLASS-EXCLUDED",
          found(f"{COURSE} {LONG_OVER} AND id IN (SELECT courseid FROM mdl_enrol)"), 22),
    Fault("Hidden course", "course 28 (LEAD-B)", "CLS-HIDDEN",
          found(f"{COURSE} visible = 0 AND format <> 'site' AND NOT ({LONG_OVER})"), 1),
    Fault("HTML in a course name, and a name in two languages", "course 104, 105", "CLS-NAME-HTML",
          found(f"{COURSE} fullname LIKE '%<%'"), 2),
    Fault("Course that ends before it starts", "course 101 (GRANTS)", "CLS-DATES",
          found(f"{COURSE} enddate > 0 AND enddate < startdate"), 1),
    Fault("Course in a category that does not exist", "course 106 (CLOSED-DEP)", "REF-ORPHAN",
          found(f"{COURSE} category NOT IN (SELECT id FROM mdl_course_categories) AND category > 0"), 1),
    Fault("Enrolments in the course whose category does not exist", "enrolments of user 30, 31 in course 106", "REF-BLOCKED",
          found(f"{ENROLLED} WHERE e.courseid = 106"), 2),
    met.COURSES_THAT_SURVIVE,
    # -- people
    met.GUEST_ACCOUNT,
    met.DELETED,
    Fault("Role of an account that is no part of the roster", "user 1, 901-906", "ROL-USER-EXCLUDED",
          found(f"{PEOPLE} deleted = 1 OR username = 'guest'"), 7),
    met.TWICE,
    Fault("Role of the second account", "user 908, 910", "ROL-FOLDED", found(f"{PEOPLE} id IN (908, 910)"), 2),
    met.NUMBER_TWICE,
    met.NUMBER_TAKEN,
    met.LOGIN_TWICE,
    met.NAME_BLANK,
    met.NAME_HTML,
    met.NAME_CONTROL,
    met.EMAIL,
    met.ENCODING,
    Fault("Time far outside the calendar", "user 924, enrolment of user 949 in TUTOR-KIT", "SRC-TYPE",
          found(f"{PEOPLE} lastaccess = 99999999999999"), 1),
    met.LEADING_ZEROS,
    met.NAMES_THAT_SURVIVE,
    met.PLUGIN_COLUMN,
    met.PLUGIN_TABLE,
    # -- roles and enrolments
    Fault("Course role of the site's own, as what the person is", "user 937 (auditor)", "ROL-UNMAPPED",
          found(f"{PEOPLE} id = 937"), 1),
    Fault("The same in a class", "user 937 in SAFETY-LAB, GDPR-2024", "ENR-ROLE-UNMAPPED",
          found(f"{ENROLLED} WHERE ue.userid = 937"), 2),
    Fault("Site role of the site's own, and course creators", "user 946 (helpdesk) and three more", "ADM-ROLE-UNMAPPED",
          found("SELECT id FROM mdl_role WHERE shortname IN ('helpdesk', 'coursecreator')"), 2),
    Fault("Role held over a person or in one activity", "user 947 over user 35, user 36 in course_modules 1", "ADM-LEVEL",
          found(f"{HELD} c.contextlevel IN (30, 70)"),
          2),
    Fault("Role whose counterpart nobody has confirmed", "managers of the site and of categories", "XWALK-PROPOSED",
          found("SELECT id FROM mdl_role WHERE shortname = 'manager'"), 1),
    Fault("Enrolment without a role", "user 938 in STAT-CLINIC, user 33 in course 888", "ENR-NO-ROLE",
          found(f"{ENROLLED} WHERE ue.userid = 938"), 1),
    Fault("Course role without an enrolment", "user 939 in STAT-CLINIC, MICRO-LAB", "ENR-ROLE-ONLY",
          found(f"{HELD} ra.userid = 939 AND c.contextlevel = 50"),
          2),
    Fault("One person in one class by two methods", "user 940 in LEAD-B, and others", "ENR-FOLDED",
          found(f"{ENROLLED} WHERE ue.userid = 940"), 2),
    Fault("Teaching role of a person with two accounts", "enrolment of user 907 or 908", "ENR-MERGED-IDENTITY",
          found(f"{ENROLLED} WHERE ue.userid IN (907, 908)"), 4),
    Fault("Suspended enrolment, or by a method that is switched off", "the ordinary site", "ENR-SUSPENDED",
          found(f"{ENROLLED} WHERE ue.status = 1 LIMIT 1"), 1),
    Fault("Enrolment that has ended", "the ordinary site", "ENR-OVER",
          found(f"{ENROLLED} WHERE ue.timeend BETWEEN 1 AND 1767225600 LIMIT 1"), 1),
    Fault("Enrolment that ends before it starts", "user 942 in MICRO-LAB", "ENR-DATES",
          found(f"{ENROLLED} WHERE ue.timeend > 0 AND ue.timeend < ue.timestart"), 1),
    Fault("Enrolment of a deleted account", "user 902, 903 in SAFETY-FIRE", "ENR-USER-EXCLUDED",
          found(f"{ENROLLED} WHERE ue.userid IN (902, 903)"), 2),
    Fault("Enrolment in the site's front page", "user 941 in course 1", "ENR-SITE-COURSE",
          found(f"{ENROLLED} WHERE e.courseid = 1"), 1),
    Fault("Enrolment of a user id that never was, and through a method of a course that is gone",
          "user 99999 in LIB-SKILLS, user 33 in course 888", "REF-ORPHAN",
          found(f"{ENROLLED} WHERE ue.userid = 99999 OR e.courseid = 888"), 2),
    Fault("Enrolment with the largest possible end, which means none", "user 944 in TUTOR-KIT", "-",
          found(f"{ENROLLED} WHERE ue.timeend = 2147483647"), 1),
)  # fmt: skip


def fault_table() -> str:
    """The list for people, as Markdown."""
    return planted.fault_table(FAULTS, "the Moodle sample, for a roster", "a run to OneRoster 1.2")


if __name__ == "__main__":
    sys.exit(planted.command_line(generate, {"list": fault_table}, "Moodle sample"))
