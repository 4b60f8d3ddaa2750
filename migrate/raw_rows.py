"""Rows of a source on their way into a Parquet file, as they are: for a run and for a profile."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from migrate.connectors.source import EXTRA


def written(batches: Iterator[pa.RecordBatch], fields: Sequence[str], file: Path) -> Iterator[int]:
    """Write ``batches`` to ``file``; gives the rows of each once written. Without any, the file has ``fields`` and no row."""
    writer: pq.ParquetWriter | None = None
    try:
        for batch in batches:
            if writer is None:
                writer = _writer(batch.schema, file)
            writer.write_batch(batch)
            yield batch.num_rows
    finally:
        if writer is not None:
            writer.close()
    if writer is None:
        write_none(fields, file)


def _writer(schema: pa.Schema, file: Path) -> pq.ParquetWriter:
    """Numbers as differences: a dictionary of ids and instants takes three times as long, and twice the space."""
    numbers = {field.name for field in schema if pa.types.is_integer(field.type)}
    return pq.ParquetWriter(
        file, schema, compression="zstd", use_dictionary=[name for name in schema.names if name not in numbers],
        column_encoding=dict.fromkeys(numbers, "DELTA_BINARY_PACKED"),
    )  # fmt: skip


def write_none(fields: Sequence[str], file: Path) -> None:
    """Write a file with ``fields`` and no row."""
    schema = pa.schema([(field, pa.string()) for field in fields] + list(EXTRA))
    pq.write_table(schema.empty_table(), file)
