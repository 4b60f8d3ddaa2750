"""Stage 5: what the target would hold, read from what was written and by the target's own rules."""

from __future__ import annotations

from pathlib import Path

from migrate.artefacts import Loaded, ReadBack, write_manifest
from migrate.compiler.plan import Plan
from migrate.compiler.text import key_text, name
from migrate.connectors.importer import SCHEMA, Importer
from migrate.engine import copy_to_parquet, session
from migrate.findings import Finding, write_findings
from migrate.progress import Progress
from migrate.run_folder import RunFolder


def read_back(
    loaded: Loaded, plan: Plan, run: RunFolder, progress: Progress, memory: str, delivered: Path | None = None
) -> ReadBack:
    """Import the load files as the target would; from ``delivered`` in a live run. One Parquet per target entity."""
    loaded.verify()
    folder = run.stage("read_back")
    contract = plan.pair.target.model
    names = [file for file in loaded.manifest["files"] if not file.endswith(".parquet")]  # type: ignore[attr-defined]
    files = [(delivered or loaded.folder) / file for file in names]
    with session(run.scratch, memory, ordered=True) as connection:
        importer = Importer(connection, contract)
        findings = [
            Finding(
                "READ-FILE", "quarantine", seen.entity or contract.system, None, None, seen.name,
                f"the target would refuse this file: {seen.problem}",
            )
            for seen in importer.run(files)
            if seen.problem
        ]  # fmt: skip
        for entity_name, entity in contract.entities.items():
            fields = ", ".join(name(f) for f in entity.fields)
            key = key_text(f"t.{name(part)}" for part in entity.key)
            with progress.task("read back", entity_name) as task:
                # Sorting takes as long as writing, and files are mostly written in the order of keys.
                order = "" if importer.in_order(entity_name) else " ORDER BY 1"
                rows = copy_to_parquet(
                    connection,
                    f"SELECT {key} AS _target_key, {fields} FROM {name(SCHEMA, entity_name)} AS t{order}",
                    folder / f"{entity_name}.parquet",
                )
                task.advance(rows)
        copy_to_parquet(connection, "SELECT * FROM refused ORDER BY ALL", folder / "refused.parquet")
    write_findings(findings, folder / "findings.parquet")
    write_manifest(ReadBack, folder, loaded, folder.glob("*.parquet"))
    return ReadBack(folder)
