"""Batches that the engine takes: no row is lost on the way, and what went wrong is told."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrate.connectors.batches import Watched, gathered, portions


@given(st.lists(st.integers(0, 7), max_size=12), st.integers(1, 9))
def test_batches_are_gathered_and_no_row_is_lost(sizes: list[int], least: int) -> None:
    numbers = iter(range(1000))
    batches = [pa.record_batch({"n": pa.array([next(numbers) for _ in range(size)], pa.int64())}) for size in sizes]
    found = [batch.column("n").to_pylist() for batch in gathered(batches, least)]
    assert [n for rows in found for n in rows] == list(range(sum(sizes)))
    assert all(len(rows) >= least for rows in found[:-1])


@given(st.integers(0, 20), st.integers(1, 7))
def test_portions_hold_every_batch_once(number: int, each: int) -> None:
    batches = [pa.record_batch({"n": [at]}) for at in range(number)]
    found = [[batch.column("n")[0].as_py() for batch in portion] for portion in portions(iter(batches), each)]
    assert [n for portion in found for n in portion] == list(range(number))
    assert all(len(portion) == each for portion in found[:-1])


def test_what_went_wrong_is_remembered() -> None:
    def batches() -> Iterator[pa.RecordBatch]:
        yield pa.record_batch({"n": [1]})
        raise OSError("gone")

    watched = Watched(batches())
    with pytest.raises(OSError, match="gone"):
        list(watched)
    assert str(watched.error) == "gone"


def test_the_end_is_no_error() -> None:
    watched = Watched(iter([pa.record_batch({"n": [1]})]))
    assert len(list(watched)) == 1
    assert watched.error is None
