"""Keys that look alike, change, swap and come back; mappings that come, go and share an entity."""

from __future__ import annotations

from pathlib import Path

from live_bench import FILES, Bench, bench_plan, clean, person, place, room

from migrate.compiler.plan import Plan


def test_a_key_that_changed_holds_nothing_back_in_another_entity(tmp_path: Path, plan: Plan) -> None:
    b = Bench(tmp_path / "b", plan)
    b.rows["people"] = {"1": person("1")}
    b.live()
    b.rows["people"] = {"1": person("5")}
    b.rows["rooms"] = {"1": room(5)}
    e = b.live()
    assert e.results == {("people", "1"): "held", ("rooms", "1"): "created"}


def test_a_record_that_was_renamed_in_the_target_is_the_same_record(bench: Bench) -> None:
    bench.live()
    bench.rows["people"]["3"] = person("px", login="l-p3", name="N p3")
    bench.rows["places"]["3"] = place(2, "px")
    assert bench.live().results["people", "3"] == "held"
    w = bench.world
    w.rows["people"][w.native("people", "p3")]["person"] = "px"
    e = bench.live()
    assert e.results["people", "3"] == "updated", e
    assert e.findings == []
    clean(bench)


def test_the_source_record_behind_a_key_may_be_another_one(bench: Bench) -> None:
    bench.live()
    bench.settings["max_deletions"] = 100
    bench.rows["places"]["9"] = bench.rows["places"].pop("3")
    bench.live()
    bench.rows["places"]["9"] = {**bench.rows["places"]["9"], "_kept": "quarantined"}
    e = bench.live(apply_deletions=True)
    assert "2|p3" in bench.world.table("places"), e.findings
    assert ("LIVE-STALE", "places", "9") in e.findings


def test_a_run_over_one_of_two_mappings_finds_its_records_unchanged(bench: Bench, plan: Plan, tmp_path: Path) -> None:
    only = bench_plan(tmp_path / "only", ["guests"])
    bench.live()
    n = len(bench.world.writes())
    e = bench.live(only)
    assert bench.world.writes()[n:] == [], e
    clean(bench)


def test_somebodys_change_shows_in_a_run_over_one_mapping(bench: Bench, tmp_path: Path) -> None:
    only = bench_plan(tmp_path / "only", ["guests"])
    bench.live()
    w = bench.world
    w.rows["people"][w.native("people", "g1")]["name"] = "by hand"
    bench.rows["guests"]["1"] = {"person": "g1", "name": "G2"}
    e = bench.live(only)
    assert w.table("people")["g1"][0]["name"] == "by hand", e


def test_somebodys_change_shows_though_the_mapping_has_learnt_a_field(bench: Bench, tmp_path: Path) -> None:
    less = bench_plan(
        tmp_path / "less",
        people=FILES["mapping/people.yaml"]
        .replace("  login: {from: login}\n", "")
        .replace("fields:", "drop: {login: none}\nfields:"),
        rooms=FILES["mapping/rooms.yaml"].replace("  tag: {from: tag}\n", "").replace("fields:", "drop: {tag: none}\nfields:"),
    )
    bench.live(less)
    w = bench.world
    w.rows["people"][w.native("people", "p3")]["name"] = "by hand"
    e = bench.live()
    assert w.table("people")["p3"][0]["name"] == "by hand", e
    assert ("LIVE-DRIFT", "people", "3") in e.findings


def test_keys_with_signs_of_their_own_and_of_one_spelling(bench: Bench) -> None:
    bench.rows["people"] |= {"7": person("a|b"), "8": person("a\\"), "9": person("A|B"), "10": person("é\n")}
    bench.rows["places"] |= {"7": place(1, "a|b"), "8": place(1, "a\\"), "9": place(1, "A|B")}
    e = bench.live()
    assert set(e.results.values()) == {"created"}
    clean(bench)
    bench.settings["max_deletions"] = 100
    before = bench.world.state()
    for k in ("7", "8", "9"):
        bench.rows["places"].pop(k)
    e = bench.live(apply_deletions=True)
    assert {c for c, *_ in e.findings} == {"LIVE-REMOVED"}
    assert bench.rollback(e.id).failed == ()
    assert bench.world.state() == before
    assert bench.rollback("r00001").failed == ()
    assert bench.world.state() == {}


def test_two_keys_swap(bench: Bench) -> None:
    bench.live()
    bench.rows["people"]["1"], bench.rows["people"]["3"] = person("p3", name="one"), person("p1", name="three")
    e = bench.live()
    assert e.findings == []
    assert bench.world.table("people")["p1"][0]["name"] == "three"
    clean(bench)


def test_a_record_that_somebody_replaced_is_referred_to_by_its_new_id(bench: Bench) -> None:
    bench.live()
    w = bench.world
    w.guards = False
    old = w.native("people", "p3")
    row = w.rows["people"].pop(old)
    new = w.put("people", row)
    for r in w.rows["places"].values():
        if r["person"] == old:
            r["person"] = new
    clean(bench)
    bench.rows["rooms"]["9"] = room(9, owner="p3")
    e = bench.live()
    assert e.findings == []
    clean(bench)


def test_records_that_refer_to_one_another_in_a_circle(bench: Bench) -> None:
    bench.rows = {
        "people": {"1": person("p1", boss="p2"), "2": person("p2", boss="p1"), "3": person("p3", boss="p2")},
        "guests": {},
        "rooms": {},
        "places": {},
    }
    e = bench.live()
    bench.live()
    t = bench.world.table("people")
    assert {k: v[0]["boss"] for k, v in t.items()} == {"p1": "p2", "p2": "p1", "p3": "p2"}, e


def test_a_record_that_refers_to_itself(bench: Bench) -> None:
    bench.rows = {"people": {"1": person("p1", boss="p1")}, "guests": {}, "rooms": {}, "places": {}}
    e = bench.live()
    bench.live()
    assert bench.world.table("people")["p1"][0]["boss"] == "p1", e


def test_without_its_ledger_a_workspace_takes_over_what_is_as_it_is_meant(bench: Bench) -> None:
    bench.live()
    bench.ledger.close()
    for f in bench.folder.glob("ledger*"):
        f.unlink()
    bench.open()
    clean(bench)
    clean(bench)


def test_what_is_there_as_it_is_meant_in_the_end_is_taken_over(bench: Bench) -> None:
    bench.world.put("people", {"person": "p1", "login": "l-p1", "name": "N p1", "status": "open", "boss": None})
    bench.world.put(
        "people",
        {"person": "p2", "login": "l-p2", "name": "N p2", "status": "closed", "boss": bench.world.native("people", "p1")},
    )
    e = bench.live()
    assert e.results["people", "2"] == "unchanged"
    assert e.findings == []
    assert bench.world.table("people")["p2"][0]["status"] == "closed"
    clean(bench)


def test_what_is_there_as_it_is_meant_for_the_time_being_is_held(bench: Bench) -> None:
    bench.world.put("people", {"person": "p1", "login": "l-p1", "name": "N p1", "status": "open", "boss": None})
    bench.world.put(
        "people", {"person": "p2", "login": "l-p2", "name": "N p2", "status": "open", "boss": bench.world.native("people", "p1")}
    )
    e = bench.live()
    assert e.results["people", "2"] == "held"
    assert ("LIVE-EXISTS", "people", "2") in e.findings


def test_what_refers_to_a_record_that_is_held_names_it(bench: Bench) -> None:
    w = bench.world
    w.put("people", {"person": "p1", "login": "else", "name": "else", "status": "open", "boss": None})
    e = bench.live()
    assert e.results["people", "1"] == "held"
    assert e.results["people", "2"] == "blocked"
    assert e.results["places", "1"] == "blocked"
    assert e.results["rooms", "1"] == "blocked"
    assert e.messages["LIVE-BLOCKED", "rooms", "1"].endswith("people/1")


def test_a_value_that_two_records_share_names_one_of_them(bench: Bench) -> None:
    bench.rows["people"]["3"] = person("p3", login="l-p1")
    ended = bench.live()
    assert set(ended.results.values()) == {"created"}
    assert ended.findings == []
    created = [key for what, entity, keys in bench.world.calls for key in keys if (what, entity) == ("create", "rooms")]
    assert sorted(created) == ["1", "2"]
    clean(bench)


def test_blank_and_absent_are_one(bench: Bench) -> None:
    bench.rows["people"]["3"] = person("p3", name="", login=None)
    assert bench.live().findings == []
    clean(bench)
