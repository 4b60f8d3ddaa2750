"""Putting many rows into a table of a database at once, column by column, and getting them from it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from pyarrow.csv import ConvertOptions, ParseOptions, ReadOptions, WriteOptions, read_csv, write_csv

AT_ONCE = 1_000
"""Rows that are objects at one time: what fits the processor's cache takes half the time."""


def insert_columns(connection: sa.Connection, table: sa.Table, names: Sequence[str], columns: Sequence[pa.Array]) -> None:
    """Insert rows: ``columns`` beside the ``names`` of their columns, all as the database takes them. COPY where there is
    PostgreSQL, multi-row statements elsewhere. Raises what the driver and SQLAlchemy raise."""
    if not columns or not len(columns[0]):
        return
    if connection.dialect.name != "postgresql":
        _many_rows(connection, table, names, columns)
        return
    prepare = connection.dialect.identifier_preparer
    listed = ", ".join(prepare.quote(table.c[one].name) for one in names)
    cursor = connection.connection.cursor()
    try:
        with cursor.copy(f"COPY {prepare.format_table(table)} ({listed}) FROM STDIN (FORMAT csv)") as copy:
            copy.write(_as_csv(columns))
    finally:
        cursor.close()


def select_columns(connection: sa.Connection, query: sa.Select[Any], schema: pa.Schema, size: int) -> Iterator[pa.RecordBatch]:
    """The rows of a query whose columns are all text, ``size`` at a time. Raises what the driver raises."""
    statement = query.compile(dialect=connection.dialect, compile_kwargs={"render_postcompile": True})
    cursor = connection.connection.cursor()
    try:
        if connection.dialect.name == "postgresql":
            with cursor.copy(f"COPY ({statement}) TO STDOUT (FORMAT csv)", statement.params) as lines:
                rest = iter(lines)
                while part := b"".join(islice(rest, size)):
                    yield _from_csv(part, schema)
            return
        cursor.execute(str(statement), [statement.params[one] for one in statement.positiontup or ()])
        parts = iter(lambda: cursor.fetchmany(AT_ONCE), [])
        while some := list(islice(_arrays(parts, schema), max(size // AT_ONCE, 1))):
            yield pa.RecordBatch.from_arrays([pa.concat_arrays(chunks) for chunks in zip(*some, strict=True)], schema=schema)
    finally:
        cursor.close()


def _arrays(parts: Iterable[Sequence[Any]], schema: pa.Schema) -> Iterator[list[pa.Array]]:
    for rows in parts:
        yield [pa.array(column, of.type) for column, of in zip(zip(*rows, strict=True), schema, strict=True)]


def _many_rows(connection: sa.Connection, table: sa.Table, names: Sequence[str], columns: Sequence[pa.Array]) -> None:
    """The driver's own statement for many rows; SQLAlchemy only says how it reads and what makes cells fit their columns."""
    dialect = connection.dialect
    statement = sa.insert(table).values({one: sa.bindparam(one) for one in names}).compile(dialect=dialect)
    order = list(statement.positiontup or names)
    fits = [table.c[one].type.dialect_impl(dialect).bind_processor(dialect) for one in order]
    parameters = [statement.escaped_bind_names.get(one, one) for one in order]
    for start in range(0, len(columns[0]), AT_ONCE):
        cells = [columns[names.index(one)].slice(start, AT_ONCE).to_pylist() for one in order]
        fitting = [own if fit is None else [fit(cell) for cell in own] for own, fit in zip(cells, fits, strict=True)]
        rows: list[Any] = list(zip(*fitting, strict=True))
        if not statement.positional:
            rows = [dict(zip(parameters, row, strict=True)) for row in rows]
        connection.exec_driver_sql(str(statement), rows)


def _as_csv(columns: Sequence[pa.Array]) -> pa.Buffer:
    """Text is quoted and null is not, so that blank and null stay two."""
    out = pa.BufferOutputStream()
    rows = pa.Table.from_arrays(list(columns), [str(n) for n in range(len(columns))])
    write_csv(rows, out, WriteOptions(include_header=False, quoting_style="needed"))
    return out.getvalue()


def _from_csv(text: bytes, schema: pa.Schema) -> pa.RecordBatch:
    types = {field.name: field.type for field in schema}
    read = ReadOptions(column_names=schema.names, block_size=len(text) + 1, use_threads=False)
    convert = ConvertOptions(column_types=types, null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False)
    table = read_csv(pa.BufferReader(text), read, ParseOptions(newlines_in_values=True), convert)
    return table.combine_chunks().to_batches()[0]
