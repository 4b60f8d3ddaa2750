"""Cells of a CSV file as Moodle reads them, and what cannot stand in one.

Moodle reads a file twice (it keeps it in between as a CSV file of its own), both times with PHP's functions, whose backslash is
half an escape: before a quotation mark, and so also at the end of a cell, it runs cells and rows into one another. Line ends
become line feeds. Cells that begin like a formula are text to Moodle, and must stay as they are.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from migrate.connectors.moodle_service.upload_words import Column, Upload
from migrate.connectors.target import Record
from migrate.contracts.model import Entity

_EPOCH = dt.datetime(1970, 1, 1)
_DAY = dt.timedelta(days=1)
_BLANKS = " \t\n\r\0\x0b"
"""What PHP cuts off."""
_NUMBER = re.compile(r"0|-?[1-9][0-9]*")
"""What Moodle takes for an id: with leading zeros it is a text."""
_FORMULA = ("=", "+", "-", "@")
_CUT = "blanks at its ends are cut off"
_LINES = "its line ends become line feeds"


class Unsayable(Exception):
    """The file has no way to say the record."""


@dataclass(frozen=True)
class Line:
    """A record as cells, and what of it will not arrive as it is: ``field: what``."""

    cells: tuple[str, ...]
    altered: tuple[str, ...]


def make_line(entity: Entity, upload: Upload, record: Record) -> Line:
    """The cells of one record, in the order of columns. Raises Unsayable."""
    cells, altered = [], []
    for column in upload.columns.values():
        text = _text(entity, column, record)
        if column.field is not None:
            text, changed = _as_read(entity, column, text, trims=upload.trims)
            altered += changed
        cells.append(f"\t{text}" if upload.trims and text.startswith(_FORMULA) else text)
    return Line(tuple(cells), tuple(altered))


def _text(entity: Entity, column: Column, record: Record) -> str:
    if column.field is None:
        return str(column.const)
    name, value = column.field, record.values.get(column.field)
    if value is None or value == "":
        return column.blank
    if column.days_after is not None:
        return _days(name, value, column.days_after, record)
    text = _plain(value)
    if _is_name(entity, column) and text == "0":
        raise Unsayable(f"{name} is 0, which Moodle takes for none")
    if column.number_is_id and _NUMBER.fullmatch(text):
        if name not in record.links:
            reason = f"{name} is the number {text}, which Moodle takes for an id of its own"
            rule = entity.fields[name].references
            raise Unsayable(f"{reason}; hand {rule.entity} over first, and run again" if rule else reason)
        return record.links[name]
    return text


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, dt.datetime):
        return f"@{int((value - _EPOCH).total_seconds())}"
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def _days(name: str, value: dt.datetime, since: str, record: Record) -> str:
    start = record.values.get(since) or _EPOCH
    days, rest = divmod(value - start, _DAY)
    if rest or days < 1:
        begin = f"{since} ({start:%Y-%m-%d %H:%M:%S})" if record.values.get(since) else "1970 (there is no start)"
        raise Unsayable(f"{name} ({value:%Y-%m-%d %H:%M:%S}) is no whole number of days after {begin}")
    return str(days)


def _is_name(entity: Entity, column: Column) -> bool:
    """Does Moodle look something up by this text?"""
    return column.number_is_id or column.field in entity.key or entity.fields[str(column.field)].references is not None


def _as_read(entity: Entity, column: Column, text: str, *, trims: bool) -> tuple[str, list[str]]:
    """What Moodle makes of a text, and what that changes. Raises Unsayable where it cannot read it or looks for another name."""
    field = str(column.field)
    if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise Unsayable(f"{field} has a character that no CSV file can hold")
    altered = []
    read = text.replace("\r\n", "\n").replace("\r", "\n")
    if read != text:
        altered.append(f"{field}: {_LINES}")
    if trims and (cut := read.strip(_BLANKS)) != read:
        altered.append(f"{field}: {_CUT}")
        read = cut
    if '\\"' in read or read.endswith("\\"):
        raise Unsayable(f"{field} has a backslash before a quotation mark or at its end, which Moodle's reader stumbles over")
    if altered and _is_name(entity, column):
        raise Unsayable(f"{field} {text!r} would be read as {read!r}")
    if not read and entity.fields[field].required:
        raise Unsayable(f"{field} is blank")
    return read, altered


def written(header: Iterable[str], lines: Iterable[Line]) -> Iterator[str]:
    """The lines of a file. Every cell is quoted: a row may be blank, and a text may hold line feeds."""
    for cells in (tuple(header), *(line.cells for line in lines)):
        yield ",".join('"{}"'.format(cell.replace('"', '""')) for cell in cells) + "\n"
