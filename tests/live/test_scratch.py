from __future__ import annotations
from pathlib import Path
from typing import Any
import pytest
from live_bench import FILES, Bench, Killed, bench_plan
from migrate.connectors.target import Outcome
from migrate.errors import TargetLost

@pytest.fixture(scope="session")
def plan(tmp_path_factory):
    return bench_plan(tmp_path_factory.mktemp("ws"))

def person(key, **more):
    return {"person": key, "login": f"l-{key}", "name": f"N {key}", "status": "open", "boss": None} | more
def room(n, **more):
    return {"room": n, "title": f"R{n}", "tag": None, "owner": None} | more
def place(r, p, **more):
    return {"room": r, "person": p, "role": "s", "score": 0.5} | more

@pytest.fixture
def bench(tmp_path, plan):
    b = Bench(tmp_path / "b", plan)
    b.rows["people"] = {"1": person("p1"), "2": person("p2", status="closed", boss="p1"), "3": person("p3")}
    b.rows["guests"] = {"1": {"person": "g1", "name": "G"}}
    b.rows["rooms"] = {"1": room(1, owner="p2", tag="l-p1"), "2": room(2)}
    b.rows["places"] = {"1": place(1, "p1"), "2": place(1, "g1"), "3": place(2, "p3")}
    yield b
    b.ledger.close()

def once(world, when, what, entity, error):
    def hook(w, a, e, records):
        if (w, a, e) == (when, what, entity):
            world.hook = lambda *_: None
            raise error
    world.hook = hook

def kill(bench, point, number=0, **run):
    """die at a ledger call"""
    from migrate.ledger import Ledger
    original = getattr(Ledger, point)
    left = [number]
    def dying(self, *a, **k):
        left[0] -= 1
        if left[0] < 0:
            raise Killed
        return original(self, *a, **k)
    setattr(Ledger, point, dying)
    try:
        with pytest.raises(Killed):
            bench.live(**run)
    finally:
        setattr(Ledger, point, original)
        bench.world.hook = lambda *_: None
    bench.reopen()

def clean(bench, **run):
    n = len(bench.world.writes())
    e = bench.live(**run)
    assert set(e.results.values()) <= {"unchanged"}, e.results
    assert e.findings == []
    assert bench.world.writes()[n:] == []
    assert bench.open_receipts() == []
    assert bench.trail_is_whole()

def test_clean(bench):
    bench.live(); clean(bench); clean(bench, delta=True)

def test_finish_killed_after_effect(bench):
    once(bench.world, "after", "update", "people", Killed())
    with pytest.raises(Killed): bench.live()
    bench.reopen()
    e = bench.live()
    assert e.findings == []
    assert bench.world.table("people")["p2"][0]["status"] == "closed"
    clean(bench)

def test_finish_lost_reply(bench):
    once(bench.world, "after", "update", "people", TargetLost("x"))
    bench.live()
    e = bench.live()
    assert e.findings == []
    clean(bench)

def test_ledger_lost_adopts_everything(bench):
    bench.live()
    bench.ledger.close()
    for f in bench.folder.glob("ledger*"): f.unlink()
    bench.open()
    clean(bench); clean(bench)

def test_orphan_update_then_back(bench):
    bench.live()
    bench.rows["people"]["3"] = person("p3", name="v2")
    once(bench.world, "after", "update", "people", Killed())
    with pytest.raises(Killed): bench.live()
    bench.reopen()
    bench.rows["people"]["3"] = person("p3", _kept="quarantined")
    bench.rows["places"].pop("3")
    bench.live()
    bench.rows["people"]["3"] = person("p3")
    bench.live(delta=True)
    assert bench.world.table("people")["p3"][0]["name"] == "N p3"

def test_killed_removal_then_back(bench):
    bench.live()
    bench.settings["max_deletions"] = 100
    gone = bench.rows["places"].pop("3")
    once(bench.world, "after", "remove", "places", Killed())
    with pytest.raises(Killed): bench.live(apply_deletions=True)
    bench.reopen()
    bench.rows["places"]["3"] = gone
    e = bench.live(delta=True)
    assert "2|p3" in bench.world.table("places"), e
    clean(bench)

def test_adopted_after_removal_is_not_ours(bench):
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

def test_rename_of_another_entity_same_key(tmp_path, plan):
    b = Bench(tmp_path / "b", plan)
    b.rows["people"] = {"1": person("1")}
    b.live()
    b.rows["people"] = {"1": person("5")}
    b.rows["rooms"] = {"1": room(5)}
    e = b.live()
    assert e.results == {("people", "1"): "held", ("rooms", "1"): "created"}

def test_rename_resolved_in_target(bench):
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

def test_orphan_create_renamed(bench):
    once(bench.world, "after", "create", "people", Killed())
    with pytest.raises(Killed): bench.live()
    bench.reopen()
    bench.rows["guests"]["1"] = {"person": "g2", "name": "G"}
    bench.rows["places"].pop("2")
    e = bench.live()
    t = bench.world.table("people")
    assert not {"g1", "g2"} <= t.keys(), e

def test_source_moves_then_quarantined(bench):
    bench.live()
    bench.settings["max_deletions"] = 100
    bench.rows["places"]["9"] = bench.rows["places"].pop("3")
    bench.live()
    bench.rows["places"]["9"] = {**bench.rows["places"]["9"], "_kept": "quarantined"}
    e = bench.live(apply_deletions=True)
    assert "2|p3" in bench.world.table("places"), e.findings
    assert ("LIVE-STALE", "places", "9") in e.findings

def test_only_one_mapping_of_an_entity(bench, plan, tmp_path):
    only = bench_plan(tmp_path / "only", ["guests"])
    bench.live()
    n = len(bench.world.writes())
    e = bench.live(only)
    assert bench.world.writes()[n:] == [], e
    clean(bench)

def test_drift_seen_through_only(bench, tmp_path):
    only = bench_plan(tmp_path / "only", ["guests"])
    bench.live()
    w = bench.world
    w.rows["people"][w.native("people", "g1")]["name"] = "by hand"
    bench.rows["guests"]["1"] = {"person": "g1", "name": "G2"}
    e = bench.live(only)
    assert w.table("people")["g1"][0]["name"] == "by hand", e

def test_drift_seen_through_mapping_change(bench, tmp_path):
    less = bench_plan(tmp_path / "less", people=FILES["mapping/people.yaml"].replace("  login: {from: login}\n", "").replace("fields:", "drop: {login: none}\nfields:"), rooms=FILES["mapping/rooms.yaml"].replace("  tag: {from: tag}\n","").replace("fields:", "drop: {tag: none}\nfields:"))
    bench.live(less)
    w = bench.world
    w.rows["people"][w.native("people", "p3")]["name"] = "by hand"
    e = bench.live()
    assert w.table("people")["p3"][0]["name"] == "by hand", e
    assert ("LIVE-DRIFT", "people", "3") in e.findings

def test_unwritable(bench):
    bench.world.abilities["rooms"] = {"unwritable": ("title",)}
    bench.live()
    assert set(bench.predict().values()) == {"unchanged"}

def test_missing_outcome(bench):
    from world import WorldTarget
    original = WorldTarget.write
    try:
        WorldTarget.write = lambda self, e, a, r: [o for o in original(self, e, a, r) if o.key != "p3"]
        e = bench.live()
    finally:
        WorldTarget.write = original
    assert e.results["people", "3"] == "created"
    clean(bench)

def test_missing_outcome_no_effect(bench):
    from world import WorldTarget
    original = WorldTarget.write
    try:
        WorldTarget.write = lambda self, e, a, r: original(self, e, a, [x for x in r if x.key != "p3"])
        e = bench.live()
    finally:
        WorldTarget.write = original
    assert e.results["people", "3"] == "failed"
    bench.live()
    clean(bench)

@pytest.mark.parametrize("extra", [Outcome("p1", "refused", None, "again"), Outcome("p1", "done", "77")])
def test_foreign_outcome(bench, extra):
    from world import WorldTarget
    original = WorldTarget.write
    try:
        WorldTarget.write = lambda self, e, a, r: [*original(self, e, a, r), *([extra] if e == "people" and any(x.key == "p1" for x in r) else [])]
        e = bench.live()
    finally:
        WorldTarget.write = original
    assert e.results["people", "3"] == "created"
    assert len(e.results) == 9

def test_find_other_keys(bench):
    from world import WorldTarget
    from migrate.connectors.target import Held
    original = WorldTarget.find
    bench.live()
    try:
        WorldTarget.find = lambda self, e, r: [*original(self, e, r), Held("nobody", "5", {"name": "x"}, {})]
        e = bench.live()
        bench.rows["people"]["3"] = person("p3", name="v2")
        e = bench.live()
    finally:
        WorldTarget.find = original
    assert e.results["people", "3"] == "updated"

def test_says_done_and_did_nothing(bench):
    bench.world.answer = lambda a, e, r: (Outcome(r.key, "done", "99"), False) if r.key == "2|p3" else (None, True)
    e = bench.live()
    assert e.results["places", "3"] == "failed"
    bench.world.answer = lambda a, e, r: (None, True)
    bench.live()
    assert "2|p3" in bench.world.table("places")
    clean(bench)

def test_no_find_nothing_twice(bench):
    bench.world.abilities[""] = {"find": False}
    bench.world.guards = False
    once(bench.world, "after", "create", "places", TargetLost("x"))
    bench.live()
    bench.live()
    bench.live()
    assert all(len(v) == 1 for v in bench.world.table("places").values())
    creates = [k for a, en, ks in bench.world.calls for k in ks if a == "create"]
    assert len(creates) == len(set(creates))

def test_gone_before_finish(bench):
    bench.world.answer = lambda a, e, r: (Outcome(r.key, "refused", None, "no"), False) if a == "update" else (None, True)
    bench.live()
    bench.world.answer = lambda a, e, r: (None, True)
    del bench.world.rows["rooms"][bench.world.native("rooms", "1")]
    bench.world.guards = False
    del bench.world.rows["people"][bench.world.native("people", "p2")]
    e = bench.live()
    assert "p2" not in bench.world.table("people")
    assert ("LIVE-GONE", "people", "2") in e.findings

def test_delta_after_cut_off_is_read_back(bench):
    bench.live(read=False)
    bench.live(delta=True)
    r = bench.rollback("r00001", execute=False)
    assert [s.refused for s in r.steps if s.refused] == []

def test_drifted_is_not_deleted(bench):
    bench.live()
    bench.settings["max_deletions"] = 100
    w = bench.world
    w.rows["places"][w.native("places", "2|p3")]["role"] = "by hand"
    bench.rows["places"].pop("3")
    e = bench.live(apply_deletions=True)
    assert "2|p3" in w.table("places")
    assert ("LIVE-VANISHED", "places", "3") in e.findings

def test_delete_chain(bench):
    bench.rows = {"people": {str(n): person(f"p{n}", boss=f"p{n-1}" if n > 1 else None) for n in range(1, 6)}, "guests": {}, "rooms": {}, "places": {}}
    bench.live()
    bench.settings["max_deletions"] = 100
    bench.rows["people"] = {}
    e = bench.live(apply_deletions=True)
    assert bench.world.state() == {}
    assert bench.live().findings == []

def test_delete_target_lost(bench):
    bench.live()
    bench.settings["max_deletions"] = 100
    bench.rows["places"] = {}
    once(bench.world, "before", "remove", "places", TargetLost("x"))
    e = bench.live(apply_deletions=True)
    assert e.lost
    assert {k for c, m, k in e.findings if m == "places"} == {"1", "2", "3"}, e.findings

def test_rollback_killed_restore(bench):
    bench.live()
    before = bench.world.state()
    bench.rows["people"]["3"] = person("p3", name="v2")
    bench.rows["people"]["1"] = person("p1", name="v2")
    run = bench.live().id
    once(bench.world, "after", "update", "people", Killed())
    with pytest.raises(Killed): bench.rollback(run)
    bench.reopen()
    done = bench.rollback(run)
    assert [s.refused for s in done.steps if s.refused] == []
    assert bench.world.state() == before
    assert bench.open_receipts() == []

@pytest.mark.parametrize("point", ["intend", "take_back"])
def test_rollback_killed_at_ledger(bench, point):
    from migrate.ledger import Ledger
    bench.live()
    before = bench.world.state()
    bench.settings["max_deletions"] = 100
    bench.rows["people"]["3"] = person("p3", name="v2")
    bench.rows["places"].pop("1")
    bench.rows["rooms"]["3"] = room(3)
    run = bench.live(apply_deletions=True).id
    for n in range(4):
        original = getattr(Ledger, point)
        left = [n]
        def dying(self, *a, **k):
            left[0] -= 1
            if left[0] < 0: raise Killed
            return original(self, *a, **k)
        setattr(Ledger, point, dying)
        try:
            bench.rollback(run)
        except Killed:
            pass
        finally:
            setattr(Ledger, point, original)
        bench.reopen()
    done = bench.rollback(run)
    assert [s.refused for s in done.steps if s.refused] == []
    assert bench.world.state() == before
    assert bench.open_receipts() == []

def test_rollback_killed_then_live(bench):
    bench.live()
    bench.rows["people"]["3"] = person("p3", name="v2")
    run = bench.live().id
    after = bench.world.state()
    once(bench.world, "after", "update", "people", Killed())
    with pytest.raises(Killed): bench.rollback(run)
    bench.reopen()
    e = bench.live()
    assert e.findings == []
    assert bench.world.state() == after
    clean(bench)

def test_rollback_unverified_open_update(bench):
    bench.live()
    before = bench.world.state()
    bench.rows["people"]["3"] = person("p3", name="v2")
    once(bench.world, "after", "update", "people", Killed())
    with pytest.raises(Killed): bench.live()
    bench.reopen()
    done = bench.rollback("r00002", unverified=True)
    assert [s.refused for s in done.steps if s.refused] == []
    assert bench.world.state() == before

def test_rollback_delete_and_update(bench):
    bench.live()
    before = bench.world.state()
    bench.settings["max_deletions"] = 100
    bench.rows["people"].pop("2")
    bench.rows["rooms"]["1"] = room(1, owner="p3", tag="l-p1")
    e = bench.live(apply_deletions=True)
    assert "p2" not in bench.world.table("people")
    done = bench.rollback(e.id)
    assert done.failed == ()
    assert bench.world.state() == before

def test_rollback_chain_natives(bench):
    """run 2 moves a room from p2 to p3, run 3 deletes p2; rollback 3, then 2"""
    bench.live()
    before = bench.world.state()
    bench.settings["max_deletions"] = 100
    bench.rows["rooms"]["1"] = room(1, owner="p3", tag="l-p1")
    r2 = bench.live().id
    bench.rows["people"].pop("2")
    r3 = bench.live(apply_deletions=True).id
    assert bench.rollback(r3).failed == ()
    assert bench.rollback(r2).failed == ()
    assert bench.world.state() == before

def test_rollback_referred_by_later(bench):
    bench.world.guards = False
    first = bench.live().id
    bench.rows["places"]["7"] = place(2, "p1")
    bench.rows["rooms"]["7"] = room(7, owner="p3")
    later = bench.live().id
    r = bench.rollback(first, execute=False)
    refused = {(s.entity, s.key) for s in r.steps if s.refused}
    assert {("people", "p1"), ("people", "p3"), ("rooms", "2")} <= refused
    bench.rollback(first)
    assert not [row for rows in bench.world.state().values() for many in rows.values() for row in many for v in row.values() if str(v).startswith("dangling")]

def test_adopt_first_value(bench):
    """somebody has p2 equal to what is meant in the end"""
    bench.world.put("people", {"person": "p1", "login": "l-p1", "name": "N p1", "status": "open", "boss": None})
    bench.world.put("people", {"person": "p2", "login": "l-p2", "name": "N p2", "status": "closed", "boss": bench.world.native("people", "p1")})
    e = bench.live()
    assert e.results["people", "2"] == "unchanged"
    assert e.findings == []
    assert bench.world.table("people")["p2"][0]["status"] == "closed"
    clean(bench)

def test_adopt_only_first_equal(bench):
    bench.world.put("people", {"person": "p1", "login": "l-p1", "name": "N p1", "status": "open", "boss": None})
    bench.world.put("people", {"person": "p2", "login": "l-p2", "name": "N p2", "status": "open", "boss": bench.world.native("people", "p1")})
    e = bench.live()
    assert e.results["people", "2"] == "held"
    assert ("LIVE-EXISTS", "people", "2") in e.findings

def test_cycle(bench):
    bench.rows = {"people": {"1": person("p1", boss="p2"), "2": person("p2", boss="p1"), "3": person("p3", boss="p2")}, "guests": {}, "rooms": {}, "places": {}}
    e = bench.live()
    bench.live()
    t = bench.world.table("people")
    assert {k: v[0]["boss"] for k, v in t.items()} == {"p1": "p2", "p2": "p1", "p3": "p2"}, e

def test_self_reference_to_itself(bench):
    bench.rows = {"people": {"1": person("p1", boss="p1")}, "guests": {}, "rooms": {}, "places": {}}
    e = bench.live()
    bench.live()
    assert bench.world.table("people")["p1"][0]["boss"] == "p1", e

def test_other_target(bench):
    bench.live()
    bench.world.address = "memory://two"
    bench.world.rows.clear()
    from migrate.errors import ConfigurationError
    with pytest.raises(ConfigurationError):
        bench.rollback("r00001")

def test_keys(bench):
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

def test_swap(bench):
    bench.live()
    bench.rows["people"]["1"], bench.rows["people"]["3"] = person("p3", name="one"), person("p1", name="three")
    e = bench.live()
    assert e.findings == []
    assert bench.world.table("people")["p1"][0]["name"] == "three"
    clean(bench)

def test_native_changes(bench):
    bench.live()
    w = bench.world
    w.guards = False
    old = w.native("people", "p3")
    row = w.rows["people"].pop(old)
    new = w.put("people", row)
    for r in w.rows["places"].values():
        if r["person"] == old: r["person"] = new
    clean(bench)
    bench.rows["rooms"]["9"] = room(9, owner="p3")
    e = bench.live()
    assert e.findings == []
    clean(bench)

def test_twice_after_lost_reply(bench):
    """a connector that repeats a create whose reply was lost"""
    w = bench.world
    def answer(a, e, r):
        if (a, e, r.key) == ("create", "people", "p3"):
            for _ in range(2):
                w.put("people", {k: v for k, v in r.values.items()})
            return Outcome(r.key, "unknown", None, "lost"), False
        return None, True
    w.answer = answer
    e = bench.live()
    assert e.results["people", "3"] != "created"
    assert "LIVE-TWICE" in bench.live().codes

def test_reference_to_held(bench):
    w = bench.world
    w.put("people", {"person": "p1", "login": "else", "name": "else", "status": "open", "boss": None})
    e = bench.live()
    assert e.results["people", "1"] == "held" and e.results["people", "2"] == "blocked" and e.results["places", "1"] == "blocked"
    assert e.results["rooms", "1"] == "blocked"
    assert e.messages["LIVE-BLOCKED", "rooms", "1"].endswith("people/1")

def test_adopt_then_finish_then_rollback(bench):
    bench.settings["existing"] = {"people": "update"}
    w = bench.world
    w.put("people", {"person": "p2", "login": "l-p2", "name": "old", "status": "open", "boss": None})
    before = w.state()
    e = bench.live()
    assert w.table("people")["p2"][0]["status"] == "closed"
    assert bench.rollback(e.id).failed == ()
    assert w.state() == before

def test_refused_update_then_source_back(bench):
    bench.live()
    bench.rows["people"]["3"] = person("p3", name="v2")
    bench.world.answer = lambda a, e, r: (Outcome(r.key, "refused", None, "no"), False) if a == "update" else (None, True)
    bench.live()
    bench.world.answer = lambda a, e, r: (None, True)
    bench.rows["people"]["3"] = person("p3")
    clean(bench)

def test_unchanged_twice_when_update_recovered_in_other_run(bench):
    bench.live()
    bench.rows["people"]["3"] = person("p3", name="v2")
    once(bench.world, "after", "update", "people", Killed())
    with pytest.raises(Killed): bench.live()
    bench.reopen()
    bench.rows["people"]["3"] = person("p3", name="v3")
    e = bench.live()
    assert e.findings == []
    assert bench.world.table("people")["p3"][0]["name"] == "v3"
    clean(bench)

def test_mapping_dropped(bench, tmp_path):
    bench.live()
    fewer = bench_plan(tmp_path / "fewer", places="", pair=FILES["mapping/pair.yaml"] + "drop: {place: none}\n")
    e = bench.live(fewer)
    assert {k for c, m, k in e.findings if c == "LIVE-VANISHED"} == {"1", "2", "3"}, e.findings

def test_two_runs_old_open_receipt(bench):
    """a kill at intend->before write repeatedly leaves no receipt behind"""
    for n in range(3):
        once(bench.world, "before", "create", "people", Killed())
        with pytest.raises(Killed): bench.live()
        bench.reopen()
    bench.live()
    assert bench.open_receipts() == []
    clean(bench)

def test_open_receipts_without_find(bench):
    pass

def test_parallel_killed(bench):
    bench.world.abilities[""] = {"parallel": 2, "batch": 1}
    once(bench.world, "after", "create", "people", Killed())
    with pytest.raises(Killed): bench.live()
    bench.reopen()
    bench.live()
    clean(bench)
