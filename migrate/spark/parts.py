"""Parts of expressions: found, taken out into a step before, and put back as the columns of that step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlglot import exp

from migrate.errors import RunFailed
from migrate.spark.names import column
from migrate.spark.text import sql_of
from migrate.spark.types import NOTHING


class Lifted:
    """Expressions that a step before gives as columns."""

    def __init__(self, alias: str) -> None:
        self.alias = alias
        self.items: list[tuple[exp.Expr, str]] = []
        self.names: dict[str, str] = {}

    def take(self, value: exp.Expr, *, always: bool = False) -> str:
        """The name of the column that holds ``value``."""
        text = sql_of(value)
        if text not in self.names:
            self.names[text] = f"c{len(self.items)}"
            self.items.append((value.copy(), self.names[text]))
        elif always:
            self.items.append((value.copy(), f"c{len(self.items)}"))
            return self.items[-1][1]
        return self.names[text]

    def taken(self) -> Iterable[tuple[exp.Expr, str]]:
        """Each value once, with its column."""
        return ((value, name) for value, name in self.items if self.names[sql_of(value)] == name)

    def ref(self, value: exp.Expr) -> exp.Column:
        """The column of a value that was taken."""
        return column(self.alias, self.names[sql_of(value)])

    def replace(self, root: exp.Expr, keep: frozenset[str]) -> exp.Expr:
        """``root`` over the columns of the step; those of the tables ``keep`` stay."""

        def swap(node: exp.Expr) -> exp.Expr:
            if isinstance(node, exp.Column) and node.table and node.table not in keep:
                return self.ref(node)
            return node

        return root.transform(swap)


def lift_arguments(node: exp.Expr, below: Lifted) -> exp.Expr:
    """An aggregate or window function whose arguments are columns of the step below."""

    def lift(part: exp.Expr | None) -> exp.Expr | None:
        if part is None or isinstance(part, exp.Star | exp.Literal | exp.Null | exp.Boolean):
            return part
        return column(below.alias, below.take(part))

    if isinstance(node, exp.Window):
        node.set("this", lift_arguments(node.this, below))
        node.set("partition_by", [lift(part) for part in node.args.get("partition_by") or []])
        for item in node.args["order"].expressions if node.args.get("order") is not None else []:
            item.set("this", lift(item.this))
        return node
    if isinstance(node, exp.Filter):
        node.set("this", lift_arguments(node.this, below))
        node.expression.set("this", lift(node.expression.this))
        return node
    if isinstance(node, exp.IgnoreNulls):
        node.set("this", lift_arguments(node.this, below))
        return node
    if isinstance(node, exp.RowNumber):
        return node
    argument = node.args.get("this")
    if isinstance(argument, exp.Distinct):
        argument.set("expressions", [lift(part) for part in argument.expressions])
    elif isinstance(argument, exp.Order):
        if not isinstance(node, exp.GroupConcat):
            raise unknown(node)
        inner = argument.this
        if isinstance(inner, exp.Distinct):
            inner.set("expressions", [lift(part) for part in inner.expressions])
        else:
            argument.set("this", lift(inner))
        for item in argument.expressions:
            item.set("this", lift(item.this))
    else:
        node.set("this", lift(argument))
    if isinstance(node, exp.ArgMin | exp.ArgMax):
        node.set("expression", lift(node.expression))
    return node


def aggregates_of(root: exp.Expr) -> list[exp.Expr]:
    """The outermost aggregates; those under OVER are window functions, but their arguments may hold some."""
    if isinstance(root, exp.Query):
        return []
    if isinstance(root, exp.Window):
        function = root.this
        while isinstance(function, exp.Filter | exp.IgnoreNulls):
            function = function.this
        parts = [*function.iter_expressions(), *(root.args.get("partition_by") or [])]
        parts += [root.args["order"]] if root.args.get("order") is not None else []
        return [node for part in parts for node in aggregates_of(part)]
    if isinstance(root, exp.Filter | exp.AggFunc) or (isinstance(root, exp.IgnoreNulls) and isinstance(root.this, exp.AggFunc)):
        return [root]
    return [node for child in root.iter_expressions() for node in aggregates_of(child)]


class Swaps:
    """Columns that take the place of what they were made of, the largest parts first."""

    def __init__(self) -> None:
        self._columns: dict[str, exp.Column] = {}
        self._kinds: set[type[exp.Expr]] = set()

    def add(self, part: exp.Expr, by: exp.Column) -> None:
        """A part, and the column that holds its value."""
        self._columns[sql_of(part)] = by
        self._kinds.add(type(part))

    def within(self, root: exp.Expr) -> exp.Expr:
        """A copy of an expression with the columns put in."""
        return self._put(root.copy())

    def _put(self, node: exp.Expr) -> exp.Expr:
        found = self._columns.get(sql_of(node)) if type(node) in self._kinds else None
        if found is not None:
            return found.copy()
        for child in list(node.iter_expressions()):
            changed = self._put(child)
            if changed is not child:
                child.replace(changed)
        return node


def columns_outside(root: exp.Expr, *kinds: type[exp.Expr]) -> Iterable[exp.Column]:
    """The qualified columns of an expression that are not within parts of these kinds, or within queries."""
    if isinstance(root, exp.Query) or (kinds and isinstance(root, kinds)):
        return
    if isinstance(root, exp.Column):
        if root.table:
            yield root
        return
    if isinstance(root, exp.In) and root.args.get("query") is not None:
        return
    for child in root.iter_expressions():
        yield from columns_outside(child, *kinds)


def queries_in(root: exp.Expr | None) -> Iterable[exp.Expr]:
    if root is not None:
        for node in root.find_all(exp.Exists, exp.In, exp.Subquery):
            if isinstance(node, exp.In) and node.args.get("query") is None:
                continue
            if isinstance(node, exp.Subquery):
                if not isinstance(node.parent, exp.In) and node.find_ancestor(exp.Query) is None:
                    raise unknown(node)
                continue
            if node.find_ancestor(exp.Query) is None:
                yield node


def is_nothing(value: exp.Expr, kinds: Mapping[str, Mapping[str, str]]) -> bool:
    """Is it null, whatever the row is?"""
    value = value.unnest()
    return isinstance(value, exp.Null) or (
        isinstance(value, exp.Column) and kinds.get(value.table, {}).get(value.name) == NOTHING
    )


def conjuncts_of(node: exp.Expr | None) -> list[exp.Expr]:
    if node is None:
        return []
    if isinstance(node, exp.Where | exp.Having | exp.Qualify | exp.Paren):
        return conjuncts_of(node.this)
    if isinstance(node, exp.And):
        return [*conjuncts_of(node.left), *conjuncts_of(node.right)]
    return [node]


def select_sql(items: Sequence[tuple[exp.Expr, str]], from_sql: str, *, distinct: bool = False) -> str:
    columns = ", ".join(f"{sql_of(value)} AS {quote(name)}" for value, name in items)
    return f"SELECT {'DISTINCT ' if distinct else ''}{columns} {from_sql}"


def quote_columns(node: exp.Expr) -> exp.Expr:
    return node.transform(lambda part: column(part.table, part.name) if isinstance(part, exp.Column) and part.table else part)


def without_ctes(tree: exp.Expr) -> str:
    copy = tree.copy()
    copy.set("with_", None)
    return sql_of(copy)


def quote(name: str) -> str:
    """An identifier as DuckDB reads it."""
    return '"' + name.replace('"', '""') + '"'


def unknown(node: Any) -> RunFailed:
    """The refusal of what is not written for Spark yet. Nothing falls back to DuckDB unseen."""
    text = " ".join(sql_of(node).split()) if isinstance(node, exp.Expr) else str(node)
    return RunFailed(f"--engine spark cannot run this: {text[:300]}", hint="run without --engine spark")
