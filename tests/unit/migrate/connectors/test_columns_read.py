"""Text taken apart in columns is what taking it apart by record gives, or is not taken apart in columns."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from itertools import product

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrate.connectors.columns_read import Irregular, blank_to_null, can_read, cells, stripped, without_blank_rows
from migrate.connectors.records import records
from migrate.contracts.model import FileFormat

FORMATS = {"quoted": FileFormat(), "bare": FileFormat(delimiter="|", quote=""), "single": FileFormat(delimiter=";", quote="'")}
Rows = list[tuple[str, ...]]


def by_record(text: str, format_: FileFormat) -> tuple[int, Rows | None]:
    """Width of the header and the rows after it; None where not all of them are as wide, or empty."""
    (_, header), *rows = records(io.StringIO(text, newline=""), format_, strict=False)
    if any(row and len(row) != len(header) for _, row in rows):
        return len(header), None
    return len(header), [tuple(row or [""] * len(header)) for _, row in rows]


def in_columns(text: str, format_: FileFormat, width: int, block: int = 1 << 20) -> Rows | None:
    found: Rows = []
    try:
        for batch in cells(io.BytesIO(text.encode()), format_, width, block):
            found += zip(*(column.to_pylist() for column in batch.columns), strict=True)
    except Irregular:
        return None
    return found


def agree(text: str, format_: FileFormat, block: int = 1 << 20) -> bool:
    """Were the columns sure? Where they were, they are right."""
    width, rows = by_record(text, format_)
    found = in_columns(text, format_, width, block)
    assert found is None or found == rows
    return found is not None


def texts(format_: FileFormat) -> Iterator[str]:
    for length in range(6):
        for characters in product((format_.delimiter, format_.quote or '"', "\n", "\r", "a"), repeat=length):
            yield "a" + format_.delimiter + "b\n" + "".join(characters)


@pytest.mark.parametrize("format_", FORMATS.values(), ids=FORMATS)
def test_all_short_texts(format_: FileFormat) -> None:
    sure = [agree(text, format_) for text in texts(format_)]
    assert 0.03 < sum(sure) / len(sure) < 0.9


@settings(deadline=None)
@given(
    rows=st.lists(st.tuples(*[st.text(st.sampled_from('a"\n\r, ,;ä€😀\x00\x1c\u2028\ufeff'), max_size=4)] * 3), min_size=1),
    block=st.integers(20, 200),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_what_is_written_well_is_read_in_columns(rows: Rows, block: int, end: str) -> None:
    written = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in [("k", "l", "m"), *rows]]
    text = end.join(written)
    assert agree(text, FileFormat())
    agree(text, FileFormat(), block)  # a record that is longer than a block is not sure


def test_rows_of_other_lengths_are_irregular() -> None:
    assert in_columns("a,b\n1,2\n3\n", FileFormat(), 2) is None
    assert in_columns("a,b\n1,2,3\n", FileFormat(), 2) is None


def test_a_byte_order_mark_is_no_part_of_the_header() -> None:
    assert in_columns("\ufeffa,b\n1,2\n", FileFormat(), 2) == [("1", "2")]


def test_a_header_over_two_lines_is_one_row() -> None:
    assert in_columns('"a\nx",b\n1,2\n', FileFormat(), 2) == [("1", "2")]


def test_which_formats_are_read_in_columns() -> None:
    assert all(can_read(one) for one in FORMATS.values())
    for other in (FileFormat(encoding="utf-16"), FileFormat(record_end="\n##\n", quote=""), FileFormat(delimiter="¦")):
        assert not can_read(other)


def test_space_is_what_python_takes_for_it() -> None:
    characters = [chr(n) for n in range(sys.maxunicode + 1) if not 0xD800 <= n <= 0xDFFF]
    found = stripped(pa.array(characters)).to_pylist()
    assert [c for c, text in zip(characters, found, strict=True) if text != c.strip()] == []


def test_blank_rows_and_cells() -> None:
    rows = pa.record_batch({"a": ["", " \t", "x"], "b": ["", "", " "]})
    assert without_blank_rows(rows).to_pylist() == [{"a": "x", "b": " "}]
    assert blank_to_null(rows.column(1)).to_pylist() == [None, None, " "]
