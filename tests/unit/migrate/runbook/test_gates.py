"""What a run is measured by at a gate."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from migrate.runbook.gates import measurable, unmet, wording
from migrate.runbook.runs import past_runs
from migrate.runbook.words import Criterion


@pytest.mark.parametrize(
    ("words", "findings", "differences", "worklist", "told"),
    [
        ({"code": "USR-001"}, {"USR-001": 1}, 0, {}, "no finding USR-001: run run-1 has 1"),
        ({"code": "USR-001", "most": 1}, {"USR-001": 1, "USR-002": 9}, 0, {}, None),
        ({"most_differences": 2}, {}, 3, {}, "when read back: run run-1 has 3"),
        ({"most_differences": 3}, {}, 3, {}, None),
        ({"verdict": "pass"}, {}, 0, {}, "the run's verdict is pass: run run-1 has attention"),
        ({"verdict": "attention"}, {}, 0, {}, None),
        ({"most_open": 1}, {}, 0, {"open": 1, "expired": 1, "waived": 7}, "needs a person: run run-1 has 2"),
        ({"most_open": 2}, {}, 0, {"open": 1, "returned": 1, "closed": 7}, None),
        ({"most_open": 2}, {}, 0, None, "has no worklist"),
        ({"text": "People agree"}, {"USR-001": 9}, 9, {}, None),
    ],
)
def test_a_criterion_is_met_or_says_by_how_much_not(
    desk: Any, words: dict[str, Any], findings: dict[str, int], differences: int, worklist: Any, told: str | None
) -> None:
    desk.run(findings=findings, differences=differences)
    (run,) = past_runs(desk.folder / "runs")
    run.summary.pop("worklist", None)
    if worklist is not None:
        run.summary["worklist"] = worklist
    criterion = Criterion(**words)
    found = unmet([criterion], run)
    assert (found == []) if told is None else (len(found) == 1 and told in found[0]), found
    assert bool(measurable([criterion])) is ("text" not in words)
    assert wording(criterion)


def test_the_gates_that_a_rehearsal_has_to_pass_are_a_criterion(desk: Any) -> None:
    desk.run()
    (run,) = past_runs(desk.folder / "runs")
    criterion = Criterion(gates=True)
    told = "every gate of migration.yaml is met: run run-1 has "
    assert unmet([criterion], replace(run, missed=None)) == [told + "none that were judged"]
    assert unmet([criterion], replace(run, missed=())) == []
    assert unmet([criterion], replace(run, missed=("balanced", "USR-001"))) == [told + "missed balanced, missed USR-001"]


def test_a_run_that_stopped_meets_nothing(desk: Any) -> None:
    desk.run(failure="lost")
    (run,) = past_runs(desk.folder / "runs")
    assert unmet([], run) == ["run run-1 did not come to its end"]
