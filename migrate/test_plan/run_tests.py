"""What the run itself tests beside the comparison of all records: reviewers' expectations, and rules over both sides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migrate.acceptance.results import not_as_signed, read_results, sentence
from migrate.errors import RunFailed
from migrate.mapping.load import LoadedPair
from migrate.mapping.model import BothSides
from migrate.reconciliation.columns import fields_of
from migrate.specification.build import shown
from migrate.test_plan.plan import DrawnPlan, RunTest
from migrate.test_plan.policy import Policy
from migrate.test_plan.store import named
from migrate.workspace import Workspace
from validators.expectations.load import Wanted

NOT_JUDGED, NOT_ASKED, GONE = "not judged", "not asked", "the run folder is gone"
_WORDS = {"error": "could not be evaluated", "empty": "nothing to compare"}
"""In place of the words of the files."""


@dataclass(frozen=True)
class Outcome:
    """What came of a test in a run."""

    state: str
    evidence: str
    """Numbers, in words."""
    holds: bool | None
    """None where the run does not say."""
    different: int = 0
    """Of a rule: groups that differ, and records that no mapping has."""


def run_tests(workspace: Workspace, policy: Policy) -> tuple[RunTest, ...]:
    """The tests of a workspace, each with the mapping lines that it is about and the requirements that it is evidence for."""
    wanted = [one for suite in workspace.expectations for one in suite.wanted]
    return (
        *(_of_expectation(workspace, policy, one) for one in wanted),
        *(_of_rule(workspace, policy, name, rule) for name, rule in workspace.pair.model.both_sides.items()),
    )


def _of_expectation(workspace: Workspace, policy: Policy, wanted: Wanted) -> RunTest:
    model = wanted.model
    columns = wanted.columns or wanted.used
    read = {(column.entity, column.field) for column in columns}
    read |= {(model.entity, column.through) for column in columns if column.through}
    lines = tuple(_lines(workspace.pair, read) if read else _keys(workspace.pair, [model.entity]))
    asked = named(model.requirement)
    known = tuple(id_ for id_ in asked if id_ in policy.covered)
    return RunTest(
        id=model.code,
        kind="acceptance test",
        says=sentence(wanted),
        place=shown(workspace, wanted.place),
        lines=lines,
        requirements=known or _covering(policy, lines),
        named="" if known else model.requirement,
        counts=bool(model.gate),
    )


def _of_rule(workspace: Workspace, policy: Policy, name: str, rule: BothSides) -> RunTest:
    pair = workspace.pair
    columns = [*rule.by, *(measure for measure, how in rule.compare.items() if how != "count")]
    read = {one for column in columns for one in fields_of(pair.target.model, rule.target, column)}
    counted = [pair.mappings[rule.mapping].target_name] if "count" in rule.compare.values() else []
    lines = tuple(dict.fromkeys([*_lines(pair, read), *_keys(pair, counted)]))
    compared = ", ".join(f"{how} of {measure}" for measure, how in rule.compare.items())
    return RunTest(
        id=name,
        kind="rule over both sides",
        says=f"{rule.label}: {compared}" + (f" by {', '.join(rule.by)}" if rule.by else ""),
        place=shown(workspace, pair.document.place("both_sides", name)),
        lines=lines,
        requirements=_covering(policy, lines),
    )


def _lines(pair: LoadedPair, read: Iterable[tuple[str, str]]) -> Iterator[str]:
    """The mapping lines that write the fields of ``(entity of the target, field)``, in the mapping's order."""
    wanted = set(read)
    for name, mapping in pair.mappings.items():
        yield from (f"{name}.{field}" for field in mapping.model.fields if (mapping.target_name, field) in wanted)


def _keys(pair: LoadedPair, entities: Iterable[str]) -> Iterator[str]:
    """What is about records and no field of them is about the lines that make their keys."""
    for entity in entities:
        keys = {(m.target_name, field) for m in pair.mappings.values() for field in m.target.key if m.target_name == entity}
        yield from _lines(pair, keys)


def _covering(policy: Policy, lines: Iterable[str]) -> tuple[str, ...]:
    """The requirements of a plan that cover one of the lines, in its order."""
    own = set(lines)
    return tuple(id_ for id_, covered in policy.covered.items() if own.intersection(covered))


def outcomes(plan: DrawnPlan, run_folder: Path, summary: Mapping[str, Any], facts: Mapping[str, Any]) -> dict[str, Outcome]:
    """What the run of a plan says of each of its tests, by id."""
    checks = (summary.get("reconciliation") or {}).get("checks") or {}
    results: dict[str, Mapping[str, Any]] = {}
    why = ""
    if (summary.get("acceptance") or {}).get("judged"):
        try:
            not_as_signed(run_folder, facts)
            results = {row["code"]: row for row in read_results(run_folder) or ()}
        except RunFailed:
            why = "the results are not those that were written when it was judged"
    found = {}
    for test in plan.tests:
        if test.kind == "acceptance test":
            row = results.get(test.id)
            # A suite that was changed and judged again says something else than this plan does.
            same = row is not None and row["says"] == test.says
            found[test.id] = _result(row) if row is not None and same else Outcome(NOT_JUDGED, why, None)
        else:
            found[test.id] = _check(checks.get(test.id) or {"verdict": NOT_ASKED, "why": "the run does not say"})
    return found


def gone(plan: DrawnPlan) -> dict[str, Outcome]:
    """The same where there is no run folder any more."""
    return {test.id: Outcome(GONE, "", None) for test in plan.tests}


def holds(test: RunTest, outcome: Outcome, allowed: int | None) -> bool | None:
    """Does a test hold for a requirement? ``allowed``: the differences that its class of risk allows; None: they are listed."""
    if not test.counts:
        return True
    if outcome.holds is False and test.kind == "rule over both sides":
        return allowed is None or outcome.different <= allowed
    return outcome.holds


def _result(row: Mapping[str, Any]) -> Outcome:
    state = _WORDS.get(row["state"], row["state"])
    said = f"{row['records']:,} records" if row["records"] is not None else row["why"] or ""
    if row["unexpected"] is not None:
        said = f"{row['unexpected']:,} of {row['values']:,} values are not as expected"
    return Outcome(state, said, {"passed": True, "failed": False}.get(row["state"]))


def _check(told: Mapping[str, Any]) -> Outcome:
    verdict = told["verdict"]
    if verdict == NOT_ASKED:
        return Outcome(NOT_ASKED, str(told.get("why") or ""), None)
    unseen = int(told["parts"].get("unseen") or 0)
    said = f"{told['groups']:,} groups, {told['different']:,} differ"
    said += f"; {told['expected']:,} records expected, {told['target']:,} in the target"
    said += f"; {unseen:,} that no mapping has" if unseen else ""
    holds_ = {"equal": True, "different": False}.get(verdict, None if told["source"] else True)
    return Outcome(_WORDS.get(verdict, verdict), said, holds_, int(told["different"]) + unseen)
