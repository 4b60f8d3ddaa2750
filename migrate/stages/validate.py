"""Stage 3: the gate of the target's contract, then references across rows. What is left may be loaded.

Most rows pass as the map stage wrote them, and are not written again: see :class:`migrate.artefacts.Validated`.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from migrate.artefacts import Mapped, Validated, write_manifest
from migrate.compiler.plan import Plan
from migrate.compiler.shared import MAPPED
from migrate.compiler.text import literal, name
from migrate.engine import Engine, Opener, copy_to_parquet, scan, session
from migrate.findings import publish_findings
from migrate.mapping.load import LoadedMapping
from migrate.progress import Progress, Task
from migrate.run_folder import RunFolder
from validators.referential import Referential, gate_failures

BATCH = 100_000


def validate(mapped: Mapped, plan: Plan, run: RunFolder, progress: Progress, memory: str, opened: Opener = session) -> Validated:
    """Gate every candidate row, settle references, and write which rows do not load as the map stage left them: one Parquet per
    mapping."""
    mapped.verify()
    folder = run.stage("validate")
    with opened(run.scratch, memory) as connection:
        gate_failures(connection)
        for mapping in plan.names:
            total = run.summary["entities"][mapping]["source"]
            with progress.task("validate", mapping, total) as task:
                connection.execute(f"CREATE VIEW {name(MAPPED, mapping)} AS {mapped.select(mapping)}")
                _gate(connection, plan.pair.mappings[mapping], task)
        referential = Referential(connection, plan.pair, plan.names)
        referential.settle()
        _write(connection, plan, mapped, folder, referential)
        publish_findings(connection, scan(folder / "findings.parquet"), run)
        for mapping in plan.names:
            run.summary["entities"][mapping]["references"] = referential.outcomes(plan.pair.mappings[mapping])
        loading = {mapping: referential.loading(mapping) for mapping in plan.names}
    write_manifest(Validated, folder, mapped, folder.glob("*.parquet"), loading=loading)
    return Validated(folder)


def _gate(connection: Engine, mapping: LoadedMapping, task: Task) -> None:
    from validators.gate import failures, gate_schema  # pandera takes longer to start than all else that a run imports

    columns = [f for f in mapping.target.fields if f in mapping.model.fields]
    selected = ", ".join(f"{name('to:' + f)} AS {name(f)}" for f in columns)
    schema = gate_schema(mapping.target, columns)
    rows = f"SELECT _key, _disposition, {selected} FROM {name(MAPPED, mapping.name)}"
    reader = connection.cursor().execute(rows).to_arrow_reader(BATCH)
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
    from validators.gate import MESSAGES

    for mapping in plan.names:
        changed = referential.changed_sql(plan.pair.mappings[mapping])
        copy_to_parquet(connection, changed, folder / f"{mapping}.parquet")
    messages = " ".join(f"WHEN {literal(code)} THEN {literal(text)}" for code, text in MESSAGES.items())
    copy_to_parquet(
        connection,
        f"SELECT code, 'quarantine' AS severity, entity, key, field, value, CASE code {messages} END AS message, "
        f"CAST(NULL AS VARCHAR) AS root_cause FROM gate_failures UNION ALL {referential.findings_sql()} "
        f"UNION ALL SELECT * FROM {scan(mapped.parquet('findings'))}",
        folder / "findings.parquet",
    )
