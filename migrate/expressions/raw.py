"""What the parser keeps as bare text, and writes into the statement as it stands: it has to be a plain word.

A type that the parser does not know, the unit of an interval or of ``extract``, and a name that stands as a text (``$$...$$``)
come out without quotation marks. Whatever stands in them would be SQL that the vocabulary never saw.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqlglot import exp

from migrate.expressions.refused import ExpressionError
from migrate.expressions.vocabulary import TYPES, value_types

_PLAIN = re.compile(r"[\w.+ -]*")
"""Words, and numbers such as ``1.5e-3``."""


def refuse_raw(node: exp.Expr) -> None:
    """Raise ExpressionError where ``node`` would be written with text that nobody looked at."""
    if isinstance(node, exp.DataType):
        _refuse_type(node)
    for text in _bare(node):
        if not _PLAIN.fullmatch(text) or "--" in text:
            raise ExpressionError("this is no plain word, and would stand in the statement as it is", text)


def _bare(node: exp.Expr) -> Iterator[str]:
    """The texts of a node that are written without quotation marks."""
    if (isinstance(node, exp.Literal) and node.is_string) or (isinstance(node, exp.Identifier) and node.args.get("quoted")):
        return
    for value in node.args.values():
        yield from (text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str))


def _refuse_type(node: exp.DataType) -> None:
    given = {word for word, value in node.args.items() if value} - {"this", "expressions"}
    sizes = [part.this if isinstance(part, exp.DataTypeParam) else part for part in node.expressions]
    if node.this not in value_types() or given or not all(isinstance(size, exp.Literal) and size.is_int for size in sizes):
        raise ExpressionError("not a type of expressions", node.sql(dialect="duckdb"), TYPES)
