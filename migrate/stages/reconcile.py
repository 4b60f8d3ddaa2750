"""Stage 6: what the target holds against what the mapping says it should hold; every difference, row and field."""

from __future__ import annotations

from dataclasses import asdict, astuple
from pathlib import Path
from typing import Any

from migrate.artefacts import Loaded, ReadBack, Reconciled, Validated, write_manifest
from migrate.compiler.plan import Plan
from migrate.compiler.text import literal
from migrate.contracts.model import Severity
from migrate.engine import Engine, Opener, copy_to_parquet, number, scan, session, size_of
from migrate.errors import Unbalanced
from migrate.findings import Finding, publish_findings
from migrate.live.names import ASKED, ONLY_LIVE, RESULTS_FILE
from migrate.mapping.load import LoadedMapping
from migrate.progress import Progress
from migrate.reconciliation import excused as excuse
from migrate.reconciliation.balance import uneven
from migrate.reconciliation.closure import closures
from migrate.reconciliation.dispositions import DISPOSITIONS, Counted, count_dispositions, finish_dispositions
from migrate.reconciliation.entity import compare_entity
from migrate.run_folder import RunFolder

LIVE_SEVERITIES: dict[str, Severity] = {
    ONLY_LIVE: "hold",
    "LIVE-REFUSED": "reject",
    "LIVE-FAILED": "quarantine",
    "LIVE-UNKNOWN": "quarantine",
    "LIVE-BLOCKED": "blocked",
    "LIVE-EXISTS": "hold",
    "LIVE-ABSENT": "hold",
    "LIVE-TWICE": "hold",
    "LIVE-DRIFT": "hold",
    "LIVE-GONE": "hold",
    "LIVE-RENAMED": "hold",
    "LIVE-UNCHANGEABLE": "hold",
    "LIVE-HANDED-OVER": "hold",
    "LIVE-VANISHED": "hold",
    "LIVE-STALE": "warn",
    "LIVE-REMOVED": "warn",
    "LIVE-WARNED": "warn",
}


def reconcile(
    validated: Validated, loaded: Loaded, back: ReadBack, plan: Plan, run: RunFolder, progress: Progress, memory: str,
    opened: Opener = session,
) -> Reconciled:  # fmt: skip
    """Compare, finish the dispositions, balance the sums and write the run's two Parquet files.

    Raises Unbalanced when a source record has no disposition, or two.
    """
    back.verify()
    loaded.verify()
    validated.verify()
    folder = run.stage("reconcile")
    results = scan(loaded.folder / RESULTS_FILE)
    with opened(run.scratch, memory) as connection:
        connection.execute(f"CREATE VIEW results AS SELECT * FROM {results}")
        connection.execute(
            "CREATE TABLE differences (entity VARCHAR, key VARCHAR, target_key VARCHAR, field VARCHAR, kind VARCHAR, "
            "expected VARCHAR, actual VARCHAR)"
        )
        connection.execute(f"CREATE TABLE excused ({excuse.COLUMNS})")
        balances = {
            entity: compare_entity(connection, mappings, validated, back, run, progress, size_of(memory))
            for entity, mappings in _targets(plan).items()
        }
        missing = [mapping for mapping in plan.names if run.summary["entities"][mapping]["missing"]]
        file = run.path / "dispositions.parquet"
        standing = {mapping: validated.dispositions(mapping) for mapping in validated.mapped.largest_first(plan.names)}
        finish_dispositions(connection, standing, file, missing=missing)
        copy_to_parquet(connection, "SELECT * FROM differences ORDER BY ALL", folder / "differences.parquet")
        copy_to_parquet(connection, "SELECT * FROM excused ORDER BY ALL", folder / "excused.parquet")
        _write_unread(connection, back, run, folder)
        closed = list(closures(connection, plan, lambda e: scan(back.parquet(e)), lambda m: f"({validated.loading(m)})"))
        run.facts["references"] = [asdict(field) for field in closed]
        run.summary["reconciliation"] = {
            "rows": {entity: asdict(balance) for entity, balance in balances.items()},
            "excused": number(connection, f"SELECT count(*) FROM excused WHERE rule <> {literal(excuse.MATCHED)}"),
            "references": sum(field.references for field in closed),
            "dangling": sum(field.dangling for field in closed),
            "checks": {},
        }
        of = {plan.pair.mappings[mapping].target_name: mapping for mapping in reversed(plan.names)}
        told = [*excuse.unusual(plan, run), *uneven(balances, of)]
        _write_findings(connection, plan, validated, back, run, told)
        _balance(connection, plan, run, count_dispositions(file))
    write_manifest(Reconciled, folder, back, folder.glob("*.parquet"))
    return Reconciled(folder)


def _targets(plan: Plan) -> dict[str, list[LoadedMapping]]:
    """The mappings of each target entity that has some."""
    found: dict[str, list[LoadedMapping]] = {}
    for mapping in plan.names:
        found.setdefault(plan.pair.mappings[mapping].target_name, []).append(plan.pair.mappings[mapping])
    return found


def _write_unread(connection: Engine, back: ReadBack, run: RunFolder, folder: Path) -> None:
    """The records that are in the target by the word of the ledger alone: a live run did not read them back."""
    if run.facts.get("live") is None:
        unread = "SELECT entity, key FROM dispositions WHERE FALSE"
    else:
        unread = (
            "SELECT d.entity, d.key FROM dispositions AS d JOIN results AS r ON r.mapping = d.entity AND r.source_key = d.key "
            "WHERE d.disposition IN ('created', 'updated', 'unchanged') AND (r.entity, r.key) NOT IN "
            f"(SELECT (entity, key) FROM {scan(back.parquet(ASKED))})"
        )
    copy_to_parquet(connection, f"{unread} ORDER BY ALL", folder / "unread.parquet")


def _write_findings(
    connection: Engine, plan: Plan, validated: Validated, back: ReadBack, run: RunFolder, told: list[Finding]
) -> None:
    entities = ", ".join(f"({literal(n)}, {literal(plan.pair.mappings[n].target_name)})" for n in plan.names)
    refused = (
        f"(SELECT v.mapping, key, min(reason) AS reason FROM {scan(back.parquet('refused'))} AS f "
        f"JOIN (VALUES {entities}) AS v(mapping, entity) ON v.entity = f.entity GROUP BY ALL)"
    )
    connection.execute(
        f"CREATE TABLE findings AS SELECT * FROM {scan(validated.parquet('findings'), back.parquet('findings'))} "
        "UNION ALL SELECT if(d.kind = 'missing', 'REC-MISSING', 'REC-EXTRA'), if(d.kind = 'missing', 'reject', 'hold'), "
        "d.entity, d.key, NULL, d.target_key, CASE WHEN d.kind = 'missing' THEN "
        "coalesce('the target does not hold it: ' || r.reason, 'it was written and the target does not hold it') ELSE "
        "coalesce('nothing in the source explains this row, and the target would refuse it: ' || r.reason, "
        "'the target holds a record that nothing in the source explains') END, NULL FROM differences AS d "
        f"LEFT JOIN {refused} AS r ON r.mapping = d.entity AND r.key = d.target_key WHERE d.kind IN ('missing', 'extra') "
        "UNION ALL SELECT 'REC-DIFFERENT', 'hold', entity, key, field, actual, "
        "'the target holds another value than the mapping gives', NULL FROM differences WHERE kind = 'different' "
        f"UNION ALL SELECT code, {_severity()}, mapping, source_key, NULL, key, message, "
        "CASE WHEN result = 'blocked' THEN blamed END FROM results WHERE code IS NOT NULL "
        "UNION ALL SELECT 'REC-DANGLING', 'hold', v.mapping, min(e.key), d.field, d.value, "
        "'the target refers to a record that it does not hold', NULL FROM dangling AS d "
        f"JOIN (VALUES {entities}) AS v(mapping, entity) ON v.entity = d.entity JOIN dispositions AS e ON e.entity = v.mapping "
        "AND e.target_key = d.target_key AND e.disposition IN ('created', 'updated', 'unchanged') "
        "GROUP BY v.mapping, d.target_key, d.field, d.value"
    )
    if told:
        connection.executemany("INSERT INTO findings VALUES (?, ?, ?, ?, ?, ?, ?, ?)", [astuple(finding) for finding in told])
    publish_findings(connection, "findings", run)


def _severity() -> str:
    whens = " ".join(f"WHEN {literal(code)} THEN {literal(severity)}" for code, severity in LIVE_SEVERITIES.items())
    return f"CASE code {whens} END"


def _balance(connection: Engine, plan: Plan, run: RunFolder, found: Counted) -> None:
    """One disposition per source record; one outcome per reference. Counted from the files, not from the stages."""
    wrong = []
    for mapping in plan.names:
        summary: dict[str, Any] = run.summary["entities"][mapping]
        counted = dict(found.numbers.get(mapping, {}))
        summary["dispositions"] = {disposition: counted.pop(disposition, 0) for disposition in DISPOSITIONS}
        total = sum(summary["dispositions"].values())
        distinct = f"SELECT count(DISTINCT key) FROM dispositions WHERE entity = {literal(mapping)}"
        keys = total if found.unique else number(connection, distinct)
        if counted or total != summary["source"] or keys != total:
            wrong.append(
                f"{mapping}: {summary['source']} source records, {total} dispositions of {keys} keys"
                + (f", and {sum(counted.values())} records without one that there is" if counted else "")
            )
        considered = total - summary["dispositions"]["excluded"] - summary["dispositions"]["merged"]
        for field, split in summary["references"].items():
            if sum(split.values()) != considered:
                wrong.append(f"{mapping}.{field}: {sum(split.values())} references of {considered} records")
    run.summary["balanced"] = not wrong
    if wrong:
        raise Unbalanced("the sums do not balance: " + "; ".join(wrong), hint="keep the run folder and report this")
