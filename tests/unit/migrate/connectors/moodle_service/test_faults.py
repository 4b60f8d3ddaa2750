"""Replies that are lost, late, broken or no replies at all: nothing is there twice, and nothing is missing, in the end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from migrate.connectors.moodle_service import MoodleTarget
from migrate.connectors.target import Action, Outcome, Record
from migrate.errors import TargetLost

if TYPE_CHECKING:
    from moodle_server import MoodleServer

    Opener = Callable[..., MoodleTarget]

ANSWERED = ("drop", "lost", "error", "refused", "later", "half", "cut", "html", "notice", "closed")
"""Faults after which the site is no more at work."""


def people(count: int, prefix: str = "p") -> list[Record]:
    """Some are suspended, which takes a second call."""
    return [
        Record(f"{prefix}{number}", {
            "username": f"{prefix}{number}", "firstname": "A", "lastname": "B", "email": f"{prefix}{number}@example.invalid",
            "suspended": number % 3 == 0,
        })
        for number in range(count)
    ]  # fmt: skip


def write(target: MoodleTarget, entity: str, records: list[Record], action: Action = "create") -> dict[str, Outcome]:
    return {outcome.key: outcome for outcome in target.write(entity, action, records)}


def settled(target: MoodleTarget, entity: str, records: list[Record]) -> None:
    """What the live stage does until all is there: ask, then write what is missing."""
    for _ in range(20):
        held = {one.key for one in target.find(entity, records)}
        left = [record for record in records if record.key not in held]
        if not left:
            return
        write(target, entity, left)
    raise AssertionError(f"{len(left)} of {len(records)} could not be written")


def logins(server: MoodleServer) -> list[str]:
    return sorted(row["username"] for row in server.site.tables["users"].values() if row["username"] not in ("admin", "guest"))


@pytest.mark.parametrize("kind", ANSWERED)
@pytest.mark.parametrize("at", [(1,), (1, 2), (2,)])
def test_people_are_created_once(server: MoodleServer, target: MoodleTarget, kind: str, at: tuple[int, ...]) -> None:
    server.fault(kind, at=at)  # the first call creates, the second sets suspended or asks what became of the first
    records = people(7)
    outcomes = write(target, "users", records)
    assert {outcome.result for outcome in outcomes.values()} == {"done"}, outcomes
    assert logins(server) == sorted(record.key for record in records)
    held = {one.key: one for one in target.find("users", records)}
    assert {key: one.values["suspended"] for key, one in held.items()} == {one.key: one.values["suspended"] for one in records}
    assert {key: one.native for key, one in held.items()} == {key: outcome.native for key, outcome in outcomes.items()}


@pytest.mark.parametrize("kind", [*ANSWERED, "gateway"])
def test_a_write_that_may_be_repeated_is_repeated(server: MoodleServer, target: MoodleTarget, kind: str) -> None:
    write(target, "users", people(3))
    server.fault(kind, "core_user_update_users", at=(1, 2))
    changed = [Record(one.key, {**one.values, "lastname": "New"}) for one in people(3)]
    outcomes = write(target, "users", changed, "update")
    assert {outcome.result for outcome in outcomes.values()} == {"done"}, outcomes
    assert [one.values["lastname"] for one in target.find("users", changed)] == ["New"] * 3


@pytest.mark.parametrize("kind", ["drop", "half", "error", "cut"])
def test_what_is_removed_without_a_reply_is_removed(server: MoodleServer, target: MoodleTarget, kind: str) -> None:
    records = people(4)
    write(target, "users", records)
    server.fault(kind, "core_user_delete_users", at=(1, 2))
    assert {outcome.result for outcome in target.remove("users", records)} == {"done"}
    assert logins(server) == []


@pytest.mark.parametrize("kind", ["drop", "half", "error", "cut", "html"])
def test_a_function_that_never_replies_is_settled_by_asking(server: MoodleServer, target: MoodleTarget, kind: str) -> None:
    records = people(3)
    write(target, "users", records)
    write(target, "cohorts", [Record("k", {"idnumber": "k", "name": "K"})])
    members = [Record(f"k|{one.key}", {"cohort": "k", "user": one.key}) for one in records]
    fault = server.fault(kind, "core_cohort_add_cohort_members", rate=1.0)
    assert {outcome.result for outcome in write(target, "cohort_members", members).values()} == {"done"}
    fault.function = "core_cohort_delete_cohort_members"
    assert {outcome.result for outcome in target.remove("cohort_members", members)} == {"done"}
    assert server.site.state()["cohort_members"] == []


@pytest.mark.parametrize("kind", ANSWERED)
def test_a_question_is_asked_again(server: MoodleServer, target: MoodleTarget, kind: str) -> None:
    write(target, "users", people(3))
    server.fault(kind, "core_user_get_users_by_field", at=(1, 2, 3))
    assert len(list(target.find("users", people(3)))) == 3


def test_a_call_the_site_is_still_at_is_not_repeated(server: MoodleServer, opened: Opener) -> None:
    target = opened(timeout=0.1)
    server.fault("slow", "core_user_create_users", at=(1,), seconds=0.4)
    outcomes = write(target, "users", people(3))
    assert {outcome.result for outcome in outcomes.values()} == {"unknown"}
    assert all("no answer in time" in outcome.message for outcome in outcomes.values())
    assert server.calls.count("core_user_create_users") == 1
    time.sleep(0.5)
    assert len(list(target.find("users", people(3)))) == 3  # which is how the live stage settles it
    assert logins(server) == ["p0", "p1", "p2"]


def test_a_gateway_that_gave_up_may_have_a_site_at_work_behind_it(server: MoodleServer, target: MoodleTarget) -> None:
    server.fault("gateway", "core_user_create_users", at=(1,))
    assert {outcome.result for outcome in write(target, "users", people(3)).values()} == {"done"}  # found
    assert server.calls.count("core_user_create_users") == 1


def test_a_site_that_comes_back_is_waited_for(server: MoodleServer, target: MoodleTarget) -> None:
    server.down()
    timer = threading.Timer(0.4, server.up)
    timer.start()
    outcomes = write(target, "users", people(3))
    timer.join()
    assert {outcome.result for outcome in outcomes.values()} == {"done"}


def test_a_site_that_stays_away_is_given_up(server: MoodleServer, opened: Opener) -> None:
    target = opened(wait=0.3, batch=10)
    server.down()
    began = time.monotonic()
    outcomes = write(target, "users", people(100))
    assert {outcome.result for outcome in outcomes.values()} == {"failed"}
    assert all("no connection" in outcome.message for outcome in outcomes.values())
    with pytest.raises(TargetLost, match="does not answer"):
        target.find("users", people(1))
    assert time.monotonic() - began < 5, "patience is one for all calls, not one for each"
    server.up()
    assert {outcome.result for outcome in write(target, "users", people(100)).values()} == {"done"}


def test_a_write_whose_reply_is_lost_for_good_is_unknown(server: MoodleServer, opened: Opener) -> None:
    target = opened(wait=0.2)
    server.fault("drop")
    server.faults[0].rate = 1.0
    outcomes = write(target, "users", people(3))
    assert {outcome.result for outcome in outcomes.values()} == {"unknown"}
    server.faults.clear()
    assert len(list(target.find("users", people(3)))) == 3


@pytest.mark.parametrize("action", ["create", "update"])
def test_a_record_that_brings_the_site_down_is_found(server: MoodleServer, target: MoodleTarget, action: Action) -> None:
    """PHP stops in the middle for one record: every call that holds it ends in HTTP 500, and others are answered."""
    records = people(6)
    if action == "update":
        write(target, "users", records)
    real = server._http.RequestHandlerClass._call  # type: ignore[union-attr, attr-defined]

    def call(handler: object, body: bytes) -> None:
        if b"core_user_get_users_by_field" not in body and b"p4%40" in body:
            handler._send(500, b"Fatal error")  # type: ignore[attr-defined]
        else:
            real(handler, body)

    server._http.RequestHandlerClass._call = call  # type: ignore[union-attr, attr-defined]
    outcomes = write(target, "users", records, action)
    assert {key: outcome.result for key, outcome in outcomes.items() if outcome.result != "done"} == {"p4": "unknown"}
    assert "HTTP 500" in outcomes["p4"].message


def test_an_account_that_could_not_be_suspended_is_not_called_done(server: MoodleServer, opened: Opener) -> None:
    target = opened(wait=0.2)
    server.fault("later", "core_user_update_users")
    server.faults[0].rate = 1.0
    outcomes = write(target, "users", people(2))
    assert outcomes["p0"].result == "unknown"
    assert "it was created; then core_user_update_users did not succeed" in outcomes["p0"].message
    assert outcomes["p0"].native is not None
    assert outcomes["p1"].result == "done"


@pytest.mark.parametrize("seed", range(6))
def test_a_load_through_many_faults_ends_like_one_without(seed: int, open_on: Callable[[MoodleServer], MoodleTarget]) -> None:
    from moodle_load import everything
    from moodle_server import MoodleServer

    with MoodleServer() as calm, MoodleServer(seed=seed) as wild:
        targets = [(server, open_on(server)) for server in (calm, wild)]
        for kind in ANSWERED:
            wild.fault(kind, rate=0.03)
        for _, target in targets:
            for entity, records in everything():
                write(target, entity, records)
                settled(target, entity, records)
        assert wild.site.state() == calm.site.state()
        assert len(wild.calls) > len(calm.calls)
