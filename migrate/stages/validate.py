"""Stage 3: the gate of the target's contract, then references across rows. What comes out may be loaded."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from migrate.artefacts import Mapped, Validated, write_manifest
from migrate.compiler.plan import Plan
from migrate.compiler.text import literal, name
from migrate.engine import Engine, Opener, copy_to_parquet, scan, session
from migrate.findings import publish_findings
from migrate.mapping.load import LoadedMapping
from migrate.progress import Progress, Task
from migrate.run_folder import RunFolder
from validators.gate import MESSAGES, failures, gate_schema
from validators.referential import STATE, Referential, open_schemas, open_state

BATCH = 100_000
DISPOSITIONS = "dispositions"


def validate(mapped: Mapped, plan: Plan, run: RunFolder, progress: Progress, memory: str, opened: Opener = session) -> Validated:
    """Gate every candidate row, settle references, and write what may be loaded: one Parquet per mapping."""
    mapped.verify()
    folder = run.stage("validate")
    with opened(run.scratch, memory) as connection:
        open_schemas(connection)
        for mapping in plan.names:
            total = run.summary["entities"][mapping]["source"]
            with progress.task("validate", mapping, total) as task:
                _gate(connection, plan.pair.mappings[mapping], mapped.parquet(mapping), task)
                open_state(connection, plan.pair, mapping, scan(mapped.parquet(mapping)))
        referential = Referential(connection, plan.pair, plan.names)
        referential.settle()
        _write(connection, plan, mapped, folder, referential)
        publish_findings(connection, scan(folder / "findings.parquet"), run)
        for mapping in plan.names:
            run.summary["entities"][mapping]["references"] = _references(connection, plan.pair.mappings[mapping])
    write_manifest(Validated, folder, mapped, folder.glob("*.parquet"))
    return Validated(folder)


def _gate(connection: Engine, mapping: LoadedMapping, file: Path, task: Task) -> None:
    columns = [f for f in mapping.target.fields if f in mapping.model.fields]
    selected = ", ".join(f"{name('to:' + f)} AS {name(f)}" for f in columns)
    schema = gate_schema(mapping.target, columns)
    reader = connection.cursor().execute(f"SELECT _key, _disposition, {selected} FROM {scan(file)}").to_arrow_reader(BATCH)
    for part in reader:
        frame = pl.from_arrow(part)
        assert isinstance(frame, pl.DataFrame)
        open_rows = frame.filter(pl.col("_disposition") == "candidate")
        found = list(failures(schema, open_rows.select(columns), open_rows["_key"]))
        if found:
            keys, codes, fields, values = zip(*found, strict=True)
            arrow = pl.DataFrame(
                {"key": keys, "code": codes, "field": fields, "value": values},
                schema={"key": pl.String, "code": pl.String, "field": pl.String, "value": pl.String},
            ).to_arrow()
            connection.register("_found", arrow)
            connection.execute(
                f"INSERT INTO gate_failures SELECT DISTINCT {literal(mapping.name)}, key, code, field, value FROM _found"
            )
            connection.unregister("_found")
        task.advance(frame.height)


def _write(connection: Engine, plan: Plan, mapped: Mapped, folder: Path, referential: Referential) -> None:
    dispositions = []
    for mapping_name in plan.names:
        mapping = plan.pair.mappings[mapping_name]
        state = name(STATE, mapping_name)
        copy_to_parquet(connection, _loading(mapping, mapped.parquet(mapping_name)), folder / f"{mapping_name}.parquet")
        survivor, target_key = "", "s.target_key"
        if mapping.model.merge or mapping.model.fold or plan.pair.matched(mapping_name):
            survivor, target_key = f'LEFT JOIN {state} AS m ON m.key = s."into"', "coalesce(m.target_key, s.target_key)"
        dispositions.append(
            f"SELECT {literal(mapping_name)} AS entity, s.key, s.disposition, {target_key} AS target_key, s.code "
            f"FROM {state} AS s {survivor}"
        )
    copy_to_parquet(connection, " UNION ALL ".join(dispositions), folder / f"{DISPOSITIONS}.parquet")
    messages = " ".join(f"WHEN {literal(code)} THEN {literal(text)}" for code, text in MESSAGES.items())
    copy_to_parquet(
        connection,
        f"SELECT code, 'quarantine' AS severity, entity, key, field, value, CASE code {messages} END AS message, "
        f"CAST(NULL AS VARCHAR) AS root_cause FROM gate_failures UNION ALL {referential.findings_sql()} "
        f"UNION ALL SELECT * FROM {scan(mapped.parquet('findings'))}",
        folder / "findings.parquet",
    )


def _loading(mapping: LoadedMapping, file: Path) -> str:
    """A SELECT of the rows of a mapping that may load. Where a lost reference may leave something in its place, that is taken."""
    state = name(STATE, mapping.name)
    replaced = {f for f, rule in mapping.model.fields.items() if rule.ref and rule.missing and rule.missing.severity == "warn"}
    columns = [
        f"{'s' if f in replaced else 'm'}.{name('to:' + f)} AS {name(f)}"
        for f in mapping.target.fields
        if f in mapping.model.fields
    ]
    kept = f"JOIN {state} AS s ON s.key = m._key AND s.disposition = 'candidate'"
    if not replaced:  # few rows are lost, so it is these that are looked up
        kept = f"ANTI JOIN (SELECT key FROM {state} WHERE disposition <> 'candidate') AS s ON s.key = m._key"
    return f"SELECT m._key, m._target_key, {', '.join(columns)} FROM {scan(file)} AS m {kept} WHERE m._disposition = 'candidate'"


def _references(connection: Engine, mapping: LoadedMapping) -> dict[str, dict[str, int]]:
    """Per reference field: resolved, empty and blocked, over every record that is neither excluded nor merged."""
    result = {}
    for target_field, rule in mapping.model.fields.items():
        if not rule.ref:
            continue
        reference = name("ref:" + target_field)
        state, other = name(STATE, mapping.name), name(STATE, rule.ref)
        row = connection.execute(
            f"SELECT count(*) FILTER (s.{reference} IS NOT NULL AND o.key IS NOT NULL), "
            f"count(*) FILTER (s.{reference} IS NULL), "
            f"count(*) FILTER (s.{reference} IS NOT NULL AND o.key IS NULL) "
            f"FROM {state} AS s LEFT JOIN (SELECT key FROM {other} WHERE disposition IN ('candidate', 'merged')) AS o "
            f"ON o.key = s.{reference} WHERE s.disposition NOT IN ('excluded', 'merged')"
        ).fetchone()
        assert row is not None
        result[target_field] = dict(zip(("resolved", "empty", "blocked"), map(int, row), strict=True))
    return result
