"""Load files of JSON objects: one on each line, or all in one list. The bytes depend on the rows only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from migrate.connectors.json_shape import Shape, compact, json_cell
from migrate.contracts.model import Entity, FileFormat


def write_objects(
    batches: Iterator[pa.RecordBatch], entity: Entity, fields: Sequence[str], format_: FileFormat, files: Iterator[Path],
    max_rows: int | None,
) -> list[tuple[Path, int]]:  # fmt: skip
    """Write rows of text cells to as many of ``files`` as ``max_rows`` asks for; gives files and counts."""
    texts, written = _texts(batches, entity, fields, format_), list[tuple[Path, int]]()
    text = next(texts, None)
    start, between, end = ("[\n", ",\n", "\n]\n") if format_.json_ == "array" else ("", "\n", "\n")
    while text is not None or not written:
        file, count = next(files), 0
        with file.open("w", encoding=format_.encoding, newline="") as stream:
            stream.write(start)
            while text is not None and (max_rows is None or count < max_rows):
                stream.write((between if count else "") + text)
                count += 1
                text = next(texts, None)
            stream.write(end if count or format_.json_ == "array" else "")
        written.append((file, count))
    return written


def _texts(batches: Iterator[pa.RecordBatch], entity: Entity, fields: Sequence[str], format_: FileFormat) -> Iterator[str]:
    rules = {field: entity.fields[field] for field in fields}
    shape = Shape(rules)
    for batch in batches:
        for cells in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            values = {field: json_cell(rules[field], text, format_) for field, text in zip(fields, cells, strict=True)}
            yield compact(shape.build(values))
