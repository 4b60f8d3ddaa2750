"""Accepted, refused or not finished: what the plan says of the results so far."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from migrate.errors import EXIT_ATTENTION, EXIT_FAILED, EXIT_PASS
from migrate.test_plan import store
from migrate.test_plan.plan import DrawnPlan, Inspection
from migrate.test_plan.store import Kept, Result
from validators.sampling import upper_limit

State = Literal["accepted", "refused", "unfinished"]
EXIT_OF: dict[State, int] = {"accepted": EXIT_PASS, "unfinished": EXIT_ATTENTION, "refused": EXIT_FAILED}


@dataclass(frozen=True)
class Judged:
    """An inspection and how far it got."""

    inspection: Inspection
    tested: int
    wrong: int
    state: State
    shows: float | None
    """Highest share of wrong records in the lot (0 to 1) that the finished sample still allows; None for directed cases and as
    long as records are to be looked at."""


def judge(plan: DrawnPlan, results: Mapping[str, Result]) -> list[Judged]:
    """Each inspection under the last result of each pick."""
    return [_judged(inspection, results, plan.confidence) for inspection in plan.inspections]


def _judged(inspection: Inspection, results: Mapping[str, Result], confidence: float) -> Judged:
    found = [results[pick] for pick in inspection.picks if pick in results]
    wrong = sum(1 for result in found if misses(result, inspection))
    state: State = "unfinished"
    if wrong >= inspection.refuse or inspection.stopped:
        state = "refused"
    elif len(found) == inspection.size:
        state = "accepted"
    whole = len(found) == inspection.size and inspection.kind == "sample"
    shows = upper_limit(inspection.size, wrong, confidence, inspection.lot) if whole else None
    return Judged(inspection, len(found), wrong, state, shows)


def misses(result: Result, inspection: Inspection) -> bool:
    """Is the record wrong for this inspection? A failure that names no requirement counts for all."""
    named = result.requirements
    return result.result == "fail" and (not named or not set(named).isdisjoint(inspection.requirements))


def overall(judged: Iterable[Judged], automated: Iterable[bool | None] = ()) -> State:
    """The verdict on the whole plan. ``automated``: did the comparison of all records, and what else the run tests, show no more
    than the plan allows (None where nothing was compared, or nobody judged)?"""
    states, compared = {j.state for j in judged}, list(automated)
    if "refused" in states or False in compared:
        return "refused"
    return "unfinished" if "unfinished" in states or None in compared or not states else "accepted"


def history(workspace: Path, run: str) -> Mapping[str, list[bool]]:
    """``{inspection: accepted?}`` of the plans of earlier runs, the oldest first. Of several plans of one run the last counts;
    what is not finished does not."""
    by_run: dict[str, Kept] = {}
    for kept in store.plans(workspace):
        if kept.plan.run < run:
            by_run[kept.plan.run] = kept
    verdicts: dict[str, list[bool]] = {}
    for _, kept in sorted(by_run.items()):
        for inspection, accepted in _verdicts(workspace, kept.plan):
            verdicts.setdefault(inspection, []).append(accepted)
    return verdicts


def _verdicts(workspace: Path, plan: DrawnPlan) -> Iterator[tuple[str, bool]]:
    for judged in judge(plan, store.current(store.results(workspace, plan.id))):
        if judged.state != "unfinished":
            yield judged.inspection.id, judged.state == "accepted"
