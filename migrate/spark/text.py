"""The text of statements and their parts in DuckDB's SQL."""

from __future__ import annotations

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect

_WRITER = Dialect.get_or_raise("duckdb").generator()


def sql_of(node: exp.Expr) -> str:
    """DuckDB's SQL of a node. One writer, and no copy of what is written: this is asked of each part of each statement."""
    return _WRITER.generate(node, copy=False)
