"""A record store as a source: all pages, once each, up to one instant, whatever happens on the way."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lrs_server import VOIDED, LrsServer
from xapi_records import number

from migrate.connectors.xapi import XapiSource, open_statements
from migrate.contracts.load import load_contract
from migrate.contracts.model import Contract
from migrate.errors import SourceLost, SourceRefused
from migrate.resources import contract_file

FIELDS = ["id", "actor_account", "verb", "object", "timestamp", "stored"]


@pytest.fixture
def lrs() -> Iterator[LrsServer]:
    with LrsServer() as server:
        server.state.most, server.state.clock = 4, -dt.timedelta(minutes=1)
        for n in range(10):
            server.state.store(statement(n))
        server.state.clock = dt.timedelta()
        yield server


def statement(n: int, **more: Any) -> dict[str, Any]:
    return {
        "id": number(n), "actor": {"account": {"homePage": "https://a.example.org", "name": f"P{n}"}},
        "verb": {"id": "http://adlnet.gov/expapi/verbs/completed"}, "object": {"id": f"https://a.example.org/{n}"},
        "timestamp": "2024-01-01T10:00:00+02:00", **more,
    }  # fmt: skip


def contract() -> Contract:
    return load_contract(contract_file("xapi", "source")).model


def opened(lrs: LrsServer, url: str = "") -> XapiSource:
    return open_statements(url or lrs.url, contract(), patience=1.0, first=0.005)


def rows(source: XapiSource, *fields: str) -> list[dict[str, Any]]:
    return [row for batch in source.rows("statements", list(fields or FIELDS)) for row in batch.to_pylist()]


def test_every_statement_comes_once_in_the_order_of_the_store(lrs: LrsServer) -> None:
    source = opened(lrs)
    found = rows(source)
    assert [row["id"] for row in found] == [number(n) for n in range(10)]
    assert found[3]["actor_account"] == "P3"
    assert source.count("statements") == 10
    assert source.info.version == "1.0.2, 1.0.3"
    assert source.info.inputs == {}
    source.close()
    source.close()


def test_what_comes_after_the_run_began_is_for_the_next_one(lrs: LrsServer) -> None:
    source = opened(lrs)
    lrs.state.clock = dt.timedelta(seconds=5)
    lrs.state.store(statement(11))
    assert len(rows(source)) == source.count("statements") == 10
    lrs.state.store(statement(12))
    assert source.count("statements") == 10
    source.close()


def test_a_list_that_the_store_forgot_is_gone_on_with(lrs: LrsServer) -> None:
    lrs.state.forgets = 1
    source = opened(lrs)
    assert [row["id"] for row in rows(source)] == [number(n) for n in range(10)]
    assert sum("since=" in path for _, path, _ in lrs.state.requests) == 1
    source.close()


def test_a_store_that_forgets_for_ever_is_given_up(lrs: LrsServer) -> None:
    lrs.state.most, lrs.state.forgets = 1, 100
    source = opened(lrs)
    with pytest.raises(SourceLost, match="forgets its lists"):
        rows(source)
    source.close()


@pytest.mark.parametrize("fault", ["drop", "lose", "429", "502", "503", "500"])
def test_passing_faults_are_got_over(lrs: LrsServer, fault: str) -> None:
    lrs.state.fail(fault, "GET", 3)
    source = opened(lrs)
    assert len(rows(source)) == 10
    source.close()


def test_a_store_that_stays_away_ends_the_run(lrs: LrsServer) -> None:
    source = opened(lrs)
    lrs.state.fail("502", "GET", 1000)
    with pytest.raises(SourceLost, match="fault"):
        rows(source)
    source.close()


def test_attachments_are_refused_in_words(lrs: LrsServer) -> None:
    source = opened(lrs)
    lrs.state.multipart = True
    with pytest.raises(SourceLost, match="sends attachments"):
        rows(source)
    source.close()


def test_a_list_that_leads_to_another_host_is_not_followed(lrs: LrsServer) -> None:
    lrs.state.elsewhere = True
    source = opened(lrs)
    with pytest.raises(SourceLost, match="another host"):
        rows(source)
    source.close()


@pytest.mark.parametrize("change", [("secret", "other"), ("/xapi", "/nothing"), ("migration:", "")])
def test_a_store_that_lets_nobody_in_is_refused(lrs: LrsServer, change: tuple[str, str]) -> None:
    with pytest.raises(SourceRefused) as caught:
        opened(lrs, lrs.url.replace(*change))
    assert "stand-in" not in str(caught.value)


def test_extensions_that_no_field_has_are_columns(lrs: LrsServer) -> None:
    lrs.state.store(
        statement(20, context={"extensions": {"https://x.example.org/e": {"deep": 1}}}, attachments=[{"usageType": "u"}])
    )
    source = opened(lrs)
    assert set(source.columns("statements")) - set(contract().entities["statements"].fields) == {
        "attachments.*.usageType", "context.extensions.https://x.example.org/e.deep",
    }  # fmt: skip
    source.close()


def test_what_was_voided_is_not_shown_and_what_voids_is(lrs: LrsServer) -> None:
    ref = {"objectType": "StatementRef", "id": number(3)}
    lrs.state.store({**statement(30), "verb": {"id": VOIDED}, "object": ref})
    source = opened(lrs)
    found = {row["id"]: row for row in rows(source)}
    assert number(3) not in found
    assert found[number(30)]["object"] == number(3)
    source.close()


def test_nothing_of_the_statements_is_left_behind(lrs: LrsServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    source = opened(lrs)
    assert len(rows(source)) == 10
    assert [file.stat().st_mode & 0o077 for file in tmp_path.iterdir()] == [0]
    source.close()
    assert list(tmp_path.iterdir()) == []
