"""How far the test plan of a workspace got."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from migrate.test_plan import store
from migrate.test_plan.document import automated
from migrate.test_plan.judge import Judged, State, judge, overall
from migrate.test_plan.lots import facts
from migrate.test_plan.store import Kept
from reports.documents.test_plan import Automated


@dataclass(frozen=True)
class Status:
    """The verdict on a plan, and what it is made of."""

    kept: Kept
    judged: tuple[Judged, ...]
    automated: dict[str, Automated]
    """By requirement. Nothing holds where the run folder is gone."""
    state: State


def status(workspace: Path, plan_id: str | None = None) -> Status:
    """The status of a plan, the latest by default. Raises ConfigurationError."""
    kept = store.load(workspace, plan_id) if plan_id else store.latest(workspace)
    plan = kept.plan
    judged = judge(plan, store.current(store.results(workspace, plan.id)))
    folder = workspace / "runs" / plan.run
    compared: dict[str, Automated] = {}
    for covered in plan.requirements:
        if (folder / "summary.json").is_file():
            compared[covered.requirement.id] = automated(plan, facts(folder)[0], covered)
        else:
            compared[covered.requirement.id] = Automated(0, 0, plan.differences[covered.requirement.risk], None)
    return Status(kept, tuple(judged), compared, overall(judged, (found.holds for found in compared.values())))
