"""Putting many rows into a table of a database at once, column by column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from pyarrow.csv import WriteOptions, write_csv


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


def _many_rows(connection: sa.Connection, table: sa.Table, names: Sequence[str], columns: Sequence[pa.Array]) -> None:
    """The driver's own statement for many rows; SQLAlchemy only says how it reads and what makes cells fit their columns."""
    dialect = connection.dialect
    statement = sa.insert(table).values({one: sa.bindparam(one) for one in names}).compile(dialect=dialect)
    order = list(statement.positiontup or names)
    cells = []
    for one in order:
        own = columns[names.index(one)].to_pylist()
        fit = table.c[one].type.dialect_impl(dialect).bind_processor(dialect)
        cells.append(own if fit is None else [fit(cell) for cell in own])
    rows: list[Any] = list(zip(*cells, strict=True))
    if not statement.positional:
        parameters = [statement.escaped_bind_names.get(one, one) for one in order]
        rows = [dict(zip(parameters, row, strict=True)) for row in rows]
    connection.exec_driver_sql(str(statement), rows)


def _as_csv(columns: Sequence[pa.Array]) -> pa.Buffer:
    """Text is quoted and null is not, so that blank and null stay two."""
    out = pa.BufferOutputStream()
    rows = pa.Table.from_arrays(list(columns), [str(n) for n in range(len(columns))])
    write_csv(rows, out, WriteOptions(include_header=False, quoting_style="needed"))
    return out.getvalue()
