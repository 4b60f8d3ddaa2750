"""The scalar expressions of one SELECT as Spark SQL: native ones as they are, the others as calls that DuckDB answers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import duckdb
from sqlglot import exp

from migrate.spark import native, worker
from migrate.spark.text import sql_of
from migrate.spark.types import NOTHING, comes_back, quoted, spark_type


def register_worker() -> None:
    """What runs on the executors is sent there: this package is not installed on them."""
    from pyspark import cloudpickle

    cloudpickle.register_pickle_by_value(worker)


_CALLED = re.compile(r"\bduckdb_[0-9]+\b")


class Functions:
    """Expressions as functions of Spark, one each, whatever statements use them. Spark is told of them when they are called."""

    def __init__(self, spark: Any) -> None:
        self._spark = spark
        self._names: dict[tuple[str, tuple[str, ...], str], str] = {}
        self._untold: dict[str, tuple[str, list[str], str]] = {}

    def name(self, body: str, names: list[str], kinds: tuple[str, ...], result: str) -> str:
        """The function of an expression over ``names``; ``kinds`` and ``result`` are DuckDB's types."""
        found = self._names.get((body, kinds, result))
        if found is None:
            found = f"duckdb_{len(self._names)}"
            self._names[body, kinds, result] = found
            self._untold[found] = (body if comes_back(result) else f"CAST({body} AS {result})", names, spark_type(result))
        return found

    @staticmethod
    def called_in(text: str) -> bool:
        """Does a statement of Spark call one of them? A text that looks like it is as good as one."""
        return "duckdb_" in text

    def tell(self, text: str) -> None:
        """Tell Spark of those that a statement calls."""
        for found in dict.fromkeys(_CALLED.findall(text)):
            if found in self._untold:
                from pyspark.sql.functions import arrow_udf

                register_worker()
                body, names, kind = self._untold.pop(found)
                self._spark.udf.register(found, arrow_udf(worker.evaluator(body, names), kind))


class Scalars:
    """Writes the expressions over one FROM clause. ``shadow`` holds the same relations without rows, and knows the types.
    ``nulls`` are the columns, by table and name, that hold nothing else."""

    def __init__(
        self, shadow: duckdb.DuckDBPyConnection, functions: Functions, from_sql: str, nulls: frozenset[tuple[str, str]]
    ) -> None:
        self._shadow, self._functions, self._from, self._nulls = shadow, functions, from_sql, nulls
        self._types: dict[str, str | None] = {}
        self._texts: dict[int, tuple[exp.Expr, str]] = {}
        """Of each node that was asked for: kept, for another may be given the same number."""

    def prepare(self, roots: Iterable[exp.Expr]) -> None:
        """Ask for the types of what may be native, and of all columns, in one question."""
        wanted: dict[str, exp.Expr] = {}
        for root in roots:
            nodes = (
                native.asked(root) if native.shaped(root) else [root, *(c for c in root.find_all(exp.Column) if not _bound(c))]
            )
            for node in nodes:
                wanted.setdefault(self._text(node), node)
        self._ask([text for text in wanted if text not in self._types])

    def type_of(self, node: exp.Expr) -> str | None:
        # DESCRIBE says of a null that it is an integer.
        if isinstance(node, exp.Null) or (isinstance(node, exp.Column) and (node.table, node.name) in self._nulls):
            return NOTHING
        text = self._text(node)
        if text not in self._types:
            self._ask([text])
        return self._types[text]

    def _text(self, node: exp.Expr) -> str:
        if (known := self._texts.get(id(node))) is None:
            known = self._texts[id(node)] = node, sql_of(node)
        return known[1]

    def _ask(self, texts: list[str]) -> None:
        if not texts:
            return
        try:
            rows = self._shadow.execute(f"DESCRIBE SELECT {', '.join(texts)} {self._from}").fetchall()
        except duckdb.Error:
            if len(texts) == 1:
                self._types[texts[0]] = None
                return
            for text in texts:
                self._ask([text])
            return
        self._types |= {text: str(row[1]) for text, row in zip(texts, rows, strict=True)}

    def write(self, node: exp.Expr) -> str:
        """Spark SQL of ``node``, of the type that it has in DuckDB."""
        try:
            if native.shaped(node):
                return native.native(node, self.type_of)
        except native.NotNative:
            pass
        if isinstance(node, exp.And | exp.Or) and any(native.shaped(side) for side in (node.left, node.right)):
            # One side may be Spark's: what filters early is worth it.
            sides = [self.write(side) for side in (node.left, node.right)]
            if all(self.type_of(side) == "BOOLEAN" for side in (node.left, node.right)):
                return f"({sides[0]} {'AND' if isinstance(node, exp.And) else 'OR'} {sides[1]})"
        return self._call(node)

    def _call(self, node: exp.Expr) -> str:
        result = self.type_of(node)
        if result is None:  # DuckDB says what is wrong with it
            self._shadow.execute(f"DESCRIBE SELECT {sql_of(node)} {self._from}")
            raise AssertionError(sql_of(node))
        columns: dict[str, tuple[str, str, str]] = {}

        def argument(part: exp.Expr) -> exp.Expr:
            if not isinstance(part, exp.Column) or _bound(part):
                return part
            kind = self.type_of(part)
            assert kind is not None, sql_of(part)
            if kind == NOTHING:
                return exp.Null()
            names = columns.setdefault(sql_of(part), (f"p{len(columns)}", kind, self._column(part)))
            sql = names[0] if comes_back(kind) else f"CAST({names[0]} AS {kind})"
            return exp.maybe_parse(sql, dialect="duckdb")

        body = sql_of(node.copy().transform(argument))
        given = list(columns.values()) or [("p0", "INTEGER", "CAST(0 AS INT)")]
        kinds = tuple(kind for _, kind, _ in given)
        function = self._functions.name(body, [name for name, _, _ in given], kinds, result)
        return f"{function}({', '.join(written for _, _, written in given)})"

    @staticmethod
    def _column(node: exp.Column) -> str:
        return ".".join(quoted(part.name) for part in node.parts)


def _bound(column: exp.Column) -> bool:
    """Is it the parameter of a lambda around it?"""
    node: exp.Expr | None = column
    while node is not None:
        if isinstance(node, exp.Lambda) and not column.table and column.name in {p.name for p in node.expressions}:
            return True
        node = node.parent
    return False
