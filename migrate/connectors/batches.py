"""Batches of rows that the engine takes while they are made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Self

import pyarrow as pa

ROW_GROUP = 122_880
"""Rows that the engine keeps together. It stores smaller batches twice where their order is to be kept."""
PORTION = 20
"""Batches that a statement stores: until its end the engine holds more of each of them than it counts."""


def gathered(batches: Iterable[pa.RecordBatch], rows: int = ROW_GROUP) -> Iterator[pa.RecordBatch]:
    """The same rows in batches of ``rows`` or more, but for the last."""
    held: list[pa.RecordBatch] = []
    for batch in batches:
        held.append(batch)
        if sum(map(len, held)) >= rows:
            yield pa.concat_batches(held)
            held = []
    if held:
        yield pa.concat_batches(held)


def portions(batches: Iterator[pa.RecordBatch], each: int = PORTION) -> Iterator[Iterator[pa.RecordBatch]]:
    """The same batches, ``each`` at a time. A portion has to be taken whole before the next."""
    for first in batches:
        yield chain([first], islice(batches, each - 1))


class Watched:
    """An iterator that remembers how it failed: the engine that reads it tells that in its own words."""

    def __init__(self, of: Iterator[pa.RecordBatch]) -> None:
        self._of = of
        self.error: Exception | None = None

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> pa.RecordBatch:
        try:
            return next(self._of)
        except StopIteration:
            raise
        except Exception as error:
            self.error = error
            raise
