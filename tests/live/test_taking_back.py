"""Rollbacks that die half way, that bring back what others refer to, and that would take others along."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from live_bench import Bench, Killed, clean, once, person, place, room

from migrate.errors import ConfigurationError, TargetLost
from migrate.ledger import Ledger
from migrate.live.rollback import Rollback


def whole(done: Rollback) -> bool:
    """Was everything taken back?"""
    return not done.failed and not [step for step in done.steps if step.refused]


def cut_off(bench: Bench, run: str) -> None:
    """A rollback that puts the first change back and dies."""
    once(bench.world, "after", "update", "people", Killed())
    with pytest.raises(Killed):
        bench.rollback(run)
    bench.reopen()


def dangling(bench: Bench) -> list[Any]:
    """References to what is not there."""
    records = [record for table in bench.world.state().values() for many in table.values() for record in many]
    return [value for record in records for value in record.values() if str(value).startswith("dangling")]


def test_a_rollback_that_died_is_done_again(bench: Bench) -> None:
    bench.live()
    before = bench.world.state()
    bench.rows["people"]["3"] = person("p3", name="v2")
    bench.rows["people"]["1"] = person("p1", name="v2")
    run = bench.live().id
    cut_off(bench, run)
    assert whole(bench.rollback(run))
    assert bench.world.state() == before
    assert bench.open_receipts() == []


@pytest.mark.parametrize("point", ["intend", "take_back"])
def test_a_rollback_that_died_at_its_ledger_is_done_again(bench: Bench, monkeypatch: pytest.MonkeyPatch, point: str) -> None:
    bench.live()
    before = bench.world.state()
    bench.settings["max_deletions"] = 100
    bench.rows["people"]["3"] = person("p3", name="v2")
    bench.rows["places"].pop("1")
    bench.rows["rooms"]["3"] = room(3)
    run = bench.live(apply_deletions=True).id
    right = getattr(Ledger, point)
    left = 0

    def dying(self: Ledger, *arguments: Any) -> Any:
        nonlocal left
        left -= 1
        if left < 0:
            raise Killed
        return right(self, *arguments)

    monkeypatch.setattr(Ledger, point, dying)
    for number in range(4):
        left = number
        with suppress(Killed):
            bench.rollback(run)
        bench.reopen()
    monkeypatch.undo()
    assert whole(bench.rollback(run))
    assert bench.world.state() == before
    assert bench.open_receipts() == []


def test_a_live_run_goes_on_after_a_rollback_that_died(bench: Bench) -> None:
    bench.live()
    bench.rows["people"]["3"] = person("p3", name="v2")
    run = bench.live().id
    after = bench.world.state()
    cut_off(bench, run)
    assert bench.live().findings == []
    assert bench.world.state() == after
    clean(bench)


def test_a_change_that_was_cut_off_is_put_back_when_asked(bench: Bench) -> None:
    bench.live()
    before = bench.world.state()
    bench.rows["people"]["3"] = person("p3", name="v2")
    once(bench.world, "after", "update", "people", Killed())
    with pytest.raises(Killed):
        bench.live()
    bench.reopen()
    assert not whole(bench.rollback("r00002"))
    assert whole(bench.rollback("r00002", unverified=True))
    assert bench.world.state() == before


def test_what_refers_to_a_record_is_put_back_after_it_is_brought_back(bench: Bench) -> None:
    bench.live()
    before = bench.world.state()
    bench.settings["max_deletions"] = 100
    bench.rows["people"].pop("2")
    bench.rows["rooms"]["1"] = room(1, owner="p3", tag="l-p1")
    run = bench.live(apply_deletions=True).id
    assert "p2" not in bench.world.table("people")
    assert whole(bench.rollback(run))
    assert bench.world.state() == before


def test_what_was_brought_back_under_another_id_is_found_by_earlier_runs(bench: Bench) -> None:
    bench.live()
    before = bench.world.state()
    bench.settings["max_deletions"] = 100
    bench.rows["rooms"]["1"] = room(1, owner="p3", tag="l-p1")
    moved = bench.live().id
    bench.rows["people"].pop("2")
    removed = bench.live(apply_deletions=True).id
    assert whole(bench.rollback(removed))
    assert whole(bench.rollback(moved))
    assert bench.world.state() == before


def test_what_a_later_run_removed_is_not_referred_to_again(bench: Bench) -> None:
    bench.live()
    before = bench.world.state()
    bench.settings["max_deletions"] = 100
    bench.rows["rooms"]["1"] = room(1, owner="p3", tag="l-p1")
    bench.rows["rooms"]["2"] = room(2, owner="p1")
    moved = bench.live().id
    bench.rows["people"].pop("2")
    removed = bench.live(apply_deletions=True).id
    preview = bench.rollback(moved, execute=False)
    assert {step.key: step.refused for step in preview.steps} == {
        "1": f"a later run removed what its owner named: {removed}", "2": None,
    }  # fmt: skip
    assert bench.rollback(moved).failed == ()
    assert whole(bench.rollback(removed))
    assert whole(bench.rollback(moved))
    assert bench.world.state() == before


def test_what_a_later_run_removed_is_not_brought_back_without_what_it_refers_to(bench: Bench) -> None:
    bench.live()
    before = bench.world.state()
    bench.settings["max_deletions"] = 100
    bench.rows["places"].pop("3")
    first = bench.live(apply_deletions=True).id
    bench.rows["people"].pop("3")
    second = bench.live(apply_deletions=True).id
    (step,) = bench.rollback(first, execute=False).steps
    assert (step.what, step.refused) == ("recreate", f"a later run removed what its person named: {second}")
    assert whole(bench.rollback(second))
    assert whole(bench.rollback(first))
    assert bench.world.state() == before


def test_what_was_put_back_is_remembered_with_what_it_refers_to(bench: Bench) -> None:
    bench.live()
    before = bench.ledger.known("rooms")["1"].meant
    assert before is not None
    bench.rows["rooms"]["1"] = {**bench.rows["rooms"]["1"], "title": "v2"}
    assert whole(bench.rollback(bench.live().id))
    after = bench.ledger.known("rooms")["1"].meant
    assert after is not None
    assert {**json.loads(after), "extra": None} == {**json.loads(before), "extra": None}


def test_what_a_later_run_refers_to_stays(bench: Bench) -> None:
    bench.world.guards = False
    first = bench.live().id
    bench.rows["places"]["7"] = place(2, "p1")
    bench.rows["rooms"]["7"] = room(7, owner="p3")
    later = bench.live().id
    refused = {(step.entity, step.key): step.refused for step in bench.rollback(first).steps if step.refused}
    assert refused == {
        ("people", "p1"): f"a record that stays refers to it: places 2|p1 (of run {later})",
        ("people", "p3"): f"a record that stays refers to it: rooms 7 (of run {later})",
        ("rooms", "2"): f"a record that stays refers to it: places 2|p1 (of run {later})",
    }
    assert dangling(bench) == []


def test_what_somebody_changed_keeps_what_it_refers_to(bench: Bench) -> None:
    bench.world.guards = False
    run = bench.live().id
    bench.world.rows["places"][bench.world.native("places", "2|p3")]["role"] = "by hand"
    refused = {(step.entity, step.key) for step in bench.rollback(run).steps if step.refused}
    assert refused == {("places", "2|p3"), ("rooms", "2"), ("people", "p3")}
    assert dangling(bench) == []


def test_what_no_mapping_fills_is_not_put_back(bench: Bench) -> None:
    bench.live()
    bench.rows["people"]["3"] = person("p3", name="v2")
    run = bench.live().id
    bench.world.rows["people"][bench.world.native("people", "p3")]["extra"] = "by hand"
    assert whole(bench.rollback(run))
    (there,) = bench.world.table("people")["p3"]
    assert (there["name"], there["extra"]) == ("N p3", "by hand")


def test_a_circle_is_opened_before_it_is_removed(bench: Bench) -> None:
    bench.rows = {"people": {"1": person("p1", boss="p2"), "2": person("p2", boss="p1")}, "guests": {}, "rooms": {}, "places": {}}
    run = bench.live().id
    assert whole(bench.rollback(run))
    assert bench.world.state() == {}


def test_what_was_taken_over_and_changed_is_put_back(bench: Bench) -> None:
    bench.settings["existing"] = {"people": "update"}
    bench.world.put("people", {"person": "p2", "login": "l-p2", "name": "old", "status": "open", "boss": None})
    before = bench.world.state()
    run = bench.live().id
    assert bench.world.table("people")["p2"][0]["status"] == "closed"
    assert whole(bench.rollback(run))
    assert bench.world.state() == before


def test_a_target_that_is_lost_is_not_tried_again_and_again(bench: Bench) -> None:
    run = bench.live().id
    once(bench.world, "before", "remove", "rooms", TargetLost("nobody answers"))
    before = len(bench.world.writes())
    done = bench.rollback(run)
    assert {why.split(":")[0] for _, why in done.failed} == {"nobody answers", "not tried"}
    assert [what for what, entity, _ in bench.world.writes()[before:] if entity == "people"] == []
    assert whole(bench.rollback(run))
    assert bench.world.state() == {}


def test_a_run_is_not_taken_back_in_another_target(bench: Bench) -> None:
    run = bench.live().id
    bench.world.address = "memory://two"
    with pytest.raises(ConfigurationError, match="another target"):
        bench.rollback(run)


def test_what_was_gone_already_when_it_was_to_be_removed_is_not_brought_back(bench: Bench) -> None:
    bench.live()
    bench.settings["max_deletions"] = 100
    left = bench.rows["places"].pop("3")
    del bench.world.rows["places"][bench.world.native("places", "2|p3")]
    before = bench.world.state()
    run = bench.live(apply_deletions=True).id
    done = bench.rollback(run)
    assert whole(done)
    assert [(step.key, step.what) for step in done.steps] == [("2|p3", "forget")]
    assert bench.world.state() == before
    assert bench.open_receipts() == []
    bench.rows["places"]["3"] = left
    bench.live()
    assert "2|p3" in bench.world.table("places")
    clean(bench)
