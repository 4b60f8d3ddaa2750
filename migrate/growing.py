"""Rows that come in the order of their key: their keys are known to be different without counting them."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc


class Growing:
    """Do the whole numbers of a column grow from row to row, through all batches? Then none of them stands twice."""

    def __init__(self, column: str) -> None:
        self.column = column
        self._last: pa.Scalar | None = None
        self._grows = True

    @property
    def seen(self) -> bool:
        """Were there rows, and did all of them grow?"""
        return self._grows and self._last is not None

    def look(self, batch: pa.RecordBatch) -> None:
        """Take the next batch into account."""
        if not self._grows or not batch.num_rows:
            return
        values = batch.column(self.column) if self.column in batch.schema.names else pa.nulls(batch.num_rows)
        if values.null_count or not pa.types.is_signed_integer(values.type):
            self._grows = False
            return
        first = self._last is None or pc.less(self._last, values[0]).as_py()
        self._grows = bool(first and pc.all(pc.less(values[:-1], values[1:]), min_count=0).as_py())
        self._last = values[-1]
