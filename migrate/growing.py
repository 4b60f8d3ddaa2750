"""Rows that come in the order of their key: their keys are known to be different without counting them."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc


class Growing:
    """Do the values of a column grow from row to row, through all batches? Then none of them stands twice. They are whole
    numbers, or with ``texts`` texts, in the order of their bytes."""

    def __init__(self, *, texts: bool = False) -> None:
        self._texts = texts
        self._last: pa.Scalar | None = None
        self._grows = True

    @property
    def seen(self) -> bool:
        """Were there rows, and did all of them grow?"""
        return self._grows and self._last is not None

    def look(self, values: pa.Array) -> None:
        """Take the next batch into account."""
        if not self._grows or not len(values):
            return
        kind = values.type
        if values.null_count or not (pa.types.is_string(kind) if self._texts else pa.types.is_signed_integer(kind)):
            self._grows = False
            return
        first = self._last is None or pc.less(self._last, values[0]).as_py()
        self._grows = bool(first and pc.all(pc.less(values[:-1], values[1:]), min_count=0).as_py())
        self._last = values[-1]
