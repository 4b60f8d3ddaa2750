"""Stage 1: the rows of the source that the mapping needs, streamed into Parquet as they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Mapping as Dict
from pathlib import Path
from types import MappingProxyType

import pyarrow as pa

from migrate import losses
from migrate.artefacts import Extracted, write_manifest
from migrate.compiler.plan import Plan, make_plan
from migrate.connectors.source import SourceConnector
from migrate.contracts.model import Contract
from migrate.errors import SourceRefused
from migrate.findings import Finding, write_findings
from migrate.growing import Growing
from migrate.privacy.reading import Reading
from migrate.progress import Progress, Task
from migrate.raw_rows import write_none, written
from migrate.run_folder import RunFolder, archive_file


def extract(
    source: SourceConnector, plan: Plan, run: RunFolder, progress: Progress, reading: Reading | None = None,
    noted: Sequence[Finding] = (),
) -> Extracted:  # fmt: skip
    """Extract every table of the plan; note counts before and after, what nobody declared, and what is left behind.

    Raises SourceRefused for a table or column that the contract requires and the source lacks, SourceLost when the
    source goes away. ``reading`` says what happens to rows before they are written; ``noted`` are findings about the run as a
    whole that were made before.
    """
    folder = run.stage("extract")
    contract = plan.pair.source.model
    findings: list[Finding] = [*noted]
    counts: dict[str, dict[str, int]] = {}
    growing: dict[str, str] = {}
    if not source.info.version_known:
        known = contract.source.version.known if contract.source and contract.source.version else ()
        message = f"this version of {contract.label} was not tried; tried are {', '.join(known)}"
        findings.append(Finding("SRC-VERSION", "warn", contract.system, None, None, source.info.version, message))
    _check_presence(source, plan, reading)
    for entity in reading.order(plan.physical) if reading else plan.physical:
        key = contract.entities[entity].key
        keys = {part: Growing() for part in key}
        counts[entity] = _extract_entity(source, contract, entity, plan.physical[entity], folder, progress, reading, keys)
        if len(key) == 1 and keys[key[0]].seen:
            growing[entity] = key[0]
    run.facts["extract"] = {entity: counts[entity] for entity in plan.physical}
    run.facts["archive_files"] = _archive_undeclared(source, plan, run, progress, reading)
    register = _loss_register(source, plan, run, findings)
    for entity, count in counts.items():
        count["after"] = source.count(entity) if source.present(entity) else 0
        if not count["before"] == count["rows"] == count["after"]:
            message = f"the source moved: {count['before']} rows before, {count['rows']} read, {count['after']} after"
            findings.append(Finding("SRC-MOVED", "warn", entity, None, None, None, message))
    run.summary["loss_register"] = register
    write_findings(findings, folder / "findings.parquet")
    write_manifest(Extracted, folder, None, folder.glob("*.parquet"), growing=growing)
    return Extracted(folder)


def _check_presence(source: SourceConnector, plan: Plan, reading: Reading | None) -> None:
    """Every missing table and column at once, so that they are mended at once."""
    contract = plan.pair.source.model
    missing = []
    for entity, wanted in plan.physical.items():
        model = contract.entities[entity]
        fields = reading.fields(entity, wanted) if reading else wanted
        if not source.present(entity):
            if not model.optional:
                missing.append(model.file or model.table or entity)
            continue
        missing += source.lacking(entity, [f for f in fields if not model.fields[f].optional])
    if missing:
        raise SourceRefused(
            f"the source lacks what the contract of {contract.label} requires: {', '.join(missing)}",
            hint="name the right source, or mark these as 'optional: true' in a copy of the contract under systems/",
        )


def _extract_entity(
    source: SourceConnector, contract: Contract, entity: str, fields: list[str], folder: Path, progress: Progress,
    reading: Reading | None, keys: Dict[str, Growing],
) -> dict[str, int]:  # fmt: skip
    file = folder / f"{entity}.parquet"
    if not source.present(entity):
        write_none(fields, file)
        return {"before": 0, "rows": 0, "after": 0}
    before = source.count(entity)
    with progress.task("extract", entity, before) as task:
        if reading is None:
            rows = _write(source.rows(entity, fields), fields, file, task, keys)
        else:
            read = source.rows(entity, reading.fields(entity, fields))
            rows = _write(reading.rows(entity, read, fields), fields, file, task, keys)
    return {"before": before, "rows": rows, "after": before}


def _write(
    batches: Iterator[pa.RecordBatch], fields: list[str], file: Path, task: Task, keys: Dict[str, Growing] = MappingProxyType({})
) -> int:  # fmt: skip
    total = 0
    for rows in written(_looked_at(batches, keys), fields, file):
        total += rows
        task.advance(rows)
    return total


def _looked_at(batches: Iterator[pa.RecordBatch], keys: Dict[str, Growing]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        for part, growing in keys.items():
            growing.look(batch.column(part) if part in batch.schema.names else pa.nulls(batch.num_rows))
        yield batch


def _archive_undeclared(
    source: SourceConnector, plan: Plan, run: RunFolder, progress: Progress, reading: Reading | None
) -> dict[str, dict[str, int]]:
    """Tables that no contract describes but the pair archives: written as they are."""
    folder = run.path / "archive"
    archived: dict[str, dict[str, int]] = {}
    if not plan.archives:
        return archived
    for table, rows in source.undeclared(plan.pair.source.model, losses.archived_patterns(plan)).items():
        loss = losses.table_treatment(plan, table)
        if loss is None or loss.treatment != "archived" or not rows:
            continue
        folder.mkdir(exist_ok=True)
        with progress.task("extract", table, rows) as task:
            batches = source.undeclared_rows(table)
            batches = reading.undeclared(table, batches) if reading else batches
            read = _write(batches, [], folder / archive_file(table), task)
        archived[table] = {"source": rows, "archived": read}
        if reading is not None and (left := reading.suppressed(table)):
            archived[table]["left"] = left
    return archived


def _loss_register(source: SourceConnector, plan: Plan, run: RunFolder, findings: list[Finding]) -> list[dict[str, object]]:
    """Each thing that does not reach the target, with the number of rows that hold it."""
    contract = plan.pair.source.model
    register: list[dict[str, object]] = []
    by_entity: dict[str, list[losses.Loss]] = {}
    partial = len(plan.names) < len(plan.pair.mappings)
    # What the mappings of the pair carry together counts, also when this run takes only some of them.
    whole = make_plan(plan.pair, plan.as_of) if partial else plan
    read_here = {*plan.physical, *plan.views}
    for loss in losses.register(whole):
        if partial and loss.entity not in read_here:
            continue
        by_entity.setdefault(loss.entity, []).append(loss)
    for entity, listed in by_entity.items():
        model = contract.entities[entity]
        if model.sql is not None:
            register += [losses.entry(loss, None) for loss in listed]  # counted by the map stage, over the view's rows
            continue
        if not source.present(entity):
            continue
        secrets = {loss.field for loss in listed if loss.field and model.fields[loss.field].pii == "secret"}
        never = {x.field: model.fields[x.field].never for x in listed if x.field and x.field not in secrets}
        held = source.holding_data(entity, never)
        for loss in listed:
            rows = source.count(entity) if loss.field is None else held.get(loss.field, 0)
            if rows and loss.field not in secrets:
                register.append(losses.entry(loss, rows))
    if partial:
        return register
    for entity, model in contract.entities.items():
        if model.sql is None and source.present(entity):
            known = {field.lower() for field in model.fields}
            unknown = {column: () for column in source.columns(entity) if column.lower() not in known}
            for column, rows in source.holding_data(entity, unknown).items():
                if rows and not _dropped(plan, entity, column, rows, register):
                    message = "the source holds data in a column that the contract does not know"
                    findings.append(Finding("SRC-UNKNOWN-COLUMN", "hold", entity, None, column, str(rows), message))
                    register.append(losses.entry(losses.Loss(entity, column, "undeclared", "", "SRC-UNKNOWN-COLUMN"), rows))
    for table, rows in source.undeclared(contract, losses.archived_patterns(plan)).items():
        if rows:
            treated = losses.table_treatment(plan, table)
            if treated is None:
                message = "the source holds data in a table or file that nobody mapped, archived or dropped"
                findings.append(Finding("LOSS-UNDECLARED", "hold", table, None, None, str(rows), message))
                treated = losses.Loss(table, None, "undeclared", "", "LOSS-UNDECLARED")
            register.append(losses.entry(treated, rows))
    return register


def _dropped(plan: Plan, entity: str, column: str, rows: int, register: list[dict[str, object]]) -> bool:
    reason = plan.pair.model.drop.get(f"{entity}.{column}")
    if reason is not None:
        register.append(losses.entry(losses.Loss(entity, column, "dropped", reason), rows))
    return reason is not None
