"""Rows in a page: whatever a column holds comes out as it went in, and rows in their order take no room."""

from __future__ import annotations

import base64
import gzip
import json
from itertools import accumulate
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.parts import Table
from reports.payload import encode

VALUES = st.one_of(
    st.lists(st.integers(-(2**53), 2**53)),
    st.lists(st.one_of(st.none(), st.integers(0, 9))),
    st.lists(st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"])))),
    st.lists(st.sampled_from(["a", "b", None]), min_size=100),
)


def unpacked(text: str) -> dict[str, Any]:
    """As the page's script reads it."""
    data = json.loads(gzip.decompress(base64.b64decode(text)))
    for name, stored in data["columns"].items():
        if "steps" in stored:
            stored["plain"] = list(accumulate(stored["steps"]))
        data["columns"][name] = stored.get("plain", [stored["values"][code] for code in stored.get("codes", ())])
    return dict(data)


@given(VALUES, VALUES)
def test_every_value_comes_back(first: list[Any], second: list[Any]) -> None:
    table = Table("dispositions", "dispositions.parquet", 7, {"first": first, "second": second})
    assert unpacked(encode(table)) == {
        "rows": table.rows, "total": 7, "file": "dispositions.parquet", "columns": {"first": first, "second": second},
    }  # fmt: skip


@given(VALUES, st.integers(1, 50))
def test_columns_as_they_were_read_are_written_like_lists(values: list[Any], size: int) -> None:
    kind = pa.int64() if {int} <= set(map(type, values)) else pa.string()
    parts = [values[at : at + size] for at in range(0, len(values), size)]
    read = Table("x", "x", 1, {"a": pa.chunked_array(parts, kind)})
    assert read.lists == {"a": values}
    assert encode(read) == encode(Table("x", "x", 1, {"a": values}))


@pytest.mark.parametrize("repeated", [1, 70_000])
def test_values_that_repeat_late_come_back_as_well(repeated: int) -> None:
    values = [*map(str, range(70_000)), *["again"] * repeated]
    assert unpacked(encode(Table("x", "x", 1, {"a": pa.chunked_array([values])})))["columns"] == {"a": values}


def test_a_lone_surrogate_stops_no_page() -> None:
    assert unpacked(encode(Table("x", "x", 1, {"a": ["\ud800", None]})))["columns"] == {"a": ["?", None]}


@pytest.mark.parametrize("values", [range(1, 100_001), [*range(1, 100_001, 3)] * 3])
def test_numbers_that_follow_each_other_take_no_room(values: Any) -> None:
    assert len(encode(Table("x", "x", 1, {"row": list(values)}))) < 2000


def test_a_number_that_is_missing_stays_missing() -> None:
    assert unpacked(encode(Table("x", "x", 1, {"record": [5, None, 0]})))["columns"] == {"record": [5, None, 0]}
