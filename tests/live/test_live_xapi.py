"""History live into a strict record store, again, after faults, after changes, and back."""

from __future__ import annotations

import datetime as dt
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from live_school import dispositions, findings, wait_a_moment
from lrs_server import LrsServer
from sample_runs import write_sample_workspace
from xapi_site import NUMBER, Site, written

from migrate.connectors.xapi import open_statements
from migrate.contracts.load import load_contract
from migrate.pipeline import run
from migrate.resources import contract_file
from migrate.rollback import rollback

SET_BY_STORES = ("stored", "authority", "version")


@pytest.fixture
def lrs(monkeypatch: pytest.MonkeyPatch) -> Iterator[LrsServer]:
    with LrsServer() as server:
        server.state.most = 7
        yield server


@pytest.fixture
def site(tmp_path: Path, lrs: LrsServer, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.setenv("LRS_SECRET", "lrs/stand-in@secret")
    return Site(tmp_path / "site", lrs.url.replace("lrs%2Fstand-in%40secret", "${LRS_SECRET}"))


def posts(lrs: LrsServer) -> int:
    return sum(method == "POST" for method, *_ in lrs.state.requests)


def held(lrs: LrsServer) -> dict[str, Any]:
    return {s["id"]: {word: value for word, value in s.items() if word not in SET_BY_STORES} for s in lrs.state.shown()}


def words(result: Any) -> Counter[str]:
    return sum((Counter(told) for told in dispositions(result).values()), Counter[str]())


def test_the_store_holds_what_the_rehearsal_wrote_and_a_second_run_sends_nothing(lrs: LrsServer, site: Site) -> None:
    rehearsal = site.rehearse()
    wait_a_moment()
    first = site.live()
    assert first.failure is None
    assert words(first)["created"] == NUMBER
    assert held(lrs) == written(rehearsal) == written(first)
    assert not findings(first, "LIVE", "REC")
    calls = posts(lrs)
    wait_a_moment()
    second = site.live()
    assert words(second)["unchanged"] == NUMBER
    assert posts(lrs) == calls
    assert "stand-in" not in "".join(f.read_text("utf-8", "replace") for f in second.folder.rglob("*.json"))


def test_another_workspace_takes_over_what_is_there_and_holds_what_says_something_else(
    lrs: LrsServer, site: Site, tmp_path: Path
) -> None:
    site.live()
    odd = next(s for s in lrs.state.statements.values() if "result" in s and "score" in s["result"])
    odd["result"]["score"]["raw"] = 3.125
    result = Site(tmp_path / "other", site.url).live()
    assert words(result) == {"unchanged": NUMBER - 1, "held": 1}
    (found,) = [row for row in pq.read_table(result.folder / "findings.parquet").to_pylist() if row["code"].startswith("LIVE")]
    assert found["code"] == "LIVE-EXISTS"
    assert "score_raw" in found["message"]


@pytest.mark.parametrize("fault", ["lose", "drop", "429"])
def test_replies_that_are_lost_leave_no_trace(lrs: LrsServer, site: Site, fault: str) -> None:
    lrs.state.identical = 409
    lrs.state.fail(fault, "POST", 3)
    result = site.live()
    assert words(result)["created"] == NUMBER
    assert held(lrs) == written(result)


def test_a_store_that_goes_away_is_completed_by_the_next_run(lrs: LrsServer, site: Site) -> None:
    site.set(patience=0)
    lrs.state.fail("lose", "POST", 1)
    lrs.state.fail("drop", "POST", 1)
    first = site.live()
    assert words(first)["failed"] == 10  # of the call that never arrived; the one whose reply was lost is found
    assert len(lrs.state.statements) == NUMBER - 10
    site.set()
    wait_a_moment()
    assert words(site.live()) == {"created": 10, "unchanged": NUMBER - 10}
    assert held(lrs) == written(first)


@pytest.mark.parametrize("at", [10, pytest.param(20, marks=pytest.mark.long)])
def test_a_run_that_was_killed_is_completed_by_the_next_one(lrs: LrsServer, site: Site, at: int) -> None:
    """Killed when the store has the statements of a call and nobody was told."""
    killed = threading.Event()
    command = [sys.executable, "-m", "migrate", "run", str(site.folder), "--live"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=Path(__file__).parents[2])

    def kill(number: int) -> None:
        if number >= at and not killed.is_set():
            process.kill()
            process.wait()
            killed.set()

    lrs.state.stored_some = kill
    assert process.wait(60) == -signal.SIGKILL
    assert killed.is_set()
    assert at <= len(lrs.state.statements) < NUMBER
    wait_a_moment()
    result = site.live()
    assert result.failure is None
    assert sum(words(result)[word] for word in ("created", "unchanged")) == NUMBER
    assert held(lrs) == written(result)


def test_what_the_store_refuses_is_named_and_the_rest_is_there(
    lrs: LrsServer, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    import lrs_server

    def picky(statement: Any) -> None:
        if statement["object"]["id"].endswith("/C13"):
            raise lrs_server.Bad("this store takes nothing unlucky")

    monkeypatch.setattr(lrs_server, "check", picky)
    result = site.live()
    (found,) = [row for row in pq.read_table(result.folder / "findings.parquet").to_pylist() if row["code"] == "LIVE-REFUSED"]
    assert "nothing unlucky" in found["message"]
    assert words(result) == {"created": NUMBER - 1, "failed": 1}
    assert len(lrs.state.statements) == NUMBER - 1


def test_a_store_that_says_done_and_keeps_nothing_or_something_else_is_found_out(lrs: LrsServer, site: Site) -> None:
    lrs.state.swallows, lrs.state.bends = "/C13", "/C14"
    result = site.live()
    rows = pq.read_table(result.folder / "findings.parquet").to_pylist()
    assert {(row["code"], row["key"], row["field"]) for row in rows if row["code"].startswith("REC-")} == {
        ("REC-MISSING", "13", None), ("REC-DIFFERENT", "14", "score_raw"),
    }  # fmt: skip
    assert words(result) == {"created": NUMBER - 1, "failed": 1}
    assert result.exit_code == 1
    lrs.state.swallows = ""
    wait_a_moment()
    again = site.live()
    assert words(again)["failed"] == 0
    assert len(lrs.state.shown()) == NUMBER


def test_what_happened_anew_is_written_and_what_is_no_more_is_voided(lrs: LrsServer, site: Site) -> None:
    site.live()
    site.sql("UPDATE done SET points = 19, at = at + 60 WHERE id = 1")
    site.sql("UPDATE done SET points = 20 WHERE id = 2")
    wait_a_moment()
    result = site.live(delta=True)
    assert {code for code, *_ in findings(result, "LIVE")} == {"LIVE-VANISHED", "LIVE-UNCHANGEABLE"}
    assert words(result) == {"created": 1, "unchanged": NUMBER - 2, "held": 1}
    assert len(lrs.state.shown()) == NUMBER + 1
    wait_a_moment()
    site.live(apply_deletions=True)
    assert len(lrs.state.voided) == 1
    assert len(lrs.state.shown()) == NUMBER


def test_a_run_is_taken_back_by_voiding_and_the_way_back_is_another_edition(lrs: LrsServer, site: Site) -> None:
    first = site.live()
    done, _ = rollback(site.folder, first.folder.name, execute=True)
    assert done.failed == ()
    assert {entity: dict(steps) for entity, steps in done.counts().items()} == {"statements": {"remove": NUMBER}}
    assert lrs.state.shown() == []
    wait_a_moment()
    again = site.live()
    assert words(again)["failed"] == NUMBER
    assert lrs.state.shown() == []
    site.set(edition="2")
    wait_a_moment()
    anew = site.live()
    assert words(anew)["created"] == NUMBER
    assert held(lrs) == written(anew)


@pytest.mark.long
def test_the_moodle_sample_goes_live_as_it_was_rehearsed(lrs: LrsServer, site: Site, tmp_path: Path) -> None:
    folder = write_sample_workspace(tmp_path / "moodle", "moodle_to_xapi")
    settings = (folder / "migration.yaml").read_text("utf-8")
    own = (site.folder / "migration.yaml").read_text("utf-8")
    target = own[own.index("target:") :]
    start, end = settings.index("target:"), settings.index("parameters:")
    text = settings[:start] + target + settings[end:].replace("roles: [data_owner, quality]", "roles: []")
    (folder / "migration.yaml").write_text(text, "utf-8")
    rehearsal = run(folder)
    wait_a_moment()
    result = run(folder, live=True)
    assert words(result)["created"] == len(written(rehearsal)) > 90
    assert held(lrs) == written(rehearsal)
    assert not findings(result, "LIVE", "REC")


def test_what_was_written_to_a_store_is_read_from_it_field_by_field(lrs: LrsServer, site: Site) -> None:
    result = site.live()
    lrs.state.clock = dt.timedelta(seconds=2)
    source = open_statements(lrs.url, load_contract(contract_file("xapi", "source")).model, patience=2, first=0.005)
    fields = list(load_contract(contract_file("xapi", "target")).model.entities["statements"].fields)
    rows = {row["id"]: row for batch in source.rows("statements", fields) for row in batch.to_pylist()}
    assert set(source.columns("statements")) == set(
        load_contract(contract_file("xapi", "source")).model.entities["statements"].fields
    )
    source.close()
    back = {row["_target_key"]: row for row in pq.read_table(result.folder / "5_read_back/statements.parquet").to_pylist()}
    assert rows.keys() == back.keys()
    for id_, row in rows.items():
        for field in fields:
            meant, found = back[id_][field], row[field]
            if isinstance(meant, float):
                assert found is not None
                assert float(found) == meant
            else:
                plain = {True: "true", False: "false"}.get(meant, meant) if isinstance(meant, bool) else meant
                shown = plain.isoformat() + "Z" if hasattr(plain, "isoformat") else str(plain) if plain is not None else None
                assert found == shown, field
