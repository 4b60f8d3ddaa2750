"""Deletions: what is removed, in which order, and what never is."""

from __future__ import annotations

from pathlib import Path

from live_bench import FILES, Bench, bench_plan, once, person

from migrate.errors import TargetLost


def test_what_somebody_put_where_a_record_was_removed_is_not_removed(bench: Bench) -> None:
    bench.live()
    bench.settings["max_deletions"] = 100
    gone = bench.rows["places"].pop("3")
    bench.live(apply_deletions=True)
    w = bench.world
    w.put("places", {"room": w.native("rooms", "2"), "person": w.native("people", "p3"), "role": "s", "score": 0.5})
    bench.rows["places"]["3"] = gone
    assert bench.live().results["places", "3"] == "unchanged"
    del bench.rows["places"]["3"]
    e = bench.live(apply_deletions=True)
    assert "2|p3" in bench.world.table("places"), e.findings


def test_what_somebody_changed_is_not_removed(bench: Bench) -> None:
    bench.live()
    bench.settings["max_deletions"] = 100
    w = bench.world
    w.rows["places"][w.native("places", "2|p3")]["role"] = "by hand"
    bench.rows["places"].pop("3")
    e = bench.live(apply_deletions=True)
    assert "2|p3" in w.table("places")
    assert ("LIVE-VANISHED", "places", "3") in e.findings


def test_children_go_before_their_parents(bench: Bench) -> None:
    bench.rows = {
        "people": {str(n): person(f"p{n}", boss=f"p{n - 1}" if n > 1 else None) for n in range(1, 6)},
        "guests": {},
        "rooms": {},
        "places": {},
    }
    bench.live()
    bench.settings["max_deletions"] = 100
    bench.rows["people"] = {}
    bench.live(apply_deletions=True)
    assert bench.world.state() == {}
    assert bench.live().findings == []


def test_what_was_to_be_removed_when_the_target_was_lost_is_told(bench: Bench) -> None:
    bench.live()
    bench.settings["max_deletions"] = 100
    bench.rows["places"] = {}
    once(bench.world, "before", "remove", "places", TargetLost("x"))
    e = bench.live(apply_deletions=True)
    assert e.lost
    assert {k for c, m, k in e.findings if m == "places"} == {"1", "2", "3"}, e.findings


def test_what_an_entity_without_a_mapping_holds_is_told(bench: Bench, tmp_path: Path) -> None:
    bench.live()
    fewer = bench_plan(tmp_path / "fewer", places="", pair=FILES["mapping/pair.yaml"] + "drop: {place: none}\n")
    e = bench.live(fewer)
    assert {k for c, m, k in e.findings if c == "LIVE-VANISHED"} == {"1", "2", "3"}, e.findings


def test_a_run_over_some_mappings_removes_nothing(bench: Bench, tmp_path: Path) -> None:
    bench.live()
    bench.settings["max_deletions"] = 100
    held = bench.world.state()
    bench.rows["places"] = {}
    bench.rows["guests"] = {}
    for only in (["guests"], ["people", "rooms", "places"]):
        ended = bench.live(bench_plan(tmp_path / only[0], only), apply_deletions=True)
        assert ended.findings == []
    assert bench.world.state() == held


def test_what_refers_to_a_record_and_stays_keeps_it(bench: Bench) -> None:
    bench.world.guards = False
    bench.live()
    bench.settings["max_deletions"] = 100
    bench.world.rows["places"][bench.world.native("places", "2|p3")]["role"] = "by hand"
    bench.rows["places"].pop("3")
    bench.rows["people"].pop("3")
    ended = bench.live(apply_deletions=True)
    assert ended.findings == [("LIVE-VANISHED", "people", "3"), ("LIVE-VANISHED", "places", "3")]
    assert "a record that stays refers to it: places 2|p3" in ended.messages["LIVE-VANISHED", "people", "3"]


def test_the_share_is_not_rounded(bench: Bench) -> None:
    bench.rows["people"] = {str(n): person(f"p{n}") for n in range(200)}
    bench.rows["rooms"] = bench.rows["places"] = {}
    bench.live()
    bench.settings["max_deletions"] = 1.0
    for gone in range(3):
        bench.rows["people"].pop(str(gone))
    assert bench.live(apply_deletions=True).codes == {"LIVE-VANISHED"}  # 3 of 201
    bench.rows["people"]["0"] = person("p0")
    assert bench.live(apply_deletions=True).codes == {"LIVE-REMOVED"}  # 2 of 201
