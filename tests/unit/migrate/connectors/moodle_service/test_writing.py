"""Batches: split around a bad record, cut to what PHP takes, and never believed without reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from migrate.connectors.moodle_service import MoodleTarget
from migrate.connectors.target import Outcome, Record
from migrate.errors import TargetRefused

if TYPE_CHECKING:
    from moodle_server import MoodleServer

    Opener = Callable[..., MoodleTarget]


def user(login: str, **values: Any) -> Record:
    return Record(login, {"username": login, "firstname": "A", "lastname": "B", "email": f"{login}@example.invalid", **values})


def users(count: int) -> list[Record]:
    return [user(f"p{number}") for number in range(count)]


def write(target: MoodleTarget, entity: str, records: list[Record]) -> dict[str, Outcome]:
    return {outcome.key: outcome for outcome in target.write(entity, "create", records)}


def enrolled(target: MoodleTarget, count: int) -> list[Record]:
    """Enrolments of so many people, whom they need, in a course."""
    write(target, "categories", [Record("a", {"idnumber": "a", "name": "A"})])
    write(target, "courses", [Record("c", {"shortname": "c", "fullname": "C", "category": "a"})])
    write(target, "users", users(count))
    return [Record(f"c|p{n}", {"course": "c", "user": f"p{n}", "role": "student"}) for n in range(count)]


def test_the_culprit_is_found_by_halving(server: MoodleServer, target: MoodleTarget) -> None:
    records = users(64)
    records[37] = user("p37", email="no address")
    outcomes = write(target, "users", records)
    assert [key for key, outcome in outcomes.items() if outcome.result != "done"] == ["p37"]
    assert outcomes["p37"].result == "refused"
    assert outcomes["p37"].message == "Invalid parameter value detected (invalidparameter)"
    assert server.calls.count("core_user_create_users") == 1 + 2 * 6


def test_a_site_that_shows_details_gives_better_reasons(server: MoodleServer, target: MoodleTarget) -> None:
    server.debug = True
    outcome = write(target, "users", [user("p", email="no address")])["p"]
    assert outcome.message == "Email address is invalid: no address (invalidparameter)"


def test_what_is_there_already_is_said_to_be(target: MoodleTarget) -> None:
    write(target, "users", [user("p")])
    outcome = write(target, "users", [user("p")])["p"]
    assert outcome.result == "refused"
    assert outcome.message.endswith("the target holds a record of this key already")


def test_rows_that_are_warned_of_are_not_split(server: MoodleServer, target: MoodleTarget) -> None:
    write(target, "users", users(9))
    known = {one.key: one.native for one in target.find("users", users(9))}
    changed = [Record(key, user(key, lastname="New").values, native) for key, native in known.items()]
    changed[4] = Record("p4", user("p4", email="p5@example.invalid").values, known["p4"])
    outcomes = {outcome.key: outcome for outcome in target.write("users", "update", changed)}
    assert {key for key, outcome in outcomes.items() if outcome.result == "done"} == set(known) - {"p4"}
    assert outcomes["p4"] == Outcome("p4", "refused", known["p4"], "Duplicate email address (useremailduplicate)")
    assert server.calls.count("core_user_update_users") == 1


def test_warnings_that_name_no_record_are_cleared_up_one_by_one(target: MoodleTarget) -> None:
    write(target, "users", users(3))
    write(target, "cohorts", [Record("k", {"idnumber": "k", "name": "K"})])
    members = [Record(f"k|p{n}", {"cohort": "k", "user": f"p{n}"}) for n in range(3)]
    cohort = target.find("cohorts", [Record("k", {"idnumber": "k"})])
    native = next(iter(cohort)).native
    assert native is not None
    outcomes = write(target, "cohort_members", [*members, Record("k|x", {}, links={"cohort": native, "user": "777"})])
    assert {key: outcome.result for key, outcome in outcomes.items()} == {
        "k|p0": "done", "k|p1": "done", "k|p2": "done", "k|x": "refused",
    }  # fmt: skip
    assert outcomes["k|x"].message == "user id=777 not exists (2)"


def test_a_profile_field_that_the_site_does_not_have_is_noticed(target: MoodleTarget) -> None:
    write(target, "users", users(1))
    given = [("staffno", "007"), ("nothing", "x"), ("office", "West")]
    records = [Record(f"p0|{field}", {"user": "p0", "field": field, "value": value}) for field, value in given]
    outcomes = write(target, "profile_values", records)
    assert [outcome.result for outcome in outcomes.values()] == ["done", "refused", "refused"]
    assert "does not hold it" in outcomes["p0|nothing"].message


def test_batches_fit_into_what_php_takes(server: MoodleServer, opened: Opener) -> None:
    server.max_input_vars = 200
    target = opened(max_input_vars=200)
    assert {outcome.result for outcome in write(target, "users", users(100)).values()} == {"done"}
    assert server.calls.count("core_user_create_users") == 4  # six parameters a person
    assert len(server.site.tables["users"]) == 102


def test_a_lower_limit_than_expected_costs_a_call_and_no_record(server: MoodleServer, target: MoodleTarget) -> None:
    server.max_input_vars = 200
    assert {outcome.result for outcome in write(target, "users", users(100)).values()} == {"done"}
    assert len(server.site.tables["users"]) == 102


def test_batches_fit_into_bytes(server: MoodleServer, opened: Opener) -> None:
    target = opened(max_post_bytes=100_000)
    records = [user(f"p{number}", description="x" * 9_000) for number in range(20)]
    assert {outcome.result for outcome in write(target, "users", records).values()} == {"done"}
    assert server.calls.count("core_user_create_users") > 2


def test_a_record_that_refers_to_nobody_is_refused_before_it_is_sent(server: MoodleServer, target: MoodleTarget) -> None:
    records = [*enrolled(target, 2), Record("c|nobody", {"course": "c", "user": "nobody", "role": "student"})]
    outcomes = write(target, "enrolments", records)
    assert [outcome.result for outcome in outcomes.values()] == ["done", "done", "refused"]
    assert outcomes["c|nobody"].message == "the target has no users 'nobody' (user)"
    assert server.calls.count("enrol_manual_enrol_users") == 1


def test_records_of_one_batch_may_refer_to_each_other(target: MoodleTarget) -> None:
    named = {"a": None, "b": "a", "c": "b"}
    records = [Record(one, {"idnumber": one, "name": one, "parent": parent}) for one, parent in reversed(named.items())]
    assert {outcome.result for outcome in write(target, "categories", records).values()} == {"done"}
    assert {outcome.result for outcome in target.remove("categories", list(reversed(records)))} == {"done"}
    assert list(target.find("categories", records)) == []


def test_records_that_refer_to_each_other_in_a_circle_are_refused(target: MoodleTarget) -> None:
    records = [Record(one, {"idnumber": one, "name": one, "parent": parent}) for one, parent in (("a", "b"), ("b", "a"))]
    assert {outcome.result for outcome in write(target, "categories", records).values()} == {"refused"}


@pytest.mark.parametrize("suspended", [True, False])
def test_enrolling_again_keeps_a_suspended_enrolment_suspended(target: MoodleTarget, suspended: bool) -> None:
    record = enrolled(target, 1)[0]
    meant = [Record(record.key, {**record.values, "suspended": suspended})]
    for action in ("create", "update"):
        assert [outcome.result for outcome in target.write("enrolments", action, meant)] == ["done"]  # type: ignore[arg-type]
        assert [one.values["suspended"] for one in target.find("enrolments", meant)] == [suspended]


def test_a_role_the_contract_does_not_know_is_refused(target: MoodleTarget) -> None:
    record = enrolled(target, 1)[0]
    outcome = write(target, "enrolments", [Record(record.key, {**record.values, "role": "boss"})])[record.key]
    assert outcome.result == "refused"
    assert "role 'boss' is not in the table roles (known: manager, " in outcome.message


@pytest.mark.parametrize("entity", ["enrolments", "role_assignments"])
def test_a_role_with_another_id_stops_the_load_at_the_first_batch(server: MoodleServer, opened: Opener, entity: str) -> None:
    target = opened(tables={"roles": {"student": 4}}, batch=5)
    records = enrolled(target, 5)
    with pytest.raises(TargetRefused) as refused:
        write(target, entity, records)
    shown = "'teacher'" if entity == "enrolments" else "None"
    assert f"the site took 4 for role 'student', and shows {shown}" in str(refused.value)
    assert "tables: {roles: {student: ID}}" in str(refused.value)


def test_a_role_is_confirmed_once(server: MoodleServer, target: MoodleTarget) -> None:
    for record in enrolled(target, 4):
        write(target, "enrolments", [record])
    assert server.calls.count("core_enrol_get_enrolled_users") == 2  # one question and its mark


def test_a_category_that_holds_something_is_not_removed(server: MoodleServer, target: MoodleTarget) -> None:
    enrolled(target, 1)
    outcome = target.remove("categories", [Record("a", {"idnumber": "a"})])[0]
    assert outcome.result == "refused"
    assert outcome.message == "it still holds 1 course, which would be removed with it"
    target.remove("courses", [Record("c", {"shortname": "c"})])
    assert target.remove("categories", [Record("a", {"idnumber": "a"})])[0].result == "done"
    assert server.calls.count("core_course_delete_categories") == 1


def test_no_account_gets_a_mail(server: MoodleServer, target: MoodleTarget) -> None:
    write(target, "users", users(3))
    rows = [row for row in server.site.tables["users"].values() if row["username"].startswith("p")]
    assert [row["mailed"] for row in rows] == [False] * 3


def test_dates_are_seconds_and_zero_is_none(server: MoodleServer, target: MoodleTarget) -> None:
    import datetime as dt

    enrolled(target, 1)
    start = dt.datetime(2024, 2, 29, 23, 59, 59)
    record = Record(
        "d", {"shortname": "d", "fullname": "D", "category": "a", "startdate": start, "enddate": None, "format": "weeks"}
    )
    write(target, "courses", [record])
    row = next(row for row in server.site.tables["courses"].values() if row["shortname"] == "d")
    assert (row["startdate"], row["enddate"]) == (1_709_251_199, 0)
    held = next(iter(target.find("courses", [record])))
    assert (held.values["startdate"], held.values["enddate"]) == (start, None)


def test_an_enrolment_with_grades_is_not_removed_and_takes_none_along(server: MoodleServer, target: MoodleTarget) -> None:
    both = enrolled(target, 2)
    write(target, "enrolments", both)
    course, person = server.site.by("courses", "shortname", "c"), server.site.by("users", "username", "p0")
    assert course is not None
    assert person is not None
    row = {"courseid": course["id"], "itemname": "Essay", "itemtype": "manual", "idnumber": "e", "grademin": 0, "grademax": 10}
    item = server.site.insert("grade_items", row)
    server.site.put("grades", (item, person["id"]), {"finalgrade": 7})
    graded, plain = target.remove("enrolments", both)
    assert graded.result == "refused"
    assert graded.message == "it still holds 1 grade of the person in the course, which would be removed with it"
    assert plain.result == "done"
    assert list(server.site.tables["grades"]) == [(item, person["id"])]


def test_an_enrolment_goes_after_the_memberships_in_groups_and_takes_none_along(
    server: MoodleServer, target: MoodleTarget
) -> None:
    both = enrolled(target, 2)
    write(target, "enrolments", both)
    group = write(target, "groups", [Record("g", {"idnumber": "g", "course": "c", "name": "G"})])["g"].native
    member = Record("g|p0", {"group": "g", "user": "p0"}, links={"group": str(group)})
    assert write(target, "group_members", [member])["g|p0"].result == "done"
    there, plain = target.remove("enrolments", both)
    assert there.result == "refused"
    assert there.message == "it still holds 1 group of the course in which the person is, which would be removed with it"
    assert plain.result == "done"
    assert len(server.site.tables["group_members"]) == 1
    assert target.remove("group_members", [member])[0].result == "done"
    assert target.remove("enrolments", both[:1])[0].result == "done"
    assert not server.site.tables["enrolments"]


def test_an_enrolment_whose_groups_the_site_does_not_show_is_not_removed(server: MoodleServer, target: MoodleTarget) -> None:
    both = enrolled(target, 2)
    write(target, "enrolments", both)
    server.site.manages_groups = False
    for left in target.remove("enrolments", both):
        assert left.result == "refused"
        assert left.message == "core_group_get_course_user_groups did not look: User 2 cannot manage groups (cannotmanagegroups)"
    assert len(server.site.tables["enrolments"]) == 2


@pytest.mark.parametrize(
    ("entity", "more", "members"), [("groups", {"course": "c"}, "group_members"), ("cohorts", {}, "cohort_members")]
)
def test_it_stays_while_somebody_put_people_into_it(
    entity: str, more: dict[str, str], members: str, server: MoodleServer, target: MoodleTarget
) -> None:
    write(target, "enrolments", enrolled(target, 1))
    records = [Record(name, {"idnumber": name, "name": name.upper(), **more}) for name in ("g", "h")]
    native = str(write(target, entity, records)["g"].native)
    person = server.site.by("users", "username", "p0")
    assert person is not None
    server.site.put(members, (int(native), person["id"]), {})
    held, empty = target.remove(entity, records)
    assert held.result == "refused"
    assert held.message == "it still holds 1 member, which would be removed with it"
    assert empty.result == "done"
    assert list(server.site.tables[members]) == [(int(native), person["id"])]


def test_what_the_site_shows_of_defaults_and_files_is_what_was_meant(server: MoodleServer, target: MoodleTarget) -> None:
    told = 'Me: <img src="@@PLUGINFILE@@/me%20too.jpg">'
    plain = user("p0", timezone=None, lang=None, description=told)
    other = user("p1", timezone="Europe/Berlin", lang="en", description="no file")
    write(target, "users", [plain, other])
    held = {one.key: one.values for one in target.find("users", [plain, other])}
    assert held["p0"]["timezone"] is None
    assert held["p0"]["description"] == told
    assert "lang" not in held["p0"]
    assert held["p1"]["timezone"] == "Europe/Berlin"
    assert held["p1"]["lang"] == "en"
    row = server.site.by("users", "username", "p0")
    assert row is not None
    assert row["timezone"] == "99"
    asked = Record("p0", {"username": "p0", "timezone": "Europe/Berlin", "description": "no file"})
    (shown,) = target.find("users", [asked])
    assert shown.values["timezone"] == "99"  # it is not what was meant
    assert "pluginfile.php" in shown.values["description"]


def test_a_zero_that_the_site_keeps_and_does_not_show_is_not_missed(server: MoodleServer, target: MoodleTarget) -> None:
    zero = user("p0", idnumber="0", city="0", timezone="0", department="0", phone1="1")
    write(target, "users", [zero])
    row = server.site.by("users", "username", "p0")
    assert row is not None
    assert (row["idnumber"], row["timezone"]) == ("0", "0")
    (held,) = target.find("users", [zero])
    assert held.values["department"] == "0"
    assert not {"idnumber", "city", "timezone"} & held.values.keys()
    (other,) = target.find("users", [user("p0", idnumber="7", city=None, phone1="1")])
    assert (other.values["idnumber"], other.values["city"], other.values["phone1"]) == (None, None, "1")
