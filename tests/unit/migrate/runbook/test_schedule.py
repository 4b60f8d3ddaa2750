"""The arithmetic of beginnings and ends."""

from __future__ import annotations

import pytest

from migrate.runbook.schedule import Actual, Circle, Task, ordered, schedule, within

DIAMOND = [Task("a", 10), Task("b", 30, ("a",)), Task("c", 5, ("a",)), Task("d", 20, ("b", "c"))]


def test_the_longest_way_decides_and_the_other_has_slack() -> None:
    slots = schedule(DIAMOND)
    assert {n: (s.start, s.end) for n, s in slots.items()} == {"a": (0, 10), "b": (10, 40), "c": (10, 15), "d": (40, 60)}
    assert {n: s.slack for n, s in slots.items()} == {"a": 0, "b": 0, "c": 25, "d": 0}


def test_nothing_begins_before_its_instant() -> None:
    slots = schedule([Task("a", 10, at=-60), Task("b", 10, ("a",), at=0), Task("c", 10, ("b",), at=5)])
    assert [(s.start, s.end) for s in slots.values()] == [(-60, -50), (0, 10), (10, 20)]


def test_slack_is_reckoned_to_the_last_step_that_counts() -> None:
    slots = schedule([*DIAMOND, Task("later", 10, ("d",), at=5000)], counted={"a", "b", "c", "d"})
    assert [slots[n].slack for n in ("a", "b", "c", "d", "later")] == [0, 0, 25, 0, None]
    assert not slots["later"].critical


def test_what_happened_stands_and_what_is_ahead_moves() -> None:
    slots = schedule(DIAMOND, {"a": Actual(0, 25), "b": Actual(25, None)}, now=70)
    assert (slots["b"].start, slots["b"].end) == (25, 70)  # it is late, and ends no earlier than now
    assert (slots["c"].start, slots["c"].end) == (70, 75)
    assert (slots["d"].start, slots["d"].end) == (75, 95)


def test_a_running_step_keeps_its_plan_while_there_is_time() -> None:
    assert schedule(DIAMOND, {"a": Actual(0, 10), "b": Actual(10, None)}, now=12)["b"].end == 40


def test_a_circle_is_named() -> None:
    with pytest.raises(Circle) as caught:
        ordered([Task("x", 1), Task("a", 1, ("c",)), Task("b", 1, ("a",)), Task("c", 1, ("b", "x"))])
    assert caught.value.ids == ["a", "c", "b", "a"]
    with pytest.raises(Circle) as alone:
        ordered([Task("a", 1, ("a",))])
    assert alone.value.ids == ["a", "a"]


def test_what_is_left_out_passes_its_waiting_on() -> None:
    chosen = within([Task("a", 1), Task("b", 2, ("a",)), Task("c", 3, ("b",)), Task("d", 4, ("c",))], ["a", "d"])
    assert [(t.id, t.after) for t in chosen] == [("a", ()), ("d", ("a",))]
