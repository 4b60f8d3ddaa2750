"""What the page holds of single records: their fields, what they refer to, by what names they are found; and rules by entity.

All of it is bounded. Records that somebody may have to look at go first, some of every rule; then a few of those without any
trouble of each entity. What a table lacks its ``total`` tells.
"""

from __future__ import annotations

import glob
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from migrate.compiler.text import literal, name
from reports import queries
from reports.evidence import Evidence
from reports.masking import Masker
from reports.model import Table
from reports.record_fields import EQUAL, Asked, RecordFields
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
    in_page, total = _fields(evidence, fields)
    return (
        *_as_tables(in_page, total),
        _making(reading),
        _links(folder, reading, evidence, list(in_page)),
        _names(folder, reading, evidence, masker),
        _rules(evidence, titles),
    )


def _fields(evidence: Evidence, fields: RecordFields) -> tuple[dict[int, Any], int]:
    """Fields by row, as many as the page may have, and the number of records that there are."""
    troubled = evidence.ask(queries.TROUBLED.format(limit=MOST_RECORDS))
    good = evidence.ask(queries.UNTROUBLED.format(each=GOOD_ONES, limit=MOST_RECORDS))
    unequal: dict[tuple[str, str], list[str | None]] = defaultdict(list)
    for entity, key, field in evidence.ask(
        "SELECT entity, key, field FROM x WHERE kind IN ('different', 'missing') AND key IS NOT NULL"
    ):
        unequal[entity, key].append(field)
    asked = [Asked(*row) for row in (*troubled, *good)]
    read = fields.read(evidence.database, asked, unequal)
    kept: dict[int, Any] = {}
    left = MOST_TEXT
    for number, record in enumerate(asked):
        found = read[record.row]
        reserved = MOST_TEXT * FOR_GOOD_ONES if number < len(troubled) else 0
        if (found.cells or found.sources) and found.size <= left - reserved:
            kept[record.row] = found
            left -= found.size
    return kept, int(evidence.ask("SELECT count(*) FROM d")[0][0])


def _as_tables(kept: Mapping[int, Any], total: int) -> list[Table]:
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


def _links(folder: Path, reading: Reading, evidence: Evidence, in_page: list[int]) -> Table:
    """Which record refers to which, by their rows: those of records that the page shows, and then of the first of all."""
    references = [
        (scan, entity, field, made.ref)
        for entity, about in reading.mappings.items()
        if (scan := _scan(folder, entity))
        for field, made in about.fields.items()
        if made.ref is not None
    ]
    columns: Columns = {"record": [], "field": [], "refers": []}
    total = 0
    if references:
        try:
            database = evidence.database
            database.execute("CREATE OR REPLACE TEMP TABLE in_page AS SELECT unnest(?::BIGINT[]) AS row", [in_page])
            database.execute("CREATE OR REPLACE TEMP TABLE near AS SELECT row, entity, key FROM d SEMI JOIN in_page USING (row)")
            near = " UNION ".join(_between(*each, a, b) for each in references for a, b in (("near", "d"), ("d", "near")))
            rows = evidence.ask(queries.LINKS.format(links=near, limit=MOST_LINKS))
            if len(rows) < MOST_LINKS:
                known = set(rows)
                first = " UNION ".join(_between(*each, f"(FROM d WHERE row <= {MOST_LINKS})", "d") for each in references)
                more = evidence.ask(f"SELECT * FROM ({first}) ORDER BY record, field, refers LIMIT {MOST_LINKS}")
                rows += [row for row in more if row not in known][: MOST_LINKS - len(rows)]
            columns = {word: [row[at] for row in rows] for at, word in enumerate(columns)}
            total = sum(int(evidence.ask(_number(*each))[0][0]) for each in references)
        except duckdb.Error:
            pass  # a file of another shape: the page shows no links, and says how many it has
    return Table("links", "2_map", total, columns)


def _between(scan: str, entity: str, field: str, other: str, records: str, referred: str) -> str:
    """Rows of ``records`` beside those of ``referred`` that they refer to."""
    return (
        f"SELECT a.row AS record, {literal(field)} AS field, b.row AS refers FROM {scan} AS m "
        f"JOIN {records} AS a ON a.entity = {literal(entity)} AND a.key = m._key "
        f"JOIN {referred} AS b ON b.entity = {literal(other)} AND b.key = m.{name('ref:' + field)}"
    )


def _number(scan: str, entity: str, field: str, other: str) -> str:
    """How many records of an entity refer to one that there is."""
    return (
        f"SELECT count(DISTINCT (m._key, m.{name('ref:' + field)})) FROM {scan} AS m "
        f"SEMI JOIN (SELECT key FROM d WHERE entity = {literal(other)}) AS b ON b.key = m.{name('ref:' + field)}"
    )


def _names(folder: Path, reading: Reading, evidence: Evidence, masker: Masker) -> Table:
    """By what people look for a record: names, titles, codes, logins and addresses, as the target is to hold them; masked."""
    parts = [
        f"SELECT a.row AS record, a.entity, {literal(field)} AS field, CAST(m.{name('to:' + field)} AS VARCHAR) AS value, "
        f"row_number() OVER (ORDER BY a.row) AS turn FROM {scan} AS m "
        f"JOIN d AS a ON a.entity = {literal(entity)} AND a.key = m._key "
        f"WHERE m.{name('to:' + field)} IS NOT NULL AND CAST(m.{name('to:' + field)} AS VARCHAR) IS DISTINCT FROM a.target_key"
        for entity, about in reading.mappings.items()
        if (scan := _scan(folder, entity))
        for field, made in about.fields.items()
        if made.names
    ]
    columns: Columns = {"record": [], "field": [], "value": []}
    total = 0
    if parts:
        try:
            everything = " UNION ALL ".join(parts)
            total = int(evidence.ask(f"SELECT count(*) FROM ({everything})")[0][0])
            left = MOST_NAME_TEXT
            for record, entity, field, value, _ in evidence.ask(
                f"SELECT * FROM ({everything}) ORDER BY turn, record, field LIMIT {MOST_NAMES}"
            ):
                shown = masker.value(entity, field, value)
                left -= len(shown or "")
                if left < 0:
                    break
                for column, given in zip(columns.values(), (record, field, shown), strict=True):
                    column.append(given)
        except duckdb.Error:
            pass
    return Table("names", "2_map", total, columns)


def _rules(evidence: Evidence, titles: Mapping[str, str]) -> Table:
    """By entity and root cause: findings, records at fault, and all records that stay behind because of it."""
    words = ("entity", "cause", "code", "severity", "title", "findings", "records", "own", "reach")
    columns: Columns = {word: [] for word in words}
    for entity, cause, code, severity, findings, records, own, reach in evidence.ask(queries.RULES):
        values = (entity, cause, code, severity, titles.get(code, code), findings, records, own, reach)
        for column, value in zip(columns.values(), values, strict=True):
            column.append(value)
    return Table("rules", "findings.parquet", len(columns["entity"]), columns)


def _scan(folder: Path, entity: str) -> str | None:
    file = folder / "2_map" / f"{entity}.parquet"
    return f"read_parquet({literal(glob.escape(str(file)))})" if file.is_file() else None
