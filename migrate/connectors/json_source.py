"""Folders of files of JSON objects as sources: one object on each line, or all in one list.

Objects become rows by the paths of the contract. What an object holds and no field has is a column too, named by its path, so
that it is counted like any column nobody described. A line that is no object is passed on with its fault named.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from migrate.connectors.delimited import arrow_rows, line_rows, lines_of_others
from migrate.connectors.json_records import an_object, texts
from migrate.connectors.json_shape import Shape, cell
from migrate.connectors.records import Unreadable
from migrate.connectors.source import SourceInfo
from migrate.connectors.source_files import files_of, hashes_of, place_of
from migrate.contracts.model import Contract, FileFormat
from migrate.errors import SourceLost, SourceRefused

BATCH = 10_000


class JsonSource:
    """The files of one folder."""

    def __init__(self, folder: Path, contract: Contract, info: SourceInfo | None = None) -> None:
        self._folder, self._contract = folder, contract
        self._files = files_of(folder, contract)
        self._shapes = {entity: Shape(contract.entities[entity].fields) for entity in self._files}
        self._unknown: dict[str, Counter[str]] = {}
        self.info = info or SourceInfo(str(folder), None, True, hashes_of(self._files.values(), folder))

    def present(self, entity: str) -> bool:
        return bool(self._files.get(entity))

    def columns(self, entity: str) -> list[str]:
        return [*self._contract.entities[entity].fields, *self._strangers(entity)]

    def lacking(self, entity: str, fields: list[str]) -> list[str]:
        """None: a member that is not there is no value."""
        return []

    def count(self, entity: str) -> int:
        return sum(1 for _ in self._texts(entity))

    def rows(self, entity: str, fields: list[str]) -> Iterator[pa.RecordBatch]:
        wanted = [(field, self._field(entity, field)) for field in fields]
        show = not any(rule.pii == "secret" for rule in self._contract.entities[entity].fields.values())
        rows = (
            self._row(self._shapes[entity], wanted, text, n, place, show=show)
            for n, (place, text) in enumerate(self._texts(entity), 1)
        )
        while part := list(islice(rows, BATCH)):
            yield arrow_rows(fields, part)

    def holding_data(self, entity: str, never: Mapping[str, tuple[object, ...]]) -> dict[str, int]:
        known = {field: own for field in never if (own := self._field(entity, field)) is not None}
        found = dict.fromkeys(never, 0)
        if known:
            shape, empty = self._shapes[entity], {field: {str(v) for v in never[field]} | {""} for field in known}
            for _, text in self._texts(entity):
                values = shape.values(_or_nothing(text))
                for field, own in known.items():
                    value = cell(values[own]) if shape.paths[own] else text
                    found[field] += value is not None and value.strip() not in empty[field]
        for column in never.keys() - known.keys():
            found[column] = self._strangers(entity)[column]
        return found

    def undeclared(self, contract: Contract, archived: Sequence[str] = ()) -> dict[str, int]:
        return lines_of_others(self._folder, chain.from_iterable(self._files.values()))

    def undeclared_rows(self, table: str) -> Iterator[pa.RecordBatch]:
        """The lines of a file nobody described, as they stand."""
        return line_rows(self._folder / table)

    def close(self) -> None:
        return None

    # ------------------------------------------------------------------------------------------------------------

    def _field(self, entity: str, name: str) -> str | None:
        return next((field for field in self._contract.entities[entity].fields if field.lower() == name.lower()), None)

    def _strangers(self, entity: str) -> Counter[str]:
        """Rows in which something stands that no field has, by the name of its path."""
        if entity not in self._unknown:
            counted: Counter[str] = Counter()
            for _, text in self._texts(entity):
                held = {
                    name for name, value in self._shapes[entity].unknown(_or_nothing(text)) if value not in (None, "", [], {})
                }
                counted.update(held)
            self._unknown[entity] = Counter(dict(sorted(counted.items())))
        return self._unknown[entity]

    def _row(
        self, shape: Shape, wanted: list[tuple[str, str | None]], text: str, number: int, place: str, *, show: bool
    ) -> tuple[list[str | None], int, str | None, str | None]:
        fault = value = None
        try:
            whole = an_object(text)
        except ValueError as error:
            whole, fault, value = {}, "SRC-SHAPE", f"{place}: {error}" + (f": {text[:200]}" if show else "")
        values = shape.values(whole)
        cells: list[str | None] = []
        for field, own in wanted:
            found = None if own is None else cell(values[own]) if shape.paths[own] else text if not fault else None
            if found is not None and not found.isascii() and any("\ud800" <= letter <= "\udfff" for letter in found):
                found = found.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
                fault, value = "SRC-ENCODING", f"{place}: {field}: {found}"
            cells.append(found)
        return cells, number, fault, value and value.encode("utf-8", "backslashreplace").decode("utf-8")

    def _texts(self, entity: str) -> Iterator[tuple[str, str]]:
        """``(file:line, text)`` of each object."""
        own = self._contract.entities[entity].format
        format_ = own or (self._contract.source.format if self._contract.source else FileFormat(json="lines"))
        encoding = "utf-8-sig" if format_.encoding.lower() in ("utf-8", "utf8") else format_.encoding
        for file in self._files[entity]:
            place = place_of(file, self._folder)
            try:
                with file.open(encoding=encoding, errors="surrogateescape", newline="") as stream:
                    for line, text in texts(stream, format_):
                        yield f"{place}:{line}", text
            except Unreadable as error:
                hint = "is it JSON, and was it exported to its end?"
                raise SourceRefused(f"{place}:{error.line}: the file cannot be read: {error}", hint=hint) from None
            except OSError as error:
                raise SourceLost(f"{place} cannot be read: {error.strerror}") from None


def _or_nothing(text: str) -> dict[str, Any]:
    try:
        return an_object(text)
    except ValueError:
        return {}
