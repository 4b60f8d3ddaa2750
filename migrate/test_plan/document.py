"""From a plan, its run and its results to the :class:`~reports.documents.test_plan.PlanDocument` that is drawn."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from migrate import __version__
from migrate.errors import ConfigurationError, Problem
from migrate.fingerprints import described, fingerprints
from migrate.specification.build import shown
from migrate.specification.mapping_part import tests_of
from migrate.specification.wording import checks_of
from migrate.test_plan import store
from migrate.test_plan.draw import digest
from migrate.test_plan.judge import Judged, judge, overall
from migrate.test_plan.lots import Lots, facts, lots
from migrate.test_plan.plan import Covered, DrawnPlan, Pick, RunTest
from migrate.test_plan.policy import lines
from migrate.test_plan.run_tests import Outcome, holds, outcomes
from migrate.test_plan.store import Kept, Result
from migrate.workspace import Workspace
from reports.documents.test_plan import (
    Automated,
    Correction,
    InspectionRow,
    PickRow,
    PlanDocument,
    TraceLine,
    TraceRequirement,
    TraceTest,
)
from reports.masking import Masker
from reports.visible import plain
from validators.sampling import upper_limit

DESCRIBED = ("contracts", "mapping", "crosswalks")
"""Parts that have to be now what they were in the run: lines, checks and tests are read from them."""
MOST_SHOWN = 200
"""Characters of an expected value."""


def changed_parts(workspace: Workspace, run: Mapping[str, Any]) -> list[str]:
    """Parts of the workspace that are not those of the run any more."""
    now, then = fingerprints(workspace), run.get("parts") or {}
    return [part for part in DESCRIBED if then.get(part) != now[part].hash]


def document(workspace: Workspace, kept: Kept, run_folder: Path, now: dt.datetime) -> PlanDocument:
    """The document about a plan. Raises ConfigurationError where the workspace is not what the run was made of."""
    plan = kept.plan
    summary, run = facts(run_folder)
    if changed := changed_parts(workspace, run):
        problem = Problem(f"changed since run {run_folder.name}", value=", ".join(changed))
        hint = f"lms-migrate run {workspace.folder}, then write the test plan of that run"
        raise ConfigurationError("the test plan would not describe the run", problems=[problem], hint=hint)
    rows = store.results(workspace.folder, plan.id)
    last = store.current(rows)
    judged = judge(plan, last)
    with lots(run_folder) as records:
        findings = records.findings()
        picks = tuple(_picks(plan, run, records, last))
    found = outcomes(plan, run_folder, summary, run)
    requirements = tuple(_requirement(workspace, plan, c, summary, findings, judged, found) for c in plan.requirements)
    covered = {line for c in plan.requirements for line in c.lines}
    sampled = {inspection.entity for inspection in plan.inspections if inspection.kind == "sample"}
    return PlanDocument(
        label=str(run.get("label") or ""),
        workspace=workspace.folder.resolve().name,
        date=now.strftime("%Y-%m-%d"),
        tool_version=__version__,
        id=plan.id,
        written=kept.written,
        run=plan.run,
        mode=str(summary.get("mode") or ""),
        verdict=str(summary.get("verdict") or ""),
        balanced=bool(summary.get("balanced")),
        describes=described({**plan.parts, "test plan": plan.policy}),
        parts=(*plan.parts.items(), ("test plan", plan.policy)),
        confidence=plan.confidence,
        masked=tuple(f for f in Masker(run).masked_fields() if f.partition(":")[0] in sampled),
        requirements=requirements,
        uncovered=tuple(line for line in lines(workspace.pair) if line not in covered),
        empty=tuple(e for e in dict.fromkeys(line.partition(".")[0] for line in sorted(covered)) if e not in sampled),
        inspections=tuple(_inspection(j, plan.confidence) for j in judged),
        picks=picks,
        corrections=tuple(_corrections(rows)),
        loose=tuple(_test(test, found[test.id], None) for test in plan.tests if not test.requirements),
        state=overall(judged, (one for r in requirements for one in (r.automated.holds, *(test.holds for test in r.tests)))),
    )


def automated(plan: DrawnPlan, summary: Mapping[str, Any], covered: Covered) -> Automated:
    """What the comparison of all records of the run says of a requirement."""
    entities: dict[str, Mapping[str, Any]] = summary.get("entities") or {}
    touched = {e: entities[e] for e in dict.fromkeys(line.partition(".")[0] for line in covered.lines) if e in entities}
    differences = sum(
        int((touched[entity].get("differences") or {}).get(field) or 0)
        for entity, _, field in (line.partition(".") for line in covered.lines)
        if entity in touched
    )
    missing = sum(int(numbers.get(word) or 0) for numbers in touched.values() for word in ("missing", "extra"))
    allowed = plan.differences[covered.requirement.risk]
    holds: bool | None = bool(summary.get("balanced")) and (allowed is None or differences + missing <= allowed)
    nothing = not any(numbers.get("compared") for numbers in touched.values())
    if holds and nothing and any(numbers.get("source") for numbers in touched.values()):
        holds = None  # there is something to compare, and this run did not come to it
    return Automated(differences, missing, allowed, holds)


def _requirement(
    workspace: Workspace,
    plan: DrawnPlan,
    covered: Covered,
    summary: Mapping[str, Any],
    findings: Mapping[tuple[str, str], int],
    judged: list[Judged],
    outcomes_: Mapping[str, Outcome],
) -> TraceRequirement:
    requirement = covered.requirement
    found = automated(plan, summary, covered)
    allowed = plan.differences[requirement.risk]
    tests = tuple(_test(test, outcomes_[test.id], allowed) for test in plan.tests_of(requirement.id))
    own = [j for j in judged if requirement.id in j.inspection.requirements]
    return TraceRequirement(
        id=requirement.id,
        text=requirement.text,
        risk=requirement.risk,
        lines=tuple(_trace(workspace, summary, findings, line) for line in covered.lines),
        automated=found,
        tests=tests,
        inspections=tuple(j.inspection.id for j in own),
        state=overall(own, (found.holds, *(test.holds for test in tests))),
    )


def _test(test: RunTest, outcome: Outcome, allowed: int | None) -> TraceTest:
    return TraceTest(
        id=test.id,
        kind=test.kind,
        says=plain(test.says),
        place=test.place,
        lines=test.lines,
        named=test.named and plain(test.named),
        counts=test.counts,
        state=outcome.state,
        evidence=outcome.evidence and plain(outcome.evidence),
        holds=holds(test, outcome, allowed),
    )


def _trace(workspace: Workspace, summary: Mapping[str, Any], findings: Mapping[tuple[str, str], int], line: str) -> TraceLine:
    entity, _, field = line.partition(".")
    mapping = workspace.pair.mappings[entity]
    numbers = (summary.get("entities") or {}).get(entity) or {}
    checks = checks_of(mapping, field)
    return TraceLine(
        id=line,
        place=shown(workspace, mapping.document.place("fields", field)),
        tests=tests_of(mapping, field),
        gates=tuple(dict.fromkeys(check.code for check in checks)),
        findings=findings.get((entity, field), 0),
        compared=int(numbers.get("compared") or 0),
        differences=int((numbers.get("differences") or {}).get(field) or 0),
    )


def _inspection(judged: Judged, confidence: float) -> InspectionRow:
    inspection = judged.inspection
    sample = inspection.kind == "sample"
    clean = upper_limit(inspection.size, 0, confidence, inspection.lot) if sample else None
    return InspectionRow(
        id=inspection.id,
        kind=inspection.kind,
        entity=inspection.entity,
        risk=inspection.risk,
        requirements=inspection.requirements,
        lot=inspection.lot,
        size=inspection.size,
        accept=inspection.accept,
        refuse=inspection.refuse,
        letter=inspection.letter or "",
        rule=inspection.rule,
        reason=inspection.reason,
        stopped=inspection.stopped,
        strata=inspection.strata,
        tested=judged.tested,
        wrong=judged.wrong,
        state=judged.state,
        shows=None if judged.shows is None else 100 * judged.shows,
        would_show=None if clean is None else 100 * clean,
    )


def _picks(plan: DrawnPlan, run: Mapping[str, Any], records: Lots, results: Mapping[str, Result]) -> Iterator[PickRow]:
    masker = Masker(run)
    expected: dict[str, dict[str, dict[str, str | None]]] = {}
    by_entity: dict[str, set[str]] = {}
    covered = {c.requirement.id: c.lines for c in plan.requirements}
    strata = {inspection.entity: inspection.strata for inspection in plan.inspections if inspection.kind == "sample"}
    for pick in plan.picks:
        by_entity.setdefault(pick.entity, set()).add(pick.digest)
    for entity, wanted in by_entity.items():
        keys = {d: record.key for record in records.loaded(entity) if (d := digest(plan.seed, entity, record.key)) in wanted}
        fields = [line.partition(".")[2] for lines_ in covered.values() for line in lines_ if line.startswith(f"{entity}.")]
        values = records.values(entity, list(keys.values()), list(dict.fromkeys(fields)))
        expected[entity] = {d: values.get(key, {}) for d, key in keys.items()}
    for pick in plan.picks:
        values_ = expected[pick.entity].get(pick.digest, {})
        stratum = ", ".join(f"{f}: {v}" for f, v in zip(strata.get(pick.entity, ()), pick.stratum, strict=False))
        found = results.get(pick.id)
        said = {w: getattr(found, w) for w in ("result", "requirement", "note", "tester", "tested_on")} if found else {}
        yield PickRow(
            id=pick.id,
            group=pick.group,
            entity=pick.entity,
            source_key=pick.source_key or "",
            target_key=pick.target_key or "",
            why=pick.why or plain(stratum),
            expected=tuple(
                (field, _short(plain(masker.value(pick.entity, field, values_[field]))))
                for field in _fields(pick, covered)
                if field in values_ and values_[field] is not None
            ),
            requirements=pick.requirements,
            **said,
        )


def _fields(pick: Pick, covered: Mapping[str, tuple[str, ...]]) -> list[str]:
    """The target fields that are to be looked at, each once."""
    prefix = f"{pick.entity}."
    found = (line for id_ in pick.requirements for line in covered[id_] if line.startswith(prefix))
    return list(dict.fromkeys(line.removeprefix(prefix) for line in found))


def _corrections(rows: list[Result]) -> Iterator[Correction]:
    by_number = {row.number: row for row in rows}
    for row in rows:
        if row.corrects in by_number:
            yield Correction(row.pick, row.recorded, by_number[row.corrects].result, row.result, row.note, row.tester)


def _short(text: str) -> str:
    return text if len(text) <= MOST_SHOWN else text[: MOST_SHOWN - 3] + "..."
