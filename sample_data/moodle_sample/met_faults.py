"""Faults of the Moodle sample that more than one target meets in the same way, and how they are counted."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from planted import Fault


def found(query: str) -> Callable[[sqlite3.Connection], int]:
    """A probe: how many rows does the query give?"""
    return lambda database: len(database.execute(query).fetchall())


COURSE = "SELECT id FROM mdl_course WHERE"
PEOPLE = "SELECT id FROM mdl_user WHERE"
TWINS = (
    "SELECT a.id FROM mdl_user a JOIN mdl_user b ON lower(a.email) = lower(b.email) AND a.id < b.id"
    " AND a.firstname = b.firstname AND a.lastname = b.lastname WHERE a.deleted = 0 AND b.deleted = 0"
)

GUEST_ACCOUNT = Fault(
    "Guest account, a system row and no person", "user 1", "USR-GUEST", found(f"{PEOPLE} username = 'guest'"), 1
)
DELETED = Fault("Deleted account", "user 901-906", "USR-DELETED", found(f"{PEOPLE} deleted = 1"), 6)
TWICE = Fault("One person with two accounts", "user 907 + 908, 909 + 910", "USR-MERGE", found(TWINS), 2)
NUMBER_TWICE = Fault(
    "ID number used by two accounts", "user 911, 912 (E-4711)", "USR-IDNUMBER-DUP", found(f"{PEOPLE} idnumber = 'E-4711'"), 2
)
NUMBER_TAKEN = Fault(
    "ID number that looks like the one made for an account without any",
    "user 948 (moodle-950), 950 (blank)",
    "USR-ID-TAKEN",
    found(f"{PEOPLE} idnumber = 'moodle-950'"),
    1,
)
LOGIN_TWICE = Fault(
    "User name of somebody else, on another MNet host",
    "user 922 and user 12",
    "USR-LOGIN-DUP",
    found("SELECT username FROM mdl_user GROUP BY username HAVING count(*) > 1"),
    1,
)
EMAIL = Fault("E-mail that is no address", "user 913, 914", "USR-EMAIL", found(f"{PEOPLE} id IN (913, 914)"), 2)
NAME_BLANK = Fault(
    "Blank given and family name",
    "user 917",
    "USR-NAME-BLANK",
    found(f"{PEOPLE} trim(firstname) = '' AND trim(lastname) = ''"),
    1,
)
NAME_HTML = Fault("HTML in a name", "user 915, 916", "USR-NAME-HTML", found(f"{PEOPLE} firstname || lastname LIKE '%<%>%'"), 2)
NAME_CONTROL = Fault(
    "Tab at the end of a name, right-to-left override before a name",
    "user 918, 919",
    "USR-NAME-CONTROL",
    found(f"{PEOPLE} id IN (918, 919)"),
    2,
)
ENCODING = Fault(
    "Bytes that are not UTF-8 in a text column", "user 923 (lastname)", "SRC-ENCODING", found(f"{PEOPLE} id = 923"), 1
)
LEADING_ZEROS = Fault("ID numbers 007 and 7, two people", "user 930, 931", "-", found(f"{PEOPLE} idnumber IN ('007', '7')"), 2)
NAMES_THAT_SURVIVE = Fault(
    "Right-to-left name, emoji, combining accents, a formula", "user 926-929", "-", found(f"{PEOPLE} id BETWEEN 926 AND 929"), 4
)
PLUGIN_COLUMN = Fault(
    "Column of a local plugin that holds data",
    "user 20-31 (local_costcentre)",
    "SRC-UNKNOWN-COLUMN",
    found(f"{PEOPLE} local_costcentre <> ''"),
    12,
)
PLUGIN_TABLE = Fault(
    "Table of a local plugin that holds data",
    "local_mentoring 1-5",
    "LOSS-UNDECLARED",
    found("SELECT id FROM mdl_local_mentoring"),
    5,
)
FRONT_PAGE = Fault("The site's front page, stored as a course", "course 1", "CRS-SITE", found(f"{COURSE} format = 'site'"), 1)
COURSES_THAT_SURVIVE = Fault(
    "Ampersand and emoji in a course name; short names null and 0",
    "course 107, 108, 109",
    "-",
    found(f"{COURSE} id IN (107, 108, 109)"),
    3,
)
