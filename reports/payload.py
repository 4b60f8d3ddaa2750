"""Rows as columnar dictionary JSON, gzipped, in base64: small in the file, quick to filter in the page."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from reports.parts import Column, Table

LOOKED_AT = 65_536
"""Values of a column by which it is judged whether they repeat: looking at all of them takes longer than writing them."""
LEAST = 64
"""Values below which a column has a dictionary in any case."""


def encode(table: Table) -> str:
    """The text that goes into the page; equal rows give equal text."""
    columns = ",".join(f"{_json(name)}:{_column(values)}" for name, values in table.columns.items())
    head = {"rows": table.rows, "total": table.total, "file": table.file}
    text = f'{_json(head)[:-1]},"columns":{{{columns}}}}}'
    # The default level takes twice the time of this one, for a page that is as large.
    packed = gzip.compress(text.encode("utf-8", "replace"), compresslevel=3, mtime=0)
    return base64.b64encode(packed).decode("ascii")


def _column(values: Column) -> str:
    """A dictionary and one code per row, or the plain values where they seldom repeat. Whole numbers: how far each is from the
    one before."""
    held = _in_arrow(values)
    if pa.types.is_integer(held.type) and len(held) and not held.null_count:
        return f'{{"steps":{_numbers(np.diff(held.to_numpy(), prepend=0))}}}'
    if len(held) > LEAST and _seldom_repeat(held[:LOOKED_AT]):
        return f'{{"plain":{_json(held.to_pylist())}}}'
    coded = held.dictionary_encode(null_encoding="encode").combine_chunks()
    known = coded.dictionary
    if len(known) * 2 > len(held) > LEAST:
        return f'{{"plain":{_json(held.to_pylist())}}}'
    return f'{{"values":{_json(known.to_pylist())},"codes":{_numbers(coded.indices.to_numpy())}}}'


def _seldom_repeat(values: pa.ChunkedArray) -> bool:
    return len(set(values.to_pylist())) * 2 > len(values)


def _in_arrow(values: Column) -> pa.ChunkedArray:
    if isinstance(values, pa.ChunkedArray):
        return values
    readable = [each.encode("utf-8", "replace").decode() if isinstance(each, str) else each for each in values]
    held = pa.chunked_array([pa.array(readable)])
    return held.cast(pa.string()) if pa.types.is_null(held.type) else held


def _numbers(values: np.ndarray[Any, Any]) -> str:
    """A list of whole numbers, as JSON; whole columns at a time, without a step of Python for each of half a million values."""
    return f"[{pl.Series(values).cast(pl.String).str.join(',').item()}]"


def _json(value: Sequence[Any] | dict[str, Any] | str) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
