"""Folders of delimited files as sources: any delimiter, quoting and encoding that the contract states.

Rows are never thrown away: one with the wrong number of cells, or with bytes that are not of the encoding, is passed on
with its fault named, and ends as a quarantined record.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from migrate.connectors.importer import FIELD_LIMIT
from migrate.connectors.source import EXTRA, SourceInfo
from migrate.contracts.model import Contract, FileFormat
from migrate.errors import SourceLost, SourceRefused

BATCH = 20_000
_NOT_A_NAME = re.compile(r"[^0-9a-z]+")


class DelimitedSource:
    """The files of one folder."""

    def __init__(self, folder: Path, contract: Contract) -> None:
        self._folder, self._contract = folder, contract
        if not folder.is_dir():
            raise SourceRefused(f"there is no folder {folder}", hint="correct source: {folder: ...} in migration.yaml")
        csv.field_size_limit(FIELD_LIMIT)
        self._files = {entity: sorted(folder.glob(model.file)) for entity, model in contract.entities.items() if model.file}
        if not any(self._files.values()):
            wanted = ", ".join(str(m.file) for m in contract.entities.values() if m.file)
            raise SourceRefused(f"{folder} holds none of the files of {contract.label}", hint=f"wanted: {wanted}")
        hashes = {file.name: _sha256(file) for files in self._files.values() for file in files}
        self.info = SourceInfo(str(folder), None, True, hashes)

    def present(self, entity: str) -> bool:
        return bool(self._files.get(entity))

    def columns(self, entity: str) -> list[str]:
        seen: dict[str, None] = {}
        for file in self._files[entity]:
            seen.update(dict.fromkeys(self._header(entity, file)))
        return list(seen)

    def count(self, entity: str) -> int:
        return sum(1 for file in self._files[entity] for _ in self._records(entity, file))

    def rows(self, entity: str, fields: list[str]) -> Iterator[pa.RecordBatch]:
        buffer: list[tuple[list[str | None], int, str | None, str | None]] = []
        number = 0
        for file in self._files[entity]:
            header = self._header(entity, file)
            for line, cells in self._records(entity, file):
                number += 1
                buffer.append(_record(header, fields, cells, number, file.name, line))
                if len(buffer) >= BATCH:
                    yield _arrow(fields, buffer)
                    buffer = []
        if buffer:
            yield _arrow(fields, buffer)

    def holding_data(self, entity: str, never: Mapping[str, tuple[object, ...]]) -> dict[str, int]:
        found = dict.fromkeys(never, 0)
        for file in self._files[entity]:
            header = self._header(entity, file)
            places = [(f, header.index(f), {str(v) for v in never[f]} | {""}) for f in never if f in header]
            for _, cells in self._records(entity, file):
                for field, place, empty in places:
                    if place < len(cells) and cells[place].strip() not in empty:
                        found[field] += 1
        return found

    def undeclared(self, contract: Contract, archived: Sequence[str] = ()) -> dict[str, int]:
        known = {file for files in self._files.values() for file in files}
        others = sorted(f for f in self._folder.rglob("*") if f.is_file() and f not in known)
        return {str(f.relative_to(self._folder)): len(_lines(f)) for f in others if f.stat().st_size}

    def undeclared_rows(self, table: str) -> Iterator[pa.RecordBatch]:
        """The lines of a file nobody described, as they stand."""
        content = _lines(self._folder / table)
        for start in range(0, len(content), BATCH):
            lines = content[start : start + BATCH]
            yield _arrow(["line"], [([line], start + n, None, None) for n, line in enumerate(lines, 1)])

    def close(self) -> None:
        return None

    # ------------------------------------------------------------------------------------------------------------

    def _format(self, entity: str) -> FileFormat:
        own = self._contract.entities[entity].format
        default = self._contract.source.format if self._contract.source else FileFormat()
        return own or default

    def _reader(self, entity: str, file: Path) -> Iterator[tuple[int, list[str]]]:
        format_ = self._format(entity)
        # A codec that knows no escape for single bytes (UTF-16) marks them with the replacement character.
        wide = format_.encoding.lower().replace("_", "-").startswith(("utf-16", "utf-32"))
        encoding = "utf-8-sig" if format_.encoding.lower() in ("utf-8", "utf8") else format_.encoding
        try:
            with file.open(encoding=encoding, errors="replace" if wide else "surrogateescape", newline="") as stream:
                reader = csv.reader(
                    stream,
                    delimiter=format_.delimiter,
                    quotechar=format_.quote or None,
                    quoting=csv.QUOTE_MINIMAL if format_.quote else csv.QUOTE_NONE,
                    strict=True,
                )
                first = 1
                for cells in reader:
                    yield first, cells
                    first = reader.line_num + 1
        except csv.Error as error:
            what = f"{file.name}:{first}: the record that starts here cannot be read: {error}"
            raise SourceRefused(what, hint="look for a quotation mark that is opened and never closed") from None
        except OSError as error:
            raise SourceLost(f"{file.name} cannot be read: {error.strerror}") from None

    def _header(self, entity: str, file: Path) -> list[str]:
        for _, cells in self._reader(entity, file):
            names = [field_name(cell) for cell in cells]
            twice = next((n for n in names if names.count(n) > 1), None)
            if twice is not None:
                raise SourceRefused(f"{file.name}:1: the column {twice!r} stands twice in the header", hint="rename one")
            return names
        raise SourceRefused(f"{file.name} is empty: it has not even a header", hint="export it again")

    def _records(self, entity: str, file: Path) -> Iterator[tuple[int, list[str]]]:
        reader = self._reader(entity, file)
        next(reader, None)
        for line, cells in reader:
            if cells:  # the csv module gives an empty list for an empty line
                yield line, cells


def field_name(header: str) -> str:
    """The field a header cell names: lower case, anything but letters and digits becomes ``_``."""
    return _NOT_A_NAME.sub("_", header.strip().lower()).strip("_")


def _record(
    header: list[str], fields: list[str], cells: list[str], number: int, file: str, line: int
) -> tuple[list[str | None], int, str | None, str | None]:
    fault = value = None
    if len(cells) != len(header):
        fault, value = "SRC-SHAPE", f"{file}:{line}: {len(cells)} cells, {len(header)} columns: {cells}"
    by_name = dict(zip(header, cells, strict=False))
    row: list[str | None] = []
    for field in fields:
        cell = by_name.get(field)
        if cell is not None and not _clean(cell):
            cell = cell.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
            fault, value = "SRC-ENCODING", f"{file}:{line}: {field}: {cell}"
        row.append(cell)
    return row, number, fault, value and value.encode("utf-8", "backslashreplace").decode("utf-8")


def _clean(cell: str) -> bool:
    if "�" in cell:
        return False
    return cell.isascii() or not any("\ud800" <= character <= "\udfff" for character in cell)


def _arrow(fields: list[str], rows: list[tuple[list[str | None], int, str | None, str | None]]) -> pa.RecordBatch:
    columns = [pa.array([row[0][i] for row in rows], pa.string()) for i in range(len(fields))]
    extra = [pa.array([row[i] for row in rows], kind) for i, (_, kind) in enumerate(EXTRA, start=1)]
    return pa.RecordBatch.from_arrays([*columns, *extra], names=[*fields, *[n for n, _ in EXTRA]])


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _lines(file: Path) -> list[str]:
    """The lines of a file of unknown kind, header and all."""
    return file.read_bytes().decode("utf-8", "backslashreplace").splitlines()
