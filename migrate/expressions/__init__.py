"""The expression language of mappings and of contract views: SQL of a closed vocabulary, never evaluated by Python."""

from migrate.expressions.casts import UNREAD, unread_casts
from migrate.expressions.parse import (
    columns_of,
    expression_reads,
    holds_whole,
    parse_expression,
    parse_order,
    parse_query,
    read_query,
    tables_read,
)
from migrate.expressions.refused import ExpressionError

__all__ = [
    "UNREAD",
    "ExpressionError",
    "columns_of",
    "expression_reads",
    "holds_whole",
    "parse_expression",
    "parse_order",
    "parse_query",
    "read_query",
    "tables_read",
    "unread_casts",
]
