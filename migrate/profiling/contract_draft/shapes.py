"""The tables of a system that nobody described: names, columns, and what files or the database say of them by themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from migrate.connectors.database import TableShape
from migrate.connectors.delimited import field_name
from migrate.connectors.workbook import is_workbook, sheet_rows, sheets
from migrate.errors import SourceRefused
from migrate.profiling.contract_draft.sniffing import Sniffed, sniff
from migrate.profiling.words import named

SUFFIXES = (".csv", ".tsv", ".txt", ".xlsx")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_RESERVED = ("findings", "refused")


@dataclass
class Table:
    """A table or file; ``fields`` maps names of fields to words of the contract, which later steps add to."""

    entity: str
    fields: dict[str, dict[str, Any]]
    words: dict[str, Any] = field(default_factory=dict)
    """Words of the entity: file, sheet, format, table."""
    key: tuple[str, ...] = ()
    key_unique: bool = False
    """Does the key identify rows, as far as is known?"""
    notes: list[str] = field(default_factory=list)
    """About the entity."""
    doubts: dict[str, list[str]] = field(default_factory=dict)
    """``{field: what is a guess}``."""

    def doubt(self, name: str, text: str) -> None:
        """Note a guess about a field."""
        self.doubts.setdefault(name, []).append(text)


def tables_of_files(folder: Path, files: Iterable[Path]) -> list[Table]:
    """One table for each sheet of a workbook, and for files that are alike in all but the digits of their names one together."""
    found: list[Table] = []
    taken: set[str] = set()
    alike: dict[tuple[str, Sniffed], list[Path]] = {}
    for file in files:
        if is_workbook(file):
            found += _of_workbook(folder, file, taken)
        else:
            alike.setdefault((re.sub(r"\d+", "*", file.relative_to(folder).as_posix()), sniff(file)), []).append(file)
    for (pattern, sniffed), group in alike.items():
        whole = len(group) > 1 and sorted(folder.glob(pattern)) == sorted(group)
        for one in [group] if whole else [[file] for file in group]:
            name = pattern if whole else one[0].relative_to(folder).as_posix()
            found.append(_of_file(name, sniffed, taken))
    return sorted(found, key=lambda table: table.entity)


def _of_file(name: str, sniffed: Sniffed, taken: set[str]) -> Table:
    table = Table(_entity(Path(name).stem, taken), {}, {"file": name})
    format_ = {"encoding": sniffed.encoding, "delimiter": sniffed.delimiter}
    table.words["format"] = format_
    table.notes += [f"unconfirmed: {doubt}" for doubt in sniffed.doubts]
    _columns(table, sniffed.header)
    return table


def _of_workbook(folder: Path, file: Path, taken: set[str]) -> Iterator[Table]:
    names = sheets(file)
    for sheet in names:
        _, header = next(sheet_rows(file, sheet), (0, []))
        if not any(header):
            continue
        stem = file.stem if len(names) == 1 else f"{file.stem}_{sheet}"
        words: dict[str, Any] = {"file": file.relative_to(folder).as_posix()}
        table = Table(_entity(stem, taken), {}, words | ({"sheet": sheet} if len(names) > 1 else {}))
        _columns(table, header)
        yield table


def _columns(table: Table, header: Sequence[str]) -> None:
    names = [field_name(cell) for cell in header]
    for number, (cell, name) in enumerate(zip(header, names, strict=True), 1):
        if header.count(cell) > 1:
            twice = f"the column {cell!r} stands twice in the header" if cell.strip() else "two columns have no name"
            raise SourceRefused(f"{table.words['file']}: {twice}", hint="rename one")
        if cell.strip() and (_NAME.fullmatch(name) is None or names.count(name) > 1):
            # The letters of the cell are none that names hold, or do not tell it from another one.
            _add(table, f"column_{number}", cell, {"column": cell.strip("\ufeff ")})
        else:
            _add(table, name, cell, {})


def _add(table: Table, name: str, column: str, words: dict[str, Any]) -> None:
    if _NAME.fullmatch(name) is None:
        table.notes.append(f"unconfirmed: the column {column!r} is left out, for a contract cannot name it")
        return
    if (word := named(column, "secret")) is not None:
        words = {"pii": "secret"} | {k: said for k, said in words.items() if k == "column"}
        table.doubt(name, f"secret by its name ({word}), so it is not read")
    table.fields[name] = words


def tables_of_database(shapes: Iterable[TableShape], prefix: str) -> list[Table]:
    """Tables whose names begin with ``prefix``, with the types, keys and references that the database declares."""
    mine = {shape.table: shape for shape in shapes if shape.table.lower().startswith(prefix.lower()) and shape.columns}
    taken: set[str] = set()
    entities = {name: _entity(name[len(prefix) :], taken) for name in mine}
    found = []
    for name, shape in mine.items():
        bare = name[len(prefix) :]
        table = Table(entities[name], {}, {} if bare == entities[name] else {"table": bare}, shape.key, bool(shape.key))
        for column, kind, nullable in shape.columns:
            words: dict[str, Any] = {"type": _type(kind)}
            _add(table, column, column, words | ({} if nullable else {"required": True}))
        for column, other, other_column in shape.references:
            if other in mine and column in table.fields:
                table.fields[column]["references"] = {"entity": entities[other], "field": other_column}
        if not set(table.key) <= table.fields.keys():
            table.key, table.key_unique = (), False
        found.append(table)
    return found


_INT_DIGITS = 18
"""Every whole number of so many digits has 63 bits."""


def _type(kind: Any) -> str:
    if (isinstance(kind, mysql.TINYINT) and kind.display_width == 1) or (isinstance(kind, mysql.BIT) and kind.length == 1):
        return "flag"  # as these databases have booleans
    if isinstance(kind, sa.Numeric) and not isinstance(kind, sa.Float) and kind.precision and kind.scale == 0:
        return "int" if kind.precision <= _INT_DIGITS else "string"  # as Oracle and those who came from there number records
    for base, word in (
        (sa.Boolean, "flag"), ((sa.Integer, mysql.YEAR, mysql.BIT), "int"), ((sa.Numeric, sa.Float), "decimal"),
        (sa.DateTime, "datetime"), (sa.Date, "date"),
    ):  # fmt: skip
        if isinstance(kind, base):
            return word
    return "string"


def _entity(text: str, taken: set[str]) -> str:
    stem = field_name(text) or "table"
    stem = stem if stem[0].isalpha() else f"t_{stem}"
    stem = f"{stem}_" if stem in _RESERVED else stem
    name, number = stem, 2
    while name.lower() in taken:
        name, number = f"{stem}_{number}", number + 1
    taken.add(name.lower())
    return name
