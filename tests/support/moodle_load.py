"""A small organisation, as records of every entity in load order; what they refer to is known by key alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from migrate.connectors.target import Record


def everything(people: int = 12, courses: int = 3) -> Iterator[tuple[str, list[Record]]]:
    """``(entity, records)``, each after those it refers to."""
    logins = [f"p{number}" for number in range(people)]
    codes = [f"c{number}" for number in range(courses)]
    yield (
        "categories",
        [_one("idnumber", name, name=f"Faculty {name}", parent=parent) for name, parent in (("a", None), ("b", "a"))],
    )
    yield "courses", [_one("shortname", code, fullname=f"Course {code}", category="b") for code in codes]
    yield "users", [_one("username", login, firstname="A", lastname="B", email=f"{login}@example.invalid",
                         suspended=number % 3 == 0) for number, login in enumerate(logins)]  # fmt: skip
    yield "profile_values", [_joined(user=login, field="staffno", value=f"00{number}") for number, login in enumerate(logins)]
    yield "cohorts", [_one("idnumber", f"k{number}", name=f"Year {number}") for number in range(3)]
    yield "cohort_members", [_joined(cohort=f"k{number % 3}", user=login) for number, login in enumerate(logins)]
    pairs = [(code, login) for code in codes for login in logins]
    yield "enrolments", [_joined(course=code, user=login, role="student", suspended=number % 4 == 0)
                         for number, (code, login) in enumerate(pairs)]  # fmt: skip
    yield "role_assignments", [_joined(course=code, user=logins[0], role="teacher") for code in codes]


def _one(key: str, called: str, **values: Any) -> Record:
    return Record(called, {key: called, **values})


def _joined(**values: Any) -> Record:
    return Record("|".join(str(value) for value in values.values()), values)
