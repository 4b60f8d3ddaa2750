"""One record of a run, with all that is known about it: what ``lms-migrate record`` prints, and more than a page can carry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migrate.compiler.text import literal
from reports.answers import mask_new_value, mask_reason
from reports.evidence import Evidence
from reports.masking import Masker, masker_for
from reports.record_fields import Asked, Fields, RecordFields
from reports.run_files import read_run
from reports.source_values import MappingReading, read_reading


@dataclass(frozen=True)
class Told:
    """A finding about the record."""

    severity: str | None
    code: str | None
    field: str | None
    value: str | None
    message: str | None


@dataclass(frozen=True)
class Item:
    """An item of the worklist about the record, with the last decision about it."""

    item: str
    state: str | None
    code: str | None
    field: str | None
    decision: str | None
    new_value: str | None
    reason: str | None
    by: str | None
    at: str | None


@dataclass(frozen=True)
class RecordView:
    """Masked, as the page is."""

    row: int
    entity: str
    key: str | None
    target_key: str | None
    disposition: str
    code: str | None
    fields: Fields
    making: MappingReading | None
    findings: tuple[Told, ...]
    items: tuple[Item, ...]


def records_of(run_folder: Path) -> dict[str, int]:
    """The entities of a run and how many records each has."""
    with Evidence(run_folder, Masker({}), 0) as evidence:
        return evidence.counts("SELECT entity, count(*) FROM d GROUP BY entity ORDER BY entity")


def read_record(
    run_folder: Path,
    *,
    entity: str | None = None,
    key: str | None = None,
    row: int | None = None,
    roles: Mapping[str, Any] | None = None,
    role: str | None = None,
) -> RecordView | None:
    """The record of a source key, or of a target key that no source record has, or of a row of ``dispositions.parquet`` (from 1).

    None where there is no such record. Raises RunFailed where the folder is none of a run.
    """
    _, run = read_run(run_folder)
    masker = masker_for(run if roles is None else {**run, "roles": roles}, role)
    with Evidence(run_folder, masker, 0) as evidence:
        where = f"row = {int(row)}" if row is not None else f"entity = {literal(entity)} AND {literal(key)} IN (key, target_key)"
        found = evidence.ask(
            f"SELECT row, entity, key, target_key, disposition, code FROM d WHERE {where} "
            f"ORDER BY key IS DISTINCT FROM {literal(key)}, disposition = 'merged', row LIMIT 1"
        )
        if not found:
            return None
        number, name, source_key, target_key, disposition, code = found[0]
        reading = read_reading(run_folder)
        record = Asked(number, name, source_key, target_key, disposition)
        same = f"entity = {literal(name)} AND key = {literal(source_key)}"
        unequal = evidence.ask(f"SELECT field FROM x WHERE {same} AND kind IN ('different', 'missing')")
        by_key = {(name, source_key): [field for (field,) in unequal]}
        fields = RecordFields(run_folder, run, masker, reading).read(evidence.database, [record], by_key)
        return RecordView(
            number, name, masker.key(name, source_key), masker.target_key(name, target_key), disposition, code, fields[number],
            reading.mappings.get(name), _findings(evidence, masker, number, name), _items(evidence, masker, number),
        )  # fmt: skip


def _findings(evidence: Evidence, masker: Masker, row: int, entity: str) -> tuple[Told, ...]:
    rows = evidence.ask(
        f"SELECT severity, code, field, value, message, key FROM f WHERE record = {row} ORDER BY rank, code, field, row"
    )
    found = []
    for severity, code, field, value, message, key in rows:
        shown = masker.value(entity, field, value)
        told = masker.message(entity, field, message, (value, shown), (key, masker.key(entity, key)))
        found.append(Told(severity, code, field, shown, told))
    return tuple(found)


def _items(evidence: Evidence, masker: Masker, row: int) -> tuple[Item, ...]:
    rows = evidence.ask(
        f"""SELECT item, state, code, entity, field, decision, new_value, reason, "by", "at" FROM w
        WHERE state IS NOT NULL AND (list_contains(string_split(records, ' '), '{row}')
            OR row IN (SELECT item FROM f WHERE record = {row})) ORDER BY row"""
    )
    return tuple(
        Item(
            item, state, code, field, decision, mask_new_value(masker, entity, field, decision, value),
            mask_reason(masker, entity, field, reason, value), by, at,
        )
        for item, state, code, entity, field, decision, value, reason, by, at in rows
    )  # fmt: skip
