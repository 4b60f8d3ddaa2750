"""Finding and writing the rows of one table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from migrate.connectors.database_target.cells import plain, typed
from migrate.connectors.database_target.tables import Table
from migrate.connectors.target import Held, Outcome, Record
from migrate.copying import insert_columns

KEYS_AT_ONCE = 5_000
"""Keys in one statement: databases bound the number of parameters."""
FIND_AT_ONCE = 500
"""The same where rows are found or deleted by them: the time of a longer list grows faster than the list."""


def create(connection: sa.Connection, table: Table, records: Sequence[Record]) -> list[Outcome]:
    """Insert the records; where nothing protects the key, those that are there already are left alone."""
    if not table.protected:
        there = {one.key for one in find(connection, table, records, {})}
        fresh = [record for record in records if record.key not in there]
    else:
        fresh = list(records)
    shapes = {(*record.values, *record.links) for record in fresh}
    fields = sorted({f for shape in shapes for f in shape if f in table.types})
    names, cells = [table.column(f).key for f in fields], [table.cells(fresh, f) for f in fields]
    try:
        columns = [pa.array(column) for column in cells]
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):  # a column holds values of several types
        connection.execute(sa.insert(table.table), [dict(zip(names, row, strict=True)) for row in zip(*cells, strict=True)])
    else:
        insert_columns(connection, table.table, names, columns)
    if table.words.native is None:
        return [Outcome(record.key, "done") for record in records]
    natives = _natives(connection, table, {tuple(table.cell(record, f) for f in table.key): record.key for record in records})
    return [Outcome(record.key, "done", natives.get(record.key)) for record in records]


def create_table(connection: sa.Connection, table: Table, rows: pa.Table) -> dict[str, str]:
    """Insert records in columns; gives the database's own numbers by key, where it has any. Raises ValueError where a value
    does not fit its column."""
    fields = [f for f in rows.column_names if f in table.types]
    cells = {f: table.column_cells(rows, f) for f in fields}
    insert_columns(connection, table.table, [table.column(f).key for f in fields], list(cells.values()))
    if table.words.native is None:
        return {}
    keys = zip(*(cells[f].to_pylist() for f in table.key), strict=True)
    wanted = dict(zip(keys, rows["_key"].to_pylist(), strict=True))
    return _natives(connection, table, wanted)


def _natives(connection: sa.Connection, table: Table, wanted: Mapping[tuple[Any, ...], str]) -> dict[str, str]:
    """{key: the database's own number} of rows; ``wanted`` has the keys by their cells."""
    assert table.words.native is not None
    parts, cells = [table.column(f) for f in table.key], list(wanted)
    query = sa.select(table.table.c[table.words.native], *parts)
    found = {}
    for start in range(0, len(cells), KEYS_AT_ONCE):
        for native, *own in connection.execute(query.where(_among(connection, parts, cells[start : start + KEYS_AT_ONCE]))):
            # A database may think two texts one that differ.
            if (key := wanted.get(tuple(plain(part) for part in own))) is not None:
                found[key] = str(native)
    return found


def _among(connection: sa.Connection, parts: Sequence[sa.Column[Any]], keys: Sequence[tuple[Any, ...]]) -> sa.ColumnElement[bool]:
    """The condition that a row has one of these keys."""
    if connection.dialect.name == "postgresql" and not any(isinstance(part.type, sa.types.NullType) for part in parts):
        # As lists of parameters, keys of two parts take PostgreSQL three times as long where they are 500, ten times at 5,000.
        cells = [
            sa.bindparam(None, list(own), type_=ARRAY(part.type))
            for part, own in zip(parts, zip(*keys, strict=True), strict=True)
        ]
        given = sa.func.unnest(*cells).table_valued(*(f"k{n}" for n in range(len(parts)))).render_derived()
        return sa.tuple_(*parts).in_(sa.select(*given.c))
    return parts[0].in_([key[0] for key in keys]) if len(parts) == 1 else sa.tuple_(*parts).in_(list(keys))


def update(connection: sa.Connection, table: Table, records: Sequence[Record]) -> list[Outcome]:
    """Change rows, those in which the same fields change by one statement."""
    alike: dict[tuple[tuple[str, ...], bool], list[Record]] = {}
    said: dict[str, Outcome] = {}
    for record in records:
        numbered = record.native is not None and table.words.native is not None
        if numbered or (table.protected and None not in (table.cell(record, f) for f in table.key)):
            alike.setdefault((_fields(table, record), numbered), []).append(record)
        else:  # several rows may be this record, so that sums would not tell which one is not there
            said[record.key] = _update(connection, table, record)
    for (fields, numbered), some in alike.items():
        said |= {one.key: one for one in _update_alike(connection, table, fields, numbered, some)}
    return [said[record.key] for record in records]


def _fields(table: Table, record: Record) -> tuple[str, ...]:
    return tuple(sorted(f for f in (record.values.keys() | record.links.keys()) if f in table.types))


def _update_alike(
    connection: sa.Connection, table: Table, fields: Sequence[str], numbered: bool, records: Sequence[Record]
) -> Iterator[Outcome]:
    key = [table.table.c[table.words.native]] if numbered and table.words.native else [table.column(f) for f in table.key]
    bound = [sa.bindparam(f"lms_key_{n}", type_=part.type) for n, part in enumerate(key)]
    changes: dict[Any, Any] = {
        table.column(f): sa.bindparam(f"lms_value_{n}", type_=table.column(f).type) for n, f in enumerate(fields)
    }
    statement = sa.update(table.table).where(*(part == own for part, own in zip(key, bound, strict=True)))
    given = [
        {f"lms_key_{n}": cell for n, cell in enumerate(_key(table, record, numbered))}
        | {f"lms_value_{n}": table.cell(record, f) for n, f in enumerate(fields)}
        for record in records
    ]
    changed = connection.execute(statement.values(changes), given).rowcount
    for record in records:
        yield _said(connection, table, record, there=changed == len(records))


def _key(table: Table, record: Record, numbered: bool) -> list[Any]:
    return [table.native(str(record.native))] if numbered else [table.cell(record, f) for f in table.key]


def _update(connection: sa.Connection, table: Table, record: Record) -> Outcome:
    """Change one row."""
    values = {table.column(f): table.cell(record, f) for f in _fields(table, record)}
    result = connection.execute(sa.update(table.table).where(same(table, record)).values(values))
    return _said(connection, table, record, there=result.rowcount > 0)


def _said(connection: sa.Connection, table: Table, record: Record, *, there: bool) -> Outcome:
    """A database may count only rows that changed: one that already holds the values is none of them."""
    if there or connection.execute(sa.select(sa.literal(1)).select_from(table.table).where(same(table, record)).limit(1)).first():
        return Outcome(record.key, "done", record.native)
    return Outcome(record.key, "refused", record.native, "no record of this key is there to be changed")


def remove(connection: sa.Connection, table: Table, records: Sequence[Record]) -> list[Outcome]:
    """Delete rows; one that is not there is gone as well."""
    numbered = [record for record in records if record.native is not None] if table.words.native is not None else []
    if numbered:
        assert table.words.native is not None
        _delete(connection, table, [table.table.c[table.words.native]], [(table.native(str(r.native)),) for r in numbered])
    named = {record.key for record in numbered}
    others = [record for record in records if record.key not in named]
    cells = [tuple(table.cell(record, f) for f in table.key) for record in others]
    _delete(connection, table, [table.column(f) for f in table.key], [key for key in cells if None not in key])
    for record, key in zip(others, cells, strict=True):
        if None in key:
            connection.execute(sa.delete(table.table).where(same(table, record)))
    return [Outcome(record.key, "done") for record in records]


def _delete(connection: sa.Connection, table: Table, parts: Sequence[sa.Column[Any]], keys: Sequence[tuple[Any, ...]]) -> None:
    for start in range(0, len(keys), FIND_AT_ONCE):
        connection.execute(sa.delete(table.table).where(_among(connection, parts, keys[start : start + FIND_AT_ONCE])))


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
    wanted = {cells: record.key for record in records if (cells := table.key_cells(record)) is not None}
    shown = [f for f in fields if table.words.columns.get(f, f) in table.table.c]
    native = [table.table.c[table.words.native]] if table.words.native else []
    by_native = {record.native: record.key for record in records if record.native is not None} if native else {}
    query = sa.select(*(part.label(f"k{n}") for n, part in enumerate(parts)), *native, *(table.column(f) for f in shown))
    seen: set[str] = set()
    for row in connection.execute(query.where(_among(connection, parts, list(wanted)))) if wanted else ():
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
        for row in connection.execute(query.where(_among(connection, [column], [(table.native(n),) for n in renamed]))):
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
