"""After reconciliation: who is certified, may renew or has expired on every day from the cutover on, on both sides."""

from __future__ import annotations

import datetime as dt
from typing import Any

from migrate.artefacts import Extracted, Mapped, ReadBack, Reconciled, write_manifest
from migrate.compiler.plan import Plan
from migrate.engine import copy_to_parquet, scan, session
from migrate.findings import publish_findings
from migrate.progress import Progress
from migrate.reconciliation.certification_asking import Wanted, ask
from migrate.reconciliation.certification_rule import CertificationPlan
from migrate.run_folder import RunFolder
from migrate.stages.both_sides import NOT_ASKED, not_shown, open_sides
from migrate.workspace import CertificationSettings

AFTER = (30, 90, 365)
"""Days after the cutover that are counted beside it."""
STATES_FILE, DIFFERENCES_FILE, COUNTS_FILE = (
    "certification_states.parquet", "certification_differences.parquet", "certifications.parquet",
)  # fmt: skip


def compare_certifications(
    extracted: Extracted,
    mapped: Mapped,
    back: ReadBack,
    reconciled: Reconciled,
    plan: Plan,
    settings: CertificationSettings,
    run: RunFolder,
    progress: Progress,
    memory: str,
) -> Reconciled:
    """Compare the states of certifications, and add what differs to the run's findings.

    Writes the three files named above into the folder of ``reconciled``, whose manifest is written anew. Nothing happens
    where the source tells no states. The embedded engine compares, whichever engine mapped.
    """
    rule = plan.certifications
    if rule is None:
        return reconciled
    wanted = days_wanted(settings, rule, plan.as_of)
    why = not_shown(rule.target_needs, run) if rule.compared else None
    if rule.partly or why:
        why = why or "mappings that it needs are not part of this run"
        run.summary["reconciliation"]["certifications"] = {"verdict": NOT_ASKED, "why": why}
        _describe(plan, rule, wanted, run)
        return reconciled
    reconciled.verify()
    extracted.verify()
    with session(run.scratch, memory) as connection, progress.task("certifications", rule.source.entity) as task:
        sides = open_sides(connection, extracted, mapped, back, reconciled, plan, run, rule.source_needs)
        told = ask(connection, plan, rule, sides, wanted)
        for table, file in (("pieces", STATES_FILE), ("differing", DIFFERENCES_FILE), ("counts", COUNTS_FILE)):
            copy_to_parquet(connection, f"SELECT * FROM {table} ORDER BY ALL", reconciled.folder / file)
        findings = scan(run.path / "findings.parquet")
        connection.execute(f"CREATE TABLE findings AS SELECT * FROM {findings} UNION ALL SELECT * FROM told")
        publish_findings(connection, "findings", run)
        task.advance(told["people"])
    run.summary["reconciliation"]["certifications"] = told
    _describe(plan, rule, wanted, run)
    write_manifest(Reconciled, reconciled.folder, back, reconciled.folder.glob("*.parquet"))
    return Reconciled(reconciled.folder)


def days_wanted(settings: CertificationSettings, rule: CertificationPlan, as_of: str) -> Wanted:
    """What the workspace says, and the defaults."""
    cutover = settings.cutover or as_of[:10]
    first = dt.date.fromisoformat(cutover)
    after = [(first + dt.timedelta(days=n)).isoformat() for n in AFTER if (dt.date.max - first).days >= n]
    target = rule.target.model.zone if rule.target is not None else "UTC"
    return Wanted(
        cutover,
        tuple(sorted({cutover, *after, *settings.dates})),
        settings.source_zone or rule.source.model.zone,
        settings.target_zone or target,
        {str(way): days for way, days in settings.tolerance.items()},
    )


def _describe(plan: Plan, rule: CertificationPlan, wanted: Wanted, run: RunFolder) -> None:
    """What a report has to know, and what it takes to ask again with other days."""

    def side(contract: Any, states: Any, zone: str) -> dict[str, Any]:
        said = states.model
        return {"entity": f"{contract.system}.{states.entity}", "zone": zone, "unconfirmed": said.unconfirmed, "note": said.note}

    pair = plan.pair
    run.facts["certifications"] = {
        "cutover": wanted.cutover,
        "days": list(wanted.days),
        "source": side(pair.source, rule.source, wanted.source_zone),
        "target": side(pair.target, rule.target, wanted.target_zone) if rule.target is not None else None,
        "mappings": list(rule.mappings),
        "windows": rule.windows,
        "explained": {code: {"differs": list(r.differs), "reason": r.reason} for code, r in rule.model.explained.items()},
        "tolerance": wanted.tolerance,
    }
