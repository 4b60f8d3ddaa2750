"""Drawing the plan of a run: lots, sample sizes, picks. The same run, policy and history give the same plan."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migrate.artefacts import sha256
from migrate.errors import ConfigurationError, Problem
from migrate.test_plan.lots import Lots, Record
from migrate.test_plan.plan import Covered, DrawnPlan, Inspection, Pick, RunTest
from migrate.test_plan.policy import Policy
from migrate.test_plan.words import RISKS, Directed, Requirement, Risk, RiskClass
from reports.masking import Masker
from reports.visible import plain
from validators.sampling import Ranking, SamplingPlan, Standing, discovery, iso2859, pick, standing

History = Callable[[str], Iterable[bool]]
"""Gives, for the id of an inspection, whether it was accepted in the runs before, the oldest first."""


@dataclass(frozen=True)
class Drawing:
    """What a plan is drawn from."""

    policy: Policy
    run: dict[str, Any]
    """``run.json``."""
    lots: Lots
    history: History
    tests: tuple[RunTest, ...] = ()


def draw(drawing: Drawing, run_folder: Path) -> DrawnPlan:
    """The plan of the run in ``run_folder``. Raises ConfigurationError where a directed case names a record that is not there."""
    model = drawing.policy.model
    covered = tuple(Covered(requirement=r, lines=drawing.policy.covered[r.id]) for r in model.requirements)
    entities = tuple(drawing.run.get("entities") or {})
    drawn = [*(_sample(drawing, covered, e) for e in entities), *(_directed(drawing, covered, e) for e in entities)]
    return DrawnPlan(
        run=run_folder.name,
        seed=model.seed,
        policy=sha256(drawing.policy.file),
        parts=dict(drawing.run.get("parts") or {}),
        confidence=model.confidence,
        requirements=covered,
        differences={risk: model.classes.of(risk).differences for risk in RISKS},
        inspections=tuple(inspection for inspections, _ in drawn for inspection in inspections),
        picks=tuple(pick for _, picks in drawn for pick in picks),
        tests=drawing.tests,
    )


def digest(seed: str, entity: str, key: str) -> str:
    """What stands for a whole source key in a plan."""
    return hmac.digest(seed.encode(), f"pick\0{entity}\0{key}".encode("utf-8", "surrogatepass"), "sha256").hex()


def _asked(covered: tuple[Covered, ...], entity: str) -> list[Requirement]:
    """The requirements that cover a line of a mapping."""
    return [c.requirement for c in covered if any(line.startswith(f"{entity}.") for line in c.lines)]


def _sample(drawing: Drawing, covered: tuple[Covered, ...], entity: str) -> tuple[list[Inspection], list[Pick]]:
    """An inspection of the lot for each class of risk. Their samples overlap as far as they can: every class picks by the same
    rank, and a record is looked at once for all of them."""
    model = drawing.policy.model
    asked = _asked(covered, entity)
    strata = model.stratify.get(entity, ())
    lot = drawing.lots.loaded(entity, strata) if asked else []
    records = {record.key: record for record in lot}
    ranking = Ranking(((r.key, r.stratum) for r in lot), model.seed, entity)
    chosen: dict[str, tuple[SamplingPlan, Standing, list[str]]] = {}
    of_key: dict[str, list[str]] = {}
    for risk in RISKS if lot else ():
        own = [r.id for r in asked if r.risk == risk]
        if not own:
            continue
        now = standing(drawing.history(f"{entity}/{risk}"), model.switching, model.inspection)
        plan = _plan(model.classes.of(risk), len(lot), now, model.confidence)
        keys = ranking.pick(plan.size)
        chosen[risk] = (plan, now, keys)
        for key in keys:
            of_key.setdefault(key, []).extend(own)
    order = pick(((key, ()) for key in of_key), len(of_key), model.seed, entity)
    ids = {key: f"{entity}/{number:04}" for number, key in enumerate(order, start=1)}
    picks = [_pick(drawing, ids[key], entity, records[key], of_key[key]) for key in order]
    inspections = [
        Inspection(
            id=f"{entity}/{risk}",
            kind="sample",
            entity=entity,
            risk=risk,
            requirements=tuple(r.id for r in asked if r.risk == risk),
            lot=len(lot),
            accept=plan.accept,
            rule=plan.rule,
            letter=plan.letter,
            inspection=now.inspection,
            reason=now.why,
            stopped=now.stopped,
            strata=strata,
            picks=tuple(sorted(ids[key] for key in keys)),
        )
        for risk in RISKS
        if risk in chosen
        for plan, now, keys in (chosen[risk],)
    ]
    return inspections, picks


def _plan(class_: RiskClass, lot: int, now: Standing, confidence: float) -> SamplingPlan:
    if class_.aql is not None:
        return iso2859(lot, class_.aql, class_.level, now.inspection)
    assert class_.claim is not None
    tighter = class_.tightened or class_.claim / 2
    return discovery(lot, tighter if now.inspection == "tightened" else class_.claim, confidence)


def _directed(drawing: Drawing, covered: tuple[Covered, ...], entity: str) -> tuple[list[Inspection], list[Pick]]:
    """The directed cases of an entity, on top of its sample: every one of them has to be right."""
    found: dict[str, tuple[Record, str]] = {}
    for case in drawing.policy.model.directed:
        if case.entity == entity:
            for record in _chosen(drawing, case):
                found.setdefault(record.key, (record, case.why))
    asked = _asked(covered, entity)
    if not found or not asked:
        return [], []
    gravest: Risk = min((r.risk for r in asked), key=RISKS.index)
    id_, requirements = f"{entity}/directed", [r.id for r in asked]
    picks = [
        _pick(drawing, f"{id_}/{number:03}", entity, record, requirements, why)
        for number, (record, why) in enumerate(found.values(), start=1)
    ]
    inspection = Inspection(
        id=id_,
        kind="directed",
        entity=entity,
        risk=gravest,
        requirements=tuple(requirements),
        lot=len(found),
        accept=0,
        rule="directed cases: every one of them has to be right",
        picks=tuple(p.id for p in picks),
    )
    return [inspection], picks


def _chosen(drawing: Drawing, case: Directed) -> list[Record]:
    candidates = drawing.lots.directed(case)
    if case.which == "keys":
        there = {record.key: record for record in candidates}
        if unknown := [key for key in case.keys if key not in there]:
            problems = [Problem(f"the run has no record of {case.entity} with this key", value=key) for key in unknown]
            hint = f"mend keys under directed in {drawing.policy.file}"
            raise ConfigurationError("no test plan was written", problems=problems, hint=hint)
        return [there[key] for key in case.keys]
    if case.which == "longest":
        return candidates
    by_key = {record.key: record for record in candidates}
    lot = f"{case.entity}\0{case.which}\0{case.code or ''}"
    taken = pick(((key, ()) for key in by_key), min(case.most, len(by_key)), drawing.policy.model.seed, lot)
    return [by_key[key] for key in taken]


def _pick(drawing: Drawing, id_: str, entity: str, record: Record, requirements: list[str], why: str = "") -> Pick:
    masker, model = Masker(drawing.run), drawing.policy.model
    return Pick(
        id=id_,
        entity=entity,
        source_key=_shown(masker.key(entity, record.key)),
        target_key=_shown(masker.target_key(entity, record.target_key)),
        digest=digest(model.seed, entity, record.key),
        requirements=tuple(requirements),
        stratum=tuple(
            masker.value(entity, field, value) or ""
            for field, value in zip(model.stratify.get(entity, ()), record.stratum, strict=False)
        ),
        why=why,
    )


def _shown(key: str | None) -> str | None:
    """A key as it can be typed into a cell and back: signs that one cannot see are spelled out."""
    return None if key is None else plain(key)
