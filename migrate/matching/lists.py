"""Reading lists of other people: a delimited file, an Excel sheet, or a query. Nothing is written anywhere."""

from __future__ import annotations

import csv
import hashlib
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from migrate.artefacts import sha256
from migrate.connectors.database import read_query
from migrate.connectors.delimited import field_name
from migrate.connectors.records import FIELD_LIMIT
from migrate.connectors.workbook import cell_text
from migrate.errors import ConfigurationError, Problem, SourceRefused
from migrate.mapping.load import LoadedPair
from migrate.workspace import ListSettings, Workspace

KEY = "key"
_LARGEST = 500_000_000
"""Bytes that the parts of an Excel file may have unpacked: more is no list of people."""
Rows = list[list[str | None]]


@dataclass(frozen=True)
class PeopleList:
    """``rows``: text columns, ``key`` and the fields that mappings compare."""

    name: str
    rows: pa.Table
    digest: str
    """sha256 of the file's bytes, or of what a query gave."""
    there: bool
    """Does the target have these people now?"""


def compared(pair: LoadedPair, name: str) -> list[str]:
    """The fields of a list that mappings compare."""
    found = [m.model.match for m in pair.mappings.values() if m.model.match and m.model.match.against == name]
    return list(dict.fromkeys(field for match in found for tier in match.tiers for field in tier.on))


def read_lists(workspace: Workspace, names: Iterable[str]) -> dict[str, PeopleList]:
    """The lists that the mappings in ``names`` need, as far as the workspace has them. Raises ConfigurationError."""
    wanted = dict.fromkeys(match.against for name in names if (match := workspace.pair.matched(name)))
    return {name: _read_list(workspace, name) for name in wanted}


def _read_list(workspace: Workspace, name: str) -> PeopleList:
    settings = workspace.settings.matching[name]
    if settings.file is not None:
        file = (workspace.folder / settings.file).resolve()
        header, rows = _read_file(workspace, name, file)
        digest = sha256(file)
    else:
        header, rows = _ask(workspace, name)
        digest = hashlib.sha256("\n".join(sorted(map(repr, rows))).encode("utf-8", "backslashreplace")).hexdigest()
    return PeopleList(name, _chosen(workspace, name, header, rows), digest, settings.there)


def _read_file(workspace: Workspace, name: str, file: Path) -> tuple[list[str], Rows]:
    settings = workspace.settings.matching[name]
    if not file.is_file():
        raise _refused(workspace, name, "there is no such file", settings.file, "file")
    try:
        header, *rows = _excel(file, settings) if file.suffix.lower() == ".xlsx" else _delimited(file, settings)
    except ValueError as error:
        raise _refused(workspace, name, f"the list cannot be read: {error}", settings.file, "file") from None
    return [cell or "" for cell in header], rows


def _delimited(file: Path, settings: ListSettings) -> Rows:
    csv.field_size_limit(FIELD_LIMIT)
    encoding = "utf-8-sig" if settings.encoding.lower() in ("utf-8", "utf8") else settings.encoding
    rows: Rows = []
    try:
        with file.open(encoding=encoding, newline="") as stream:
            reader = csv.reader(stream, delimiter=settings.delimiter, strict=True)
            for cells in reader:
                if not cells:
                    continue
                if rows and len(cells) != len(rows[0]):
                    raise ValueError(f"line {reader.line_num} has {len(cells)} cells, and there are {len(rows[0])} columns")
                rows.append(list(cells))
    except (csv.Error, UnicodeDecodeError) as error:
        raise ValueError(str(error)) from None
    except OSError as error:
        raise ValueError(error.strerror) from None
    if not rows:
        raise ValueError("it has not even a header")
    return rows


def _excel(file: Path, settings: ListSettings) -> Rows:
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        with zipfile.ZipFile(file) as archive:
            if sum(part.file_size for part in archive.infolist()) > _LARGEST:
                raise ValueError("unpacked it is too large for a list of people")
        book = openpyxl.load_workbook(file, read_only=True, data_only=True)
        try:
            if settings.sheet is not None and settings.sheet not in book.sheetnames:
                raise ValueError(f"it has no sheet {settings.sheet!r}; it has {', '.join(book.sheetnames)}")
            sheet = book[settings.sheet] if settings.sheet is not None else book.worksheets[0]
            rows = [[cell_text(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
        finally:
            book.close()
    except (InvalidFileException, zipfile.BadZipFile, KeyError, OSError) as error:
        raise ValueError(f"it is no Excel file: {error}") from None
    rows = [row for row in rows if any(cell is not None for cell in row)]
    if not rows:
        raise ValueError("it has not even a header")
    return [[*row, *[None] * (len(rows[0]) - len(row))] for row in rows]


def _ask(workspace: Workspace, name: str) -> tuple[list[str], Rows]:
    settings = workspace.settings.matching[name]
    try:
        return read_query(workspace.list_url(name), workspace.folder, settings.query or "")
    except SourceRefused as error:
        raise _refused(workspace, name, error.message, None, "url", error.hint) from None


def _chosen(workspace: Workspace, name: str, header: list[str], rows: Rows) -> pa.Table:
    """The columns that are compared, under the names of their fields."""
    settings, problems, columns = workspace.settings.matching[name], [], {}
    known = [field_name(cell) for cell in header]
    fields = compared(workspace.pair, name)
    for field in settings.columns:
        if field not in fields:
            at = workspace.document.place("matching", name, "columns", field)
            problems.append(Problem("no tier compares this field", at, field, tuple(fields)))
    for field in (KEY, *fields):
        column = settings.key if field == KEY else settings.columns.get(field, field)
        keys = ("key",) if field == KEY else ("columns", field)
        at = workspace.document.place("matching", name, *keys)
        if known.count(field_name(column)) != 1:
            what = "stands twice in the list" if field_name(column) in known else "is not in the list"
            problems.append(Problem(f"the column {what}", at, column, tuple(header)))
            continue
        number = known.index(field_name(column))
        cells = [_plain(row[number]) for row in rows]
        columns[field] = pa.array(cells, pa.string())
    if problems:
        raise ConfigurationError(f"the list {name} cannot be used", problems=problems)
    return pa.table(columns)


def _plain(cell: str | None) -> str | None:
    return cell if cell is None or cell.isascii() else cell.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _refused(workspace: Workspace, name: str, message: str, value: object, word: str, hint: str = "") -> ConfigurationError:
    problem = Problem(message, workspace.document.place("matching", name, word), value, hint=hint)
    return ConfigurationError(f"the list {name} cannot be used", problems=[problem])
