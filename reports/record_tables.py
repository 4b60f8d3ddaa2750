"""What the page holds of single records: their fields, what they refer to, by what names they are found; and rules by entity.

All of it is bounded. Records that somebody may have to look at go first, some of every rule; then a few of those without any
trouble of each entity. What a table lacks its ``total`` tells.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reports import queries
from reports.evidence import Evidence
from reports.masking import Masker
from reports.parts import Table
from reports.record_fields import EQUAL, Asked, Fields, RecordFields
from reports.record_links import record_links
from reports.record_names import record_names
from reports.source_values import Reading, read_reading

MOST_RECORDS = 50_000
MOST_TEXT = 10_000_000
"""Characters of values in the tables of fields."""
FOR_GOOD_ONES = 0.15
"""Part of that kept for records without any trouble."""
GOOD_ONES = 200
"""Records without any trouble per entity and disposition."""
MOST_LINKS = 200_000
MOST_NAMES = 200_000
MOST_NAME_TEXT = 5_000_000

Columns = dict[str, list[Any]]


def record_tables(
    folder: Path, run: Mapping[str, Any], masker: Masker, evidence: Evidence, titles: Mapping[str, str]
) -> tuple[Table, ...]:
    """The tables ``fields``, ``sources``, ``making``, ``links``, ``names`` and ``rules``."""
    reading = read_reading(folder)
    fields = RecordFields(folder, run, masker, reading)
    in_page, near, total = _fields(evidence, fields)
    return (
        *_as_tables(in_page, total),
        _making(reading),
        record_links(folder, reading, evidence, near, MOST_LINKS),
        record_names(folder, reading, evidence, masker, MOST_NAMES, MOST_NAME_TEXT),
        _rules(evidence, titles),
    )


def _fields(evidence: Evidence, fields: RecordFields) -> tuple[dict[int, Fields], list[Asked], int]:
    """Fields by row, as many as the page may have, of which records they are, and the number of records that there are."""
    evidence.do(queries.LOOKED_AT)
    evidence.do(queries.TROUBLED.format(limit=MOST_RECORDS))
    evidence.do(queries.UNTROUBLED.format(each=GOOD_ONES, limit=MOST_RECORDS))
    picked = [(Asked(*record), good) for *record, good in evidence.ask(queries.PICKED)]
    unequal: dict[tuple[str, str], list[str | None]] = defaultdict(list)
    for entity, key, field in evidence.ask(queries.UNEQUAL):
        unequal[entity, key].append(field)
    read = fields.read(evidence.database, [record for record, _ in picked], unequal)
    kept: dict[int, Fields] = {}
    left = MOST_TEXT
    for record, good in picked:
        found = read[record.row]
        reserved = 0 if good else MOST_TEXT * FOR_GOOD_ONES
        if (found.cells or found.sources) and found.size <= left - reserved:
            kept[record.row] = found
            left -= found.size
    return kept, [record for record, _ in picked if record.row in kept], int(evidence.ask("SELECT count(*) FROM d")[0][0])


def _as_tables(kept: Mapping[int, Fields], total: int) -> list[Table]:
    cells: Columns = {word: [] for word in ("record", "field", "mapped", "back", "answer")}
    sources: Columns = {word: [] for word in ("record", "source", "value")}
    for row in sorted(kept):
        for cell in kept[row].cells:
            values = (row, cell.field, cell.mapped, None if cell.answer == EQUAL else cell.back, cell.answer)
            for column, value in zip(cells.values(), values, strict=True):
                column.append(value)
        for source, value in kept[row].sources:
            for column, given in zip(sources.values(), (row, source, value), strict=True):
                column.append(given)
    # The total is that of records: the page says how many of them it shows field by field.
    return [Table("fields", "2_map", total, cells), Table("sources", "1_extract", total, sources)]


def _making(reading: Reading) -> Table:
    """How each target field is made: the lines of the mapping, and the source fields, one a line."""
    columns: Columns = {word: [] for word in ("entity", "field", "file", "line", "text", "reads", "ref")}
    for entity, about in reading.mappings.items():
        for field, made in about.fields.items():
            reads = "\n".join(about.labels[at] for at in made.reads)
            values = (entity, field, about.file, made.line, made.text, reads, made.ref)
            for column, value in zip(columns.values(), values, strict=True):
                column.append(value)
    return Table("making", "2_map/reading.json", len(columns["entity"]), columns)


def _rules(evidence: Evidence, titles: Mapping[str, str]) -> Table:
    """By entity and root cause: findings, records at fault, and all records that stay behind because of it."""
    words = ("entity", "cause", "code", "severity", "title", "findings", "records", "own", "reach")
    columns: Columns = {word: [] for word in words}
    for entity, cause, code, severity, findings, records, own, reach in evidence.ask(queries.RULES):
        values = (entity, cause, code, severity, titles.get(code, code), findings, records, own, reach)
        for column, value in zip(columns.values(), values, strict=True):
            column.append(value)
    return Table("rules", "findings.parquet", len(columns["entity"]), columns)
