"""Writing load files: delimited text or JSON by the target's contract, in a folder or a zip.

The bytes depend on the rows only.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

import duckdb
import polars as pl

from migrate.compiler.text import literal, name
from migrate.connectors.json_package import write_objects
from migrate.contracts.model import Contract, Entity, FileFormat
from migrate.engine import number
from migrate.errors import RunFailed

BATCH = 50_000
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
            text = f"strftime({column}, {literal(own)})"
            return f"upper({text})" if format_.capital_months and ("%b" in own.lower()) else text
        case "decimal":
            # The shortest text that reads back as the same number, without a trailing '.0' or an exponent.
            shortest = f"regexp_replace(CAST({column} AS VARCHAR), '\\.0+$', '')"
            digits = f"CAST(TRY_CAST({column} AS DECIMAL(38, 15)) AS VARCHAR)"
            whole = f"CAST(TRY_CAST(CAST({column} AS VARCHAR) AS DECIMAL(38, 0)) AS VARCHAR)"
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

    An entity without rows is written as a file with only its header, or of JSON without any object.
    """
    columns = ", ".join(f"{_cell(text_column(entity, f, format_), len(fields))} AS {name(f)}" for f in fields)
    select = f"SELECT {columns} FROM ({rows}) AS t ORDER BY {order}"
    if max_rows is None and _engine_writes(format_, fields):
        file = next(files)
        return [(file, number(connection, f"COPY ({select}) TO {literal(str(file))} ({_csv_options(format_)})"))]
    reader = connection.cursor().execute(select).to_arrow_reader(BATCH)
    if format_.json_:
        with _named(first := next(files)):
            return write_objects(iter(reader), entity, fields, format_, chain([first], files), max_rows)
    text = _quoted if format_.quote else _ended if format_.record_end else _unquoted
    parts = (frame for batch in reader if len(frame := pl.DataFrame(pl.from_arrow(batch))))
    left, written = next(parts, None), list[tuple[Path, int]]()
    while left is not None or not written:
        file = next(files)
        count = 0
        with _named(file), file.open("w", encoding=format_.encoding, newline="") as stream:
            stream.write(text(pl.DataFrame([fields], orient="row"), format_))
            while left is not None and (max_rows is None or count < max_rows):
                part = left if max_rows is None else left.head(max_rows - count)
                stream.write(text(part, format_))
                count += len(part)
                left = left.slice(len(part)) if len(part) < len(left) else next(parts, None)
        written.append((file, count))
    return written


def _engine_writes(format_: FileFormat, fields: list[str]) -> bool:
    """Can the engine write the file, in two thirds of the time? It quotes what is quoted here, and values with a ``#``; it knows
    one end of a line, no other encoding, and calls columns otherwise whose names differ in case only."""
    plain = format_.quote and not format_.json_ and format_.line_end == "\n" and format_.encoding.lower() in ("utf-8", "utf8")
    single = all(len(mark.encode()) == 1 for mark in (format_.delimiter, format_.quote or ""))
    return bool(plain and single and len({field.lower() for field in fields}) == len(fields))


def _csv_options(format_: FileFormat) -> str:
    quote = literal(format_.quote)
    return f"FORMAT csv, HEADER, DELIMITER {literal(format_.delimiter)}, QUOTE {quote}, ESCAPE {quote}, NULLSTR ''"


def _cell(sql: str, columns: int) -> str:
    """Blank is null, so that no quotes are written for it; but a record of one blank field would be no line at all."""
    return f"coalesce({sql}, '')" if columns == 1 else f"nullif({sql}, '')"


def _quoted(rows: pl.DataFrame, format_: FileFormat) -> str:
    """Rows with as little quoting as possible. A carriage return is quoted too, which readers take for the end of a record."""
    return rows.write_csv(
        include_header=False,
        separator=format_.delimiter,
        line_terminator=format_.line_end,
        quote_char=format_.quote,
        quote_style="necessary",
        null_value="",
    )


def _unquoted(rows: pl.DataFrame, format_: FileFormat) -> str:
    """Rows of a format that knows no quotes. Raises csv.Error where a value would need some."""
    text = io.StringIO()
    writer = csv.writer(
        text, delimiter=format_.delimiter, quotechar=None, quoting=csv.QUOTE_NONE, lineterminator=format_.line_end
    )
    writer.writerows(rows.iter_rows())
    return text.getvalue()


def _ended(rows: pl.DataFrame, format_: FileFormat) -> str:
    """Rows of a format in which a text of its own ends a record. Raises csv.Error where a value would end one, or a cell."""
    lines = []
    for row in rows.iter_rows():
        cells = ["" if cell is None else cell for cell in row]
        record = format_.delimiter.join(cells) + format_.record_end
        if record.count(format_.delimiter) != len(cells) - 1:
            raise csv.Error(f"a cell with {format_.delimiter}")
        if record.index(format_.record_end) != len(record) - len(format_.record_end):
            raise csv.Error(f"a cell with {format_.record_end}, or with its beginning at the end of a record")
        lines.append(record + format_.line_end)
    return "".join(lines)


@contextmanager
def _named(file: Path) -> Iterator[None]:
    """A value that the target's files cannot hold ends the run, and is named."""
    hint = "exclude or change such values in the mapping, or mend the target's format"
    try:
        yield
    except UnicodeEncodeError as error:
        sign = error.object[error.start]  # and nothing of what stands around it, which may be somebody's name
        told = f"{sign!r} (U+{ord(sign):04X})"
        raise RunFailed(f"{file.name} is written as {error.encoding}, which cannot hold {told}", hint=hint) from None
    except csv.Error as error:
        raise RunFailed(f"{file.name} cannot hold a value: {error}", hint=hint) from None


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
