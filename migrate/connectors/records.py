"""Delimited text taken apart into records, for sources and for what is read back. Nothing here knows how files are written."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import TextIO

from migrate.contracts.model import FileFormat

CHUNK = 1 << 20
FIELD_LIMIT = 64 * 1024 * 1024
"""Characters in one cell; the csv module's own limit is below what course descriptions hold."""


class Unreadable(csv.Error):
    """Text that cannot be taken apart. ``line`` is where the record starts that cannot be read."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


def records(stream: TextIO, format_: FileFormat, *, strict: bool) -> Iterator[tuple[int, list[str]]]:
    """``(line on which the record starts, cells)``; lines count from 1. ``stream`` was opened with ``newline=""``.

    Raises Unreadable for text that cannot be taken apart, with ``strict`` also for quotation marks in odd places.
    """
    return _ended(stream, format_) if format_.record_end else _lines(stream, format_, strict)


def _lines(stream: TextIO, format_: FileFormat, strict: bool) -> Iterator[tuple[int, list[str]]]:
    csv.field_size_limit(FIELD_LIMIT)
    reader = csv.reader(
        stream,
        delimiter=format_.delimiter,
        quotechar=format_.quote or None,
        quoting=csv.QUOTE_MINIMAL if format_.quote else csv.QUOTE_NONE,
        strict=strict,
    )
    first = 1
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise Unreadable(first, str(error)) from None
        if cells is None:
            return
        yield first, cells
        first = reader.line_num + 1


def _ended(stream: TextIO, format_: FileFormat) -> Iterator[tuple[int, list[str]]]:
    """Records that end with a text of their own: a line break within one is a part of its value."""
    line, rest = 1, ""
    between = False  # a line break may follow that ends the line and not the record
    while True:
        chunk = stream.read(CHUNK)
        *whole, rest = (rest + chunk).split(format_.record_end)
        for record in whole:
            start, record = _after_break(line, record) if between else (line, record)
            yield start, record.split(format_.delimiter)
            line, between = start + record.count("\n"), True
        if not chunk:
            break
        if len(rest) > FIELD_LIMIT:
            raise Unreadable(line, f"no {format_.record_end} within {FIELD_LIMIT} characters")
    if rest.strip():
        raise Unreadable(line, f"it does not end with {format_.record_end}; the file was probably cut off")


def _after_break(line: int, record: str) -> tuple[int, str]:
    for text in ("\r\n", "\n"):
        if record.startswith(text):
            return line + 1, record[len(text) :]
    return line, record
