"""The same statement on both engines."""

from __future__ import annotations

from typing import Any

import duckdb
import pyarrow as pa

from migrate.engine import session

COUNTED = {"date32[day]": pa.int32(), "timestamp[us]": pa.int64()}
"""Types that are compared as numbers: Python has no year 10000."""


def answers(spark: Any, tables: dict[str, pa.Table], sql: str, *, ordered: bool = False) -> tuple[list[str], list[str]]:
    """Rows of ``sql`` as text, from DuckDB and from Spark; sorted unless the statement orders them. Also compared: the
    types. Columns without a name are called otherwise."""
    with session(threads=1) as connection:
        for name, rows in tables.items():
            connection.register("given", rows)
            connection.execute(f"CREATE TABLE {name} AS FROM given")  # over Arrow itself DuckDB joins no NaN
        expected = connection.execute(sql).to_arrow_table()
    for name, rows in tables.items():
        spark.register(name, rows)
    got = spark.execute(sql).to_arrow_table()
    assert [str(f.type) for f in got.schema] == [str(f.type) for f in expected.schema], sql
    texts = [_texts(table) for table in (expected, got)]
    return (texts[0], texts[1]) if ordered else (sorted(texts[0]), sorted(texts[1]))


def _texts(table: pa.Table) -> list[str]:
    columns = [column.cast(COUNTED.get(str(column.type), column.type)).to_pylist() for column in table.columns]
    return [repr(row) for row in zip(*columns, strict=True)]


def answerable(table: pa.Table, expressions: list[str]) -> list[str]:
    """Those of the expressions that DuckDB has a type for; each leaves out the rows that it has no answer for, such as sums that
    overflow. No column holds a span of time: an instant is moved by it."""
    found = []
    with session(threads=1) as connection:
        connection.register("given", table)
        connection.execute("CREATE TABLE rows AS FROM given")
        for expression in expressions:
            try:
                ((_, kind, *_),) = connection.execute(f"DESCRIBE SELECT {expression} FROM rows").fetchall()
            except duckdb.Error:
                continue
            if kind == "INTERVAL":
                expression = f"TIMESTAMP '2024-01-31 12:00:00' + ({expression})"
            refused = _refused(connection, expression)
            if len(refused) < table.num_rows:
                listed = ", ".join(map(str, refused))
                found.append(f"CASE WHEN id NOT IN ({listed}) THEN {expression} END" if refused else expression)
    return found


def _refused(connection: Any, expression: str) -> list[int]:
    """Rows for which there is no answer."""
    silent = f"SELECT id FROM rows WHERE TRY({expression}) IS NULL"
    rows = [id_ for (id_,) in connection.execute(silent).fetchall()]
    (everything,) = connection.execute("SELECT count(*) FROM rows").fetchone()
    if len(rows) == everything and not _answers(connection, expression, rows):
        return rows
    return _without_answer(connection, expression, rows)


def _without_answer(connection: Any, expression: str, rows: list[int]) -> list[int]:
    if not rows or _answers(connection, expression, rows):
        return []
    half = len(rows) // 2
    if not half:
        return rows
    return [row for part in (rows[:half], rows[half:]) for row in _without_answer(connection, expression, part)]


def _answers(connection: Any, expression: str, rows: list[int]) -> bool:
    try:
        connection.execute(f"SELECT {expression} FROM rows WHERE id IN ({', '.join(map(str, rows))})").to_arrow_table()
    except duckdb.Error:
        return False
    return True
