"""What may be ticked when, what overrules it, and what is kept of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from migrate.errors import ConfigurationError, Problem
from migrate.runbook.log import FILE, entries
from migrate.runbook.tick import close_round

Refused = Callable[..., tuple[Problem, ...]]
SINCE = -0.042
"""Days before T at which a run ends that began at T+48m: while the night was rehearsing."""


@pytest.fixture
def night(desk: Any) -> Any:
    """A cutover that has come to its gate."""
    desk.run(minutes=20)
    desk.round("night", "cutover")
    for step, minutes in (("backup", 30), ("close", 10), ("rehearse", 25)):
        desk.done(step, minutes)
    return desk


def nothing_entered(desk: Any, refused: Refused, *words: Any, **more: Any) -> str:
    """A tick that has to be refused, and to leave the log as it is; gives what was said."""
    file = desk.folder / FILE
    before = file.read_bytes() if file.exists() else b""
    problems = refused(desk.tick, *words, **more)
    assert (file.read_bytes() if file.exists() else b"") == before
    return "\n".join(str(p) for p in problems)


def test_without_a_round_nothing_can_be_ticked(desk: Any, refused: Refused) -> None:
    assert "none was opened yet" in nothing_entered(desk, refused, "backup")


def test_times_are_kept_and_what_a_step_took(desk: Any) -> None:
    desk.round()
    ticked = desk.done("backup", 42)
    assert ticked.round.state("backup").minutes == 42
    assert [(e.step, e.what, e.by) for e in entries(desk.folder)] == [
        ("", "rehearsal", "Ada"), ("backup", "start", "Ben"), ("backup", "done", "Ben"),
    ]  # fmt: skip


def test_a_wrong_name_gets_those_that_are_near(desk: Any, refused: Refused) -> None:
    desk.round()
    told = nothing_entered(desk, refused, "bakcup")
    assert "allowed: backup" in told


def test_a_step_waits_for_those_before_it_unless_somebody_says_why(desk: Any, refused: Refused) -> None:
    desk.round()
    assert "close waits for backup (open)" in nothing_entered(desk, refused, "close")
    assert "--force needs a reason" in nothing_entered(desk, refused, "close", force=True)
    ticked = desk.tick("close", force=True, note="the backup is from an hour ago")
    assert ticked.forced == ("close waits for backup (open)",)
    last = entries(desk.folder)[-1]
    assert (last.mark, last.note) == ("forced", "the backup is from an hour ago; close waits for backup (open)")
    assert ticked.round.state("close").forced


def test_what_breaks_no_rule_is_not_marked_as_forced(desk: Any) -> None:
    desk.round()
    desk.tick("backup", force=True, note="to be sure")
    assert entries(desk.folder)[-1].mark == ""


def test_ticking_twice_is_told_and_a_correction_is_a_new_entry(desk: Any, refused: Refused) -> None:
    desk.round()
    desk.done("backup", 30)
    assert "done already" in nothing_entered(desk, refused, "backup")
    assert "done already" in nothing_entered(desk, refused, "backup", force=True, note="again")
    assert "--correct needs a reason" in nothing_entered(desk, refused, "backup", correct=True)
    desk.wait(60)
    ticked = desk.tick("backup", correct=True, note="it was 20:20", at="2027-01-09 20:20")
    assert ticked.round.state("backup").minutes == 20
    assert [e.what for e in entries(desk.folder)] == ["rehearsal", "start", "done", "done"]
    assert entries(desk.folder)[-1].mark == "correction"
    ticked = desk.tick("backup", "start", correct=True, note="and 20:05", at="2027-01-09 20:05")
    assert (ticked.round.state("backup").state, ticked.round.state("backup").minutes) == ("done", 15)


def test_nothing_is_corrected_that_was_never_ticked(desk: Any, refused: Refused) -> None:
    desk.round()
    assert "never ticked" in nothing_entered(desk, refused, "backup", correct=True, note="x")
    assert "backup is open" in nothing_entered(desk, refused, "backup", "reopen", note="x")


def test_a_tick_by_mistake_is_opened_again(desk: Any, refused: Refused) -> None:
    desk.round()
    desk.tick("backup")
    assert "--reopen needs a reason" in nothing_entered(desk, refused, "backup", "reopen")
    assert desk.tick("backup", "reopen", note="the wrong line").round.state("backup").state == "open"
    desk.tick("backup")


def test_a_step_that_failed_may_be_tried_again(desk: Any, refused: Refused) -> None:
    desk.round()
    desk.tick("backup", "start")
    assert "--failed needs a reason" in nothing_entered(desk, refused, "backup", "failed")
    desk.tick("backup", "failed", note="disk full")
    assert "close waits for backup (failed)" in nothing_entered(desk, refused, "close")
    state = desk.done("backup", 5).round.state("backup")
    assert (state.state, state.tries, state.minutes) == ("done", 1, 5)


def test_instants_are_of_the_runbooks_zone_and_not_ahead(desk: Any, refused: Refused) -> None:
    desk.round()
    assert "has not come yet" in nothing_entered(desk, refused, "backup", at="2027-01-09 20:02")
    assert "no instant" in nothing_entered(desk, refused, "backup", at="8 pm")
    desk.tick("backup", "start", at="2027-01-09 19:50")
    assert "end before it began" in nothing_entered(desk, refused, "backup", at="2027-01-09 19:40")
    assert entries(desk.folder)[-1].at == "2027-01-09T18:50:00+00:00"


def test_a_gate_is_decided_by_who_decides_on_a_run_that_is_good_enough(night: Any, refused: Refused) -> None:
    assert "it is decided" in nothing_entered(night, refused, "decide")
    assert "nobody skips" in nothing_entered(night, refused, "decide", "skip", note="x")
    assert "is no gate" in nothing_entered(night, refused, "load", "go", by="Ada")
    told = nothing_entered(night, refused, "decide", "go")
    assert "Ben does not decide this: Ada does" in told
    assert "measured on a run" in told
    bad = night.run(findings={"USR-001": 3}, verdict="fail", days=SINCE)
    told = nothing_entered(night, refused, "decide", "go", by="Ada", run=bad)
    assert "USR-001: run run-2 has 3" in told
    assert "or better: run run-2 has fail" in told
    good = night.run(findings={"USR-001": 2}, days=SINCE)
    ticked = night.tick("decide", "go", by=" ada ", run=good)
    assert (ticked.round.state("decide").state, entries(night.folder)[-1].run) == ("go", good)


def test_a_run_that_stopped_decides_nothing(night: Any, refused: Refused) -> None:
    stopped = night.run(failure="lost", days=SINCE)
    assert "did not come to its end" in nothing_entered(night, refused, "decide", "go", by="Ada", run=stopped)


def test_nobody_decides_for_a_role_without_a_name(desk: Any, refused: Refused, edited: Callable[..., str]) -> None:
    desk.book(edited(("lead: {name: Ada}", "lead: {name: null}")))
    desk.round()
    assert "nobody is named for the role lead" in nothing_entered(desk, refused, "decide", "no-go", by="Ada", note="x")


def test_after_a_no_only_the_way_back_is_open_and_only_what_has_begun_is_needed(night: Any, refused: Refused) -> None:
    assert "nobody said no-go" in nothing_entered(night, refused, "reopen")
    assert "--no-go needs a reason" in nothing_entered(night, refused, "decide", "no-go", by="Ada")
    night.tick("decide", "no-go", by="Ada", note="too many open ends")
    told = nothing_entered(night, refused, "load")
    assert "only the way back is open" in told
    ticked = night.done("reopen", 15)
    assert ticked.round.state("reopen").state == "done"
    assert "is over" in nothing_entered(night, refused, "restore")
    assert night.opened().current() is None


def test_a_no_may_come_before_the_gate_is_reached_and_may_be_taken_back(desk: Any) -> None:
    desk.round("night", "cutover")
    desk.done("backup", 30)
    desk.tick("close", "start")
    desk.tick("decide", "no-go", by="Ada", note="the source does not close")
    ticked = desk.tick("decide", "reopen", by="Ada", note="it did")
    assert ticked.round.aborted() is None
    desk.tick("close")


def test_the_way_back_keeps_its_order(night: Any, refused: Refused) -> None:
    night.tick("decide", "go", by="Ada", run=night.run(days=SINCE))
    night.tick("load", "start")
    night.tick("load", "failed", note="refused")
    assert "reopen waits for restore (open)" in nothing_entered(night, refused, "reopen")
    night.done("restore", 40)
    night.done("reopen", 10)


def test_behind_the_point_of_no_return_nobody_goes_back_without_saying_why(night: Any, refused: Refused) -> None:
    night.tick("decide", "go", by="Ada", run=night.run(days=SINCE))
    for step in ("load", "verify"):
        night.done(step, 30)
    night.tick("open", "start")
    night.tick("open", "failed", note="nobody gets in")
    assert "the point of no return is behind" in nothing_entered(night, refused, "restore")
    night.tick("restore", force=True, note="the sponsor wants it")
    assert "the point of no return is behind" in entries(night.folder)[-1].note


def test_a_step_that_was_a_run_took_what_its_folder_says(desk: Any, refused: Refused) -> None:
    desk.round("night", "cutover")
    desk.done("backup", 30)
    desk.done("close", 10)
    desk.wait(120)
    run = desk.run(minutes=33, days=-0.08)
    assert "is a delivery" in nothing_entered(desk, refused, "rehearse", run=desk.run(kind="delivery"))
    assert "names no run folder" in nothing_entered(desk, refused, "rehearse", run="run-99")
    assert "names no run folder" in nothing_entered(desk, refused, "rehearse", run="../runs/run-1")
    stopped = desk.run(failure="lost", days=-0.08)
    assert "did not come to its end" in nothing_entered(desk, refused, "rehearse", run=stopped)
    ticked = desk.tick("rehearse", run=run)
    state = ticked.round.state("rehearse")
    assert (state.minutes, state.run) == (33, run)
    assert [(e.what, e.run) for e in ticked.entries] == [("start", run), ("done", run)]


def ended(minutes: float) -> float:
    """``days`` of a run that ended so many minutes after T."""
    return -minutes / 24 / 60


def test_a_run_from_before_what_the_step_waits_for_is_not_that_step(desk: Any, refused: Refused) -> None:
    desk.round("night", "cutover")
    desk.done("backup", 30)
    desk.done("close", 10)
    early = desk.run(minutes=12, days=ended(42))  # began at T+30m, and the source was closed at T+40m
    desk.wait(30)
    told = nothing_entered(desk, refused, "rehearse", run=early)
    assert "run run-1 began at 2027-01-09 19:30 UTC, before close was done (2027-01-09 19:40 UTC)" in told
    assert "next:    run it anew: lms-migrate run ." in told
    late = desk.run(minutes=12, days=ended(60))
    assert f"next:    --run {late}" in nothing_entered(desk, refused, "rehearse", run=early)
    assert f"next:    --run {late}" in nothing_entered(desk, refused, "rehearse", "start", run=early)
    ticked = desk.tick("rehearse", run=early, force=True, note="the last writer had left at 19:25")
    assert [one.partition(", before ")[2] for one in ticked.forced] == ["close was done (2027-01-09 19:40 UTC)"]
    told = nothing_entered(desk, refused, "rehearse", run=early, correct=True, note="x")
    assert "before close was done" in told
    desk.tick("rehearse", run=late, correct=True, note="it was the other run")


def test_people_write_down_minutes_and_runs_know_their_seconds(desk: Any) -> None:
    desk.round("night", "cutover")
    desk.done("backup", 30)
    desk.done("close", 10)
    run = desk.run(minutes=10, days=ended(49.5))
    desk.wait(30)
    assert desk.tick("rehearse", run=run).round.state("rehearse").run == run


def test_a_run_of_an_earlier_round_is_not_taken_again(desk: Any, refused: Refused) -> None:
    run = desk.run(minutes=10, days=0.5)
    desk.round("night", "cutover", begin="rehearse")
    assert "before the round began (2027-01-09 19:00 UTC)" in nothing_entered(desk, refused, "rehearse", run=run)
    desk.wait(10)
    assert desk.tick("rehearse", run=desk.run(minutes=10, days=ended(10))).forced == ()


def test_a_round_that_was_opened_late_takes_what_ran_since_its_start(desk: Any) -> None:
    run = desk.run(minutes=10, days=ended(20))
    desk.wait(60)
    desk.round("rehearsed before it was opened", at="2027-01-09 20:05", begin="rehearse")
    assert desk.tick("rehearse", run=run).forced == ()


def test_a_gate_is_not_judged_on_a_run_older_than_the_one_that_was_ticked(night: Any, refused: Refused) -> None:
    old, new = night.run(days=ended(55)), night.run(days=ended(60))
    night.tick("rehearse", run=new, correct=True, note="its folder")
    told = nothing_entered(night, refused, "decide", "go", by="Ada", run=old)
    assert "before run-3 did, which was rehearse" in told
    assert "next:    --run run-3" in told
    before = nothing_entered(night, refused, "decide", "go", by="Ada", run="run-1")
    assert "before run-3 did" in before
    night.tick("decide", "no-go", by="Ada", note="too many", run=old)  # a no is heard, whatever it was judged on
    night.tick("decide", "reopen", by="Ada", note="not so many")
    assert night.tick("decide", "go", by="Ada", run=new).forced == ()


def test_a_second_try_is_not_an_older_run(night: Any, refused: Refused) -> None:
    older, first = night.run(days=ended(59)), night.run(days=ended(60))
    night.tick("rehearse", "reopen", note="again")
    night.tick("rehearse", "failed", note="balances in nothing", run=first)
    assert f"before {first} did, which was rehearse" in nothing_entered(night, refused, "rehearse", run=older)
    night.tick("rehearse", run=night.run(days=ended(61)))


def test_a_rollback_is_younger_than_what_it_takes_back(night: Any, refused: Refused) -> None:
    night.tick("decide", "go", by="Ada", run=night.run(days=SINCE))
    night.wait(60)
    night.tick("load", "failed", note="refused", run=night.run(kind="live", days=ended(110)))
    rollback = night.took_back(15, 9)
    assert "before run-3 did, which was load" in nothing_entered(night, refused, "restore", run=rollback)


def test_rounds_follow_one_another(desk: Any, refused: Refused) -> None:
    desk.round("one")
    assert "under way" in str(refused(desk.round, "two"))
    close_round(desk.folder, "Ada", now=desk.now)
    assert "has this label" in str(refused(desk.round, "one"))
    second = desk.round("two", begin="load")
    assert [second.state(s).state for s in ("backup", "decide", "load")] == ["skipped", "skipped", "open"]
    assert second.zero == desk.clock
    assert "no step has this id" in str(refused(desk.round, "three", begin="laod"))


def test_the_cutover_begins_when_the_runbook_says(desk: Any, edited: Callable[..., str], refused: Refused) -> None:
    desk.clock -= dt.timedelta(days=2)
    assert desk.round("night", "cutover").zero == dt.datetime(2027, 1, 9, 19, tzinfo=dt.UTC)
    close_round(desk.folder, "Ada", now=desk.now)
    desk.book(edited(('cutover: "2027-01-09 20:00"', "cutover: null")))
    assert "no instant" in str(refused(desk.round, "again", "cutover"))


def test_a_round_is_over_when_all_is_done(night: Any) -> None:
    night.tick("decide", "go", by="Ada", run=night.run(days=SINCE))
    for step in ("load", "verify"):
        night.done(step, 30)
    assert night.opened().current() is not None
    night.tick("open", "skip", note="it was open already")
    assert night.opened().current() is None


def test_a_broken_log_takes_no_tick(desk: Any) -> None:
    desk.round()
    file = desk.folder / FILE
    file.write_text(file.read_text("utf-8").replace("Ada", "Eve"), "utf-8")
    with pytest.raises(ConfigurationError, match="not whole"):
        desk.tick("backup")
