"""Drawing the plan of a run: lots, sample sizes, picks. The same run, policy and history give the same plan."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migrate.artefacts import sha256
from migrate.errors import ConfigurationError, Problem
from migrate.test_plan.lots import Lots, Record
from migrate.test_plan.plan import Covered, DrawnPlan, Inspection, Pick
from migrate.test_plan.policy import Policy
from migrate.test_plan.words import RISKS, Directed, Risk, RiskClass
from reports.masking import Masker
from reports.visible import plain
from validators.sampling import SamplingPlan, Standing, discovery, iso2859, pick, standing

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


def draw(drawing: Drawing, run_folder: Path) -> DrawnPlan:
    """The plan of the run in ``run_folder``."""
    model = drawing.policy.model
    covered = tuple(Covered(requirement=r, lines=drawing.policy.covered[r.id]) for r in model.requirements)
    return DrawnPlan(
        run=run_folder.name,
        seed=model.seed,
        policy=sha256(drawing.policy.file),
        parts=dict(drawing.run.get("parts") or {}),
        confidence=model.confidence,
        requirements=covered,
        differences={risk: model.classes.of(risk).differences for risk in RISKS},
        inspections=(*_samples(drawing, covered), *_directed(drawing, covered)),
    )


def digest(seed: str, entity: str, key: str) -> str:
    """What stands for a whole source key in a plan."""
    return hmac.digest(seed.encode(), f"pick\0{entity}\0{key}".encode("utf-8", "surrogatepass"), "sha256").hex()


def _samples(drawing: Drawing, covered: tuple[Covered, ...]) -> Iterator[Inspection]:
    model = drawing.policy.model
    for entity in drawing.run.get("entities") or {}:
        touched = [c for c in covered if any(line.startswith(f"{entity}.") for line in c.lines)]
        if not touched:
            continue
        strata = model.stratify.get(entity, ())
        lot = drawing.lots.loaded(entity, strata)
        for risk in RISKS:
            asked = tuple(c.requirement.id for c in touched if c.requirement.risk == risk)
            if not asked or not lot:
                continue
            id_ = f"{entity}/{risk}"
            now = standing(drawing.history(id_), model.switching, model.inspection)
            class_ = model.classes.of(risk)
            plan = _plan(class_, len(lot), now, model.confidence)
            targets = {record.key: record for record in lot}
            keys = pick(((r.key, r.stratum) for r in lot), plan.size, model.seed, entity)
            yield Inspection(
                id=id_,
                kind="sample",
                entity=entity,
                risk=risk,
                requirements=asked,
                lot=len(lot),
                accept=plan.accept,
                rule=plan.rule,
                letter=plan.letter,
                inspection=now.inspection,
                reason=now.why,
                stopped=now.stopped,
                strata=strata,
                picks=tuple(_picks(drawing, id_, entity, ((targets[key], "") for key in keys))),
            )


def _plan(class_: RiskClass, lot: int, now: Standing, confidence: float) -> SamplingPlan:
    if class_.aql is not None:
        return iso2859(lot, class_.aql, class_.level, now.inspection)
    assert class_.claim is not None
    tighter = class_.tightened or class_.claim / 2
    return discovery(lot, tighter if now.inspection == "tightened" else class_.claim, confidence)


def _directed(drawing: Drawing, covered: tuple[Covered, ...]) -> Iterator[Inspection]:
    """One inspection per entity: every directed case has to be right."""
    cases: dict[str, list[Directed]] = {}
    for case in drawing.policy.model.directed:
        if case.entity in (drawing.run.get("entities") or {}):
            cases.setdefault(case.entity, []).append(case)
    for entity, listed in cases.items():
        found: dict[str, tuple[Record, str]] = {}
        for case in listed:
            for record in _chosen(drawing, case):
                found.setdefault(record.key, (record, case.why))
        asked = [c.requirement for c in covered if any(line.startswith(f"{entity}.") for line in c.lines)]
        if not found or not asked:
            continue
        gravest: Risk = min((r.risk for r in asked), key=RISKS.index)
        id_ = f"{entity}/directed"
        yield Inspection(
            id=id_,
            kind="directed",
            entity=entity,
            risk=gravest,
            requirements=tuple(r.id for r in asked),
            lot=len(found),
            accept=0,
            rule="directed cases: every one of them has to be right",
            picks=tuple(_picks(drawing, id_, entity, found.values())),
        )


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


def _picks(drawing: Drawing, inspection: str, entity: str, records: Iterable[tuple[Record, str]]) -> Iterator[Pick]:
    masker, seed = Masker(drawing.run), drawing.policy.model.seed
    for number, (record, why) in enumerate(records, start=1):
        yield Pick(
            id=f"{inspection}/{number:03}",
            source_key=_shown(masker.key(entity, record.key)),
            target_key=_shown(masker.target_key(entity, record.target_key)),
            digest=digest(seed, entity, record.key),
            stratum=tuple(
                masker.value(entity, field, value) or ""
                for field, value in zip(drawing.policy.model.stratify.get(entity, ()), record.stratum, strict=False)
            ),
            why=why,
        )


def _shown(key: str | None) -> str | None:
    """A key as it can be typed into a cell and back: signs that one cannot see are spelled out."""
    return None if key is None else plain(key)
