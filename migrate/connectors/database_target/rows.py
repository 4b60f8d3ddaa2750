"""Finding and writing the rows of one table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from pyarrow.csv import WriteOptions, write_csv

from migrate.connectors.database_target.cells import plain, typed
from migrate.connectors.database_target.tables import Table
from migrate.connectors.target import Held, Outcome, Record


def create(connection: sa.Connection, table: Table, records: Sequence[Record]) -> list[Outcome]:
    """Insert the records; where nothing protects the key, those that are there already are left alone."""
    if not table.protected:
        there = {one.key for one in find(connection, table, records, {})}
        fresh = [record for record in records if record.key not in there]
    else:
        fresh = list(records)
    shapes = {(*record.values, *record.links) for record in fresh}
    fields = sorted({f for shape in shapes for f in shape if f in table.types})
    columns = {table.column(f): table.cells(fresh, f) for f in fields}
    if fresh and connection.dialect.name == "postgresql":
        _copy(connection, table.table, columns)
    elif fresh:
        names = [column.key for column in columns]
        rows = [dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        connection.execute(sa.insert(table.table), rows)
    if table.words.native is None:
        return [Outcome(record.key, "done") for record in records]
    natives = {one.key: one.native for one in find(connection, table, records, {})}
    return [Outcome(record.key, "done", natives.get(record.key)) for record in records]


def _copy(connection: sa.Connection, table: sa.Table, columns: Mapping[sa.Column[Any], list[Any]]) -> None:
    """PostgreSQL's bulk load, in the transaction of the connection."""
    prepare = connection.dialect.identifier_preparer
    names = ", ".join(prepare.quote(column.name) for column in columns)
    into = f"COPY {prepare.format_table(table)} ({names}) FROM STDIN"
    text = _as_csv(list(columns.values()))
    cursor = connection.connection.cursor()
    try:
        if text is not None:
            with cursor.copy(f"{into} (FORMAT csv)") as copy:
                copy.write(text)
            return
        with cursor.copy(into) as copy:
            for row in zip(*columns.values(), strict=True):
                copy.write_row(row)
    finally:
        cursor.close()


def _as_csv(columns: Sequence[list[Any]]) -> pa.Buffer | None:
    """All cells as text, written column by column, which takes a third of the time of writing rows. Text is quoted and null
    is not, so that blank and null stay two. None where a column holds values of several types."""
    try:
        table = pa.Table.from_arrays([pa.array(cells) for cells in columns], [str(n) for n in range(len(columns))])
        out = pa.BufferOutputStream()
        write_csv(table, out, WriteOptions(include_header=False, quoting_style="needed"))
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError):
        return None
    return out.getvalue()


def update(connection: sa.Connection, table: Table, record: Record) -> Outcome:
    """Change one row."""
    fields = [f for f in (record.values.keys() | record.links.keys()) if f in table.types]
    values = {table.column(f): table.cell(record, f) for f in fields}
    result = connection.execute(sa.update(table.table).where(same(table, record)).values(values))
    if result.rowcount:
        return Outcome(record.key, "done", record.native)
    # MariaDB counts rows that changed: one that already holds the values is none of them.
    there = connection.execute(sa.select(sa.literal(1)).select_from(table.table).where(same(table, record)).limit(1)).first()
    if there is not None:
        return Outcome(record.key, "done", record.native)
    return Outcome(record.key, "refused", record.native, "no record of this key is there to be changed")


def same(table: Table, record: Record) -> sa.ColumnElement[bool]:
    """The condition that a row is this record."""
    if record.native is not None and table.words.native is not None:
        column = table.table.c[table.words.native]
        native: sa.ColumnElement[bool] = column == table.native(record.native)
        return native
    return sa.and_(*(table.column(f) == table.cell(record, f) for f in table.key))


def find(connection: sa.Connection, table: Table, records: Sequence[Record], fields: Mapping[str, Any]) -> Iterator[Held]:
    """Rows of the keys; compared once more here, because a database may think two texts one that differ."""
    if not records:
        return
    parts = [table.column(f) for f in table.key]
    wanted = {tuple(table.cell(record, f) for f in table.key): record.key for record in records}
    shown = [f for f in fields if table.words.columns.get(f, f) in table.table.c]
    native = [table.table.c[table.words.native]] if table.words.native else []
    condition = parts[0].in_([key[0] for key in wanted]) if len(parts) == 1 else sa.tuple_(*parts).in_(list(wanted))
    by_native = {record.native: record.key for record in records if record.native is not None} if native else {}
    query = sa.select(*(part.label(f"k{n}") for n, part in enumerate(parts)), *native, *(table.column(f) for f in shown))
    seen: set[str] = set()
    for row in connection.execute(query.where(condition)):
        key = wanted.get(tuple(plain(value) for value in row[: len(parts)]))
        if key is None:
            continue
        rest = row[len(parts) :]
        own = str(rest[0]) if native else None
        cells = rest[1:] if native else rest
        values, links = _shown(table, shown, cells)
        seen.add(key)
        yield Held(key, own, values, links)
    renamed = {n: k for n, k in by_native.items() if k not in seen}
    if renamed:
        column = native[0]
        for row in connection.execute(query.where(column.in_([table.native(n) for n in renamed]))):
            own = str(row[len(parts)])
            values, links = _shown(table, shown, row[len(parts) + 1 :])
            yield Held(renamed[own], own, values, links)


def _shown(table: Table, fields: Sequence[str], cells: Sequence[Any]) -> tuple[dict[str, Any], dict[str, str]]:
    values: dict[str, Any] = {}
    links: dict[str, str] = {}
    for field, cell in zip(fields, cells, strict=True):
        if field in table.words.by_native:
            if cell is not None and cell != table.words.absent.get(field):
                links[field] = str(cell)
            else:
                values[field] = None
        elif field in table.words.absent and cell == table.words.absent[field]:
            values[field] = None
        else:
            values[field] = typed(cell, table.types[field])
    return values, links
