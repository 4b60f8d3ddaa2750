"""Several questions in one call are answered as if each had been asked alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from migrate.connectors.moodle_service import MoodleTarget
from migrate.connectors.moodle_service.asking import Asking
from migrate.connectors.moodle_service.calls import Refused
from migrate.connectors.target import Outcome, Record
from migrate.errors import TargetRefused

if TYPE_CHECKING:
    from moodle_server import MoodleServer

    Opener = Callable[..., MoodleTarget]

TOGETHER = "tool_mobile_call_external_functions"
GRADES, GROUPS = "gradereport_user_get_grade_items", "core_group_get_course_user_groups"


def school(target: MoodleTarget, people: int) -> list[Record]:
    """People who are enrolled in one course."""
    target.write("categories", "create", [Record("a", {"idnumber": "a", "name": "A", "parent": None})])
    target.write("courses", "create", [Record("c", {"shortname": "c", "fullname": "C", "category": "a"})])
    logins = [f"p{number}" for number in range(people)]
    given = {"firstname": "A", "lastname": "B"}
    made = [Record(login, {**given, "username": login, "email": f"{login}@example.invalid"}) for login in logins]
    target.write("users", "create", made)
    both = [Record(f"c|{login}", {"course": "c", "user": login, "role": "student", "suspended": False}) for login in logins]
    assert {one.result for one in target.write("enrolments", "create", both)} == {"done"}
    return both


def by_id(server: MoodleServer, login: str) -> int:
    found = server.site.by("users", "username", login)
    assert found is not None
    return int(found["id"])


def graded(server: MoodleServer, login: str) -> None:
    course = server.site.by("courses", "shortname", "c")
    assert course is not None
    row = {"courseid": course["id"], "itemname": "Essay", "itemtype": "manual", "idnumber": login, "grademin": 0, "grademax": 10}
    item = server.site.insert("grade_items", row)
    server.site.put("grades", (item, by_id(server, login)), {"finalgrade": 7})


def removed(server: MoodleServer, target: MoodleTarget, people: int = 60) -> list[Outcome]:
    """What becomes of enrolments of which the second and the last have grades."""
    both = school(target, people)
    for login in ("p1", f"p{people - 1}"):
        graded(server, login)
    server.calls.clear()
    return target.remove("enrolments", both)


def names(server: MoodleServer) -> list[Any]:
    return sorted(row[1] for row in server.site.state()["enrolments"])


def test_what_is_asked_before_removing_goes_together(server: MoodleServer, target: MoodleTarget) -> None:
    outcomes = removed(server, target)
    assert [one.key for one in outcomes if one.result != "done"] == ["c|p1", "c|p59"]
    assert {server.calls.count(name) for name in (GRADES, GROUPS)} == {0}
    assert server.calls.count(TOGETHER) == 6
    assert (server.asked.count(GRADES), server.asked.count(GROUPS)) == (60, 58)
    assert names(server) == ["p1", "p59"]


def test_a_service_without_the_function_is_asked_one_by_one(server: MoodleServer, opened: Opener) -> None:
    server.functions = tuple(name for name in server.functions if name != TOGETHER)
    assert [one.key for one in removed(server, opened()) if one.result != "done"] == ["c|p1", "c|p59"]
    assert (server.calls.count(GRADES), server.calls.count(GROUPS), server.asked) == (60, 58, [])


def test_a_function_that_is_taken_away_is_not_missed(server: MoodleServer, target: MoodleTarget) -> None:
    both = school(target, 30)
    graded(server, "p3")
    server.functions = tuple(name for name in server.functions if name != TOGETHER)
    server.calls.clear()
    assert [one.key for one in target.remove("enrolments", both) if one.result != "done"] == ["c|p3"]
    assert server.calls.count(TOGETHER) == 3  # with many parameters it looks as if the token had been cut off


def test_a_question_that_is_refused_is_told_as_if_it_had_been_asked_alone(server: MoodleServer, target: MoodleTarget) -> None:
    course = school(target, 5)[0].values["course"]
    number = server.site.by("courses", "shortname", course)
    assert number is not None
    people: list[Any] = [by_id(server, "p0"), by_id(server, "p1"), 99_999, by_id(server, "p3"), 88_888]
    questions = [{"userid": one, "courseid": number["id"]} for one in people]
    server.calls.clear()
    answers = list(target._asking.ask(GROUPS, questions, 10))
    assert [isinstance(one, Refused) for one in answers] == [False, False, True, False, True]
    alone = [answer for one in questions for answer in Asking(target._client, None).ask(GROUPS, [one], 10)]
    assert [str(one) for one in answers] == [str(one) for one in alone]
    assert server.calls[:4] == [TOGETHER, GROUPS, TOGETHER, GROUPS]


@pytest.mark.parametrize("kind", ["drop", "error", "gateway", "half", "cut", "html", "notice", "refused", "later"])
def test_a_fault_costs_time_and_no_answer(server: MoodleServer, target: MoodleTarget, kind: str) -> None:
    server.fault(kind, TOGETHER, at=[1, 2, 3, 4])
    assert [one.key for one in removed(server, target) if one.result != "done"] == ["c|p1", "c|p59"]
    assert names(server) == ["p1", "p59"]


def test_what_is_too_much_for_the_site_is_asked_in_smaller_numbers(server: MoodleServer, target: MoodleTarget) -> None:
    server.fault("gateway", TOGETHER, at=[1])
    assert [one.key for one in removed(server, target) if one.result != "done"] == ["c|p1", "c|p59"]
    assert server.calls.count(TOGETHER) == 7  # 25 failed; then 12, 24, 24, and 25 three times
    assert server.calls.count(GRADES) == 0


def test_a_function_that_always_fails_is_asked_alone(server: MoodleServer, target: MoodleTarget) -> None:
    server.fault("gateway", TOGETHER, rate=1)
    assert [one.key for one in removed(server, target, 10) if one.result != "done"] == ["c|p1", "c|p9"]
    assert server.calls.count(GRADES) == 10


def test_what_nobody_could_be_asked_about_stays(server: MoodleServer, opened: Opener) -> None:
    target = opened(wait=0.2)
    both = school(target, 5)
    server.fault("error", GROUPS, rate=1)
    assert {one.result for one in target.remove("enrolments", both)} == {"failed"}
    assert len(names(server)) == 5


def test_a_token_that_stops_counting_stops_the_questions(server: MoodleServer, target: MoodleTarget) -> None:
    both = school(target, 5)
    server.token = "another"  # noqa: S105
    with pytest.raises(TargetRefused):
        target.remove("enrolments", both)


def test_courses_are_sought_together(server: MoodleServer, target: MoodleTarget) -> None:
    school(target, 1)
    many = [Record(code, {"shortname": code}) for code in ("x", "c", "y")]
    server.calls.clear()
    assert [(held.key, held.values["fullname"]) for held in target.find("courses", many)] == [("c", "C")]
    assert server.calls == [TOGETHER]
