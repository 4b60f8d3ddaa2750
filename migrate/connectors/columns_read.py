"""Delimited text taken apart in columns, where that gives what taking it apart by record gives: for large files read back."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from typing import IO

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow.csv import ConvertOptions, ParseOptions, ReadOptions, open_csv

from migrate.contracts.model import FileFormat

BLOCK = 8 << 20
"""Bytes taken apart at once; a record that is longer is Irregular."""


class Irregular(Exception):
    """Text that has to be taken apart by record: its rows are of unequal length, or its quotation marks stand in odd places."""


def can_read(format_: FileFormat) -> bool:
    """Is it text of lines in UTF-8, which the columnar reader knows?"""
    return not format_.record_end and format_.encoding.lower() in ("utf-8", "utf8") and len(format_.delimiter.encode()) == 1


def cells(stream: IO[bytes], format_: FileFormat, width: int, block: int = BLOCK) -> Iterator[pa.RecordBatch]:
    """The rows after the header, of ``width`` text columns; a line that is empty is a row of empty cells.

    Raises Irregular, perhaps after some batches, where nothing is sure.
    """
    names = [str(number) for number in range(width)]
    try:
        reader = open_csv(
            pa.PythonFile(stream, "r"),
            ReadOptions(column_names=names, block_size=block),
            ParseOptions(
                delimiter=format_.delimiter, quote_char=format_.quote or False, double_quote=bool(format_.quote),
                escape_char=False, newlines_in_values=bool(format_.quote), ignore_empty_lines=False,
            ),
            ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False),
        )  # fmt: skip
        header = 1
        for batch in reader:
            yield batch.slice(header)
            header = 0
    except pa.ArrowInvalid as error:
        raise Irregular(str(error)) from None


def stripped(column: pa.Array) -> pa.Array:
    """Without space at its ends, as ``str.strip`` has it."""
    return pc.utf8_trim_whitespace(column)


def blank_to_null(column: pa.Array) -> pa.Array:
    """Null instead of empty text."""
    return pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column)


def without_blank_rows(rows: pa.RecordBatch) -> pa.RecordBatch:
    """Rows in which something stands besides space."""
    filled = (pc.not_equal(stripped(column), "") for column in rows.columns)
    return rows.filter(reduce(pc.or_, filled))
