"""Rows of an earlier run, whose files may be of an older shape or damaged."""

from __future__ import annotations

import glob
from pathlib import Path
from typing import Any, Protocol

import duckdb

from migrate.compiler.text import literal


class Asked(Protocol):
    """Where ``findings`` of this run are asked about, and ``news`` of them is kept."""

    def ask(self, sql: str) -> list[Any]:
        """All rows of a query."""
        ...

    def do(self, sql: str) -> None:
        """A statement that gives no rows."""
        ...


def rows_of(evidence: Asked, file: Path, columns: tuple[str, ...]) -> str | None:
    """SQL of the rows of a file as text, numbered; None where it is not there, is damaged or lacks a column."""
    if not file.is_file():
        return None
    path = literal(glob.escape(str(file)))
    texts = ", ".join(f'CAST("{column}" AS VARCHAR) AS "{column}"' for column in columns)
    select = f"SELECT file_row_number + 1 AS row, {texts} FROM read_parquet({path}, file_row_number = true)"
    try:
        evidence.ask(f"{select} LIMIT 0")
    except duckdb.Error:
        return None
    return select
