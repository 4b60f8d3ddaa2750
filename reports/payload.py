"""Rows as columnar dictionary JSON, gzipped, in base64: small in the file, quick to filter in the page."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Sequence
from itertools import islice
from operator import sub
from typing import Any, cast

from reports.parts import Table


def encode(table: Table) -> str:
    """The text that goes into the page; equal rows give equal text."""
    columns = {name: _column(values) for name, values in table.columns.items()}
    data = {"rows": table.rows, "total": table.total, "file": table.file, "columns": columns}
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    # The default level takes twice the time of this one, for a page that is as large.
    packed = gzip.compress(text.encode("utf-8", "replace"), compresslevel=3, mtime=0)
    return base64.b64encode(packed).decode("ascii")


def _column(values: Sequence[str | int | None]) -> dict[str, list[Any]]:
    """A dictionary and one code per row, or the plain values where they seldom repeat. Whole numbers: how far each is from the
    one before."""
    # Whole columns at a time, without a step of Python for each of half a million values.
    if set(map(type, values)) == {int}:
        numbers = cast("Sequence[int]", values)
        return {"steps": [numbers[0], *map(sub, islice(numbers, 1, None), numbers)]}
    known = dict.fromkeys(values)
    if len(known) * 2 > len(values) > 64:
        return {"plain": list(values)}
    codes = {value: code for code, value in enumerate(known)}
    return {"values": list(known), "codes": list(map(codes.__getitem__, values))}
