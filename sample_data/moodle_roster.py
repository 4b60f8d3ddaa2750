"""What of the Moodle sample is in the way of a roster, for a move to OneRoster: the list of its faults.

    python sample_data/moodle_roster.py moodle.sqlite
    python sample_data/moodle_roster.py --list > sample_data/moodle_roster.md

The sample is that of ``generate_moodle.py``; nothing is planted here.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable

import planted
from generate_moodle import generate
from planted import Fault


def found(query: str) -> Callable[[sqlite3.Connection], int]:
    """A probe: how many rows does the query give?"""
    return lambda database: len(database.execute(query).fetchall())


COURSE = "SELECT id FROM mdl_course WHERE"
PEOPLE = "SELECT id FROM mdl_user WHERE"
ENROLLED = "SELECT ue.id FROM mdl_user_enrolments ue JOIN mdl_enrol e ON e.id = ue.enrolid"
TWINS = (
    "SELECT a.id FROM mdl_user a JOIN mdl_user b ON lower(a.email) = lower(b.email) AND a.id < b.id"
    " AND a.firstname = b.firstname AND a.lastname = b.lastname WHERE a.deleted = 0 AND b.deleted = 0"
)
HELD = "SELECT ra.id FROM mdl_role_assignments ra JOIN mdl_context c ON c.id = ra.contextid WHERE"
LONG_OVER = "enddate > 0 AND enddate < 1751328000 AND enddate >= startdate"
"""Ended half a year before the run, which is on the first day of 2026."""

FAULTS: tuple[Fault[sqlite3.Connection], ...] = (
    # -- organisations and classes
    Fault("Category that is its own parent", "course_categories 13", "REF-CYCLE",
          found("SELECT id FROM mdl_course_categories WHERE id = parent"), 1),
    Fault("The site's front page, stored as a course", "course 1", "CRS-SITE", found(f"{COURSE} format = 'site'"), 1),
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
    Fault("Ampersand and emoji in a course name; short names null and 0", "course 107, 108, 109", "-",
          found(f"{COURSE} id IN (107, 108, 109)"), 3),
    # -- people
    Fault("Guest account, a system row and no person", "user 1", "USR-GUEST", found(f"{PEOPLE} username = 'guest'"), 1),
    Fault("Deleted account", "user 901-906", "USR-DELETED", found(f"{PEOPLE} deleted = 1"), 6),
    Fault("Role of an account that is no part of the roster", "user 1, 901-906", "ROL-USER-EXCLUDED",
          found(f"{PEOPLE} deleted = 1 OR username = 'guest'"), 7),
    Fault("One person with two accounts", "user 907 + 908, 909 + 910", "USR-MERGE",
          found(TWINS), 2),
    Fault("Role of the second account", "user 908, 910", "ROL-FOLDED", found(f"{PEOPLE} id IN (908, 910)"), 2),
    Fault("ID number used by two accounts", "user 911, 912 (E-4711)", "USR-IDNUMBER-DUP",
          found(f"{PEOPLE} idnumber = 'E-4711'"), 2),
    Fault("ID number that looks like the one made for an account without any", "user 948 (moodle-950), 950 (blank)",
          "USR-ID-TAKEN", found(f"{PEOPLE} idnumber = 'moodle-950'"), 1),
    Fault("User name of somebody else, on another MNet host", "user 922 and user 12", "USR-LOGIN-DUP",
          found("SELECT username FROM mdl_user GROUP BY username HAVING count(*) > 1"), 1),
    Fault("Blank given and family name", "user 917", "USR-NAME-BLANK",
          found(f"{PEOPLE} trim(firstname) = '' AND trim(lastname) = ''"), 1),
    Fault("HTML in a name", "user 915, 916", "USR-NAME-HTML", found(f"{PEOPLE} firstname || lastname LIKE '%<%>%'"), 2),
    Fault("Tab at the end of a name, right-to-left override before a name", "user 918, 919", "USR-NAME-CONTROL",
          found(f"{PEOPLE} id IN (918, 919)"), 2),
    Fault("E-mail that is no address", "user 913, 914", "USR-EMAIL", found(f"{PEOPLE} id IN (913, 914)"), 2),
    Fault("Bytes that are not UTF-8 in a text column", "user 923 (lastname)", "SRC-ENCODING", found(f"{PEOPLE} id = 923"), 1),
    Fault("Time far outside the calendar", "user 924, enrolment of user 949 in TUTOR-KIT", "SRC-TYPE",
          found(f"{PEOPLE} lastaccess = 99999999999999"), 1),
    Fault("ID numbers 007 and 7, two people", "user 930, 931", "-", found(f"{PEOPLE} idnumber IN ('007', '7')"), 2),
    Fault("Right-to-left name, emoji, combining accents, a formula", "user 926-929", "-",
          found(f"{PEOPLE} id BETWEEN 926 AND 929"), 4),
    Fault("Column of a local plugin that holds data", "user 20-31 (local_costcentre)", "SRC-UNKNOWN-COLUMN",
          found(f"{PEOPLE} local_costcentre <> ''"), 12),
    Fault("Table of a local plugin that holds data", "local_mentoring 1-5", "LOSS-UNDECLARED",
          found("SELECT id FROM mdl_local_mentoring"), 5),
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
