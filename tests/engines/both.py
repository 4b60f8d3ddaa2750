"""The same statement on both engines."""

from __future__ import annotations

from typing import Any

import duckdb
import pyarrow as pa

from migrate.engine import session


def answers(spark: Any, tables: dict[str, pa.Table], sql: str, *, ordered: bool = False) -> tuple[list[str], list[str]]:
    """Rows of ``sql`` as text, from DuckDB and from Spark; sorted unless the statement orders them. Also compared: the
    types. Columns without a name are called otherwise."""
    with session(threads=1) as connection:
        for name, rows in tables.items():
            connection.register(name, rows)
        expected = connection.execute(sql).to_arrow_table()
    for name, rows in tables.items():
        spark.register(name, rows)
    got = spark.execute(sql).to_arrow_table()
    assert [str(f.type) for f in got.schema] == [str(f.type) for f in expected.schema], sql
    texts = [[repr(list(row.values())) for row in table.to_pylist()] for table in (expected, got)]
    return (texts[0], texts[1]) if ordered else (sorted(texts[0]), sorted(texts[1]))


def columns_that_answer(table: pa.Table, expressions: list[str]) -> list[str]:
    """Those of the expressions that DuckDB gives an answer to, for these rows. No column holds a span of time: an instant is
    moved by it."""
    found = []
    with session(threads=1) as connection:
        connection.register("rows", table)
        for expression in expressions:
            try:
                ((_, kind, *_),) = connection.execute(f"DESCRIBE SELECT {expression} FROM rows").fetchall()
                if kind == "INTERVAL":
                    expression = f"TIMESTAMP '2024-01-31 12:00:00' + ({expression})"
                connection.execute(f"SELECT {expression} FROM rows").to_arrow_table().to_pylist()
            except (duckdb.Error, OverflowError, ValueError):  # an instant that Python has not, too
                continue
            found.append(expression)
    return found
