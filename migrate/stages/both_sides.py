"""After reconciliation: the pair's rules that have to hold on both sides, asked of the source and of what was read back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from migrate.artefacts import Extracted, Mapped, ReadBack, Reconciled, write_manifest
from migrate.compiler.plan import Plan
from migrate.compiler.source import RAW, query_needs
from migrate.compiler.text import name
from migrate.crosswalks import census
from migrate.engine import Engine, Opener, copy_to_parquet, scan, session
from migrate.findings import publish_findings
from migrate.live.names import KEPT, PREDICTED_HELD, UNSHOWN
from migrate.mapper import build_source
from migrate.progress import Progress
from migrate.reconciliation.asking import Asking, Sides, personal_measures
from migrate.reconciliation.both_sides import TARGET, Rule
from migrate.run_folder import RunFolder

NOT_ASKED = "not asked"


def ask_both_sides(
    extracted: Extracted,
    mapped: Mapped,
    back: ReadBack,
    reconciled: Reconciled,
    plan: Plan,
    run: RunFolder,
    progress: Progress,
    memory: str,
    opened: Opener = session,
) -> Reconciled:
    """Ask the rules of the pair, and add what differs to the run's findings.

    Writes ``both_sides.parquet`` (each group, both sides) and ``accounting.parquet`` (what explains the gaps) into the folder of
    ``reconciled``, whose manifest is written anew.
    """
    if not plan.pair.model.both_sides:
        return reconciled
    reconciled.verify()
    extracted.verify()
    _describe(plan, run)
    run.save()  # before a finding lies there: a report of a run that was killed must know what is personal in it
    told: dict[str, Any] = {}
    with opened(run.scratch, memory) as connection:
        wanted = [entity for rule in plan.both_sides for entity in rule.source_needs]
        sides = open_sides(connection, extracted, mapped, back, reconciled, plan, run, wanted)
        asking = Asking(connection, plan, sides)
        askable = {rule.name: rule for rule in plan.both_sides}
        for rule_name in plan.pair.model.both_sides:
            rule = askable.get(rule_name)
            why = "mappings that it needs are not part of this run" if rule is None else why_not(rule, run)
            if rule is None or why:
                told[rule_name] = {"verdict": NOT_ASKED, "why": why}
                continue
            with progress.task("both sides", rule_name) as task:
                told[rule_name] = asking.ask(rule)
                task.advance(told[rule_name]["source"])
        copy_to_parquet(connection, "SELECT * FROM sides ORDER BY ALL", reconciled.folder / "both_sides.parquet")
        copy_to_parquet(connection, "SELECT * FROM accounting ORDER BY ALL", reconciled.folder / "accounting.parquet")
        file = run.path / "findings.parquet"
        connection.execute(f"CREATE TABLE findings AS SELECT * FROM {scan(file)} UNION ALL SELECT * FROM told")
        publish_findings(connection, "findings", run)
    run.summary["reconciliation"]["checks"] = told
    write_manifest(Reconciled, reconciled.folder, back, reconciled.folder.glob("*.parquet"))
    return Reconciled(reconciled.folder)


def open_sides(
    connection: Engine,
    extracted: Extracted,
    mapped: Mapped,
    back: ReadBack,
    reconciled: Reconciled,
    plan: Plan,
    run: RunFolder,
    wanted: Iterable[str],
) -> Sides:
    """Both sides as queries read them: the typed entities ``wanted`` of the source, and all that was read back of the target."""
    needed = _entities(plan, wanted)
    tables = {entity: fields for entity, fields in plan.physical.items() if entity in needed}
    for entity in tables:
        connection.execute(f"CREATE VIEW {name(RAW, entity)} AS SELECT * FROM {scan(extracted.parquet(entity))}")
    build_source(connection, replace(plan, physical=tables, views=[view for view in plan.views if view in needed]))
    connection.execute(f"CREATE SCHEMA {TARGET}")
    for entity in plan.pair.target.model.entities:
        connection.execute(f"CREATE VIEW {name(TARGET, entity)} AS SELECT * FROM {scan(back.parquet(entity))}")
    crosswalks = mapped.folder / census.FILE
    connection.execute(
        "CREATE TABLE crosswalk_entries AS SELECT crosswalk, source, target "
        f"FROM {scan(crosswalks)} WHERE status NOT IN ('rejected', 'waived')"
    )
    live = run.facts.get("live") is not None
    nothing = "(SELECT '' AS entity, '' AS key, '' AS field WHERE FALSE)"
    return Sides(
        dispositions=scan(run.path / "dispositions.parquet"),
        findings=scan(run.path / "findings.parquet"),
        unread=scan(reconciled.parquet("unread")),
        hidden=scan(back.parquet(UNSHOWN)) if live else nothing,
        kept=scan(back.parquet(KEPT)) if live else nothing,
        mapped=lambda mapping: scan(mapped.parquet(mapping)),
        predicted=() if live else PREDICTED_HELD,
    )


def _entities(plan: Plan, wanted: Iterable[str]) -> set[str]:
    """Entities of the source that queries read, those below views included."""
    contract = plan.pair.source.model
    queue = list(wanted)
    found: set[str] = set()
    while queue:
        entity = queue.pop()
        if entity in found:
            continue
        found.add(entity)
        queue.extend(contract.entities[entity].covers)
        if contract.entities[entity].sql:
            queue.extend(query_needs(contract, contract.entities[entity].sql or ""))
    return found


def why_not(rule: Rule, run: RunFolder) -> str | None:
    """Why a rule cannot be asked of a live target: it does not show what the rule looks at."""
    return not_shown(rule.target_needs, run)


def not_shown(needs: Mapping[str, set[str]], run: RunFolder) -> str | None:
    """The sentence that names fields which a live target never shows; None where it shows all of them."""
    unseen: dict[str, list[str]] = (run.facts.get("live") or {}).get("unseen") or {}
    hidden = sorted(
        f"{entity}.{field}" for entity, fields in needs.items() for field in fields if field in unseen.get(entity, ())
    )
    return f"the target does not show {', '.join(hidden)}" if hidden else None


def _describe(plan: Plan, run: RunFolder) -> None:
    """What a report has to know of the rules, and which of their columns are personal data."""
    run.facts["both_sides"] = {
        name_: {
            "label": model.label,
            "code": model.code,
            "mapping": model.mapping,
            "by": list(model.by),
            "compare": dict(model.compare),
            "explained": dict(model.explained),
        }
        for name_, model in plan.pair.model.both_sides.items()
    }
    for rule in plan.both_sides:
        entity = (rule.model.same[rule.about].ref if rule.about else None) or rule.model.mapping
        run.facts["both_sides"][rule.name] |= {"entity": entity, "classes": rule.classes}
        run.facts.setdefault("pii", {}).setdefault(entity, {}).update(personal_measures(rule))
