"""Numbers that grow from row to row, and what breaks that."""

from __future__ import annotations

from itertools import pairwise

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrate.growing import Growing

WHOLE = st.integers(-(2**63), 2**63 - 1)


def grow(*batches: pa.Array, texts: bool = False) -> bool:
    looked = Growing(texts=texts)
    for values in batches:
        looked.look(values)
    return looked.seen


def ids(*values: int | None) -> pa.Array:
    return pa.array(values, pa.int64())


@given(st.lists(st.lists(st.one_of(st.none(), WHOLE, st.integers(-3, 3)), max_size=3), max_size=5))
def test_numbers_grow_where_each_is_above_the_one_before(batches: list[list[int | None]]) -> None:
    values = [value for batch in batches for value in batch]
    grows = bool(values) and None not in values and all(a < b for a, b in pairwise(values))  # type: ignore[operator]
    assert grow(*(ids(*batch) for batch in batches)) is grows


def test_a_single_null_is_no_number() -> None:
    assert grow(ids(1))
    assert not grow(ids(None))


@pytest.mark.parametrize("values", [pa.array(["1", "2"]), pa.array([1.0, 2.0]), pa.array([1, 2], pa.uint64())])
def test_only_whole_numbers_that_keep_their_value_as_keys_count(values: pa.Array) -> None:
    assert not grow(values)
    assert not grow(ids(0), values)


@given(st.lists(st.lists(st.one_of(st.none(), st.text(max_size=2)), max_size=3), max_size=4))
def test_texts_grow_by_their_bytes(batches: list[list[str | None]]) -> None:
    values = [None if value is None else value.encode() for batch in batches for value in batch]
    grows = bool(values) and None not in values and all(a < b for a, b in pairwise(values))  # type: ignore[operator]
    assert grow(*(pa.array(batch, pa.string()) for batch in batches), texts=True) is grows
