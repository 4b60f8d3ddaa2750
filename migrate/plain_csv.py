"""Parquet files once more as CSV, for people and their spreadsheets."""

from __future__ import annotations

from pathlib import Path

import duckdb

from migrate.compiler.text import literal, name
from migrate.engine import scan


def to_csv(connection: duckdb.DuckDBPyConnection, file: Path) -> None:
    """The same rows for people: text that a spreadsheet would run as a formula gets an apostrophe before it."""
    columns = [
        (str(column), str(kind)) for column, kind, *_ in connection.execute(f"DESCRIBE SELECT * FROM {scan(file)}").fetchall()
    ]
    shown = [
        f"CASE WHEN regexp_matches({name(c)}, '^[=+\\-@\\t\\r]') AND TRY_CAST({name(c)} AS DOUBLE) IS NULL "
        f"THEN '''' || {name(c)} ELSE {name(c)} END AS {name(c)}" if kind == "VARCHAR" else name(c)
        for c, kind in columns
    ]  # fmt: skip
    target = literal(str(file.with_suffix(".csv")))
    connection.execute(f"COPY (SELECT {', '.join(shown)} FROM {scan(file)}) TO {target} (FORMAT csv, HEADER)")
