"""Folders of files as sources: delimited ones with any delimiter, quoting and encoding that the contract states, and workbooks.

Rows are never thrown away: one with the wrong number of cells, or with bytes that are not of the encoding, is passed on
with its fault named, and ends as a quarantined record.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path

import pyarrow as pa

from migrate.connectors.records import Unreadable, records
from migrate.connectors.source import EXTRA, SourceInfo
from migrate.connectors.source_files import files_of, hashes_of, place_of
from migrate.connectors.workbook import is_workbook, refuse_uncomputed, sheet_rows
from migrate.contracts.model import Contract, FileFormat
from migrate.errors import SourceLost, SourceRefused

BATCH = 20_000
_NOT_A_NAME = re.compile(r"[^0-9a-z]+")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it starts with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NARROW = 4
"""In files of fewer columns a text of several lines may well hold as many delimiters as a row."""


class DelimitedSource:
    """The files of one folder."""

    def __init__(self, folder: Path, contract: Contract) -> None:
        self._folder, self._contract = folder, contract
        self._files = files_of(folder, contract)
        self.info = SourceInfo(str(folder), None, True, hashes_of(self._files.values(), folder))

    def present(self, entity: str) -> bool:
        return bool(self._files.get(entity))

    def columns(self, entity: str) -> list[str]:
        seen: dict[str, None] = {}
        for file in self._files[entity]:
            seen.update(dict.fromkeys(self._header(entity, file)))
        return list(seen)

    def lacking(self, entity: str, fields: list[str]) -> list[str]:
        found = []
        for file in self._files[entity]:
            header, place = self._header(entity, file), place_of(file, self._folder)
            gone = [field for field in fields if field.lower() not in header]
            if len(gone) == len(fields) > 1:
                start = self._format(entity).delimiter.join(header)[:60]
                found.append(f"{place}: every column (its header reads as {start!r}; are encoding and delimiter right?)")
            elif len(self._files[entity]) > 1:
                found += [f"{place}: {field}" for field in gone]
            else:
                found += [f"{entity}.{field}" for field in gone]
        return found

    def count(self, entity: str) -> int:
        return sum(1 for file in self._files[entity] for _ in self._records(entity, file))

    def rows(self, entity: str, fields: list[str]) -> Iterator[pa.RecordBatch]:
        buffer: list[tuple[list[str | None], int, str | None, str | None]] = []
        # In a row that lost its shape nobody knows which cell is the secret one.
        show = not any(rule.pii == "secret" for rule in self._contract.entities[entity].fields.values())
        number = 0
        for file in self._files[entity]:
            if is_workbook(file):
                refuse_uncomputed(file, self._contract.entities[entity].sheet)
            header, place = self._header(entity, file), place_of(file, self._folder)
            # Cells of a workbook swallow no rows: it has no delimiters.
            delimiter = "\0" if is_workbook(file) else self._format(entity).delimiter
            for line, cells in self._records(entity, file):
                number += 1
                row, fault, value = _record(header, fields, cells, f"{place}:{line}", delimiter, show)
                buffer.append((row, number, fault, value))
                if len(buffer) >= BATCH:
                    yield arrow_rows(fields, buffer)
                    buffer = []
        if buffer:
            yield arrow_rows(fields, buffer)

    def holding_data(self, entity: str, never: Mapping[str, tuple[object, ...]]) -> dict[str, int]:
        found = dict.fromkeys(never, 0)
        for file in self._files[entity]:
            header = self._header(entity, file)
            places = [(f, header.index(f.lower()), {str(v) for v in never[f]} | {""}) for f in never if f.lower() in header]
            for _, cells in self._records(entity, file):
                for field, place, empty in places:
                    if place < len(cells) and cells[place].strip() not in empty:
                        found[field] += 1
        return found

    def undeclared(self, contract: Contract, archived: Sequence[str] = ()) -> dict[str, int]:
        return lines_of_others(self._folder, chain.from_iterable(self._files.values()))

    def undeclared_rows(self, table: str) -> Iterator[pa.RecordBatch]:
        """The lines of a file nobody described, as they stand."""
        return line_rows(self._folder / table)

    def close(self) -> None:
        return None

    # ------------------------------------------------------------------------------------------------------------

    def _format(self, entity: str) -> FileFormat:
        own = self._contract.entities[entity].format
        default = self._contract.source.format if self._contract.source else FileFormat()
        return own or default

    def _reader(self, entity: str, file: Path) -> Iterator[tuple[int, list[str]]]:
        if is_workbook(file):
            yield from sheet_rows(file, self._contract.entities[entity].sheet)
            return
        format_, place = self._format(entity), place_of(file, self._folder)
        # A codec that knows no escape for single bytes (UTF-16) marks them with the replacement character.
        wide = format_.encoding.lower().replace("_", "-").startswith(("utf-16", "utf-32"))
        encoding = "utf-8-sig" if format_.encoding.lower() in ("utf-8", "utf8") else format_.encoding
        try:
            _check_mark(file, place, format_.encoding)
            with file.open(encoding=encoding, errors="replace" if wide else "surrogateescape", newline="") as stream:
                yield from records(stream, format_, strict=True)
        except Unreadable as error:
            what = f"{place}:{error.line}: the record that starts here cannot be read: {error}"
            hint = "look for a quotation mark that is opened and never closed" if format_.quote else "export it again"
            raise SourceRefused(what, hint=hint) from None
        except OSError as error:
            raise SourceLost(f"{place} cannot be read: {error.strerror}") from None

    def _header(self, entity: str, file: Path) -> list[str]:
        place = place_of(file, self._folder)
        rules = self._contract.entities[entity].fields
        called = {rule.column: field.lower() for field, rule in rules.items() if rule.column is not None}
        for _, cells in self._reader(entity, file):
            names = [column_name(cell, called) for cell in cells]
            if (twice := next((n for n in names if names.count(n) > 1), None)) is not None:
                raise _twice(place, twice, [cell for cell, n in zip(cells, names, strict=True) if n == twice])
            return names
        raise SourceRefused(f"{place} is empty: it has not even a header", hint="export it again")

    def _records(self, entity: str, file: Path) -> Iterator[tuple[int, list[str]]]:
        reader = self._reader(entity, file)
        next(reader, None)
        for line, cells in reader:
            if any(cells):  # an empty line, or one of delimiters alone as Excel leaves them below a table, is no record
                yield line, cells


def field_name(header: str) -> str:
    """The field a header cell names: lower case, anything but letters and digits becomes ``_``."""
    return _NOT_A_NAME.sub("_", header.strip().lower()).strip("_")


def column_name(cell: str, called: Mapping[str, str]) -> str:
    """What a header cell is known as: the field of a contract that names it, or by its letters. One that has none of those
    that names of fields hold, as in another script, goes by itself."""
    plain = cell.strip("\ufeff ")
    return called.get(plain) or field_name(cell) or plain.lower()


def _twice(place: str, name: str, cells: list[str]) -> SourceRefused:
    first, second = (cell.strip() for cell in cells[:2])
    if not name:
        return SourceRefused(f"{place}:1: two columns of the header have no name", hint="name them, or take them away")
    if first == second:
        return SourceRefused(f"{place}:1: the column {first!r} stands twice in the header", hint="rename one")
    hint = f"tell them apart in the contract: fields: {{NAME: {{column: {first}}}}}, or rename one"
    return SourceRefused(f"{place}:1: the columns {first!r} and {second!r} would both be read as {name!r}", hint=hint)


def _record(
    header: list[str], fields: list[str], cells: list[str], place: str, delimiter: str, show: bool
) -> tuple[list[str | None], str | None, str | None]:
    """The wanted cells, what is wrong with the row, and how it stands there (if it may be shown)."""
    fault = value = None
    whole = f": {cells}" if show else ""
    if len(cells) != len(header):
        fault, value = "SRC-SHAPE", f"{place}: {len(cells)} cells, {len(header)} columns{whole}"
    elif _holds_rows(cells, delimiter):
        fault, value = "SRC-SWALLOWED", f"{place}{whole}"
    by_name = dict(zip(header, cells, strict=False))
    row: list[str | None] = []
    for field in fields:
        cell = by_name.get(field.lower())
        if cell is not None and not _clean(cell):
            cell = cell.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
            fault, value = "SRC-ENCODING", f"{place}: {field}: {cell}"
        row.append(cell)
    return row, fault, value and value.encode("utf-8", "backslashreplace").decode("utf-8")


def _holds_rows(cells: list[str], delimiter: str) -> bool:
    """Does a cell hold further rows? A quotation mark that is opened, and closed in the same column of a later row, takes
    in everything between: a whole number of rows, each with its line break and its delimiters."""
    apart = len(cells) - 1
    for cell in cells:
        if apart + 1 >= _NARROW and ("\n" in cell or "\r" in cell):
            rows, rest = divmod(cell.count(delimiter), apart)
            if rows and not rest and len(cell.splitlines()) > rows:
                return True
    return False


def _check_mark(file: Path, place: str, encoding: str) -> None:
    """A byte order mark says what the file is written in. Read as something else, its text would be wrong and unmarked."""
    with file.open("rb") as stream:
        start = stream.read(4)
    mark = next((name for bytes_, name in _MARKS if start.startswith(bytes_)), None)
    if mark is not None and not codecs.lookup(encoding).name.replace("_", "-").startswith(mark):
        what = f"{place} begins with the byte order mark of {mark}, and the contract reads it as {encoding}"
        raise SourceRefused(what, hint=f"state encoding: {mark} for it in a copy of the contract under systems/")


def _clean(cell: str) -> bool:
    if "�" in cell:
        return False
    return cell.isascii() or not any("\ud800" <= character <= "\udfff" for character in cell)


def arrow_rows(fields: list[str], rows: list[tuple[list[str | None], int, str | None, str | None]]) -> pa.RecordBatch:
    """A batch of text cells, with the row's number, its fault and how it stands there."""
    columns = [pa.array([row[0][i] for row in rows], pa.string()) for i in range(len(fields))]
    extra = [pa.array([row[i] for row in rows], kind) for i, (_, kind) in enumerate(EXTRA, start=1)]
    return pa.RecordBatch.from_arrays([*columns, *extra], names=[*fields, *[n for n, _ in EXTRA]])


def lines_of_others(folder: Path, known: Iterable[Path]) -> dict[str, int]:
    """``{file: its lines}`` of the files of a folder that are not ``known`` and hold anything."""
    others = sorted({file for file in folder.rglob("*") if file.is_file()}.difference(known))
    return {str(file.relative_to(folder)): sum(1 for _ in lines_of(file)) for file in others if file.stat().st_size}


def line_rows(file: Path) -> Iterator[pa.RecordBatch]:
    """The lines of a file nobody described, as they stand, as rows of one field."""
    lines = enumerate(lines_of(file), 1)
    while part := list(islice(lines, BATCH)):
        yield arrow_rows(["line"], [([line], number, None, None) for number, line in part])


def lines_of(file: Path) -> Iterator[str]:
    """The lines of a file of unknown kind, header and all."""
    try:
        with file.open(encoding="utf-8", errors="backslashreplace") as stream:
            for line in stream:
                yield line.removesuffix("\n")
    except OSError as error:
        raise SourceLost(f"{file.name} cannot be read: {error.strerror}") from None
