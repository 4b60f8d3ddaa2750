"""The runbook's arithmetic and its log, over random runbooks and random histories."""

from __future__ import annotations

import datetime as dt
import itertools
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrate.errors import ConfigurationError
from migrate.runbook.log import FILE, Entry, append, entries
from migrate.runbook.rounds import STATES, rounds
from migrate.runbook.schedule import Actual, Circle, Task, ordered, schedule, within

MANY = settings(max_examples=60)
ZERO = dt.datetime(2027, 1, 9, 19, 0, tzinfo=dt.UTC)


@st.composite
def runbooks(draw: st.DrawFn) -> list[Task]:
    """Tasks that wait for others in no circle, in any order."""
    count = draw(st.integers(1, 12))
    tasks = []
    for n in range(count):
        after = draw(st.lists(st.sampled_from(range(n)), unique=True, max_size=3)) if n else []
        at = draw(st.none() | st.integers(-2000, 2000))
        tasks.append(Task(f"s{n}", draw(st.integers(0, 300)), tuple(f"s{a}" for a in after), at))
    return draw(st.permutations(tasks))


@MANY
@given(runbooks())
def test_a_schedule_respects_what_waits_and_what_may_not_begin_yet(tasks: list[Task]) -> None:
    slots = schedule(tasks)
    assert set(slots) == {task.id for task in tasks}
    for task in tasks:
        slot = slots[task.id]
        assert slot.end - slot.start == task.minutes
        bounds = [slots[a].end for a in task.after] + ([task.at] if task.at is not None else [])
        assert slot.start == max(bounds, default=0)  # not before what it waits for, and no later than it has to be


@MANY
@given(runbooks())
def test_slack_is_what_a_step_may_slip_and_not_more(tasks: list[Task]) -> None:
    slots = schedule(tasks)
    end = max(slot.end for slot in slots.values())
    assert any(slot.critical for slot in slots.values())
    for task in tasks:
        slack = slots[task.id].slack
        assert slack is not None
        for slip, late in ((slack, 0), (slack + 1, 1)):
            moved = [replace(t, minutes=t.minutes + slip) if t.id == task.id else t for t in tasks]
            longer = max(slot.end for slot in schedule(moved).values()) - end
            assert longer == late


@MANY
@given(runbooks(), st.integers(-500, 3000), st.data())
def test_what_happened_is_never_moved_and_nothing_open_begins_in_the_past(
    tasks: list[Task], now: int, data: st.DataObject
) -> None:
    actual: dict[str, Actual] = {}
    for task in ordered(tasks):
        if all(a in actual and actual[a].end is not None for a in task.after) and data.draw(st.booleans()):
            start = data.draw(st.integers(now - 1000, now))
            actual[task.id] = Actual(start, data.draw(st.none() | st.integers(start, now)))
    slots = schedule(tasks, actual, now)
    for task in tasks:
        was, slot = actual.get(task.id), slots[task.id]
        if was is None:
            assert slot.start >= now
        elif was.end is not None:
            assert (slot.start, slot.end) == (was.start, was.end)
        else:
            assert slot.end >= now


@MANY
@given(runbooks(), st.data())
def test_a_circle_is_found_whatever_is_around_it(tasks: list[Task], data: st.DataObject) -> None:
    order = ordered(tasks)
    first, last = sorted(data.draw(st.tuples(st.integers(0, len(order) - 1), st.integers(0, len(order) - 1))))
    chain = {order[n].id: order[n + 1].id for n in range(first, last)} | {order[last].id: order[first].id}
    tied = [replace(t, after=(*t.after, chain[t.id])) if t.id in chain else t for t in tasks]
    with pytest.raises(Circle) as caught:
        ordered(tied)
    ids, after = caught.value.ids, {t.id: t.after for t in tied}
    assert ids[0] == ids[-1]
    assert all(there in after[here] for here, there in itertools.pairwise(ids))


@MANY
@given(runbooks(), st.data())
def test_leaving_steps_out_keeps_the_order_of_the_others(tasks: list[Task], data: st.DataObject) -> None:
    chosen = data.draw(st.sets(st.sampled_from([t.id for t in tasks])))
    left = within(tasks, chosen)
    assert {t.id for t in left} == chosen
    before = _above(tasks)
    after = _above(left)
    for name in chosen:
        assert after[name] == before[name] & chosen


def _above(tasks: list[Task]) -> dict[str, set[str]]:
    """Everything that each waits for, near and far."""
    found: dict[str, set[str]] = {}
    for task in ordered(tasks):
        found[task.id] = {above for a in task.after for above in (a, *found[a])}
    return found


WORDS = st.text(st.characters(codec="utf-8"), max_size=12)
TICKS = st.tuples(st.sampled_from("abc"), st.sampled_from([*STATES]), st.integers(0, 500), WORDS, WORDS)


def _entry(tick: tuple[str, str, int, str, str]) -> Entry:
    step, what, minute, by, note = tick
    at = (ZERO + dt.timedelta(minutes=minute)).isoformat()
    return Entry(0, at, at, "one", step, what, by, note, "", "", "0" * 64)


@MANY
@given(st.lists(st.lists(TICKS, max_size=4), max_size=5))
def test_the_log_only_grows_and_any_text_survives_it(batches: list[list[tuple[str, str, int, str, str]]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder, before, count = Path(name), b"", 0
        for batch in batches:
            append(folder, lambda _, batch=batch: [_entry(tick) for tick in batch])  # type: ignore[misc]
            count += len(batch)
            now = (folder / FILE).read_bytes() if count else b""
            assert now.startswith(before)
            assert len(entries(folder)) == count
            assert len(now.splitlines()) == (count + 1 if count else 0)
            before = now


@MANY
@given(st.lists(TICKS, min_size=1, max_size=5), st.data())
def test_a_changed_byte_of_the_log_is_found(ticks: list[tuple[str, str, int, str, str]], data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        append(folder, lambda _: [_entry(tick) for tick in ticks])
        text, known = (folder / FILE).read_bytes(), entries(folder)
        at = data.draw(st.integers(0, len(text) - 1))
        changed = text[:at] + bytes([data.draw(st.integers(0, 255))]) + text[at + 1 :]
        (folder / FILE).write_bytes(changed)
        try:
            found = entries(folder)
        except ConfigurationError:
            return
        assert found == known  # a quotation mark more or less around a cell says the same


@MANY
@given(st.lists(TICKS, max_size=12), st.data())
def test_steps_do_not_disturb_one_another(ticks: list[tuple[str, str, int, str, str]], data: st.DataObject) -> None:
    """However the entries of different steps are interleaved, each step ends in the state of its own entries."""
    opened = Entry(0, ZERO.isoformat(), ZERO.isoformat(), "one", "", "cutover", "A", "", "", "", "")
    (whole,) = rounds([opened, *map(_entry, ticks)])
    queues = {step: [t for t in ticks if t[0] == step] for step in "abc"}
    mixed = []
    while any(queues.values()):
        step = data.draw(st.sampled_from([s for s, queue in queues.items() if queue]))
        mixed.append(queues[step].pop(0))
    (other,) = rounds([opened, *map(_entry, mixed)])
    assert other.states == whole.states
