"""How far the test plan of a workspace got."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from migrate.test_plan import store
from migrate.test_plan.document import automated
from migrate.test_plan.judge import Judged, State, judge, overall
from migrate.test_plan.lots import facts
from migrate.test_plan.plan import RunTest
from migrate.test_plan.run_tests import Outcome, gone, holds, outcomes
from migrate.test_plan.store import Kept
from reports.documents.test_plan import Automated


@dataclass(frozen=True)
class Status:
    """The verdict on a plan, and what it is made of."""

    kept: Kept
    judged: tuple[Judged, ...]
    automated: dict[str, Automated]
    """By requirement. Nothing holds where the run folder is gone."""
    tests: tuple[tuple[RunTest, Outcome], ...]
    """Those that count and do not hold for a requirement, or of which the run does not say."""
    state: State


def status(workspace: Path, plan_id: str | None = None) -> Status:
    """The status of a plan, the latest by default. Raises ConfigurationError."""
    kept = store.load(workspace, plan_id) if plan_id else store.latest(workspace)
    plan = kept.plan
    judged = judge(plan, store.current(store.results(workspace, plan.id)))
    folder = workspace / "runs" / plan.run
    there = (folder / "summary.json").is_file()
    summary, run = facts(folder) if there else ({}, {})
    found = outcomes(plan, folder, summary, run) if there else gone(plan)
    compared: dict[str, Automated] = {}
    tested: list[bool | None] = []
    unmet: dict[str, tuple[RunTest, Outcome]] = {}
    for covered in plan.requirements:
        id_, allowed = covered.requirement.id, plan.differences[covered.requirement.risk]
        compared[id_] = automated(plan, summary, covered) if there else Automated(0, 0, allowed, None)
        for test in plan.tests_of(id_):
            tested.append(holds(test, found[test.id], allowed))
            if tested[-1] is not True:
                unmet[test.id] = (test, found[test.id])
    state = overall(judged, (*(one.holds for one in compared.values()), *tested))
    return Status(kept, tuple(judged), compared, tuple(unmet.values()), state)
