"""Masked copies: what the masked report shows, and no more, in the files' own forms.

Masked keys are not unique any more. So a table of records gets a column ``record`` beside them: the number of the record
within its entity, equal for equal keys. With it the sums can be recounted, and a record can be followed through the tables.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from migrate.compiler.text import name
from migrate.csv_line import csv_line
from migrate.engine import scan, session
from migrate.evidence.contents import Rule, contents
from reports.masking import HIDDEN, Masker

RECORD = "record"
_BATCH = 50_000
Row = Mapping[str, Any]


def masked_table(raw: Path, copy: Path, masker: Masker, records: Path | None) -> None:
    """Write a masked copy of a Parquet file. ``records`` is the run's ``dispositions.parquet``, where records are numbered."""
    with session(copy.parent / f"{copy.name}.spill") as connection:
        reader = _numbered(connection, raw, records)
        writer: pq.ParquetWriter | None = None
        try:
            for batch in reader:
                masked = _masked_batch(batch, masker)
                writer = writer or pq.ParquetWriter(copy, masked.schema, compression="zstd")
                writer.write_batch(masked)
            if writer is None:
                pq.write_table(pa.table(_masked_batch(_empty(reader.schema), masker)), copy, compression="zstd")
        finally:
            if writer is not None:
                writer.close()


def masked_csv(raw: bytes, masker: Masker) -> bytes:
    """A masked copy of a CSV file with a header; the same bytes where there is nothing to hide."""
    reader = csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline=""), restval="")
    columns, same = list(reader.fieldnames or ()), True
    rules = {column: contents().rule(column) for column in columns}
    lines = [csv_line(columns)]
    for row in reader:
        shown = [_masked(rules[column], masker, row, row[column]) or "" for column in columns]
        same = same and shown == [row[column] for column in columns] and None not in row
        lines.append(csv_line(shown))
    return raw if same else "".join(lines).encode()


def masked_run(raw: bytes, masker: Masker, titles: Mapping[str, str]) -> bytes:
    """``run.json`` whose failure, titles and last words quote no value; the same bytes where there is nothing to hide."""
    run: dict[str, Any] = json.loads(raw)
    shown = json.loads(raw)
    shown["failure"] = masker.free(run.get("failure"))
    for code, about in (shown.get("codes") or {}).items():
        about["title"] = titles.get(code, code)
    if isinstance(live := shown.get("live"), dict) and live.get("lost"):
        live["lost"] = masker.free(live["lost"])
    return raw if shown == run else _as_json(shown)


def masked_rollback(raw: bytes, masker: Masker) -> bytes:
    """``rollback.json`` with masked keys, and without what records held."""
    content: dict[str, Any] = json.loads(raw)
    content["steps"] = [_masked_step(step, masker) for step in content.get("steps") or ()]
    content["failed"] = [
        {"receipt": (one.get("receipt") if isinstance(one, dict) else None), "why": HIDDEN} for one in content.get("failed") or ()
    ]
    return _as_json(content)


def _masked_step(step: Mapping[str, Any], masker: Masker) -> dict[str, Any]:
    mapping, key, source = str(step.get("mapping") or ""), step.get("key"), step.get("source_key")
    shown, shown_source = masker.target_key(mapping, key), masker.key(mapping, source)
    plain = {word: step.get(word) for word in ("receipt", "entity", "mapping", "what", "met", "done", "cut_off")}
    why = masker.message(mapping, None, step.get("refused"), (key, shown), (source, shown_source))
    return plain | {"key": shown, "source_key": shown_source, "refused": why}


def _numbered(connection: duckdb.DuckDBPyConnection, raw: Path, records: Path | None) -> pa.RecordBatchReader:
    """The rows in their order; those of a table with entity and key are numbered."""
    names = pq.read_schema(raw).names
    rows = f"SELECT * FROM {scan(raw)[:-1]}, file_row_number = true)"
    columns = ", ".join(f"t.{name(column)}" for column in names if column != RECORD)
    select = f"SELECT {columns} FROM ({rows}) AS t ORDER BY t.file_row_number"
    if records is not None and {"entity", "key"} <= set(names):
        # The order of numbers says no more than the order of rows, which is that of the keys.
        connection.execute(
            f"CREATE TEMP TABLE numbered AS SELECT entity, key, row_number() OVER (PARTITION BY entity ORDER BY key) AS {RECORD} "
            f"FROM (SELECT DISTINCT entity, key FROM {scan(records)})"
        )
        select = (
            f"SELECT {columns}, n.{RECORD} FROM ({rows}) AS t LEFT JOIN numbered AS n ON n.entity = t.entity AND n.key = t.key "
            "ORDER BY t.file_row_number"
        )
    return connection.execute(select).to_arrow_reader(_BATCH)


def _masked_batch(batch: pa.RecordBatch, masker: Masker) -> pa.RecordBatch:
    rows = batch.to_pylist()
    arrays = [_masked_column(field, batch.column(field.name), rows, masker) for field in batch.schema]
    return pa.RecordBatch.from_arrays(arrays, names=batch.schema.names)


def _masked_column(field: pa.Field, values: pa.Array, rows: list[dict[str, Any]], masker: Masker) -> pa.Array:
    if not (pa.types.is_string(field.type) or pa.types.is_large_string(field.type)):
        return values if _harmless(field.type) else pa.nulls(len(rows), field.type)
    rule = contents().rule(field.name)
    if rule == "keep":
        return values
    texts: list[str | None] = values.to_pylist()
    return pa.array([_masked(rule, masker, row, text) for row, text in zip(rows, texts, strict=True)], pa.string())


def _harmless(kind: pa.DataType) -> bool:
    types = pa.types
    return any(ask(kind) for ask in (types.is_integer, types.is_floating, types.is_boolean, types.is_temporal, types.is_decimal))


def _masked(rule: Rule | None, masker: Masker, row: Row, text: str | None) -> str | None:
    if not text or rule == "keep":
        return text
    return HIDDEN if rule is None else _RULES[rule](masker, row, text)


def _message(masker: Masker, row: Row, text: str) -> str | None:
    entity, field, value, key = (row.get(word) for word in ("entity", "field", "value", "key"))
    known = ((value, masker.value(entity, field, value)), (key, masker.key(entity, key)))
    return masker.message(entity, field, text, *known)


_RULES: dict[Rule, Callable[[Masker, Row, str], str | None]] = {
    "key": lambda masker, row, text: masker.key(row.get("entity"), text),
    "target_key": lambda masker, row, text: masker.target_key(row.get("entity"), text),
    "value": lambda masker, row, text: masker.value(row.get("entity"), row.get("field"), text),
    "root": lambda masker, row, text: masker.root(text),
    "message": _message,
    "hide": lambda masker, row, text: HIDDEN,
    "free": lambda masker, row, text: masker.free(text),
}


def _empty(schema: pa.Schema) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([], schema=schema)


def _as_json(content: object) -> bytes:
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()
