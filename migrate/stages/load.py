"""Stage 4: validated rows written the way the target takes them, as files; live, these are delivered or the target is written."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Collection
from pathlib import Path

import duckdb

from migrate.artefacts import Loaded, Validated, write_manifest
from migrate.compiler.plan import Plan
from migrate.compiler.source import SQL_TYPES
from migrate.compiler.text import literal, name
from migrate.connectors.manifest import complete
from migrate.connectors.package import effective_format, file_names, pack, write_file
from migrate.engine import session
from migrate.errors import RunFailed, TargetRefused
from migrate.ledger import Ledger
from migrate.live.load import Live
from migrate.live.names import RESULTS_FILE
from migrate.live.run import predict, write_live
from migrate.progress import Progress
from migrate.run_folder import RunFolder


def load(
    validated: Validated,
    plan: Plan,
    run: RunFolder,
    progress: Progress,
    memory: str,
    deliver: Path | None = None,
    live: Live | None = None,
    ledger: Ledger | None = None,
    held: Collection[str] = (),
    *,
    handed: Collection[str] = (),
    adopts: Collection[str] = (),
) -> Loaded:
    """Write the target's files from validated rows only.

    A live run copies them to ``deliver``, or writes the rows to the target of ``live``. With a ``ledger`` a rehearsal
    predicts which records a live run would create, change, find as they are, or (of the entities in ``handed``) put into
    files for a person; those of ``adopts`` that were matched with somebody of the target it takes as they are. Records of the
    target entities in ``held`` wait for a live run: they are in no file, and end as ``held``.
    """
    if not isinstance(validated, Validated):
        raise RunFailed(f"a loader takes validated rows, not {type(validated).__name__}")
    validated.verify()
    contract = plan.pair.target.model
    assert contract.target is not None
    folder = run.stage("load")
    files: list[Path] = []
    # What only a live run carries lies beside the package: it is read back, and nobody delivers it.
    beside: list[Path] = []
    with session(run.scratch, memory) as connection:
        for entity_name, entity in contract.entities.items():
            mappings = [n for n in plan.names if plan.pair.mappings[n].target_name == entity_name]
            if not mappings or entity.sql is not None or entity_name in held:
                continue
            mapped = {f for n in mappings for f in plan.pair.mappings[n].model.fields}
            fields = [f for f in entity.fields if contract.target.strict_columns or f in mapped]
            rows = " UNION ALL ".join(
                f"SELECT {', '.join(_column(plan, n, f) for f in fields)}, _target_key FROM ({validated.loading(n)})"
                for n in validated.mapped.largest_first(mappings)
            )
            order = _order(connection, plan, entity_name, rows, fields)
            with progress.task("load", entity_name, validated.rows(*mappings)) as task:
                written = write_file(
                    connection, entity, fields, rows, order, effective_format(contract, entity),
                    file_names(folder, contract.load_file(entity_name)), contract.target.max_rows,
                )  # fmt: skip
                task.advance(sum(count for _, count in written))
            (beside if entity.only_live else files).extend(file for file, _ in written)
    files = complete(contract, folder, files)
    if contract.target.package:
        package = pack(folder, files, contract.target.package)
        for file in files:
            file.unlink()
        files = [package]
    whole = len(plan.names) == len(plan.pair.mappings)
    if live is not None:
        write_live(validated, plan, run, progress, memory, live, folder, whole=whole)
    else:
        predict(validated, plan, run, memory, ledger, folder, whole=whole, held=held, handed=handed, adopts=adopts)
    write_manifest(Loaded, folder, validated, [*files, *beside, folder / RESULTS_FILE])
    if deliver is not None:
        _deliver(files, deliver)
    return Loaded(folder)


def _column(plan: Plan, mapping: str, field: str) -> str:
    loaded = plan.pair.mappings[mapping]
    if field in loaded.model.fields:
        return name(field)
    return f"CAST(NULL AS {SQL_TYPES[loaded.target.fields[field].type]}) AS {name(field)}"


def _order(connection: duckdb.DuckDBPyConnection, plan: Plan, entity_name: str, rows: str, fields: list[str]) -> str:
    """ORDER BY text: parents before children where an entity refers to itself, or the newest first; then by target key."""
    entity = plan.pair.target.model.entities[entity_name]
    parent = next((f for f, r in entity.fields.items() if r.references and r.references.entity == entity_name), None)
    if parent not in fields or len(entity.key) != 1:
        return "".join(f"t.{name(f)} DESC NULLS FIRST, " for f in entity.newest_first if f in fields) + "t._target_key"
    key = name(entity.key[0])
    connection.execute(
        f"CREATE OR REPLACE TABLE {name('depth_' + entity_name)} AS WITH RECURSIVE all_rows AS (SELECT * FROM ({rows})), "
        f"deep AS (SELECT {key} AS k, 0 AS depth FROM all_rows WHERE {name(parent)} IS NULL OR {name(parent)} NOT IN "
        f"(SELECT {key} FROM all_rows) UNION SELECT r.{key}, d.depth + 1 FROM all_rows AS r "
        f"JOIN deep AS d ON r.{name(parent)} = d.k WHERE d.depth < 1000) SELECT k, max(depth) AS depth FROM deep GROUP BY k"
    )
    depth = f"(SELECT max(d.depth) FROM {name('depth_' + entity_name)} AS d WHERE d.k = t.{key})"
    return f"coalesce({depth}, {literal(0)}), t._target_key"


def _deliver(files: list[Path], folder: Path) -> None:
    """Copy each file under another name first, so that whoever watches the folder never takes half a file."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file in files:
            part = folder / f".{file.name}.part"
            shutil.copyfile(file, part)
            part.replace(folder / file.name)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise TargetRefused(
            f"{folder} cannot take the files: {error.strerror}", hint="correct target: {deliver: ...} in migration.yaml"
        ) from error
