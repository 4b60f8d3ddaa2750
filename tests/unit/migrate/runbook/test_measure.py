"""Planned minutes come from what was measured, and say so; what nobody measured stays unknown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from migrate.run_folder import STAGES
from migrate.runbook.measure import Planned

Edit = Callable[..., str]


def planned(desk: Any, step: str) -> Planned:
    plan = desk.opened().plan
    found = plan.step(step)
    return found.planned if found is not None else next(b.planned for b in plan.back if b.placed.id == step)


def test_without_a_rehearsal_nobody_knows(desk: Any) -> None:
    found = planned(desk, "rehearse")
    assert (found.minutes, found.base) == (None, None)
    assert "not measured" in found.basis
    assert desk.opened().plan.window.fits is None


def test_the_longest_of_the_newest_three_counts_with_its_buffer(desk: Any, edited: Edit) -> None:
    desk.book(edited(("buffer: 0", "buffer: 50")))
    for minutes, days in ((99, 9), (10, 4), (30, 3), (20, 2)):
        desk.run(minutes=minutes, days=days)
    found = planned(desk, "rehearse")
    assert (found.minutes, round(found.base or 0, 6), set(found.runs)) == (45, 30, {"run-2", "run-3", "run-4"})
    assert "longest of 3" in found.basis
    assert "run-3" in found.basis


def test_the_middle_one_counts_where_that_is_asked_for(desk: Any, edited: Edit) -> None:
    desk.book(edited(("buffer: 0", "buffer: 0\ntimings: {use: median, runs: 2}")))
    for minutes, days in ((99, 9), (10, 4), (30, 3)):
        desk.run(minutes=minutes, days=days)
    assert planned(desk, "rehearse").minutes == 20


def test_runs_that_failed_stopped_or_left_entities_out_are_not_comparable(desk: Any) -> None:
    desk.run(minutes=70, failure="lost")
    desk.run(minutes=80, entities=("others",))
    desk.run(minutes=dict.fromkeys(STAGES[:3], 60.0))
    (desk.folder / "runs" / "broken").mkdir()
    (desk.folder / "runs" / "broken" / "summary.json").write_text("{", "utf-8")
    assert planned(desk, "rehearse").minutes is None
    desk.run(minutes=5)
    assert planned(desk, "rehearse").minutes == 5


def test_a_source_that_grew_makes_it_longer_and_one_that_shrank_does_not_make_it_shorter(desk: Any, edited: Edit) -> None:
    desk.run(minutes=10, rows=100, days=3)
    desk.run(minutes=12, rows=150, days=2)
    found = planned(desk, "rehearse")
    assert found.minutes == 15
    assert "x 1.5 for 150 source records against 100" in found.basis
    desk.run(minutes=1, rows=10, days=1)
    assert planned(desk, "rehearse").minutes == 12
    desk.book(edited(("buffer: 0", "buffer: 0\ntimings: {rows: 600}")))
    found = planned(desk, "rehearse")
    assert found.minutes == 60
    assert any("scaled by 60" in warning for warning in found.warnings)


def test_only_the_stages_that_are_named_count(desk: Any, edited: Edit) -> None:
    desk.book(edited(("{from: rehearsal}", "{from: rehearsal, stages: [extract, map]}")))
    desk.run(minutes={stage: 60.0 * n for n, stage in enumerate(STAGES, start=1)})
    assert planned(desk, "rehearse").minutes == 3


def test_another_mapping_is_told(desk: Any) -> None:
    desk.run(minutes=10)
    mapping = desk.folder / "mapping" / "users.yaml"
    mapping.write_text(mapping.read_text("utf-8") + "# edited\n", "utf-8")
    assert any("another mapping" in warning for warning in planned(desk, "rehearse").warnings)


def test_a_live_run_is_not_known_from_rehearsals_alone(live_desk: Any, edited: Edit) -> None:
    live_desk.book(edited(("minutes: 60", "minutes: {from: live}")))
    live_desk.run(minutes=10)
    found = planned(live_desk, "load")
    assert found.minutes is None
    assert "no live run wrote the target, and no rate is given" in found.basis
    assert "load" in live_desk.opened().plan.window.unmeasured


def test_a_declared_rate_stands_in_and_says_so(live_desk: Any, edited: Edit) -> None:
    live_desk.book(edited(("minutes: 60", "minutes: {from: live, rate: 10}")))
    live_desk.run(minutes=12, rows=500)  # 8 of its 12 minutes are not load or read_back
    found = planned(live_desk, "load")
    assert found.minutes == 58
    assert "declared rate of 10" in found.basis


def test_an_earlier_live_run_is_measured_and_scaled_by_what_it_wrote(live_desk: Any, edited: Edit) -> None:
    live_desk.book(edited(("minutes: 60", "minutes: {from: live, rate: 10}")))
    live_desk.run(kind="live", minutes=6, rows=1000, written={"created": 500, "unchanged": 500}, days=5)
    live_desk.run(minutes=6, rows=1000, written={"created": 400, "unchanged": 600}, days=4)
    found = planned(live_desk, "load")
    assert found.minutes == 8  # 4 of the stages as they were, 2 twice as long
    assert "x 2 for 1,000 records against 500" in found.basis


def test_a_live_run_that_wrote_next_to_nothing_does_not_count(live_desk: Any, edited: Edit) -> None:
    live_desk.book(edited(("minutes: 60", "minutes: {from: live}")))
    live_desk.run(kind="live", minutes=6, rows=1000, written={"updated": 99, "unchanged": 901}, days=5)
    live_desk.run(minutes=6, rows=1000, days=4)
    found = planned(live_desk, "load")
    assert found.minutes is None
    assert "wrote 99 of 1,000" in found.basis


def test_a_delta_is_measured_by_deltas(live_desk: Any, edited: Edit) -> None:
    live_desk.book(edited(("minutes: 60", "minutes: {from: delta}")))
    live_desk.run(minutes=30)
    live_desk.run(kind="live", minutes=30)
    assert planned(live_desk, "load").minutes is None
    live_desk.run(kind="delta", minutes=3, written={"updated": 1})
    assert planned(live_desk, "load").minutes == 3


def test_where_files_are_delivered_a_rehearsal_measures_it(desk: Any, edited: Edit) -> None:
    desk.book(edited(("minutes: 60", "minutes: {from: live}")))
    desk.run(minutes=7)
    assert planned(desk, "load").minutes == 7


def test_a_rollback_is_measured_by_rollbacks_of_as_much(live_desk: Any, edited: Edit) -> None:
    live_desk.book(edited(("minutes: 45", "minutes: {from: rollback}")))
    live_desk.run(rows=100)
    live_desk.took_back(3, records=9)
    live_desk.took_back(90, records=100, failed=1)
    assert planned(live_desk, "restore").minutes is None
    live_desk.took_back(10, records=50)
    assert planned(live_desk, "restore").minutes == 20
    live_desk.book(edited(("minutes: 45", "minutes: {from: rollback, rate: 25}")))


def test_what_a_round_measured_replaces_an_estimate_and_not_what_is_fixed(desk: Any, edited: Edit) -> None:
    desk.book(edited(("minutes: 10, rollback", "minutes: {fixed: 10}, rollback"), ("buffer: 0", "buffer: 100")))
    assert planned(desk, "backup").minutes == 60
    desk.round()
    desk.done("backup", 50)
    desk.done("close", 99)
    assert planned(desk, "backup").minutes == 60  # the plan of a round does not move while it runs
    from migrate.runbook.tick import close_round

    close_round(desk.folder, "Ada", now=desk.now)
    assert planned(desk, "backup").minutes == 100
    assert "'dress rehearsal'; 30 min were estimated" in planned(desk, "backup").basis
    assert planned(desk, "close").minutes == 10


def test_runs_of_a_round_do_not_move_its_own_plan(desk: Any) -> None:
    desk.run(minutes=10, days=1)
    desk.round()
    desk.run(minutes=99, days=-0.1)
    assert planned(desk, "rehearse").minutes == 10
