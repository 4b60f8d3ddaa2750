"""Runs that die at a moment that matters: the next one ends where an undisturbed run would have ended."""

from __future__ import annotations

import pytest
from live_bench import Bench, Killed, clean, once, person, place, room

from migrate.connectors.target import Outcome
from migrate.errors import TargetLost


def test_a_second_run_has_nothing_to_do(bench: Bench) -> None:
    bench.live()
    clean(bench)
    clean(bench, delta=True)


def test_the_final_value_was_written_and_the_run_died(bench: Bench) -> None:
    once(bench.world, "after", "update", "people", Killed())
    with pytest.raises(Killed):
        bench.live()
    bench.reopen()
    e = bench.live()
    assert e.findings == []
    assert bench.world.table("people")["p2"][0]["status"] == "closed"
    clean(bench)


def test_the_final_value_was_written_and_the_reply_was_lost(bench: Bench) -> None:
    once(bench.world, "after", "update", "people", TargetLost("x"))
    bench.live()
    e = bench.live()
    assert e.findings == []
    clean(bench)


def test_a_change_that_was_cut_off_and_is_meant_no_more_is_not_taken_for_what_was_before(bench: Bench) -> None:
    bench.live()
    bench.rows["people"]["3"] = person("p3", name="v2")
    once(bench.world, "after", "update", "people", Killed())
    with pytest.raises(Killed):
        bench.live()
    bench.reopen()
    bench.rows["people"]["3"] = person("p3", _kept="quarantined")
    bench.rows["places"].pop("3")
    bench.live()
    bench.rows["people"]["3"] = person("p3")
    bench.live(delta=True)
    assert bench.world.table("people")["p3"][0]["name"] == "N p3"


def test_a_record_whose_removal_was_cut_off_is_written_again_when_it_is_meant_again(bench: Bench) -> None:
    bench.live()
    bench.settings["max_deletions"] = 100
    gone = bench.rows["places"].pop("3")
    once(bench.world, "after", "remove", "places", Killed())
    with pytest.raises(Killed):
        bench.live(apply_deletions=True)
    bench.reopen()
    bench.rows["places"]["3"] = gone
    e = bench.live(delta=True)
    assert "2|p3" in bench.world.table("places"), e
    clean(bench)


def test_what_was_cut_off_under_one_key_is_not_created_under_another(bench: Bench) -> None:
    once(bench.world, "after", "create", "people", Killed())
    with pytest.raises(Killed):
        bench.live()
    bench.reopen()
    bench.rows["guests"]["1"] = {"person": "g2", "name": "G"}
    bench.rows["places"].pop("2")
    e = bench.live()
    t = bench.world.table("people")
    assert not {"g1", "g2"} <= t.keys(), e


def test_a_change_that_was_cut_off_is_ours_though_the_source_has_changed_since(bench: Bench) -> None:
    bench.live()
    bench.rows["people"]["3"] = person("p3", name="v2")
    once(bench.world, "after", "update", "people", Killed())
    with pytest.raises(Killed):
        bench.live()
    bench.reopen()
    bench.rows["people"]["3"] = person("p3", name="v3")
    e = bench.live()
    assert e.findings == []
    assert bench.world.table("people")["p3"][0]["name"] == "v3"
    clean(bench)


def test_receipts_do_not_pile_up(bench: Bench) -> None:
    """a kill at intend->before write repeatedly leaves no receipt behind"""
    for _n in range(3):
        once(bench.world, "before", "create", "people", Killed())
        with pytest.raises(Killed):
            bench.live()
        bench.reopen()
    bench.live()
    assert bench.open_receipts() == []
    clean(bench)


def test_a_run_with_threads_dies(bench: Bench) -> None:
    bench.world.abilities[""] = {"parallel": 2, "batch": 1}
    once(bench.world, "after", "create", "people", Killed())
    with pytest.raises(Killed):
        bench.live()
    bench.reopen()
    bench.live()
    clean(bench)


def test_a_delta_reads_back_what_no_run_saw(bench: Bench) -> None:
    bench.live(read=False)
    bench.live(delta=True)
    r = bench.rollback("r00001", execute=False)
    assert [s.refused for s in r.steps if s.refused] == []


def test_what_was_said_to_be_done_and_is_not_there_is_written_again(bench: Bench) -> None:
    bench.world.answer = lambda a, e, r: (Outcome(r.key, "done", "99"), False) if r.key == "2|p3" else (None, True)
    e = bench.live()
    assert e.results["places", "3"] == "failed"
    bench.world.answer = lambda a, e, r: (None, True)
    bench.live()
    assert "2|p3" in bench.world.table("places")
    clean(bench)


def test_what_somebody_removed_before_it_got_its_final_value_is_not_created_again(bench: Bench) -> None:
    bench.world.answer = lambda a, e, r: (Outcome(r.key, "refused", None, "no"), False) if a == "update" else (None, True)
    bench.live()
    bench.world.answer = lambda a, e, r: (None, True)
    del bench.world.rows["rooms"][bench.world.native("rooms", "1")]
    bench.world.guards = False
    del bench.world.rows["people"][bench.world.native("people", "p2")]
    e = bench.live()
    assert "p2" not in bench.world.table("people")
    assert ("LIVE-GONE", "people", "2") in e.findings


def test_a_change_that_was_refused_leaves_what_was_known(bench: Bench) -> None:
    bench.live()
    bench.rows["people"]["3"] = person("p3", name="v2")
    bench.world.answer = lambda a, e, r: (Outcome(r.key, "refused", None, "no"), False) if a == "update" else (None, True)
    bench.live()
    bench.world.answer = lambda a, e, r: (None, True)
    bench.rows["people"]["3"] = person("p3")
    clean(bench)


def test_what_waits_for_its_final_value_can_be_referred_to(bench: Bench) -> None:
    once(bench.world, "before", "create", "places", Killed())
    with pytest.raises(Killed):
        bench.live()
    bench.reopen()
    bench.rows["rooms"]["3"] = room(3, owner="p2")
    bench.rows["places"]["4"] = place(2, "p2")
    once(bench.world, "before", "create", "places", Killed())
    with pytest.raises(Killed):
        bench.live()
    bench.reopen()
    assert bench.predict()["people", "p2"] == "updated"
    assert bench.live().findings == []
    assert bench.world.table("rooms")["3"][0]["owner"] == "p2"
    assert bench.world.table("places").keys() == {"1|p1", "1|g1", "2|p3", "2|p2"}
    clean(bench)


def test_what_a_run_before_had_written_is_counted_apart_from_what_this_one_writes(bench: Bench) -> None:
    """Also where it was cut off before it gave a record its final value."""
    bench.rehearsed()
    once(bench.world, "before", "update", "people", Killed())
    with pytest.raises(Killed):
        bench.live()
    bench.reopen()
    bench.rows["people"]["1"] = person("p1", name="v2")
    e = bench.live()
    assert (e.results["people", "1"], e.results["people", "2"], e.results["people", "3"]) == ("updated", "updated", "unchanged")
    assert e.already["people"] == {"created": {"unchanged": 1, "updated": 1}}  # p1 has changed since, p2 is concluded now
    assert e.already["rooms"] == {"created": {"unchanged": 2}}
    bench.rehearsed()
    assert bench.live().already == {}
