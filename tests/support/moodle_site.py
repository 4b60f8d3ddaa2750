"""A Moodle site in memory: its tables, and transactions that roll back."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Row = dict[str, Any]

ROLES = {1: "manager", 2: "coursecreator", 3: "editingteacher", 4: "teacher", 5: "student", 6: "guest", 7: "user", 8: "frontpage"}
FOR_COURSES = (1, 3, 4, 5)
"""Roles that may be given in courses."""
TABLES = (
    "users",
    "profile",
    "categories",
    "courses",
    "cohorts",
    "cohort_members",
    "enrolments",
    "roles",
    "groups",
    "group_members",
    "grade_items",
    "grades",
    "course_completions",
    "modules",
    "module_completions",
)


def with_files(text: str, number: int, place: str) -> str:
    """A text as functions show it: with an address of the site in place of the mark of each file."""
    return text.replace("@@PLUGINFILE@@", f"http://moodle.example.org/webservice/pluginfile.php/{number}/{place}")


class Site:
    """Tables by id (or by tuples of ids, for memberships). Rows are never changed in place."""

    def __init__(self) -> None:
        self.tables: dict[str, dict[Any, Row]] = {name: {} for name in TABLES}
        self.profile_fields: dict[str, tuple[str, ...] | None] = {
            "staffno": None,
            "office": ("North", "South"),
            "union": ("0", "1"),
            "campus": None,
        }
        self.profile_defaults = {"union": "", "campus": "Main"}
        """What is shown of everybody who has no value of his own."""
        self.languages = ("en",)
        self.auths = ("manual", "ldap", "oauth2", "nologin", "email", "none", "shibboleth", "lti", "cas", "db")
        self.shared_email = False
        self.manages_groups = True
        """Does the user of the token have the right to? Without it groups of others are not shown."""
        self.enrol_period = 0
        """Seconds that an enrolment without an end lasts, where an uploaded file does not say otherwise."""
        self._undo: list[Callable[[], object]] = []
        self._last: dict[str, int] = {}
        self._index: dict[tuple[str, str], dict[str, Any]] = {}
        self.insert("users", {"username": "guest", "firstname": "Guest user", "lastname": " ", "email": "root@localhost"})
        self.insert("users", {"username": "admin", "firstname": "Admin", "lastname": "User", "email": "admin@example.invalid"})
        self.insert("categories", {"name": "Category 1", "idnumber": None, "description": "", "parent": 0})
        front = {"shortname": "site", "fullname": "Site", "categoryid": 0, "idnumber": "", "format": "site", "startdate": 0}
        self.insert("courses", front)
        self._undo.clear()

    def insert(self, table: str, row: Row) -> int:
        """A new row; its id."""
        self._last[table] = self._last.get(table, 0) + 1
        self.put(table, self._last[table], {**row, "id": self._last[table]})
        return self._last[table]

    def put(self, table: str, key: Any, row: Row) -> None:
        """A row in place of the one with this key."""
        rows = self.tables[table]
        before = rows.get(key)
        self._undo.append(lambda: self._restore(table, key, before))
        self._unindex(table, before)
        rows[key] = row
        self._reindex(table, key, row)

    def drop(self, table: str, key: Any) -> None:
        """Remove a row, if it is there."""
        before = self.tables[table].pop(key, None)
        if before is not None:
            self._undo.append(lambda: self._restore(table, key, before))
            self._unindex(table, before)

    def _restore(self, table: str, key: Any, before: Row | None) -> None:
        self._unindex(table, self.tables[table].pop(key, None))
        if before is not None:
            self.tables[table][key] = before
            self._reindex(table, key, before)

    def _unindex(self, table: str, row: Row | None) -> None:
        for field in INDEXED.get(table, ()) if row is not None else ():
            self._index.get((table, field), {}).pop(str((row or {}).get(field)).lower(), None)

    def _reindex(self, table: str, key: Any, row: Row) -> None:
        for field in INDEXED.get(table, ()):
            self._index.setdefault((table, field), {})[str(row.get(field)).lower()] = key

    def by(self, table: str, field: str, value: str) -> Row | None:
        """The row with this value, compared without case as Moodle's database compares."""
        key = self._index.get((table, field), {}).get(value.lower())
        return None if key is None else self.tables[table].get(key)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """What happens inside happens as a whole or not at all."""
        start = len(self._undo)
        try:
            yield
        except BaseException:
            while len(self._undo) > start:
                self._undo.pop()()
            raise
        finally:
            if start == 0:
                self._undo.clear()

    def state(self) -> dict[str, Any]:
        """All records by what they are called, without ids: two loads of the same data give equal states."""
        tables = self.tables
        user = {key: row["username"] for key, row in tables["users"].items()}
        course = {key: row["shortname"] for key, row in tables["courses"].items()}
        category = {key: row["idnumber"] or row["name"] for key, row in tables["categories"].items()} | {0: None}
        cohort = {key: row["idnumber"] for key, row in tables["cohorts"].items()}
        group = {key: (course[row["courseid"]], row["idnumber"]) for key, row in tables["groups"].items()}
        return {
            "users": sorted(({**_plain(row)} for row in tables["users"].values()), key=str),
            "profile_values": sorted([user[u], field, row["value"]] for (u, field), row in tables["profile"].items()),
            "categories": sorted(
                ({**_plain(row), "parent": category[row["parent"]]} for row in tables["categories"].values()), key=str
            ),
            "courses": sorted(
                ({**_plain(row), "categoryid": category.get(row["categoryid"])} for row in tables["courses"].values()), key=str
            ),
            "cohorts": sorted(
                ({**_plain(row), "category": category.get(row["category"])} for row in tables["cohorts"].values()), key=str
            ),
            "cohort_members": sorted([cohort[c], user[u]] for c, u in tables["cohort_members"]),
            "enrolments": sorted(
                [course[c], user[u], row["timestart"], row["timeend"], row["suspended"]]
                for (c, u), row in tables["enrolments"].items()
            ),
            "role_assignments": sorted([course[c], user[u], ROLES[r]] for c, u, r in tables["roles"]),
            "groups": sorted(
                ({**_plain(row), "courseid": course[row["courseid"]]} for row in tables["groups"].values()), key=str
            ),
            "group_members": sorted([*group[g], user[u]] for g, u in tables["group_members"]),
        }

    def active(self, course: int, user: int) -> bool:
        """Is the enrolment neither suspended nor outside its dates?"""
        row, now = self.tables["enrolments"][course, user], time.time()
        return not row["suspended"] and row["timestart"] <= now and (row["timeend"] == 0 or now < row["timeend"])


INDEXED = {
    "users": ("username", "email"),
    "courses": ("shortname", "idnumber"),
    "categories": ("idnumber",),
    "cohorts": ("idnumber",),
}


def _plain(row: Row) -> Row:
    return {name: value for name, value in sorted(row.items()) if name not in ("id", "timecreated")}
