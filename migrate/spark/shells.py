"""Aggregates and window functions as Spark SQL. Their arguments are columns and constants by then."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sqlglot import exp

from migrate.errors import RunFailed
from migrate.spark.text import sql_of
from migrate.spark.types import INTEGERS, plain, quoted, spark_type

Write = Callable[[exp.Expr], str]
TypeOf = Callable[[exp.Expr], str | None]


def aggregate(node: exp.Expr, write: Write, type_of: TypeOf, result: str) -> str:
    """An aggregate, perhaps with FILTER, of DuckDB's type ``result``."""
    condition = None
    if isinstance(node, exp.Filter):
        condition, node = write(node.expression.this), node.this
    return f"CAST({_aggregate(node, write, type_of, condition)} AS {spark_type(result)})"


def _aggregate(node: exp.Expr, write: Write, type_of: TypeOf, condition: str | None) -> str:
    kept = f" FILTER (WHERE {condition})" if condition else ""
    if isinstance(node, exp.IgnoreNulls):
        node = node.this
    argument = node.this
    match node:
        case exp.Count():
            if argument is None or isinstance(argument, exp.Star):
                return f"count(*){kept}"
            if isinstance(argument, exp.Distinct):
                return f"count(DISTINCT {', '.join(write(part) for part in argument.expressions)}){kept}"
            return f"count({write(argument)}){kept}"
        case exp.Min() | exp.Max():
            return f"{'min' if isinstance(node, exp.Min) else 'max'}({write(argument)}){kept}"
        case exp.Sum():
            kind = plain(type_of(argument) or "")
            if kind == "boolean":
                return f"sum(CAST({write(argument)} AS DECIMAL(38, 0))){kept}"
            return (
                f"sum(CAST({write(argument)} AS DECIMAL(38, 0))){kept}" if kind in INTEGERS else f"sum({write(argument)}){kept}"
            )
        case exp.AnyValue():
            return f"any_value({write(argument)}, TRUE){kept}"
        case exp.LogicalOr() | exp.LogicalAnd():
            return f"{'bool_or' if isinstance(node, exp.LogicalOr) else 'bool_and'}({write(argument)}){kept}"
        case exp.ArgMin() | exp.ArgMax():
            value, by = write(argument), write(node.expression)
            there = f"{value} IS NOT NULL AND {by} IS NOT NULL" + (f" AND {condition}" if condition else "")
            return f"{'min_by' if isinstance(node, exp.ArgMin) else 'max_by'}({value}, {by}) FILTER (WHERE {there})"
        case exp.ArrayAgg():
            return _listed(argument, write, condition)
        case exp.GroupConcat():
            return _joined(node, write, kept)
    raise RunFailed(f"--engine spark does not know {sql_of(node)}", hint="run without --engine spark")


def distinct(select: str, kinds: Mapping[str, str]) -> str:
    """The rows of a SELECT of columns of these types, each once. Of values that are equal DuckDB keeps one as it is."""
    items = ", ".join(f"{key(quoted(name), kind)} AS {quoted(name)}" for name, kind in kinds.items())
    return f"SELECT {items} FROM ({select}) GROUP BY {', '.join(map(quoted, kinds))}"


def key(written: str, kind: str) -> str:
    """What stands for a group: Spark would make 0.0 of -0.0."""
    return f"any_value({written})" if is_float(kind) else written


def is_float(kind: str) -> bool:
    """Has the type two zeros?"""
    return plain(kind) in {"double", "float"}


def _listed(argument: exp.Expr, write: Write, condition: str | None) -> str:
    """DuckDB lists nulls too, and gives null where there is no row."""
    if isinstance(argument, exp.Order):
        raise RunFailed("--engine spark cannot list in an order", hint="run without --engine spark")
    distinct = isinstance(argument, exp.Distinct)
    value = write(argument.expressions[0] if distinct else argument)
    boxed = f"named_struct('x', {value})"
    if condition:
        boxed = f"CASE WHEN {condition} THEN {boxed} END"
    listed = f"{'collect_set' if distinct else 'collect_list'}({boxed})"
    return f"transform(CASE WHEN size({listed}) > 0 THEN {listed} END, b -> b.x)"


def _joined(node: exp.GroupConcat, write: Write, kept: str) -> str:
    argument, order = node.this, ""
    separator = write(node.args["separator"]) if node.args.get("separator") is not None else "','"
    if isinstance(argument, exp.Order):
        order = f" WITHIN GROUP (ORDER BY {ordering(argument.expressions, write)})"
        argument = argument.this
    word = "DISTINCT " if isinstance(argument, exp.Distinct) else ""
    value = argument.expressions[0] if isinstance(argument, exp.Distinct) else argument
    return f"listagg({word}{write(value)}, {separator}){order}{kept}"


def ordering(items: Sequence[exp.Expr], write: Write) -> str:
    """An ORDER BY list. Both engines are told where nulls go."""
    written = []
    for item in items:
        if not isinstance(item, exp.Ordered):
            item = exp.Ordered(this=item)
        where = "FIRST" if item.args.get("nulls_first") else "LAST"
        written.append(f"{write(item.this)} {'DESC' if item.args.get('desc') else 'ASC'} NULLS {where}")
    return ", ".join(written)


def window(node: exp.Expr, write: Write, type_of: TypeOf, result: str) -> str:
    """A window function, of DuckDB's type ``result``."""
    parts = []
    if node.args.get("partition_by"):
        parts.append("PARTITION BY " + ", ".join(write(part) for part in node.args["partition_by"]))
    if (order := node.args.get("order")) is not None:
        parts.append("ORDER BY " + ordering(order.expressions, write))
    if (spec := node.args.get("spec")) is not None:
        sides = [f"{spec.args[side]} {spec.args.get(side + '_side') or ''}".strip() for side in ("start", "end")]
        parts.append(f"{spec.args['kind']} BETWEEN {sides[0]} AND {sides[1]}")
    over = f"OVER ({' '.join(parts)})"
    function, condition, ignoring = node.this, None, ""
    if isinstance(function, exp.Filter):
        condition, function = write(function.expression.this), function.this
    if isinstance(function, exp.IgnoreNulls) and not isinstance(function.this, exp.AnyValue):
        ignoring, function = " IGNORE NULLS", function.this
    kind = spark_type(result)
    match function:
        case exp.RowNumber():
            return f"CAST(row_number() {over} AS {kind})"
        case exp.FirstValue() | exp.LastValue():
            word = "first_value" if isinstance(function, exp.FirstValue) else "last_value"
            return f"CAST({word}({write(function.this)}){ignoring} {over} AS {kind})"
        case exp.ArrayAgg():
            value = f"named_struct('x', {write(function.this)})"
            value = f"CASE WHEN {condition} THEN {value} END" if condition else value
            listed = f"collect_list({value}) {over}"
            return f"CAST(transform(CASE WHEN size({listed}) > 0 THEN {listed} END, b -> b.x) AS {kind})"
        case exp.Count() | exp.Min() | exp.Max() | exp.Sum() if condition is None and not function.find(exp.Distinct):
            return f"CAST({_aggregate(function, write, type_of, None)} {over} AS {kind})"
    raise RunFailed(f"--engine spark does not know {sql_of(node)}", hint="run without --engine spark")
