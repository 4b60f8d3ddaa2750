"""The criteria of a gate that a run can be measured by."""

from __future__ import annotations

from collections.abc import Iterable

from migrate.runbook.runs import PastRun
from migrate.runbook.words import Criterion
from migrate.said import number_of
from migrate.worklist.states import NEEDS_A_PERSON

VERDICTS = ("pass", "attention", "fail")


def wording(criterion: Criterion) -> str:
    """A criterion as people read it."""
    if criterion.text is not None:
        return criterion.text
    if criterion.code is not None:
        return f"{_most(criterion.most or 0, 'finding')} {criterion.code}"
    if criterion.verdict is not None:
        return f"the run's verdict is {criterion.verdict}" + (" or better" if criterion.verdict != "pass" else "")
    if criterion.most_open is not None:
        needs = "need" if criterion.most_open > 1 else "needs"
        return f"{_most(criterion.most_open, 'item')} of the worklist {needs} a person"
    if criterion.gates:
        return "every gate of migration.yaml is met"
    return f"{_most(criterion.most_differences or 0, 'record')} missing, extra or different when read back"


def _most(n: int, one: str) -> str:
    return f"at most {number_of(n, one)}" if n else f"no {one}"


def measurable(criteria: Iterable[Criterion]) -> list[Criterion]:
    """Those that need a run."""
    return [criterion for criterion in criteria if criterion.text is None]


def unmet(criteria: Iterable[Criterion], run: PastRun) -> list[str]:
    """What ``run`` misses, as sentences; empty where it meets all that can be measured."""
    found = [] if run.whole else [f"run {run.id} did not come to its end"]
    for criterion in measurable(criteria):
        number = _number(criterion, run)
        if number is not None:
            found.append(f"{wording(criterion)}: run {run.id} has {number}")
    return found


def _number(criterion: Criterion, run: PastRun) -> str | None:
    """What the run has in place of what is asked for; None where it is good enough."""
    summary = run.summary
    if criterion.code is not None:
        number = int(summary["findings"].get(criterion.code, 0))
        return str(number) if number > (criterion.most or 0) else None
    if criterion.verdict is not None:
        verdict = str(summary["verdict"])
        good = verdict in VERDICTS and VERDICTS.index(verdict) <= VERDICTS.index(criterion.verdict)
        return None if good else verdict
    if criterion.most_open is not None:
        items = summary.get("worklist")
        if not isinstance(items, dict):
            return "no worklist"
        number = sum(int(items.get(state, 0)) for state in NEEDS_A_PERSON)
        return f"{number:,}" if number > criterion.most_open else None
    if criterion.gates:
        return "none that were judged" if run.missed is None else ", ".join(f"missed {gate}" for gate in run.missed) or None
    number = sum(e["missing"] + e["extra"] + sum(e["differences"].values()) for e in summary["entities"].values())
    return f"{number:,}" if number > (criterion.most_differences or 0) else None
