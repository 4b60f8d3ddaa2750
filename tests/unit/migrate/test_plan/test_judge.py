"""Accepted, refused or not finished; and how the next run is inspected."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from migrate.test_plan import store
from migrate.test_plan.judge import history, judge, overall
from migrate.test_plan.plan import DrawnPlan
from migrate.test_plan.store import Result

NOW = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)


def saw(pick: str, result: str, number: int = 1) -> Result:
    return Result(str(number), "", pick, result, "", "x", "Ana", "2026-03-02", "", "")


def seen(plan: DrawnPlan, inspection: int, passed: int, failed: int) -> dict[str, Result]:
    picks = plan.inspections[inspection].picks[: passed + failed]
    return {pick: saw(pick, "fail" if n < failed else "pass") for n, pick in enumerate(picks)}


@pytest.mark.parametrize(
    ("passed", "failed", "state"),
    [(0, 0, "unfinished"), (7, 0, "unfinished"), (8, 0, "accepted"), (7, 1, "accepted"), (6, 1, "unfinished"), (0, 2, "refused"),
     (6, 2, "refused")],
)  # fmt: skip
def test_the_verdict_follows_from_the_plan(desk: Any, passed: int, failed: int, state: str) -> None:
    judged = judge(desk.plan, seen(desk.plan, 1, passed, failed))[1]
    assert (judged.state, judged.tested, judged.wrong) == (state, passed + failed, failed)
    assert (judged.shows is not None) == (passed + failed == 8)


def test_a_failure_counts_for_the_inspections_of_the_requirement_that_it_names(desk: Any) -> None:
    found = seen(desk.plan, 1, 8, 0)
    found["people/0001"] = replace(saw("people/0001", "fail"), requirement="REQ-2")
    assert [(j.wrong, j.state) for j in judge(desk.plan, found)] == [(0, "accepted"), (1, "accepted")]
    found["people/0001"] = replace(saw("people/0001", "fail"), requirement="REQ-2, REQ-1")
    assert [(j.wrong, j.state) for j in judge(desk.plan, found)] == [(1, "refused"), (1, "accepted")]


def test_zero_acceptance_refuses_at_the_first_failure(desk: Any) -> None:
    assert judge(desk.plan, seen(desk.plan, 0, 4, 1))[0].state == "refused"


def test_a_stopped_inspection_is_refused_whatever_was_seen(make: Any, inspect: Any) -> None:
    plan = make(inspect("people/critical", 2, 0, stopped=True))
    assert judge(plan, seen(plan, 0, 2, 0))[0].state == "refused"


def test_directed_cases_claim_nothing_about_the_lot(make: Any, inspect: Any) -> None:
    plan = make(inspect("people/directed", 2, 0, kind="directed", risk="critical"))
    judged = judge(plan, seen(plan, 0, 2, 0))[0]
    assert (judged.state, judged.shows) == ("accepted", None)


def test_the_whole_needs_every_inspection_and_every_comparison(desk: Any) -> None:
    whole = judge(desk.plan, seen(desk.plan, 1, 8, 0))  # five of the eight count for both
    assert overall(whole, [True, True]) == "accepted"
    assert overall(whole, [True, None]) == "unfinished"
    assert overall(whole, [True, False]) == "refused"
    assert overall(judge(desk.plan, {})) == "unfinished"
    assert overall([]) == "unfinished"


def record(folder: Path, plan: DrawnPlan, inspection: int, passed: int, failed: int) -> None:
    rows = [saw(r.pick, r.result, number) for number, r in enumerate(seen(plan, inspection, passed, failed).values(), start=1)]
    store.append(folder, plan.id, rows, lambda _: None)


def test_history_is_that_of_earlier_runs_in_their_order(tmp_path: Path, make: Any, inspect: Any) -> None:
    plans = [make(inspect("people/critical", 2, 0), run=f"2026030{n}-120000") for n in range(1, 5)]
    for plan in plans:
        store.save(tmp_path, plan, NOW)
    record(tmp_path, plans[0], 0, 2, 0)
    record(tmp_path, plans[1], 0, 0, 1)
    record(tmp_path, plans[2], 0, 1, 0)  # not finished
    record(tmp_path, plans[3], 0, 2, 0)  # the run that is asked about
    assert history(tmp_path, plans[3].run) == {"people/critical": [True, False]}


def test_of_two_plans_of_one_run_the_later_counts(tmp_path: Path, make: Any, inspect: Any) -> None:
    first, second = make(inspect("people/critical", 2, 0)), make(inspect("people/critical", 3, 0))
    store.save(tmp_path, first, NOW)
    store.save(tmp_path, second, NOW + dt.timedelta(hours=1))
    record(tmp_path, first, 0, 1, 1)
    record(tmp_path, second, 0, 3, 0)
    assert history(tmp_path, "20260401-000000") == {"people/critical": [True]}
    assert store.latest(tmp_path).plan.id == second.id


def test_a_plan_that_is_written_again_stays_as_it_was(tmp_path: Path, make: Any, inspect: Any) -> None:
    plan = make(inspect("people/critical", 2, 0))
    store.save(tmp_path, plan, NOW)
    assert store.save(tmp_path, plan, NOW + dt.timedelta(days=1)).written == NOW.isoformat(timespec="seconds")
    assert store.load(tmp_path, plan.id).plan == plan
