"""What the names of tables, views and files stand for."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
from sqlglot import exp

from migrate.spark.lower import Lowering
from migrate.spark.parts import quote, unknown
from migrate.spark.relations import Ctes
from migrate.spark.rows import Table
from migrate.spark.store import Store
from migrate.spark.types import quoted

ROUNDS = 10_000
"""A bound on the depth of a hierarchy."""


@dataclass
class View:
    """A query under a name."""

    tree: exp.Expr
    relation: str = ""
    read: dict[str, str] = field(default_factory=dict)
    """``{table: relation}`` that it was lowered over: it is lowered anew when one of these changed."""


class Catalog(Store):
    """The relations of names."""

    def __init__(self, spark: Any, shadow: duckdb.DuckDBPyConnection, spill: Path) -> None:
        super().__init__(spark, shadow, spill)
        self.tables: dict[str, Table | View] = {}
        self.lowering = Lowering(self)
        self._readers: list[dict[str, str]] = []

    def resolve(self, key: str) -> str:
        """The relation of a table or view. What a view computes with functions is computed once, and not for each reader."""
        table = self.tables.get(key)
        if table is None:
            raise unknown(f"there is no table {key}")
        if isinstance(table, Table):
            for reader in self._readers:
                reader[key] = table.relation
            return table.relation
        if not table.relation or any(self._now(name) != was for name, was in table.read.items()):
            self._readers.append({})
            table.relation = self.lowering.query(table.tree)
            table.read = self._readers.pop()
        elif self.is_costly(table.relation):
            table.relation = self.kept(table.relation)
        for reader in self._readers:
            reader.update(table.read)
        return table.relation

    def _now(self, key: str) -> str:
        table = self.tables.get(key)
        return table.relation if table is not None else ""

    def table(self, table: exp.Table) -> str:
        """The relation of a table, a view or files."""
        if not isinstance(table.this, exp.ReadParquet):
            return self.resolve(key_of(table))
        (listed,) = table.this.expressions
        return self.files(tuple(part.name for part in (listed.expressions if isinstance(listed, exp.Array) else [listed])))

    def recursive(self, cte: exp.CTE, lower: Lowering, ctes: Ctes) -> str:
        """Rows that are new go through the second half again, until none is."""
        union = cte.this
        if not isinstance(union, exp.Union) or not union.args.get("distinct"):
            raise unknown(cte)
        found, number = self.stored(lower.query(exp.select("*").from_(union.left.subquery("s")).distinct(), ctes))
        new = found
        for _ in range(ROUNDS):
            if not number:
                return found.relation
            relation = lower.query(union.right, {**ctes, cte.alias: new.relation})
            new, number = self.stored(self._without(relation, found.relation))
            found, _ = self.appended(found, new.relation)
        raise unknown("a hierarchy without end")

    def _without(self, relation: str, other: str) -> str:
        """The rows of a relation, each once, that another has not."""
        duck = f"SELECT * FROM {quote(relation)} EXCEPT SELECT * FROM {quote(other)}"
        spark = f"SELECT * FROM {quoted(relation)} EXCEPT SELECT * FROM {quoted(other)}"
        return self.step(duck, lambda _: spark, [relation, other], [relation])


def key_of(table: exp.Expr) -> str:
    """What a table is found under."""
    assert isinstance(table, exp.Table), table
    return ".".join(part.name for part in table.parts).lower()
