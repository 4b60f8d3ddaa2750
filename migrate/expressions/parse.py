"""Parsing expressions and views, and refusing whatever the vocabulary does not hold."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from migrate.expressions.raw import refuse_raw
from migrate.expressions.refused import ExpressionError
from migrate.expressions.vocabulary import (
    OWN_ARGUMENTS,
    OWN_FUNCTIONS,
    anonymous_names,
    function_names,
    query_nodes,
    value_nodes,
)

MAX_DEPTH = 200


def parse_expression(text: str) -> exp.Expression:
    """Parse a scalar expression. Raises ExpressionError. The tree is the caller's own."""
    return _expression(text).copy()


@cache
def expression_reads(text: str) -> tuple[tuple[tuple[str, str], ...], bool]:
    """``(qualifier or '', name)`` of the columns of an expression, and whether it asks for a parameter of the workspace.
    Raises ExpressionError."""
    tree = _expression(text)
    parametric = any(node.name.lower() == "parameter" for node in tree.find_all(exp.Anonymous))
    return tuple(dict.fromkeys(columns_of(tree))), parametric


@cache
def holds_whole(text: str, column: str) -> bool:
    """Is the expression this column with fixed texts before or after it, so that two values of it never give one result?"""
    parts = [_expression(text)]
    found = 0
    while parts:
        part = parts.pop()
        if isinstance(part, exp.DPipe):
            parts += [part.this, part.expression]
        elif isinstance(part, exp.Column) and not part.table and part.name == column:
            found += 1
        elif not (isinstance(part, exp.Literal) and part.is_string):
            return False
    return found == 1


def parse_order(text: str) -> list[exp.Ordered]:
    """Parse an ORDER BY list, such as ``lastaccess desc, id``. Nulls come last unless it says otherwise."""
    tree = _parse(f"select 1 from t order by {text}")
    order = tree.args.get("order")
    given = {word for word, value in tree.args.items() if value}
    if not isinstance(order, exp.Order) or not given <= {"expressions", "from", "from_", "order", "kind"}:
        raise ExpressionError("this is not an order list", text)
    items: list[exp.Ordered] = []
    for item in order.expressions:
        ordered = item if isinstance(item, exp.Ordered) else exp.Ordered(this=item)
        if ordered.args.get("with_fill"):
            raise ExpressionError("this is not an order list", text)
        _refuse_foreign(ordered.this, value_nodes())
        items.append(ordered)
    return items


def parse_query(text: str) -> exp.Expression:
    """Parse a view of a contract: one SELECT (with CTEs and unions) of the closed vocabulary. The tree is the
    caller's own."""
    return read_query(text).copy()


def columns_of(tree: exp.Expression) -> Iterator[tuple[str, str]]:
    """``(qualifier or '', name)`` of every column in the expression."""
    for column in tree.find_all(exp.Column):
        yield column.table, column.name


def tables_read(tree: exp.Expression) -> list[exp.Table]:
    """The tables of a query that are no common table expressions where they stand. By name alone a query could have one
    of its own called like a file, and read the file where that one cannot be seen."""
    return [table for table in tree.find_all(exp.Table) if table.name not in _expressions_in_scope(table)]


def _expressions_in_scope(table: exp.Table) -> set[str]:
    """Names of the common table expressions that ``table`` can mean: those of the queries around it; inside one of
    them, only those that stand before it."""
    names: set[str] = set()
    node: exp.Expr = table
    inside: exp.Expr | None = None
    while node.parent is not None:
        if isinstance(node, exp.CTE):
            inside = node
        node = node.parent
        if isinstance(node, exp.With):
            names |= {cte.alias for cte in node.expressions[: node.expressions.index(inside)]}
            node = node.parent or node  # the query itself would offer all of them
        elif (with_ := node.args.get("with_")) is not None:
            names |= {cte.alias for cte in with_.expressions}
    return names


@cache
def _expression(text: str) -> exp.Expression:
    tree = _parse(text)
    _refuse_foreign(tree, value_nodes())
    return tree


@cache
def read_query(text: str) -> exp.Expression:
    """The same for those who only look at the tree, which is everybody's."""
    tree = _parse(text)
    if not isinstance(tree, exp.Query):
        raise ExpressionError("a view has to be one SELECT", text)
    _refuse_foreign(tree, query_nodes())
    if any(node.name.lower() == "parameter" for node in tree.find_all(exp.Anonymous)):
        raise ExpressionError("a view is the same in every workspace; parameters are for mappings", "parameter")
    if tree.find(exp.Star) and any(not isinstance(s.parent, exp.Count) for s in tree.find_all(exp.Star)):
        raise ExpressionError("a view names its columns; * is not used", "*")
    return tree


def _parse(text: str) -> exp.Expression:
    try:
        trees = [tree for tree in sqlglot.parse(text, dialect="duckdb") if tree is not None]
        for tree in trees:
            _refuse_depth(tree, text)
    except RecursionError:
        raise ExpressionError("the expression is nested too deeply", text) from None
    except SqlglotError as error:
        listed = getattr(error, "errors", None)
        detail = listed[0] if listed else {}
        message = str(detail.get("description") or error).rstrip(".")
        raise ExpressionError(f"the expression does not parse: {message}", text) from None
    if len(trees) != 1:
        raise ExpressionError("one expression is expected", text)
    tree = trees[0]
    assert isinstance(tree, exp.Expression)
    return tree


def _refuse_depth(tree: exp.Expr, text: str) -> None:
    """Long chains of `or` and `||` are as deep as brackets: beyond this the compiler would run out of stack."""
    level, depth = [tree], 0
    while level:
        level = [child for node in level for child in node.iter_expressions()]
        depth += 1
        if depth > MAX_DEPTH:
            raise ExpressionError(f"the expression is nested more than {MAX_DEPTH} levels deep", text)


def _refuse_foreign(tree: exp.Expression, allowed: frozenset[type[exp.Expr]]) -> None:
    for node in tree.walk():
        refuse_raw(node)
        if isinstance(node, exp.Anonymous):
            if node.name.lower() not in anonymous_names():
                raise ExpressionError("unknown function", node.name, function_names())
            least, most = OWN_ARGUMENTS.get(node.name.lower(), (0, 99))
            if not least <= len(node.expressions) <= most:
                raise ExpressionError(OWN_FUNCTIONS[node.name.lower()], node.sql())
        elif type(node) not in allowed:
            name = node.sql_name().lower() if isinstance(node, exp.Func) else type(node).__name__.lower()
            raise ExpressionError("not in the vocabulary of expressions", name, function_names())
        if isinstance(node, exp.Column) and node.args.get("db"):
            raise ExpressionError("a name has at most one dot", node.sql())
        if isinstance(node, exp.With) and node.args.get("recursive"):
            raise ExpressionError("a view may not call itself", "recursive")
        if isinstance(node, exp.Table) and (node.args.get("db") or isinstance(node.this, exp.Func)):
            raise ExpressionError("only entities of the contract can be read", node.sql())
