"""Writing load files: delimited text by the target's contract, in a folder or a zip. The bytes depend on the rows only."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any, Literal, TextIO

import duckdb

from migrate.compiler.text import literal, name
from migrate.contracts.model import Contract, Entity, FileFormat
from migrate.errors import RunFailed

BATCH = 50_000
Row = tuple[str | None, ...]
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The zip format's earliest instant: packages of equal content are equal byte for byte."""


def text_column(entity: Entity, field: str, format_: FileFormat) -> str:
    """SQL that writes a typed field as the target's files have it; null stays null."""
    column, rule = f"t.{name(field)}", entity.fields[field]
    match rule.type:
        case "flag":
            return f"CASE WHEN {column} THEN {literal(format_.true)} WHEN NOT {column} THEN {literal(format_.false)} END"
        case "date" | "datetime" | "epoch":
            own = rule.formats[0] if rule.formats else format_.date if rule.type == "date" else format_.datetime
            return f"strftime({column}, {literal(own)})"
        case "decimal":
            # The shortest text that reads back as the same number, without a trailing '.0' or an exponent.
            shortest = f"regexp_replace(CAST({column} AS VARCHAR), '\\.0+$', '')"
            digits = f"CAST(TRY_CAST({column} AS DECIMAL(38, 15)) AS VARCHAR)"
            whole = f"CAST(TRY_CAST({column} AS DECIMAL(38, 0)) AS VARCHAR)"
            digits = f"CASE WHEN abs({column}) >= 1e15 THEN {whole} ELSE {digits} END"
            long = f"rtrim(regexp_replace({digits}, '(\\.[0-9]*?)0+$', '\\1'), '.')"
            # Where writing it out would lose digits, the exponent stays: a wrong form shows, a wrong number would not.
            exact = f"contains({shortest}, 'e') AND TRY_CAST({long} AS DOUBLE) = {column}"
            plain = f"CASE WHEN {exact} THEN {long} ELSE {shortest} END"
            return f"replace({plain}, '.', {literal(format_.decimal)})" if format_.decimal != "." else plain
    return f"CAST({column} AS VARCHAR)"


def write_file(
    connection: duckdb.DuckDBPyConnection,
    entity: Entity,
    fields: list[str],
    rows: str,
    order: str,
    format_: FileFormat,
    files: Iterator[Path],
    max_rows: int | None,
) -> list[tuple[Path, int]]:
    """Write the rows of the SELECT ``rows`` to as many of ``files`` as ``max_rows`` asks for; gives files and counts.

    An entity without rows is written as a file with only its header.
    """
    columns = ", ".join(f"{text_column(entity, f, format_)} AS {name(f)}" for f in fields)
    cursor = connection.cursor().execute(f"SELECT {columns} FROM ({rows}) AS t ORDER BY {order}")
    written: list[tuple[Path, int]] = []
    batch = cursor.fetchmany(BATCH)
    while batch or not written:
        file = next(files)
        count = 0
        with _named(file), file.open("w", encoding=format_.encoding, newline="") as stream:
            write = _writer(stream, format_)
            write([tuple(fields)])
            while batch:
                room = len(batch) if max_rows is None else min(len(batch), max_rows - count)
                if room == 0:
                    break
                write(batch[:room])
                count += room
                batch = batch[room:] or cursor.fetchmany(BATCH)
        written.append((file, count))
    return written


@contextmanager
def _named(file: Path) -> Iterator[None]:
    """A value that the target's files cannot hold ends the run, and is named."""
    hint = "exclude or change such values in the mapping, or mend the target's format"
    try:
        yield
    except UnicodeEncodeError as error:
        value = error.object[max(error.start - 20, 0) : error.end + 20]
        raise RunFailed(f"{file.name} is written as {error.encoding}, which cannot hold {value!r}", hint=hint) from None
    except csv.Error as error:
        raise RunFailed(f"{file.name} cannot hold a value: {error}", hint=hint) from None


def _writer(stream: TextIO, format_: FileFormat) -> Callable[[list[Row]], None]:
    """Writes rows with as little quoting as possible. A carriage return is quoted too, which the csv module leaves
    bare under a line end of its own, where readers take it for the end of the record."""

    def writer(quoting: Literal[0, 1, 2, 3]) -> Any:
        return csv.writer(
            stream,
            delimiter=format_.delimiter,
            quotechar=format_.quote or None,
            quoting=quoting,
            lineterminator=format_.line_end,
        )

    if not format_.quote:
        unquoted = writer(csv.QUOTE_NONE)
        return lambda rows: unquoted.writerows(rows)
    minimal, everything = writer(csv.QUOTE_MINIMAL), writer(csv.QUOTE_ALL)

    def write(rows: list[Row]) -> None:
        # Joined first: looking into each cell by itself takes longer than writing them.
        if "\r" not in "".join(filter(None, chain.from_iterable(rows))):
            minimal.writerows(rows)
            return
        for row in rows:
            (everything if any(cell and "\r" in cell for cell in row) else minimal).writerow(row)

    return write


def file_names(folder: Path, name_: str) -> Iterator[Path]:
    """``users.csv``, then ``users_2.csv`` and so on."""
    yield folder / name_
    stem, dot, ending = name_.rpartition(".")
    number = 2
    while True:
        yield folder / f"{stem}_{number}{dot}{ending}"
        number += 1


def pack(folder: Path, files: list[Path], package: str) -> Path:
    """Zip ``files`` (in the order given) into ``folder/package``, with fixed times and permissions."""
    target = folder / package
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            info = zipfile.ZipInfo(file.name, _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            with archive.open(info, "w", force_zip64=True) as out, file.open("rb") as stream:
                while chunk := stream.read(1 << 20):
                    out.write(chunk)
    return target


def effective_format(contract: Contract, entity: Entity) -> FileFormat:
    """The entity's own format, or the target's."""
    assert contract.target is not None
    return entity.format or contract.target.format
