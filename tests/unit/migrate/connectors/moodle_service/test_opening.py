"""Opening a site, looking before writing, and what a person reads when it cannot be done."""

from __future__ import annotations

import logging
import pickle
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from migrate.connectors.moodle_service import MoodleTarget
from migrate.connectors.target import Record
from migrate.contracts.load import LoadedContract
from migrate.errors import MigrateError, TargetRefused

if TYPE_CHECKING:
    from moodle_server import MoodleServer

    Opener = Callable[..., MoodleTarget]

PERSON = Record("p", {"username": "p", "firstname": "A", "lastname": "B", "email": "p@example.invalid"})


def test_a_site_is_known_by_its_address_and_version(server: MoodleServer, target: MoodleTarget) -> None:
    assert target.info.address == server.url
    assert target.info.version == "4.5.5+ (Build: 20250613)"


def test_the_address_shows_no_secret(server: MoodleServer, contract: LoadedContract) -> None:
    url = server.url.replace("http://", "http://someone:hidden@") + "/?wstoken=hidden"
    target = MoodleTarget.open(contract, url, SecretStr(server.token), {})
    assert target.info.address == server.url
    target.close()


@pytest.mark.parametrize(
    ("change", "message", "next_step"),
    [
        ({"token": "f" * 32}, "refuses the call: Invalid token - token not found (invalidtoken)", "Manage tokens"),
        ({"token": ""}, "the target has no token", "target: {token: ...}"),
        ({"rest": False}, "does not allow web services (HTTP 403)", "switch on web services and the REST protocol"),
        ({"path": "/elsewhere"}, "has no Moodle web services (HTTP 404)", "the address at which the site's front page opens"),
        ({"down": True}, "does not answer: no connection", "opens in a browser"),
        ({"url": "ftp://example.org"}, "no web address", "https://moodle.example.org"),
        ({"url": "http://127.0.0.1:99999"}, "no valid port", "from 1 to 65535"),
    ],
)
def test_a_site_that_cannot_be_opened(
    server: MoodleServer, contract: LoadedContract, change: dict[str, Any], message: str, next_step: str
) -> None:
    server.rest = change.get("rest", True)
    if "down" in change:
        server.down()
    url = change.get("url", server.url + change.get("path", ""))
    with pytest.raises(TargetRefused) as refused:
        MoodleTarget.open(contract, url, SecretStr(change.get("token", server.token)), {"wait": 0.1, "first_pause": 0.01})
    assert message in str(refused.value)
    assert next_step in str(refused.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batches": 3}, "options.batches"),
        ({"batch": 0}, "greater than or equal to 1"),
        ({"tables": {"rules": {}}}, "options.tables"),
    ],
)
def test_options_are_checked(server: MoodleServer, contract: LoadedContract, options: dict[str, Any], message: str) -> None:
    with pytest.raises(TargetRefused, match=message):
        MoodleTarget.open(contract, server.url, SecretStr(server.token), options)
    assert server.calls == []


def test_functions_that_the_service_lacks_are_named(server: MoodleServer, target: MoodleTarget) -> None:
    lacking = {"core_user_create_users", "core_cohort_get_cohorts"}
    server.functions = tuple(name for name in server.functions if name not in lacking)
    with pytest.raises(TargetRefused) as refused:
        target.preflight(["users", "cohorts", "courses"])
    assert "lacks 2 functions: core_cohort_get_cohorts, core_user_create_users" in str(refused.value)
    assert "External services > Functions" in str(refused.value)
    target.preflight(["courses"])  # which needs neither


def test_looking_is_one_call_and_writes_nothing(server: MoodleServer, target: MoodleTarget, contract: LoadedContract) -> None:
    before, calls = server.site.state(), len(server.calls)
    warned = {
        one.code: one for one in target.preflight([n for n, e in contract.model.entities.items() if "route" not in e.write])
    }
    assert warned.keys() == {"MOODLE-IDS-ASSUMED", "MOODLE-PASSWORDS", "MOODLE-SLOW-EMAIL-CHECK"}
    assert warned["MOODLE-IDS-ASSUMED"].blocking
    assert "student: 5" in warned["MOODLE-IDS-ASSUMED"].message
    assert len(server.calls) == calls + 1
    assert server.site.state() == before


def test_ids_that_a_person_gave_are_not_assumed(opened: Opener) -> None:
    warned = opened(tables={"roles": {"student": 5}}).preflight(["enrolments"])
    assert "MOODLE-IDS-ASSUMED" not in {one.code for one in warned}


def test_a_version_that_was_not_tried_is_warned_of(server: MoodleServer, opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    import moodle_server

    monkeypatch.setattr(moodle_server, "RELEASE", "9.1 (Build: 20300101)")
    warned = {one.code: one for one in opened().preflight(["users"])}
    assert "9.1" in warned["MOODLE-VERSION-UNTRIED"].message


def test_an_entity_that_the_contract_does_not_write(target: MoodleTarget) -> None:
    with pytest.raises(TargetRefused, match="does not say how badges is written"):
        target.find("badges", [])


def test_a_token_that_stops_counting_stops_the_load(server: MoodleServer, target: MoodleTarget) -> None:
    server.token = "0" * 32
    with pytest.raises(TargetRefused, match="invalidtoken"):
        target.write("users", "create", [PERSON])


def test_the_token_shows_nowhere(server: MoodleServer, opened: Opener, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    token, target = server.token, opened(wait=0.1)
    shown = [repr(target), str(target.info), repr(vars(target)), repr(vars(vars(target)["_client"]))]
    for kind in ("drop", "half", "cut", "html", "error", "closed", "later"):
        server.faults.clear()
        server.fault(kind).rate = 1.0
        shown += [repr(outcome) for outcome in target.write("users", "create", [PERSON])]
        shown += failures(lambda: list(target.find("users", [PERSON])))
    server.faults.clear()
    server.down()
    shown += failures(lambda: list(target.find("users", [PERSON])))
    server.up()
    server.token = token[::-1]
    shown += failures(lambda: target.write("users", "create", [PERSON]))
    shown += failures(lambda: target.preflight(["users"]))
    assert len(shown) > 12
    assert not [text for text in [*shown, caplog.text] if token in text]
    assert "p@example.invalid" not in caplog.text


def failures(attempt: Callable[[], object]) -> list[str]:
    """An error as a person, a log or a pickle would show it."""
    try:
        attempt()
    except MigrateError as error:
        chain = "".join(traceback.TracebackException.from_exception(error, capture_locals=False).format())
        return [str(error), repr(error), chain, str(pickle.dumps((error.message, error.hint)))]
    return []


def test_a_site_that_repeats_the_token_does_not_make_it_show(server: MoodleServer, target: MoodleTarget) -> None:
    from moodle_php import MoodleError

    def tell(body: bytes) -> None:
        raise MoodleError("odd", f"you sent {server.token}")

    server.answer = tell  # type: ignore[method-assign]
    with pytest.raises(TargetRefused) as refused:
        list(target.find("users", [PERSON]))
    assert "you sent ***" in str(refused.value)
    assert server.token not in str(refused.value)
