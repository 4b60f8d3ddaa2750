"""Stage 6: what the target holds against what the mapping says it should hold; every difference, row and field."""

from __future__ import annotations

from dataclasses import asdict, astuple
from pathlib import Path
from typing import Any

from migrate.artefacts import Loaded, ReadBack, Reconciled, Validated, write_manifest
from migrate.compiler.plan import Plan
from migrate.compiler.source import SQL_TYPES
from migrate.compiler.text import literal, name
from migrate.contracts.model import Severity
from migrate.engine import Engine, Opener, copy_to_parquet, number, scan, session
from migrate.errors import Unbalanced
from migrate.findings import Finding, publish_findings
from migrate.live.read import ASKED, KEPT, UNSHOWN
from migrate.live.run import ONLY_LIVE, RESULTS_FILE
from migrate.mapping.load import LoadedMapping
from migrate.mapping.tolerance import alternatives
from migrate.progress import Progress
from migrate.reconciliation import excused as excuse
from migrate.reconciliation.balance import Balance, uneven
from migrate.reconciliation.closure import closures
from migrate.reconciliation.extra import asked, extras
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
DISPOSITIONS = ("created", "updated", "unchanged", "merged", "excluded", "quarantined", "blocked", "held", "failed")


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
        balances: dict[str, Balance] = {}
        for mapping in plan.names:
            with progress.task("reconcile", mapping, validated.rows(mapping)) as task:
                balance = balances.setdefault(plan.pair.mappings[mapping].target_name, Balance())
                task.advance(_compare(connection, plan.pair.mappings[mapping], validated, back, run, balance))
        extras(connection, plan, validated, back, run, balances)
        _finish_dispositions(connection, plan, validated, run.path / "dispositions.parquet")
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
        _balance(connection, plan, run)
    write_manifest(Reconciled, folder, back, folder.glob("*.parquet"))
    return Reconciled(folder)


def _compare(
    connection: Engine,
    mapping: LoadedMapping,
    validated: Validated,
    back: ReadBack,
    run: RunFolder,
    balance: Balance,
) -> int:
    expected, actual = f"({validated.loading(mapping.name)})", scan(back.parquet(mapping.target_name))
    live = run.facts.get("live")
    if live is None:
        # What no rule fills has to be empty in the target, or somebody else wrote there.
        fields = list(mapping.target.fields)
    else:
        # A live target fills in what it likes by itself, and may not show all that it holds.
        hidden = live.get("unseen", {}).get(mapping.target_name, ())
        fields = [f for f in mapping.target.fields if f in mapping.model.fields and f not in hidden]
    unfilled = {f: SQL_TYPES[mapping.target.fields[f].type] for f in fields if f not in mapping.model.fields}
    columns = "".join(f", CAST(NULL AS {kind}) AS {name(f)}" for f, kind in unfilled.items())
    expected = f"(SELECT *{columns} FROM {expected}{asked(mapping.target_name, back, run)})"
    unequal = {f: f"e.{name(f)} IS DISTINCT FROM a.{name(f)}" for f in fields}
    if live is not None:
        # Blank and absent are one to a live target. References are read back as text: an id of the target that nobody knows
        # stands there as it is.
        texts = [f for f in fields if mapping.target.fields[f].references or mapping.target.fields[f].type == "string"]
        blank = "nullif(CAST({0} AS VARCHAR), '')"
        unequal |= {f: f"{blank.format('e.' + name(f))} IS DISTINCT FROM {blank.format('a.' + name(f))}" for f in texts}
    rules = {
        f: alternatives(tolerances, f"e.{name(f)}", f"a.{name(f)}")
        for f in fields
        if f not in unfilled and (tolerances := mapping.model.fields[f].compare)
    }
    excused = {
        f: f"CASE {' '.join(f'WHEN {condition} THEN {literal(label)}' for label, condition in asked)} END"
        for f, asked in rules.items()
    }
    # Raw values first; only rows that differ somewhere are looked at field by field, and normalised.
    any_unequal = " OR ".join(unequal.values())
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE _pairs AS SELECT e._key, e._target_key, a._target_key IS NULL AS missing, "
        + ", ".join(f"e.{name(f)} AS {name('e_' + f)}, a.{name(f)} AS {name('a_' + f)}" for f in fields)
        + "".join(f", ({unequal[f]}) AS {name('u_' + f)}" for f in fields)
        + "".join(f", CASE WHEN {unequal[f]} THEN {excused[f]} END AS {name('x_' + f)}" for f in excused)
        + f" FROM {expected} AS e LEFT JOIN {actual} AS a ON a._target_key = e._target_key "
        f"WHERE a._target_key IS NULL OR {any_unequal}"
    )
    entity = literal(mapping.name)
    connection.execute(
        f"INSERT INTO differences SELECT {entity}, _key, _target_key, NULL, 'missing', NULL, NULL FROM _pairs WHERE missing"
    )
    # What was matched with somebody of the target keeps what stands there: the differences are meant, and counted.
    stays = None
    if live is not None:
        stays = f"_target_key IN (SELECT key FROM {scan(back.parquet(KEPT))} WHERE entity = {literal(mapping.target_name)})"
    counts: dict[str, int] = {}
    excuses: dict[str, dict[str, int]] = {}
    for f in fields:
        pair = f"CAST({name('e_' + f)} AS VARCHAR), CAST({name('a_' + f)} AS VARCHAR) FROM _pairs WHERE NOT missing"
        forgiven = f" AND {name('x_' + f)} IS NULL" if f in excused else ""
        if live is not None and f"{mapping.target_name}.{f}" in live.get("unshown", {}):
            forgiven += (
                f" AND _target_key NOT IN (SELECT key FROM {scan(back.parquet(UNSHOWN))} "
                f"WHERE entity = {literal(mapping.target_name)} AND field = {literal(f)})"
            )
        if stays:
            kept = number(
                connection,
                f"INSERT INTO excused SELECT {entity}, _key, _target_key, {literal(f)}, {literal(excuse.MATCHED)}, {pair} "
                f"AND {name('u_' + f)}{forgiven} AND {stays}",
            )
            if kept > 0:
                excuses.setdefault(f, {})[excuse.MATCHED] = kept
            forgiven += f" AND NOT {stays}"
        differing = number(
            connection,
            f"INSERT INTO differences SELECT {entity}, _key, _target_key, {literal(f)}, 'different', {pair} "
            f"AND {name('u_' + f)}{forgiven}",
        )
        if differing:
            counts[f] = differing
        if f in excused:
            connection.execute(
                f"INSERT INTO excused SELECT {entity}, _key, _target_key, {literal(f)}, {name('x_' + f)}, {pair} "
                f"AND {name('x_' + f)} IS NOT NULL"
            )
            sql = "SELECT rule, count(*) FROM excused WHERE entity = ? AND field = ? AND rule <> ? GROUP BY rule ORDER BY rule"
            found = dict(connection.execute(sql, [mapping.name, f, excuse.MATCHED]).fetchall())
            alone = {rule.label: int(found.pop(rule.label, 0)) for rule in mapping.model.fields[f].compare}
            excuses[f] = excuses.get(f, {}) | alone | found
    total = number(connection, f"SELECT count(*) FROM {expected}")
    missing = number(connection, "SELECT count(*) FROM _pairs WHERE missing")
    summary = run.summary["entities"][mapping.name]
    summary |= {"compared": total - missing, "missing": missing, "extra": 0, "differences": counts}
    run.facts["entities"][mapping.name]["excused"] = excuses
    _classify(connection, mapping, f"(SELECT _key, _target_key FROM {expected})", stays, total - missing, balance)
    return total


def _classify(connection: Engine, mapping: LoadedMapping, expected: str, stays: str | None, found: int, balance: Balance) -> None:
    """Count each record that was found in one part of the target's balance: the worst that can be said of it."""
    entity = literal(mapping.name)
    different = f"SELECT DISTINCT key FROM differences WHERE entity = {entity} AND kind = 'different'"
    existing = number(
        connection,
        f"SELECT count(*) FROM {expected} WHERE {stays} AND _key NOT IN "
        f"(SELECT key FROM differences WHERE entity = {entity} AND kind = 'missing')",
    ) if stays else 0  # fmt: skip
    transformed = (
        f"SELECT count(DISTINCT key) FROM excused AS x WHERE entity = {entity} AND rule <> {literal(excuse.MATCHED)} "
        f"AND key NOT IN ({different})"
    )
    if stays:
        transformed += f" AND NOT {stays.replace('_target_key', 'x.target_key', 1)}"
    changed, unequal = number(connection, transformed), number(connection, f"SELECT count(*) FROM ({different})")
    balance.existing += existing
    balance.transformed += changed
    balance.different += unequal
    balance.identical += found - existing - changed - unequal


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


def _finish_dispositions(connection: Engine, plan: Plan, validated: Validated, file: Path) -> None:
    """Write the run's file of dispositions, which the view ``dispositions`` shows: what was to be loaded ends as the load says,
    and failed where it was not found again."""
    ended = f"(SELECT * FROM results WHERE result IN ({', '.join(literal(word) for word in DISPOSITIONS)}))"
    # A condition on one side alone would have the engine compare every record with every result.
    open_ = "CASE WHEN d.disposition = 'candidate' THEN d.key END"
    copy_to_parquet(
        connection,
        "SELECT d.entity, d.key, CASE WHEN x.key IS NOT NULL THEN 'failed' "
        "ELSE coalesce(r.result, d.disposition) END AS disposition, d.target_key, "
        "CASE WHEN x.key IS NOT NULL THEN 'REC-MISSING' WHEN r.result IS NOT NULL THEN coalesce(d.code, r.code) ELSE d.code END "
        f"AS code FROM ({validated.dispositions(*plan.names)}) AS d "
        f"LEFT JOIN {ended} AS r ON r.mapping = d.entity AND r.source_key = {open_} AND r.key = d.target_key "
        "LEFT JOIN (SELECT DISTINCT entity, key FROM differences WHERE kind = 'missing') AS x "
        "ON x.entity = d.entity AND x.key = d.key ORDER BY d.entity, d.key",
        file,
    )
    connection.execute(f"CREATE VIEW dispositions AS SELECT * FROM {scan(file)}")


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


def _balance(connection: Engine, plan: Plan, run: RunFolder) -> None:
    """One disposition per source record; one outcome per reference. Counted from the files, not from the stages."""
    wrong = []
    for mapping in plan.names:
        summary: dict[str, Any] = run.summary["entities"][mapping]
        rows = connection.execute(
            "SELECT disposition, count(*) FROM dispositions WHERE entity = ? GROUP BY 1", [mapping]
        ).fetchall()
        counted = {disposition: int(n) for disposition, n in rows}
        summary["dispositions"] = {disposition: counted.pop(disposition, 0) for disposition in DISPOSITIONS}
        keys = number(connection, f"SELECT count(DISTINCT key) FROM dispositions WHERE entity = {literal(mapping)}")
        total = sum(summary["dispositions"].values())
        if counted or total != summary["source"] or keys != total:
            wrong.append(
                f"{mapping}: {summary['source']} source records, {total} dispositions of {keys} keys"
                + (f", and unknown dispositions {sorted(counted)}" if counted else "")
            )
        considered = total - summary["dispositions"]["excluded"] - summary["dispositions"]["merged"]
        for field, split in summary["references"].items():
            if sum(split.values()) != considered:
                wrong.append(f"{mapping}.{field}: {sum(split.values())} references of {considered} records")
    run.summary["balanced"] = not wrong
    if wrong:
        raise Unbalanced("the sums do not balance: " + "; ".join(wrong), hint="keep the run folder and report this")
