"""The suite of target connectors on the stand-in Canvas, entity by entity."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from canvas_server import TOKEN, CanvasServer
from canvas_world import contract, links_of, seed
from pydantic import SecretStr

from migrate.connectors.canvas_sis import CanvasTarget
from migrate.connectors.target import Record
from migrate.testing.targets import Case, TargetContract, found

DAY = dt.datetime(2024, 9, 1, 8, 30)
LATER = dt.datetime(2025, 1, 31, 17, 0)


@pytest.fixture
def canvas() -> Iterator[CanvasServer]:
    with CanvasServer() as server:
        server.state.page = 2
        seed(server.state)
        yield server


def opened(canvas: CanvasServer) -> CanvasTarget:
    return CanvasTarget.open(contract(), canvas.url, SecretStr(TOKEN), {"poll_ms": 1, "retry_seconds": 5})


class OnCanvas(TargetContract):
    """With a case that a subclass makes from the server, because some records name others by their numbers."""

    @pytest.fixture
    def connector(self, canvas: CanvasServer) -> Iterator[CanvasTarget]:
        target = opened(canvas)
        yield target
        target.close()

    @pytest.fixture
    def case(self, canvas: CanvasServer) -> Case:
        return self.made(lambda **references: links_of(canvas.state, **references))

    def made(self, links: Callable[..., dict[str, str]]) -> Case:
        raise NotImplementedError


def record(key: str, links: dict[str, str] | None = None, **values: Any) -> Record:
    return Record(key, values, links=links or {})


class TestAccounts(OnCanvas):
    def made(self, links: Callable[..., dict[str, str]]) -> Case:
        good = [
            record("A1", account_id="A1", parent_account_id=None, name="Faculty", status="active"),
            record("A2", account_id="A2", parent_account_id="A1", name='Zoë, "Arts"\nand more', status="active"),
            record("A3", account_id="A3", parent_account_id="A2", name="Music", status="active"),
        ]
        bad = record("A9", account_id="A9", parent_account_id="nowhere", name="Lost", status="active")
        return Case("accounts", good[::-1], {"name": "Renamed"}, bad)

    def test_what_is_removed_is_gone_and_removing_it_again_is_done(self, connector: CanvasTarget, case: Case) -> None:
        """Parents stay while they have children, and so the children are removed: the first two of this case."""
        super().test_what_is_removed_is_gone_and_removing_it_again_is_done(connector, case)

    def test_a_parent_of_others_stays(self, connector: CanvasTarget, case: Case) -> None:
        connector.write("accounts", "create", case.good)
        (outcome,) = connector.remove("accounts", [case.good[2]])
        assert (outcome.result, outcome.message) == ("refused", "The account A1 holds active sub-accounts")
        assert found(connector, "accounts", case.good).keys() == {"A1", "A2", "A3"}


class TestTerms(OnCanvas):
    def made(self, links: Callable[..., dict[str, str]]) -> Case:
        good = [
            record(f"T{n}", term_id=f"T{n}", name=f"Term {n}", status="active", start_date=DAY, end_date=LATER) for n in range(3)
        ]
        return Case("terms", good, {"name": "Winter", "end_date": None}, record("T9", term_id="T9", name=None, status="active"))


class TestCourses(OnCanvas):
    def made(self, links: Callable[..., dict[str, str]]) -> Case:
        def course(n: int, **values: Any) -> Record:
            base = {"course_id": f"C{n}", "short_name": f"C-{n}", "long_name": f"Course {n}", "account_id": "faculty"}
            return Record(
                f"C{n}", {**base, "term_id": "autumn", "status": "published", "start_date": DAY, "end_date": None, **values}
            )

        good = [course(1), course(2, status="active", integration_id="i2"), course(3, status="completed", term_id=None)]
        return Case(
            "courses", good, {"long_name": "Renamed", "start_date": None, "end_date": LATER}, course(9, account_id="none")
        )


class TestSections(OnCanvas):
    def made(self, links: Callable[..., dict[str, str]]) -> Case:
        good = [record(f"S{n}", section_id=f"S{n}", course_id="art", name=f"Section {n}", status="active") for n in range(3)]
        bad = record("S9", section_id="S9", course_id="none", name="Lost", status="active")
        return Case("sections", good, {"name": "Renamed"}, bad)


class TestUsers(OnCanvas):
    def made(self, links: Callable[..., dict[str, str]]) -> Case:
        def user(n: int, login: str, **values: Any) -> Record:
            base = {"user_id": f"U{n}", "login_id": login, "full_name": f"Person {n}", "email": "shared@example.org"}
            return Record(f"U{n}", {**base, "status": "active", **values})

        good = [user(1, "one"), user(2, "Two", status="suspended"), user(3, "three", email=None)]
        return Case("users", good, {"full_name": "Renamed", "status": "suspended"}, user(9, "ANA"))


class TestLogins(OnCanvas):
    def made(self, links: Callable[..., dict[str, str]]) -> Case:
        def login(n: int, of: str, known: dict[str, str]) -> Record:
            values = {"user_id": f"L{n}", "login_id": f"second-{n}", "existing_user_id": of, "email": None}
            return Record(f"L{n}", values, links=known)

        good = [login(n, "ana", links(existing_user_id=("user", "ana"))) for n in range(3)]
        return Case("logins", good, {}, login(9, "nobody", {}))


class TestEnrollments(OnCanvas):
    def made(self, links: Callable[..., dict[str, str]]) -> Case:
        def enrolment(user: str, role: str = "student", **values: Any) -> Record:
            base = {"course_id": "art", "section_id": "art-1", "user_id": user, "role": role, "status": "active"}
            return Record(f"art-1|{user}|{role}", {**base, "start_date": DAY, "end_date": LATER, **values})

        good = [enrolment("cid"), enrolment("ana", "ta"), enrolment("cid", "teacher", limit_section_privileges=True)]
        return Case("enrollments", good, {"status": "completed"}, enrolment("nobody"))


class TestAdmins(OnCanvas):
    def made(self, links: Callable[..., dict[str, str]]) -> Case:
        def admin(user: str, account: str | None, role: str = "AccountAdmin") -> Record:
            values = {"user_id": user, "account_id": account, "role": role, "status": "active"}
            return Record(f"{user}|{account or ''}|{role}", values)

        return Case("admins", [admin("ana", "faculty"), admin("ben", None), admin("ben", "faculty", "Registrar")], {},
                    admin("ana", None, "Unknown"))  # fmt: skip


class TestGroupCategories(OnCanvas):
    def made(self, links: Callable[..., dict[str, str]]) -> Case:
        def category(n: int, **values: Any) -> Record:
            known = links(course_id=("course", "art")) if "course_id" in values else {}
            base = {"group_category_id": f"K{n}", "category_name": f"Set {n}", "status": "active", **values}
            return Record(f"K{n}", base, links=known)

        good = [category(n, course_id="art") for n in range(3)]
        return Case("group_categories", good, {"category_name": "Renamed"}, category(9, course_id="art", account_id="faculty"))


class TestGroups(OnCanvas):
    def made(self, links: Callable[..., dict[str, str]]) -> Case:
        def group(n: int, **values: Any) -> Record:
            return Record(f"G{n}", {"group_id": f"G{n}", "name": f"Group {n}", "status": "available", **values})

        good = [group(1, course_id="art", account_id=None), group(2, account_id="faculty"), group(3)]
        bad = group(9, group_category_id="none")
        return Case("groups", good, {"name": "Renamed"}, bad)


class TestGroupMembership(OnCanvas):
    def made(self, links: Callable[..., dict[str, str]]) -> Case:
        def member(group: str, user: str) -> Record:
            return record(f"{group}|{user}", group_id=group, user_id=user, status="accepted")

        good = [member("painters", "ana"), member("painters", "ben"), member("all", "cid")]
        return Case("group_membership", good, {}, member("painters", "cid"))


class TestAssignments(OnCanvas):
    def made(self, links: Callable[..., dict[str, str]]) -> Case:
        def assignment(n: int, **values: Any) -> Record:
            base = {"assignment_id": f"item/{n}", "course": "art", "name": f"Test {n}", "points_possible": 12.5}
            base |= {"grading_type": "points", "submission_types": "none,on_paper", "published": True, "due_at": DAY}
            return Record(f"item/{n}", {**base, **values})

        good = [assignment(1), assignment(2, due_at=None), assignment(3, published=False)]
        return Case("assignments", good, {"name": "Renamed", "points_possible": 20.0}, assignment(9, name=""))


class TestGrades(OnCanvas):
    def made(self, links: Callable[..., dict[str, str]]) -> Case:
        def grade(user: str, score: float | None, **values: Any) -> Record:
            return Record(f"final|{user}", {"assignment": "final", "user": user, "course": "art", "score": score, **values})

        good = [
            grade("ana", 8.25, comment="Well done", excused=False),
            grade("ben", None, excused=True),
            grade("dan", 3.0, comment=None),  # whose enrolment is concluded
            grade("eve", 0.0, late_policy_status="late"),
        ]
        return Case("grades", good, {"score": 9.0, "excused": False}, grade("nobody", 5.0))
