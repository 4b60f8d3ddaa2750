"""The Moodle sample in the making: rows by table, and the few acts Moodle itself has (enrol, assign a role, open a context)."""

from __future__ import annotations

import random
from typing import Any

from moodle_sample.clock import DAY, NOW, madrid
from moodle_sample.schema import SCHEMA, columns_of

SEED = 20250613

Row = dict[str, Any]

SYSTEM, USER, CATEGORY, COURSE, MODULE = 10, 30, 40, 50, 70

LOCAL_HOST, OTHER_HOST = 1, 3

SITE_COURSE = 1

ROLES = {
    "manager": 1,
    "coursecreator": 2,
    "editingteacher": 3,
    "teacher": 4,
    "student": 5,
    "guest": 6,
    "user": 7,
    "frontpage": 8,
    "auditor": 9,
    "helpdesk": 10,
}

SYNCHRONISED = ("cohort", "meta")

"""Enrolment methods whose role assignments name the method as their owner."""


class Site:
    """All rows of the database in the making."""

    def __init__(self) -> None:
        self.random = random.Random(SEED)
        self.columns = {table: columns_of(table) for table in SCHEMA}
        self.rows: dict[str, dict[int, Row]] = {table: {} for table in SCHEMA}
        self._highest = dict.fromkeys(SCHEMA, 0)
        self._contexts: dict[tuple[int, int], int] = {}
        self._methods: dict[tuple[int, str], int] = {}
        self.enrolled: dict[tuple[int, int], int] = {}

    def add(self, table: str, **values: Any) -> int:
        """Add a row; what is not given gets the column's default. Returns its id."""
        columns = self.columns[table]
        unknown = values.keys() - columns.keys()
        if unknown:
            raise KeyError(f"{table} has no column {', '.join(sorted(unknown))}")
        number: int = values.get("id", self._highest[table] + 1)
        if number in self.rows[table]:
            raise ValueError(f"{table} {number} is there already")
        values["id"] = number
        self._highest[table] = max(self._highest[table], number)
        defaults = {name: column.value for name, column in columns.items() if name not in values}
        self.rows[table][number] = {name: (values | defaults)[name] for name in columns}
        return number

    def get(self, table: str, number: int) -> Row:
        return self.rows[table][number]

    def all(self, table: str) -> list[Row]:
        return list(self.rows[table].values())

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    # -- contexts and roles

    def context(self, level: int, instance: int) -> int:
        """The context of a thing, opened when it is asked for the first time."""
        if (level, instance) not in self._contexts:
            above = self._context_above(level, instance)
            number = self.add("context", contextlevel=level, instanceid=instance)
            row = self.get("context", number)
            row["path"] = f"{self.get('context', above)['path'] if above else ''}/{number}"
            row["depth"] = row["path"].count("/")
            self._contexts[level, instance] = number
        return self._contexts[level, instance]

    def _context_above(self, level: int, instance: int) -> int | None:
        if level == SYSTEM:
            return None
        if level == MODULE:
            return self.context(COURSE, self.get("course_modules", instance)["course"])
        category = 0
        if level == COURSE:
            category = self.rows["course"].get(instance, {}).get("category", 0)
        elif level == CATEGORY:
            category = self.get("course_categories", instance)["parent"]
        if category in self.rows["course_categories"] and not (level == CATEGORY and category == instance):
            return self.context(CATEGORY, category)
        return self.context(SYSTEM, 0)

    def assign(self, user: int, role: str, context: int, *, component: str = "", item: int = 0, time: int = 0) -> int:
        return self.add(
            "role_assignments",
            roleid=ROLES[role],
            contextid=context,
            userid=user,
            timemodified=time or NOW - 200 * DAY,
            modifierid=2,
            component=component,
            itemid=item,
        )

    # -- enrolments

    def method(self, course: int, enrol: str, **values: Any) -> int:
        """The enrolment method of a course, added when it is asked for the first time."""
        if (course, enrol) not in self._methods:
            created = self.rows["course"].get(course, {}).get("timecreated", NOW - 900 * DAY)
            self._methods[course, enrol] = self.add(
                "enrol",
                **{
                    "enrol": enrol,
                    "courseid": course,
                    "sortorder": sum(1 for held, _ in self._methods if held == course),
                    "roleid": 0 if enrol == "guest" else ROLES["student"],
                    "timecreated": created,
                    "timemodified": created,
                    **values,
                },
            )
        return self._methods[course, enrol]

    def enrol(
        self,
        user: int,
        course: int,
        enrol: str = "manual",
        *,
        role: str | None = "student",
        start: int | None = None,
        end: int = 0,
        status: int = 0,
        **values: Any,
    ) -> int:
        """Enrol somebody, with a role in the course unless ``role`` is None. Returns the enrolment's id."""
        method = self.method(course, enrol)
        began: int = self.rows["course"].get(course, {}).get("startdate") or NOW - 300 * DAY
        began = min(began, NOW - 20 * DAY)
        if role:
            owner = {"component": f"enrol_{enrol}", "item": method} if enrol in SYNCHRONISED else {}
            self.assign(user, role, self.context(COURSE, course), time=began, **owner)  # type: ignore[arg-type]
        number = self.add(
            "user_enrolments",
            **{
                "status": status,
                "enrolid": method,
                "userid": user,
                "timestart": began if start is None else start,
                "timeend": end,
                "modifierid": user if enrol == "self" else 2,
                "timecreated": began,
                "timemodified": began,
                **values,
            },
        )
        self.enrolled.setdefault((user, course), number)
        return number

    def is_enrolled(self, user: int, course: int) -> bool:
        return (user, course) in self.enrolled

    def people_of(self, course: int, *, role: str = "student") -> list[int]:
        """Who is enrolled in a course with a role there, in the order they came."""
        context = self.context(COURSE, course)
        held = [
            row["userid"] for row in self.all("role_assignments") if row["contextid"] == context and row["roleid"] == ROLES[role]
        ]
        return [user for user in dict.fromkeys(held) if self.is_enrolled(user, course)]

    # -- people

    def person(self, number: int, first: str | bytes, last: str | bytes, **values: Any) -> int:
        """Add a planted account. What is not said is as ordinary as it can be."""
        created = madrid(2023, 9, 1, 8, number % 60)
        login = values.pop("username", f"sample{number}")
        if not values.get("deleted"):
            self.context(USER, number)
        return self.add(
            "user",
            **{
                "id": number,
                "confirmed": 1,
                "mnethostid": LOCAL_HOST,
                "username": login,
                "password": NO_PASSWORD,
                "idnumber": f"S{number:05d}",
                "firstname": first,
                "lastname": last,
                "email": f"{login}@example.org",
                "country": "ES",
                "firstaccess": created + DAY,
                "lastaccess": NOW - number % 90 * DAY,
                "timecreated": created,
                "timemodified": created,
                **values,
            },
        )


NO_PASSWORD = "$6$rounds=10000$generated$" + "x" * 43

"""Has the shape of a hash and is none."""

NOT_CACHED = "not cached"

"""What Moodle writes for people who sign in elsewhere."""

GUEST = 1
