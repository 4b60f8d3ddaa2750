"""Ledgers that are full, that lie in PostgreSQL, or that belong to another target."""

from __future__ import annotations

import datetime as dt
import resource
from pathlib import Path

import database_servers as servers
import pytest
from live_bench import Bench, Killed, clean, once, person, small_hall
from live_school import LiveSchool, dispositions

from migrate.compiler.plan import Plan
from migrate.errors import ConfigurationError, LedgerLost
from migrate.pipeline import run


def test_a_full_disk_stops_the_run_before_anything_more_is_written(bench: Bench) -> None:
    bench.rows["people"] |= {str(n): person(f"p{n}") for n in range(10, 200)}
    bench.reopen()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard))
    try:
        with pytest.raises(LedgerLost):
            bench.live()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    written = len(bench.world.rows["people"])
    assert 0 < written < 100
    bench.reopen()
    bench.live()
    assert len(bench.world.rows["people"]) == 194
    clean(bench)


@pytest.mark.database
def test_a_ledger_in_postgresql_survives_as_well(tmp_path: Path, plan: Plan) -> None:
    with servers.server("postgresql").database() as database:
        url = database.server.engine(database.name).url.render_as_string(hide_password=False)
        bench = Bench(tmp_path / "bench", plan, url=url)
        small_hall(bench)
        once(bench.world, "after", "create", "people", Killed())
        with pytest.raises(Killed):
            bench.live()
        bench.reopen()
        first = bench.live().id
        clean(bench)
        bench.rehearsed(hours_ago=1)
        assert bench.live().already["people"] == {"created": {"unchanged": 3}}
        before = bench.world.state()
        bench.rows["people"]["3"] = person("p3", name="v2")
        bench.rows["guests"]["1"] = {"person": "g9", "name": "G"}
        bench.rows["places"].pop("2")
        bench.world.rows["people"][bench.world.native("people", "g1")]["person"] = "g9"
        bench.settings["max_deletions"] = 100
        second = bench.live(apply_deletions=True)
        assert second.codes == {"LIVE-REMOVED"}
        done = bench.rollback(second.id)
        assert not [step for step in done.steps if step.refused]
        assert {key: rows for key, rows in bench.world.table("people").items() if key != "g9"} == {
            key: rows for key, rows in before["people"].items() if key != "g1"
        }
        assert bench.rollback(first, execute=False).steps
        assert bench.trail_is_whole()
        bench.ledger.close()


def test_a_ledger_of_another_target_is_noticed(small: LiveSchool, tmp_path: Path) -> None:
    small.live()
    other = LiveSchool(tmp_path / "other", f"sqlite:///{tmp_path / 'other.sqlite'}")
    file, elsewhere = small.folder / "migration.yaml", other.engine.url.render_as_string()
    file.write_text(file.read_text("utf-8").replace(small.engine.url.render_as_string(), elsewhere), "utf-8")
    with pytest.raises(ConfigurationError, match="not acknowledged") as caught:
        small.live()
    assert "LEDGER-OTHER-TARGET" in str(caught.value)
    assert other.held()["people"] == []
    small.set({"acknowledge": {"LEDGER-OTHER-TARGET": "the database moved, and was copied"}})
    assert small.live().failure is None


def test_a_clock_that_goes_back_hides_no_rehearsal(small: LiveSchool) -> None:
    now = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    rehearsal = run(small.folder, now=lambda: now)
    live = run(small.folder, live=True, now=lambda: now - dt.timedelta(hours=1))
    facts = (live.folder / "run.json").read_text("utf-8")
    assert f'"run": "{rehearsal.folder.name}"' in facts
    assert dispositions(live)["people"]["created"] == 3
