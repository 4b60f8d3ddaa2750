"""Rows as the map and validate stages leave them, for tests of the stages after."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

OWN = ("_key", "_target_key")
CHANGED = pa.schema([(column, pa.string()) for column in ("_key", "_disposition", "_code")])


def lay(
    mapped: Path,
    validated: Path,
    mapping: str,
    rows: pa.Table,
    dispositions: Sequence[str] | None = None,
    hashed: str | None = None,
) -> None:
    """Write ``rows`` (``_key``, ``_target_key`` and target fields) as mapped, and that validation changed nothing. They are
    candidates where ``dispositions`` does not say otherwise. ``hashed``: SQL of a ``_hash`` that is stored with them."""
    names = [column if column in OWN else f"to:{column}" for column in rows.column_names]
    working = {"_disposition": pa.array(dispositions or ["candidate"] * rows.num_rows, pa.string())}
    working |= {column: pa.nulls(rows.num_rows, pa.string()) for column in ("_code", "_into")}
    table = rows.rename_columns(names)
    for column, cells in working.items():
        table = table.append_column(column, cells)
    if hashed is not None:
        rows = table
        table = duckdb.sql(f"SELECT *, {hashed} AS _hash FROM rows").to_arrow_table()
    pq.write_table(table, mapped / f"{mapping}.parquet")
    pq.write_table(CHANGED.empty_table(), validated / f"{mapping}.parquet")
