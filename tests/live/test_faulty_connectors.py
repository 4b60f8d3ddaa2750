"""What connectors should not do, and targets that can do little: nothing of it is silent."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from live_bench import Bench, clean, once, person
from world import WorldTarget, truth

from migrate.connectors.target import Action, Held, Outcome, Record
from migrate.errors import RunFailed, TargetLost

Write = Callable[[WorldTarget, str, Action, Sequence[Record]], list[Outcome]]


def writing(
    monkeypatch: pytest.MonkeyPatch, do: Callable[[Write, WorldTarget, str, Action, Sequence[Record]], list[Outcome]]
) -> None:
    """Write in another way; ``do`` gets the right one."""
    right = WorldTarget.write
    monkeypatch.setattr(WorldTarget, "write", lambda self, *arguments: do(right, self, *arguments))


def test_an_outcome_that_is_left_out_is_looked_up(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    writing(monkeypatch, lambda write, *a: [outcome for outcome in write(*a) if outcome.key != "p3"])
    assert bench.live().results["people", "3"] == "created"
    clean(bench)


def test_a_record_that_is_left_out_has_failed(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    writing(monkeypatch, lambda write, target, e, a, records: write(target, e, a, [r for r in records if r.key != "p3"]))
    ended = bench.live()
    assert ended.results["people", "3"] == "failed"
    assert "did not say" in ended.messages["LIVE-FAILED", "people", "3"]
    monkeypatch.undo()
    assert bench.live().results["people", "3"] == "created"
    clean(bench)


@pytest.mark.parametrize("extra", [Outcome("p1", "refused", None, "again"), Outcome("p1", "done", "77")])
def test_answers_that_differ_are_looked_up(bench: Bench, monkeypatch: pytest.MonkeyPatch, extra: Outcome) -> None:
    def answer(write: Write, target: WorldTarget, entity: str, action: Action, records: Sequence[Record]) -> list[Outcome]:
        more = [extra] if (entity, action) == ("people", "create") and any(r.key == "p1" for r in records) else []
        return [*write(target, entity, action, records), *more]

    writing(monkeypatch, answer)
    assert bench.live().results["people", "1"] == "created"
    assert bench.ledger.known("people")["p1"].native == bench.world.native("people", "p1")
    clean(bench)


def test_an_answer_for_a_record_that_was_not_given_ends_the_run(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    writing(monkeypatch, lambda write, *arguments: [*write(*arguments), Outcome("nobody", "done")])
    with pytest.raises(RunFailed, match="nobody"):
        bench.live()
    monkeypatch.undo()
    bench.reopen()
    bench.live()
    clean(bench)


def test_records_that_nobody_asked_for_change_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.live()
    find = WorldTarget.find
    stranger = Held("nobody", "5", {"name": "x"}, {})
    monkeypatch.setattr(WorldTarget, "find", lambda self, *arguments: [*find(self, *arguments), stranger])
    bench.rows["people"]["3"] = person("p3", name="v2")
    ended = bench.live()
    assert ended.results["people", "3"] == "updated"
    assert "REC-EXTRA" in ended.codes


def test_where_nothing_can_be_found_nothing_is_written_twice(bench: Bench) -> None:
    bench.world.abilities[""] = {"find": False}
    once(bench.world, "after", "create", "places", TargetLost("x"))
    assert bench.live().lost
    ended = bench.live()
    assert "LIVE-UNKNOWN" in ended.codes
    assert bench.live().findings == ended.findings
    assert all(len(records) == 1 for records in bench.world.table("places").values())
    created = [key for what, entity, keys in bench.world.calls for key in keys if (what, entity) == ("create", "places")]
    assert len(created) == len(set(created))


def test_where_nothing_can_be_found_a_rollback_forgets_nothing(bench: Bench) -> None:
    bench.world.abilities[""] = {"find": False}
    run = bench.live().id
    held = bench.world.state()
    assert {step.refused is not None for step in bench.rollback(run).steps} == {True}
    assert bench.world.state() == held
    assert bench.rollback(run, unverified=True).failed == ()
    assert bench.world.state() == {}


def test_what_a_connector_wrote_twice_is_told(bench: Bench) -> None:
    world = bench.world

    def repeat(action: str, entity: str, record: Record) -> tuple[Outcome | None, bool]:
        if (action, entity, record.key) != ("create", "people", "p3"):
            return None, True
        for _ in range(2):
            world.put("people", dict(record.values))
        return Outcome(record.key, "unknown", None, "no reply"), False

    world.answer = repeat
    ended = bench.live()
    assert ended.results["people", "3"] == "failed"
    assert "2 records of this key" in ended.messages["LIVE-UNKNOWN", "people", "3"]
    world.answer = truth
    assert ("LIVE-TWICE", "people", "3") in bench.live().findings


def test_a_rehearsal_after_a_live_run_foresees_no_change(bench: Bench) -> None:
    bench.world.abilities["rooms"] = {"unwritable": ("title",)}
    bench.live()
    assert set(bench.predict().values()) == {"unchanged"}


@pytest.mark.parametrize("parallel", [1, 2])
def test_a_target_that_is_lost_while_it_is_read_back_is_asked_for_what_was_begun_and_no_more(bench: Bench, parallel: int) -> None:
    bench.rows["people"] = {str(n): person(f"p{n}") for n in range(1, 40)}
    bench.world.abilities[""] = {"find_batch": 1, "parallel": parallel}
    bench.live()
    asked = 0

    def hook(when: str, called: str, of: str, records: Sequence[Record]) -> None:
        nonlocal asked
        if (when, called, of) == ("before", "find", "people"):
            asked += 1
            if asked == 5:
                raise TargetLost("nobody answers")

    bench.world.hook = hook
    ended = bench.live()
    assert ended.lost == "nobody answers"
    assert 5 <= asked <= 5 + 2 * parallel
