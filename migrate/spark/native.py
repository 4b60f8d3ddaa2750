"""Scalar expressions that mean the same in Spark SQL: those are written as Spark SQL, all others are left to DuckDB.

What is in here is a claim that both engines agree on every value; tests/engines holds each of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sqlglot import exp

from migrate.spark.types import INTEGERS, NOTHING, plain, quoted, spark_text, spark_type

TypeOf = Callable[[exp.Expr], str | None]
"""The type DuckDB gives an expression, or None where it could not be asked."""

_COMPARED = {exp.EQ: "=", exp.NEQ: "<>", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">="}
_SHAPES = (
    exp.Column, exp.Literal, exp.Null, exp.Boolean, exp.Paren, exp.And, exp.Or, exp.Not, exp.Is, exp.NullSafeEQ,
    exp.NullSafeNEQ, exp.In, exp.Between, exp.Case, exp.If, exp.Coalesce, exp.Nullif, exp.Cast, exp.TryCast, exp.DPipe,
    exp.Identifier, exp.DataType, exp.DataTypeParam, *_COMPARED,
)  # fmt: skip
_ORDERED = INTEGERS | {
    "varchar", "boolean", "date", "timestamp", "timestamp_s", "timestamp_ms", "decimal", "double", "float", "blob",
    "utinyint", "usmallint", "uinteger", "ubigint", "hugeint",
}  # fmt: skip
"""Types of which both engines compare two values of the same type alike: NaN is equal to NaN and the largest, -0.0 is 0.0."""
_LISTS = frozenset({"VARCHAR[]", "BIGINT[]", "INTEGER[]"})
"""Lists that are equal where their parts are; both engines call two nulls in them equal."""
_NOTHING = frozenset({"null", '"null"', "sqlnull"})


class NotNative(Exception):
    """The expression is DuckDB's to evaluate."""


def shaped(root: exp.Expr) -> bool:
    """May it be native, as far as its shape goes?"""
    return all(isinstance(node, _SHAPES) for node in root.walk())


def asked(root: exp.Expr) -> Iterator[exp.Expr]:
    """The parts of a well-shaped expression whose types decide whether it is native."""
    for node in root.walk():
        if not isinstance(node, exp.Identifier | exp.DataType | exp.DataTypeParam | exp.If):
            yield node


def native(node: exp.Expr, type_of: TypeOf) -> str:
    """Spark SQL of an expression. Raises NotNative."""
    return _Writer(type_of).write(node)


class _Writer:
    def __init__(self, type_of: TypeOf) -> None:
        self.type_of = type_of

    def write(self, node: exp.Expr) -> str:
        match node:
            case exp.Column():
                if self.type_of(node) == NOTHING:
                    return "NULL"
                return ".".join(quoted(part.name) for part in node.parts)
            case exp.Literal():
                return self._literal(node)
            case exp.Null():
                return "NULL"
            case exp.Boolean():
                return "TRUE" if node.this else "FALSE"
            case exp.Paren():
                return f"({self.write(node.this)})"
            case exp.And() | exp.Or():
                word = "AND" if isinstance(node, exp.And) else "OR"
                return f"({self._truth(node.left)} {word} {self._truth(node.right)})"
            case exp.Not():
                return f"(NOT {self._truth(node.this)})"
            case exp.Is():
                if isinstance(node.expression, exp.Null):
                    return f"({self.write(node.this)} IS NULL)"
            case exp.NullSafeEQ() | exp.NullSafeNEQ():
                left, right = self._alike(node.left, node.right, lists=True)
                return f"({'NOT ' if isinstance(node, exp.NullSafeNEQ) else ''}({left} <=> {right}))"
            case exp.EQ() | exp.NEQ() | exp.LT() | exp.LTE() | exp.GT() | exp.GTE():
                left, right = self._alike(node.left, node.right, lists=isinstance(node, exp.EQ))
                return f"({left} {_COMPARED[type(node)]} {right})"
            case exp.In():
                if node.expressions and not node.args.get("query") and not node.args.get("unnest"):
                    this, *listed = self._alike(node.this, *node.expressions)
                    return f"({this} IN ({', '.join(listed)}))"
            case exp.Between():
                this, low, high = self._alike(node.this, node.args["low"], node.args["high"])
                return f"({this} BETWEEN {low} AND {high})"
            case exp.Case():
                return self._case(node)
            case exp.Coalesce():
                return f"coalesce({', '.join(self._one_type(node, [node.this, *node.expressions]))})"
            case exp.Nullif():
                left, right = self._alike(node.this, node.expression)
                self._one_type(node, [node.this])
                return f"nullif({left}, {right})"
            case exp.Cast() | exp.TryCast():
                return self._cast(node)
            case exp.DPipe():
                return f"concat({self._text(node.left)}, {self._text(node.right)})"
        raise NotNative

    def _kind(self, node: exp.Expr) -> str:
        found = self.type_of(node)
        if found is None:
            raise NotNative
        return plain(found)

    def _literal(self, node: exp.Literal) -> str:
        if node.is_string:
            return spark_text(node.name)
        if not node.name.isdigit():
            raise NotNative
        return f"CAST({node.name} AS {spark_type(self.type_of(node) or 'BIGINT')})"

    def _truth(self, node: exp.Expr) -> str:
        if self._kind(node) not in {"boolean", *_NOTHING}:
            raise NotNative
        return self.write(node)

    def _alike(self, *nodes: exp.Expr, lists: bool = False) -> list[str]:
        """Operands of a comparison: of one type, or integers of several widths."""
        types = {kind for node in nodes if (kind := self.type_of(node)) != NOTHING}
        if lists and len(types) == 1 and types <= _LISTS:
            return [self.write(node) for node in nodes]
        kinds = {self._kind(node) for node in nodes} - _NOTHING
        if (len(types) > 1 and not kinds <= INTEGERS) or not kinds <= _ORDERED:
            raise NotNative
        return [self.write(node) for node in nodes]

    def _one_type(self, node: exp.Expr, branches: list[exp.Expr]) -> list[str]:
        """Branches that all are of the type of the whole, or nothing."""
        kind = self.type_of(node)
        if kind is None or any(self.type_of(branch) != kind and self._kind(branch) not in _NOTHING for branch in branches):
            raise NotNative
        return [f"CAST({self.write(b)} AS {spark_type(kind)})" for b in branches]

    def _case(self, node: exp.Case) -> str:
        values = [part.args["true"] for part in node.args["ifs"]]
        other = node.args.get("default")
        written = self._one_type(node, [*values, *([other] if other is not None else [])])
        whens = [part.this for part in node.args["ifs"]]
        if node.this is not None:
            subject, *conditions = self._alike(node.this, *whens)
            conditions = [f"{subject} = {condition}" for condition in conditions]
        else:
            conditions = [self._truth(when) for when in whens]
        text = " ".join(f"WHEN {c} THEN {v}" for c, v in zip(conditions, written, strict=False))
        return f"CASE {text}{f' ELSE {written[-1]}' if other is not None else ''} END"

    def _cast(self, node: exp.Expr) -> str:
        to, of = self.type_of(node), self.type_of(node.this)
        if to is None or of is None:
            raise NotNative
        if to == of:
            return self.write(node.this)
        if plain(of) in _NOTHING:
            return f"CAST(NULL AS {spark_type(to)})"
        widths = ["tinyint", "smallint", "integer", "bigint"]
        whole, wider = plain(of) in INTEGERS, plain(to) in INTEGERS
        if (whole or plain(of) == "boolean") and plain(to) == "varchar":
            return f"CAST({self.write(node.this)} AS STRING)"
        if whole and wider and widths.index(plain(of)) <= widths.index(plain(to)):
            return f"CAST({self.write(node.this)} AS {spark_type(to)})"
        raise NotNative

    def _text(self, node: exp.Expr) -> str:
        kind = self._kind(node)
        if kind in _NOTHING:
            return "CAST(NULL AS STRING)"
        if kind == "varchar":
            return self.write(node)
        if kind in INTEGERS:
            return f"CAST({self.write(node)} AS STRING)"
        raise NotNative
