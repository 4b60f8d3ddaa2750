"""Imports that go wrong: nothing twice, nothing missing once it is settled, and every record's end told."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

from migrate.connectors.target import Record
from migrate.errors import TargetLost

if TYPE_CHECKING:
    from canvas_server import CanvasServer
    from canvas_world import Opener

UPLOAD = "sis_imports$"
PEOPLE = 5


def user(key: str, **values: Any) -> Record:
    return Record(key, {"user_id": key, "login_id": key, "full_name": f"Person {key}", "status": "active", **values})


USERS = [user(f"u{n}") for n in range(6)]


def course(**values: Any) -> Record:
    base = {"course_id": "art", "short_name": "ART", "long_name": "Art", "status": "published", "account_id": "faculty"}
    return Record("art", {**base, "term_id": "autumn", **values})


@pytest.mark.parametrize("fault", ["drop", "lose", "half", "500", "502", "done500", "403", "429"])
def test_an_upload_whose_reply_is_lost_or_refused_for_now_is_done_once(
    canvas: CanvasServer, open_target: Opener, fault: str
) -> None:
    canvas.fail(fault, "POST", UPLOAD)
    outcomes = open_target().write("users", "create", USERS)
    assert {outcome.result for outcome in outcomes} == {"done"}
    assert len(canvas.state.jobs) == 1
    assert canvas.state.begun_while_running == 0
    assert len(canvas.state.account.tables["user"]) == PEOPLE + len(USERS)


def test_a_lost_reply_is_found_again_while_the_import_has_not_begun(canvas: CanvasServer, open_target: Opener) -> None:
    canvas.state.import_seconds = 0.3
    canvas.state.begin_import("of_others.csv", b"term_id,name,status\nspring,Spring,active\n", {}, user=7)
    target = open_target(import_minutes=0)
    assert {outcome.result for outcome in target.write("users", "create", USERS)} == {"failed"}
    canvas.fail("drop", "POST", UPLOAD)
    assert {outcome.result for outcome in open_target().write("users", "create", USERS)} == {"done"}
    assert len(canvas.state.jobs) == 2
    assert canvas.state.begun_while_running == 0


def test_replies_that_are_lost_again_and_again_leave_it_open(canvas: CanvasServer, open_target: Opener) -> None:
    canvas.fail("lose", "POST", UPLOAD, times=10)
    outcomes = open_target().write("users", "create", USERS)
    assert {outcome.result for outcome in outcomes} == {"unknown"}
    assert all(outcome.message for outcome in outcomes)


@pytest.mark.parametrize("fault", ["500", "502", "lose", "half", "403", "429"])
def test_looking_is_repeated(canvas: CanvasServer, open_target: Opener, fault: str) -> None:
    target = open_target()
    for path in (r"sis_imports/\d+$", r"provisioning_csv/\d+$", r"sis_imports$"):
        canvas.fail(fault, "GET", path, times=2)
    assert {outcome.result for outcome in target.write("users", "create", USERS)} == {"done"}
    assert not any(fault.times for fault in canvas.state.faults)


def test_an_import_that_breaks_has_written_a_part(canvas: CanvasServer, open_target: Opener) -> None:
    canvas.state.break_after = 2
    target = open_target()
    outcomes = {outcome.key: outcome for outcome in target.write("users", "create", USERS)}
    assert [outcomes[f"u{n}"].result for n in range(6)] == ["done", "done", "failed", "failed", "failed", "failed"]
    assert "contact support" in outcomes["u2"].message
    again = target.write("users", "create", [record for record in USERS if outcomes[record.key].result == "failed"])
    assert {outcome.result for outcome in again} == {"done"}
    assert len(canvas.state.account.tables["user"]) == PEOPLE + len(USERS)


def test_an_import_that_does_not_end_is_unknown_and_found_by_the_next_process(canvas: CanvasServer, open_target: Opener) -> None:
    canvas.state.import_seconds = 0.2
    outcomes = open_target(import_minutes=0).write("users", "create", USERS)
    assert {outcome.result for outcome in outcomes} == {"unknown"}
    with pytest.raises(TargetLost, match="still running"):
        open_target(import_minutes=0).find("users", USERS)
    after = open_target()
    assert {held.key for held in after.find("users", USERS)} == {record.key for record in USERS}
    assert len(canvas.state.jobs) == 1
    assert after.write("users", "create", USERS[:1])[0].result == "done"
    assert canvas.state.begun_while_running == 0


def test_all_messages_are_read_and_each_finds_its_row(canvas: CanvasServer, open_target: Opener) -> None:
    canvas.state.page = 7
    bad = [user(f"x{n}", login_id="ana") for n in range(60)]
    mixed = [record for n in range(60) for record in ([bad[n], USERS[n]] if n < len(USERS) else [bad[n]])]
    outcomes = {outcome.key: outcome for outcome in open_target().write("users", "create", mixed)}
    assert {key for key, outcome in outcomes.items() if outcome.result == "refused"} == {record.key for record in bad}
    assert {outcomes[record.key].result for record in USERS} == {"done"}
    assert all(f"claimed {record.key}'s" in outcomes[record.key].message for record in bad)


def test_messages_that_tell_no_row_are_put_down_by_the_keys_they_name(canvas: CanvasServer, open_target: Opener) -> None:
    canvas.state.tells_rows = False
    bad = [user("u1x", login_id="ana"), user("u1", status="gone"), user("u10", status="gone")]
    outcomes = {o.key: o for o in open_target().write("users", "create", [*USERS[2:], *bad])}
    assert {outcomes[record.key].result for record in USERS[2:]} == {"done"}
    assert {outcomes[record.key].result for record in bad} == {"refused"}
    assert "claimed u1x's" in outcomes["u1x"].message
    assert [outcomes[key].message for key in ("u1", "u10")] == ["Improper status for user u1", "Improper status for user u10"]


def test_a_message_without_a_row_is_settled_by_looking(canvas: CanvasServer, open_target: Opener) -> None:
    canvas.state.stray_messages = ["A user did not please us"]
    outcomes = {o.key: o for o in open_target().write("users", "create", [*USERS, user("x", status="gone")])}
    assert {outcomes[record.key].result for record in USERS} == {"done"}
    assert (outcomes["x"].result, outcomes["x"].message) == ("refused", "Improper status for user x")


def test_a_row_that_was_passed_over_is_refused_even_where_its_record_stands(canvas: CanvasServer, open_target: Opener) -> None:
    canvas.state.account.import_file(b"group_id,user_id,status\npainters,ana,accepted\n")
    canvas.state.account.tables["enrollment"][("art-1", "ana", "student")]["state"] = "deleted"
    member = Record("painters|ana", {"group_id": "painters", "user_id": "ana", "status": "accepted"})
    target = open_target()
    assert len(list(target.find("group_membership", [member]))) == 1
    assert target.write("group_membership", "update", [member])[0].result == "refused"


def test_a_message_that_no_pattern_knows_is_settled_by_looking(canvas: CanvasServer, open_target: Opener) -> None:
    new = [Record(f"n{n}", {**course().values, "course_id": f"n{n}", "account_id": a}) for n, a in enumerate(("faculty", "none"))]
    canvas.state.stray_messages = ["Something about a course"]
    outcomes = {outcome.key: outcome for outcome in open_target().write("courses", "create", new)}
    assert outcomes["n0"].result == "done"
    assert (outcomes["n1"].result, outcomes["n1"].message) == ("refused", 'Account not found "none" for course n1')


def test_an_address_that_is_none_is_left_out_and_told(canvas: CanvasServer, open_target: Opener) -> None:
    target = open_target()
    (outcome,) = target.write("users", "create", [user("x", email="no address")])
    assert outcome.result == "done"
    assert "is invalid" in outcome.message
    assert next(iter(target.find("users", [user("x")]))).values["email"] is None


def test_a_bad_date_is_imported_all_the_same(canvas: CanvasServer, open_target: Opener) -> None:
    canvas.state.account.knows_delete = False
    dated = course(start_date=dt.datetime(2024, 9, 1), end_date=None)
    (outcome,) = open_target().write("courses", "update", [dated])
    assert (outcome.result, outcome.message) == ("done", "Bad date format for course art")


def test_an_empty_date_clears_what_was_there(canvas: CanvasServer, open_target: Opener) -> None:
    target = open_target()
    target.write("courses", "update", [course(start_date=dt.datetime(2024, 9, 1), end_date=dt.datetime(2025, 1, 1))])
    target.write("courses", "update", [course(start_date=None, end_date=dt.datetime(2025, 1, 1))])
    (held,) = target.find("courses", [course()])
    assert (held.values["start_date"], held.values["end_date"]) == (None, dt.datetime(2025, 1, 1))


def test_an_unknown_term_is_taken_without_a_word_and_shows(canvas: CanvasServer, open_target: Opener) -> None:
    target = open_target()
    new = Record("new", {**course().values, "course_id": "new", "term_id": "none"})
    (outcome,) = target.write("courses", "create", [new])
    assert (outcome.result, outcome.message) == ("done", "Canvas keeps its own term_id")
    assert next(iter(target.find("courses", [new]))).values["term_id"] is None


def test_what_was_edited_in_canvas_stays_unless_it_is_overridden(canvas: CanvasServer, open_target: Opener) -> None:
    canvas.state.account.edit("course", "art", name="Edited")
    changed = course(long_name="From the old system")
    target = open_target()
    (outcome,) = target.write("courses", "update", [changed])
    assert (outcome.result, outcome.message) == ("done", "Canvas keeps its own long_name")
    assert next(iter(target.find("courses", [changed]))).values["long_name"] == "Edited"
    overriding = open_target(override_sis_stickiness=True)
    assert overriding.write("courses", "update", [changed])[0].message == ""
    assert next(iter(overriding.find("courses", [changed]))).values["long_name"] == "From the old system"


def test_a_name_that_canvas_fills_in_counts_as_empty(canvas: CanvasServer, open_target: Opener) -> None:
    target = open_target()
    blank, own = user("b", short_name=None), user("o", short_name="Oh")
    assert {(o.result, o.message) for o in target.write("users", "create", [blank, own])} == {("done", "")}
    assert {held.key: held.values["short_name"] for held in target.find("users", [blank, own])} == {"b": None, "o": "Oh"}


def test_the_root_account_has_no_key(canvas: CanvasServer, open_target: Opener) -> None:
    category = Record("k", {"group_category_id": "k", "category_name": "K", "status": "active", "account_id": None})
    target = open_target()
    assert target.write("group_categories", "create", [category])[0].result == "done"
    (held,) = target.find("group_categories", [category])
    assert held.links == {}
    assert held.values["account_id"] is None
    assert held.values["course_id"] is None


def test_words_of_the_report_are_not_those_of_the_import(canvas: CanvasServer, open_target: Opener) -> None:
    target = open_target()
    target.write("courses", "update", [course(status="completed")])
    assert next(iter(target.find("courses", [course(status="published")]))).values["status"] == "completed"
    dan = Record("art-1|dan|student", {"section_id": "art-1", "user_id": "dan", "role": "student"})
    assert next(iter(target.find("enrollments", [dan]))).values["status"] == "completed"


def test_a_record_is_removed_by_its_key_alone(canvas: CanvasServer, open_target: Opener) -> None:
    target = open_target()
    key = "art-1|ana|student"
    assert [outcome.result for outcome in target.remove("enrollments", [Record(key, {})])] == ["done"]
    assert canvas.state.account.tables["enrollment"][("art-1", "ana", "student")]["state"] == "deleted"
    assert canvas.state.account.tables["enrollment"][("art-1", "ben", "student")]["state"] == "inactive"


def test_what_is_not_there_is_not_removed_by_creating_it(canvas: CanvasServer, open_target: Opener) -> None:
    """A line that deletes an enrolment which is not there would create a deleted one."""
    nobody = Record("art-1|cid|student", {"section_id": "art-1", "user_id": "cid", "role": "student", "status": "active"})
    assert [outcome.result for outcome in open_target().remove("enrollments", [nobody])] == ["done"]
    assert not canvas.state.jobs


def test_a_person_who_stands_in_the_report_by_another_login_is_found(canvas: CanvasServer, open_target: Opener) -> None:
    from canvas_world import links_of

    account = canvas.state.account
    account.import_file(b"user_id,login_id,existing_user_id\nana-2,ana2,ana\n")
    account.tables["enrollment"][("art-1", "ana", "student")]["user"] = "ana-2"
    links = links_of(canvas.state, user_id=("user", "ana"), section_id=("section", "art-1"))
    asked = Record("art-1|ana|student", {"section_id": "art-1", "user_id": "ana", "role": "student"}, links=links)
    (held,) = open_target().find("enrollments", [asked])
    assert held.key == asked.key
    assert held.links == links
    assert "user_id" not in held.values


def test_reports_are_kept_until_something_is_written(canvas: CanvasServer, open_target: Opener) -> None:
    target = open_target()

    def made() -> int:
        return canvas.state.requests.count(("POST", "/api/v1/accounts/self/reports/provisioning_csv"))

    target.find("users", USERS)
    target.find("logins", [Record("ana", {"user_id": "ana"})])
    assert made() == 1
    target.write("users", "create", USERS)
    assert made() == 2
    assert len(list(target.find("users", USERS))) == len(USERS)
    assert made() == 2


def test_a_report_with_other_headers_says_nothing_of_who_is_absent(canvas: CanvasServer, open_target: Opener) -> None:
    canvas.state.translated = True
    with pytest.raises(TargetLost, match=r"lacks the columns .*user_id") as lost:
        open_target().find("users", USERS)
    assert "language" in lost.value.hint


def test_a_report_that_fails_is_told(canvas: CanvasServer, open_target: Opener) -> None:
    canvas.state.report_status = "error"
    with pytest.raises(TargetLost, match="does not finish the report of users"):
        open_target().find("users", USERS)


def test_an_import_that_is_not_allowed_is_refused(canvas: CanvasServer, open_target: Opener) -> None:
    canvas.state.rights["import_sis"] = False
    outcomes = open_target().write("users", "create", USERS)
    assert {(outcome.result, outcome.message) for outcome in outcomes} == {
        ("refused", "user not authorized to perform that action")
    }
