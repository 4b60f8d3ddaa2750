"""The connector for record stores: what is sent, refused, taken for the same, and taken back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from lrs_server import VOIDED, LrsServer
from pydantic import SecretStr
from xapi_records import contract, number, opened, record

from migrate.connectors.xapi import XapiTarget
from migrate.errors import ConfigurationError, TargetLost, TargetRefused


@pytest.fixture
def lrs() -> Iterator[LrsServer]:
    with LrsServer() as server:
        yield server


@pytest.fixture
def target(lrs: LrsServer) -> Iterator[XapiTarget]:
    opened_target = opened(lrs.url)
    yield opened_target
    opened_target.close()


def results(outcomes: Any) -> dict[str, str]:
    return {outcome.key: outcome.result for outcome in outcomes}


def posts(lrs: LrsServer) -> list[int]:
    return [number_ for method, _, number_ in lrs.state.requests if method == "POST"]


def test_a_statement_says_what_the_contract_says(lrs: LrsServer, target: XapiTarget) -> None:
    target.write("statements", "create", [record(1, response=None)])
    held = lrs.state.statements[number(1)]
    assert held["actor"] == {
        "objectType": "Agent", "name": "Ana Nuñez 1 👩🏽‍🔬",
        "account": {"homePage": "https://moodle.example.org", "name": "0001|x"},
    }  # fmt: skip
    assert held["result"] == {
        "score": {"scaled": 0.75, "raw": 15, "min": 0, "max": 20}, "success": True, "completion": False, "duration": "PT90S",
    }  # fmt: skip
    assert held["context"]["contextActivities"] == {"parent": [{"id": "https://moodle.example.org/"}]}
    assert held["context"]["extensions"]["urn:lms-migrate:enrolled"] == "2024-09-01T08:30:00Z"
    assert held["timestamp"] == "2024-09-01T08:30:00Z"


def test_calls_have_the_size_that_was_asked_for(lrs: LrsServer) -> None:
    target = opened(lrs.url, batch=3)
    assert target.ability("statements").batch == 3
    target.write("statements", "create", [record(n) for n in range(8)])
    assert posts(lrs) == [3, 3, 2]
    target.close()
    target = opened(lrs.url, batch_bytes=2500)
    assert set(results(target.write("statements", "create", [record(n) for n in range(10, 16)])).values()) == {"done"}
    assert max(posts(lrs)[3:]) <= 3
    target.close()


def test_the_bad_ones_are_found_and_all_others_written(lrs: LrsServer, target: XapiTarget) -> None:
    bad = {7, 40, 41}
    outcomes = target.write("statements", "create", [record(n, **({"duration": "soon"} if n in bad else {})) for n in range(64)])
    assert {key for key, result in results(outcomes).items() if result == "refused"} == {number(n) for n in bad}
    assert {o.message for o in outcomes if o.result == "refused"} == {"result.duration is no duration"}
    assert lrs.state.statements.keys() == {number(n) for n in range(64) if n not in bad}
    assert len(posts(lrs)) < 40


def test_calls_that_are_too_large_are_taken_apart(lrs: LrsServer, target: XapiTarget) -> None:
    lrs.state.most_bytes = 3000
    outcomes = target.write("statements", "create", [record(n, response="x" * (5000 if n == 3 else 1)) for n in range(8)])
    assert {key for key, result in results(outcomes).items() if result == "refused"} == {number(3)}
    assert "bytes" in next(o.message for o in outcomes if o.result == "refused")
    assert len(lrs.state.statements) == 7


@pytest.mark.parametrize("identical", [200, 409])
def test_what_is_there_in_the_same_words_is_done_and_in_others_refused_by_name(lrs: LrsServer, identical: int) -> None:
    first, second = opened(lrs.url), opened(lrs.url)
    first.write("statements", "create", [record(n) for n in range(4)])
    before = dict(lrs.state.statements)
    lrs.state.identical = identical
    changed = record(2, score_raw=11.0, verb_en="erledigt", object_name="other words for one thing")
    outcomes = second.write("statements", "create", [record(0), record(1), changed, record(3), record(9)])
    assert results(outcomes) == {number(n): "refused" if n == 2 else "done" for n in (0, 1, 2, 3, 9)}
    assert next(o.message for o in outcomes if o.result == "refused").endswith("something else: result.score.raw")
    assert {id_: lrs.state.statements[id_] for id_ in before} == before
    for one in (first, second):
        one.close()


@pytest.mark.parametrize("fault", ["lose", "drop", "429", "502", "503", "500"])
def test_passing_faults_are_got_over(lrs: LrsServer, target: XapiTarget, fault: str) -> None:
    lrs.state.fail(fault, "POST", 2)
    lrs.state.fail("503" if fault == "500" else fault, "GET", 1)
    outcomes = target.write("statements", "create", [record(n) for n in range(3)])
    assert set(results(outcomes).values()) == {"done"}
    assert len(lrs.state.statements) == 3
    assert len(list(target.find("statements", [record(n) for n in range(3)]))) == 3


def test_a_reply_that_stays_lost_is_unknown_and_the_store_can_be_asked(lrs: LrsServer) -> None:
    target = opened(lrs.url, retry_seconds=0)
    lrs.state.fail("lose", "POST")
    assert results(target.write("statements", "create", [record(1)])) == {number(1): "unknown"}
    assert [held.key for held in target.find("statements", [record(1), record(2)])] == [number(1)]
    target.close()


def test_a_fault_that_one_statement_sets_off_fails_that_one(lrs: LrsServer, target: XapiTarget) -> None:
    lrs.state.fail("500", "POST", 3 + 3)
    assert sorted(results(target.write("statements", "create", [record(1), record(2)])).values()) == ["done", "failed"]


def test_nothing_is_missing_before_the_store_shows_what_it_took(lrs: LrsServer) -> None:
    lrs.state.lag = 60.0
    target = opened(lrs.url, consistent_seconds=0)
    target.write("statements", "create", [record(1)])
    with pytest.raises(TargetLost, match="Consistent-Through"):
        list(target.find("statements", [record(1)]))
    target.close()


def test_what_is_removed_is_voided_and_never_comes_back(lrs: LrsServer, target: XapiTarget) -> None:
    target.write("statements", "create", [record(n) for n in range(3)])
    assert results(target.remove("statements", [record(0), record(7)])) == {number(0): "done", number(7): "done"}
    (voiding,) = [one for one in lrs.state.statements.values() if one["verb"]["id"] == VOIDED]
    assert voiding["object"] == {"objectType": "StatementRef", "id": number(0)}
    assert voiding["actor"]["account"] == {"homePage": target.info.address, "name": "lms-migrate"}
    again = opened(lrs.url)
    for one in (target, again):
        assert [held.key for held in one.find("statements", [record(0), record(1)])] == [number(1)]
        (outcome,) = one.write("statements", "create", [record(0)])
        assert (outcome.result, "voided" in outcome.message) == ("refused", True)
        assert results(one.remove("statements", [record(0)])) == {number(0): "done"}
    assert len(lrs.state.statements) == 4
    again.close()


def test_a_store_that_shows_what_was_voided_is_not_believed(lrs: LrsServer, target: XapiTarget) -> None:
    target.write("statements", "create", [record(1)])
    target.remove("statements", [record(1)])
    lrs.state.voided.clear()
    again = opened(lrs.url)
    assert list(again.find("statements", [record(1)])) == []
    again.close()


def test_statements_never_change(target: XapiTarget) -> None:
    assert not target.ability("statements").update
    (outcome,) = target.write("statements", "update", [record(1)])
    assert outcome.result == "refused"


def test_an_empty_store_says_so_until_something_is_written(lrs: LrsServer, target: XapiTarget) -> None:
    assert target.count("statements") == 0
    target.write("statements", "create", [record(1)])
    assert target.count("statements") is None
    full = opened(lrs.url)
    assert full.count("statements") is None
    full.close()


def test_what_a_person_has_to_know_is_told(lrs: LrsServer) -> None:
    lrs.state.versions, lrs.state.clock = ("2.0.0",), dt.timedelta(hours=1)
    target = opened(lrs.url)
    told = {warned.code: warned.blocking for warned in target.preflight(["statements"])}
    assert told == {
        "XAPI-NOT-ENCRYPTED": True, "XAPI-VERSION": False, "XAPI-CLOCK": False, "XAPI-FOR-EVER": True, "XAPI-DASHBOARDS": True,
    }  # fmt: skip
    assert target.info.version == "2.0.0"
    target.close()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda url: url.replace("secret", "other"), "does not let these credentials"),
        (lambda url: url.replace("/xapi", "/elsewhere"), "no such resource"),
        (lambda url: url.rpartition("@")[2], "no web address with key and secret"),
        (lambda url: "http://" + url.rpartition("@")[2], "no web address with key and secret"),
        (lambda url: url.rpartition(":")[0] + ":1/xapi", "cannot be reached"),
    ],
)
def test_a_store_that_lets_nobody_in_is_refused_without_the_secret(lrs: LrsServer, change: Any, says: str) -> None:
    with pytest.raises(TargetRefused, match=says) as caught:
        opened(change(lrs.url), retry_seconds=0)
    assert "stand-in" not in str(caught.value)


def test_a_token_is_no_way_in(lrs: LrsServer) -> None:
    with pytest.raises(TargetRefused, match="no token"):
        XapiTarget.open(contract(), lrs.url, SecretStr("abc"), {})


def test_wrong_options_are_named(lrs: LrsServer) -> None:
    with pytest.raises(ConfigurationError, match="batches"):
        opened(lrs.url, batches=3)


@pytest.mark.parametrize(("word", "says"), [("multipart", "attachments"), ("elsewhere", "another host")])
def test_a_store_that_leads_away_or_sends_attachments_is_not_followed(lrs: LrsServer, word: str, says: str) -> None:
    target = opened(lrs.url)
    target.write("statements", "create", [record(n) for n in range(12)])
    lrs.state.most = 5
    setattr(lrs.state, word, True)
    with pytest.raises(TargetLost, match=says):
        list(target.find("statements", [record(n) for n in range(12)]))
    target.close()


def test_the_connector_shows_no_secret(target: XapiTarget) -> None:
    assert "stand-in" not in f"{target!r} {target.info!r} {target._lrs!r}"
