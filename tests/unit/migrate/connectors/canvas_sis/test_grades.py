"""Grades in bulk and singly, and assignments: what a Progress hides, and replies that are lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from migrate.connectors.target import Record

if TYPE_CHECKING:
    from canvas_server import CanvasServer
    from canvas_world import Opener

BULK = "update_grades$"
ONE = "submissions/[^/]+$"
ASSIGN = "assignments$"


def grade(user: str, score: float | None = 7.5, assignment: str = "final", **values: Any) -> Record:
    return Record(f"{assignment}|{user}", {"assignment": assignment, "user": user, "course": "art", "score": score, **values})


def assignment(number: int = 1, **values: Any) -> Record:
    base = {
        "assignment_id": f"item-{number}",
        "course": "art",
        "name": f"Test {number}",
        "points_possible": 10.0,
        "published": True,
    }
    return Record(f"item-{number}", {**base, **values})


def single_calls(canvas: CanvasServer) -> int:
    return sum(method == "PUT" and "/submissions/" in path for method, path in canvas.state.requests)


EVERYBODY = [grade("ana"), grade("ben"), grade("dan"), grade("eve")]


def test_who_is_concluded_is_reached_by_a_call_of_its_own(canvas: CanvasServer, open_target: Opener) -> None:
    outcomes = {outcome.key: outcome for outcome in open_target().write("grades", "create", EVERYBODY)}
    assert {outcome.result for outcome in outcomes.values()} == {"done"}
    assert canvas.state.gradebook.bulk_calls == [4]
    assert single_calls(canvas) == 1
    (progress,) = canvas.state.progress.values()
    assert progress["workflow_state"] == "failed"
    assert {s["score"] for s in canvas.state.gradebook.submissions.values()} == {7.5}


def test_a_score_of_0_is_a_grade(canvas: CanvasServer, open_target: Opener) -> None:
    target = open_target()
    assert list(target.find("grades", [grade("ana")])) == []
    assert [outcome.result for outcome in target.write("grades", "create", [grade("ana", 0.0)])] == ["done"]
    (held,) = target.find("grades", [grade("ana", 0.0)])
    assert held.values["score"] == 0.0
    assert single_calls(canvas) == 0


def test_many_grades_are_cut_into_calls_by_course(canvas: CanvasServer, open_target: Opener) -> None:
    target = open_target()
    target.write("assignments", "create", [assignment(1)])
    records = [*EVERYBODY[:2], grade("ana", 1.0, "item-1")]
    assert {outcome.result for outcome in target.write("grades", "create", records)} == {"done"}
    assert canvas.state.gradebook.bulk_calls == [3]
    assert single_calls(canvas) == 0


def test_who_is_in_no_course_is_refused_alone(canvas: CanvasServer, open_target: Opener) -> None:
    outcomes = {outcome.key: outcome for outcome in open_target().write("grades", "create", [*EVERYBODY, grade("cid")])}
    assert [key for key, outcome in outcomes.items() if outcome.result != "done"] == ["final|cid"]
    assert outcomes["final|cid"].message == "The specified resource does not exist."


def test_one_assignment_that_takes_no_grades_does_not_keep_the_others_out(canvas: CanvasServer, open_target: Opener) -> None:
    target = open_target()
    target.write("assignments", "create", [assignment(1, published=False)])
    records = [grade("ana"), grade("ana", 1.0, "item-1"), grade("ana", 1.0, "nowhere")]
    outcomes = {outcome.key: outcome for outcome in target.write("grades", "create", records)}
    assert outcomes["final|ana"].result == "done"
    assert (outcomes["item-1|ana"].result, outcomes["item-1|ana"].message) == (
        "refused",
        "user not authorized to perform that action",
    )
    assert (outcomes["nowhere|ana"].result, outcomes["nowhere|ana"].message) == (
        "refused",
        "its assignment is not in the target",
    )


@pytest.mark.parametrize("fault", ["drop", "half", "done500", "403", "429", "500"])
def test_a_bulk_call_whose_reply_is_lost_counts_when_it_is_found(canvas: CanvasServer, open_target: Opener, fault: str) -> None:
    canvas.fail(fault, "POST", BULK)
    records = [grade(who, comment="Seen by all") for who in ("ana", "ben", "eve")]
    assert {outcome.result for outcome in open_target().write("grades", "create", records)} == {"done"}
    comments = [s["submission_comments"] for s in canvas.state.gradebook.submissions.values() if s["submission_comments"]]
    assert [len(each) for each in comments] == [1, 1, 1]


def test_a_bulk_call_that_may_still_come_is_unknown(canvas: CanvasServer, open_target: Opener) -> None:
    canvas.fail("lose", "POST", BULK)
    target = open_target()
    assert {outcome.result for outcome in target.write("grades", "create", EVERYBODY)} == {"unknown"}
    assert list(target.find("grades", EVERYBODY)) == []
    assert {outcome.result for outcome in target.write("grades", "create", EVERYBODY)} == {"done"}


def test_a_comment_is_not_added_twice(canvas: CanvasServer, open_target: Opener) -> None:
    records = [grade(who, comment="Well done") for who in ("ana", "dan")]
    for _ in range(2):
        assert {outcome.result for outcome in open_target().write("grades", "create", records)} == {"done"}
    assert {outcome.result for outcome in open_target().write("grades", "update", records)} == {"done"}
    comments = [s["submission_comments"] for s in canvas.state.gradebook.submissions.values() if s["score"] is not None]
    assert [len(each) for each in comments] == [1, 1]


@pytest.mark.parametrize(("fault", "result"), [("drop", "done"), ("done500", "done"), ("lose", "unknown"), ("500", "failed")])
def test_a_single_grade_is_settled_by_reading(canvas: CanvasServer, open_target: Opener, fault: str, result: str) -> None:
    canvas.fail(fault, "PUT", ONE)
    assert open_target().write("grades", "create", [grade("dan")])[0].result == result


def test_an_update_blanks_what_is_empty(canvas: CanvasServer, open_target: Opener) -> None:
    target = open_target()
    target.write("grades", "create", [grade("ana", late_policy_status="late")])
    target.write("grades", "update", [grade("ana", None, excused=True, late_policy_status=None)])
    (held,) = target.find("grades", [grade("ana", None, excused=True)])
    assert (held.values["score"], held.values["excused"], held.values["late_policy_status"]) == (None, True, None)


def test_people_are_named_by_their_own_id_where_it_is_known(canvas: CanvasServer, open_target: Opener) -> None:
    from canvas_world import links_of

    own = links_of(canvas.state, user=("user", "dan"))
    known = Record("final|dan", grade("dan").values, links=own)
    assert open_target().write("grades", "create", [known])[0].result == "done"
    assert any(path.endswith(f"/submissions/{own['user']}") for _, path in canvas.state.requests)


@pytest.mark.parametrize(
    ("fault", "result", "there"),
    [("drop", "done", 1), ("half", "done", 1), ("done500", "done", 1), ("403", "done", 1), ("429", "done", 1),
     ("lose", "unknown", 0), ("502", "unknown", 0), ("500", "failed", 0)],
)  # fmt: skip
def test_an_assignment_is_settled_by_reading(
    canvas: CanvasServer, open_target: Opener, fault: str, result: str, there: int
) -> None:
    canvas.fail(fault, "POST", ASSIGN)
    target = open_target()
    assert target.write("assignments", "create", [assignment()])[0].result == result
    assert len(canvas.state.gradebook.assignments) == there + 1
    assert target.write("assignments", "create", [assignment()])[0].result == "done"
    assert len(canvas.state.gradebook.assignments) == 2


def test_an_assignment_whose_key_is_dropped_is_taken_back(canvas: CanvasServer, open_target: Opener) -> None:
    canvas.state.gradebook.sets_sis_ids = False
    (outcome,) = open_target().write("assignments", "create", [assignment()])
    assert outcome.result == "refused"
    assert outcome.message.startswith("it was created without sis_assignment_id")
    assert outcome.message.endswith("taken back")
    assert [a["deleted"] for a in canvas.state.gradebook.assignments.values()] == [False, True]
    canvas.fail("500", "DELETE", r"assignments/\d+$")
    (outcome,) = open_target().write("assignments", "create", [assignment()])
    assert outcome.result == "refused"
    assert "could not be taken back" in outcome.message
    assert outcome.native is not None


def test_assignments_are_found_on_every_page(canvas: CanvasServer, open_target: Opener) -> None:
    canvas.state.page = 2
    target = open_target()
    made = [assignment(n) for n in range(9)]
    assert {outcome.result for outcome in target.write("assignments", "create", made)} == {"done"}
    assert len(list(target.find("assignments", made))) == 9


def test_an_assignment_of_a_course_that_is_not_there_is_refused(canvas: CanvasServer, open_target: Opener) -> None:
    (outcome,) = open_target().write("assignments", "create", [assignment(course="none/at all")])
    assert (outcome.result, outcome.message) == ("refused", "The specified resource does not exist.")
