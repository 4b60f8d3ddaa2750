"""The text of statements and their parts in DuckDB's SQL."""

from __future__ import annotations

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect

_WRITER = Dialect.get_or_raise("duckdb").generator()


_WHOLE = (exp.Column, exp.Identifier, exp.Literal)


def sql_of(node: exp.Expr) -> str:
    """DuckDB's SQL of a node. It is asked of each part of each statement, so there is one writer. Writing changes a node where it
    does not show, so a copy is written, but of the smallest."""
    return _WRITER.generate(node, copy=not isinstance(node, _WHOLE))
