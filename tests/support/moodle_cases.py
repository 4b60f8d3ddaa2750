"""Records of every entity that a Moodle is tried with, and the records these need."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from migrate.connectors.target import Record, TargetConnector
from migrate.testing.targets import Case

ENTITIES = ("categories", "courses", "users", "profile_values", "cohorts", "cohort_members", "enrolments", "role_assignments",
            "groups", "group_members")  # fmt: skip
NOBODY = "99999999"
"""An id that no record has."""
START = dt.datetime(2020, 9, 1, 6, 30)


class Base:
    """Records that others refer to, made when they are asked for and removed in the end."""

    def __init__(self, connector: TargetConnector, prefix: str) -> None:
        self.connector, self.prefix = connector, prefix
        self._made: dict[str, list[Record]] = {}

    def make(self, entity: str, records: list[Record]) -> list[Record]:
        """The records with their ids; the connector has to write all of them."""
        outcomes = {outcome.key: outcome for outcome in self.connector.write(entity, "create", records)}
        assert {outcome.result for outcome in outcomes.values()} == {"done"}, outcomes
        made = [replace(record, native=outcomes[record.key].native) for record in records]
        self._made.setdefault(entity, []).extend(made)
        return made

    def clean(self, case: Case | None) -> None:
        """Remove what was made, and what the case wrote."""
        if case is not None and self.connector.ability(case.entity).remove:
            self.connector.remove(case.entity, [*case.good, *([case.bad] if case.bad else [])])
        for entity in reversed(self._made):
            self.connector.remove(entity, self._made[entity])

    def category(self) -> Record:
        return self.make("categories", [category(self.prefix, "base")])[0]

    def courses(self, count: int = 1) -> list[Record]:
        home = self.category()
        return self.make("courses", [course(self.prefix, f"base{number}", home) for number in range(count)])

    def users(self, count: int = 3) -> list[Record]:
        return self.make("users", [user(self.prefix, f"base{number}") for number in range(count)])


def category(prefix: str, short: str, **values: Any) -> Record:
    number = f"{prefix}{short}"
    return Record(number, {"idnumber": number, "name": f"Faculty of {short} & others", "parent": None, **values})


def course(prefix: str, name: str, home: Record, **values: Any) -> Record:
    short = f"{prefix}{name}"
    given = {"shortname": short, "fullname": f"Course {name}, é 🎓", "category": home.key, **values}
    return Record(short, given, links={"category": str(home.native)})


def user(prefix: str, name: str, **values: Any) -> Record:
    login = f"{prefix}{name}"
    given = {"username": login, "firstname": "Zoë", "lastname": f"O'{name} & Co", "email": f"{login}@example.invalid", **values}
    return Record(login, given)


def pair(first: tuple[str, Record], second: tuple[str, Record], **values: Any) -> Record:
    """A record that joins two others."""
    (one, left), (other, right) = first, second
    more = [str(value) for name, value in values.items() if name in ("key",)]
    values.pop("key", None)
    links = {one: str(left.native), other: str(right.native)}
    return Record("|".join([left.key, right.key, *more]), {one: left.key, other: right.key, **values}, links=links)


def elsewhere(record: Record, field: str) -> Record:
    """The record, but it refers to nobody."""
    return replace(record, key=f"{record.key}-bad", links={**record.links, field: NOBODY})


def make_case(base: Base, entity: str) -> Case:
    """The case of an entity; what its records refer to is made first."""
    return _CASES[entity](base)


def _categories(base: Base) -> Case:
    top = base.category()
    inner = replace(category(base.prefix, "c", parent=top.key), links={"parent": str(top.native)})
    good = [category(base.prefix, "a", description="<p>Law &amp; order</p>"), category(base.prefix, "b"), inner]
    return Case(
        "categories", good, {"name": "Faculty of change", "description": "new"}, category(base.prefix, "d", name="<b>x</b>")
    )


def _courses(base: Base) -> Case:
    home = base.category()
    dated = course(
        base.prefix, "a", home, startdate=START, enddate=START + dt.timedelta(days=90), visible=False, summary="<p>a</p>"
    )
    plain = course(
        base.prefix, "b", home, startdate=None, enddate=None, idnumber=f"{base.prefix}007", format="weeks", groupmode=2
    )
    bad = course(base.prefix, "d", home, startdate=START, enddate=START - dt.timedelta(days=1))
    good = [dated, plain, course(base.prefix, "c", home, enablecompletion=True)]
    return Case("courses", good, {"fullname": "Changed", "visible": True, "idnumber": None, "summary": None}, bad)


def _users(base: Base) -> Case:
    made = {"idnumber": "007", "country": "DE", "city": "Köln", "department": "Law", "auth": "manual", "suspended": True}
    good = [user(base.prefix, "a", **made), user(base.prefix, "b", suspended=False, description="a & b")]
    good.append(user(base.prefix, "c", timezone=None))
    changes = {"lastname": "Changed", "suspended": True, "city": None, "idnumber": "8", "timezone": "Europe/Berlin"}
    return Case("users", good, changes, user(base.prefix, "D D"))


def _profile_values(base: Base) -> Case:
    people = base.users(2)
    made = [(people[0], "staffno", "007"), (people[0], "office", "North"), (people[1], "office", "North")]
    good = [_profile_value(person, field, value) for person, field, value in made]
    return Case("profile_values", good, {"value": "South"}, _profile_value(people[1], "no_such_field", "x"))


def _profile_value(person: Record, field: str, value: str) -> Record:
    given = {"user": person.key, "field": field, "value": value}
    return Record(f"{person.key}|{field}", given, links={"user": str(person.native)})


def _cohorts(base: Base) -> Case:
    home = base.category()
    made = [cohort(base.prefix, "a", description="x & y"), cohort(base.prefix, "b", visible=False), cohort(base.prefix, "c")]
    good = [
        made[0],
        replace(made[1], values={**made[1].values, "category": home.key}, links={"category": str(home.native)}),
        made[2],
    ]
    bad = replace(cohort(base.prefix, "d"), links={"category": NOBODY})
    return Case("cohorts", good, {"name": "Changed", "visible": True, "description": None}, bad)


def cohort(prefix: str, name: str, **values: Any) -> Record:
    number = f"{prefix}{name}"
    return Record(number, {"idnumber": number, "name": f"Year {name}", "category": None, **values})


def _cohort_members(base: Base) -> Case:
    one, other = base.make("cohorts", [cohort(base.prefix, "base1"), cohort(base.prefix, "base2")])
    people = base.users(2)
    members = [pair(("cohort", group), ("user", person)) for group in (one, other) for person in people]
    return Case("cohort_members", members, {}, elsewhere(members[0], "user"))


def _enrolments(base: Base) -> Case:
    one, other = base.courses(2)
    people = base.users(2)
    good = [
        pair(("course", one), ("user", people[0]), role="student", timestart=START, timeend=None, suspended=False),
        pair(("course", one), ("user", people[1]), role="editingteacher", suspended=True),
        pair(("course", other), ("user", people[0]), role="student"),
    ]
    return Case("enrolments", good, {"suspended": True}, elsewhere(good[0], "user"))


def _role_assignments(base: Base) -> Case:
    course_, person = base.courses(1)[0], base.users(1)[0]
    roles = [
        pair(("course", course_), ("user", person), role=role, key=role) for role in ("teacher", "editingteacher", "manager")
    ]
    return Case("role_assignments", roles, {}, elsewhere(roles[0], "user"))


def group(prefix: str, short: str, course_: Record, **values: Any) -> Record:
    number = f"{prefix}{short}"
    given: Mapping[str, Any] = {"idnumber": number, "course": course_.key, "name": f"Group {short}", **values}
    return Record(number, given, links={"course": str(course_.native)})


def _groups(base: Base) -> Case:
    one, other = base.courses(2)
    good = [group(base.prefix, "a", one, description="x"), group(base.prefix, "b", one), group(base.prefix, "c", other)]
    return Case("groups", good, {"description": "Changed"}, group(base.prefix, "d", one, name=" "))


def _group_members(base: Base) -> Case:
    course_, people = base.courses(1)[0], base.users(4)
    enrolled = [pair(("course", course_), ("user", person), role="student") for person in people[:3]]
    base.make("enrolments", enrolled)
    home = base.make("groups", [group(base.prefix, "base", course_)])[0]
    members = [pair(("group", home), ("user", person)) for person in people]
    return Case("group_members", members[:3], {}, members[3])


BY_FILE = ("users", "profile_values", "cohorts", "cohort_members", "enrolments")
"""Entities that can go in files."""


def make_file_case(base: Base, entity: str) -> Case:
    """The same, with values that only just go into a file, and one that does not."""
    case = make_case(base, entity)
    good, bad = list(case.good), case.good[0]
    match entity:
        case "users":
            odd = {"firstname": '=HYPERLINK("x";1)', "lastname": "-1, 2", "city": "C:\\temp", "description": '@a\n\n"b"'}
            good[0] = replace(good[0], values={**good[0].values, **odd})
            bad = user(base.prefix, "d", city="C:\\")
        case "profile_values":
            good[0] = replace(good[0], values={**good[0].values, "value": "=007"})
            bad = replace(good[1], values={**good[1].values, "field": "no such column"})
        case "cohorts":
            good[2] = replace(good[2], values={**good[2].values, "name": "=1+1", "description": " x, \n "})
            bad = cohort(base.prefix, "d", description='a\\"b')
        case "cohort_members":
            bad = Record("number", {**bad.values, "cohort": NOBODY}, links={"user": bad.links["user"]})
        case "enrolments":
            dated = {"timestart": START, "timeend": START + dt.timedelta(days=9000), "suspended": True}
            good[0] = replace(good[0], values={**good[0].values, **dated})
            end = {"timeend": START + dt.timedelta(hours=36), "course": good[2].values["course"]}
            bad = replace(
                good[1], values={**good[1].values, **dated, **end}, links={**good[1].links, "course": good[2].links["course"]}
            )
    return replace(case, good=good, bad=replace(bad, key=f"{bad.key}-bad"))


_CASES = {
    "categories": _categories, "courses": _courses, "users": _users, "profile_values": _profile_values, "cohorts": _cohorts,
    "cohort_members": _cohort_members, "enrolments": _enrolments, "role_assignments": _role_assignments, "groups": _groups,
    "group_members": _group_members,
}  # fmt: skip
