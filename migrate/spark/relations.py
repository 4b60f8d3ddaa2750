"""What lowering asks of a place where relations are kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from sqlglot import exp

from migrate.spark.scalars import Scalars

if TYPE_CHECKING:
    from migrate.spark.lower import Lowering

HALF = ("SEMI", "ANTI")
"""Joins that keep rows of the left side only."""
Ctes = dict[str, str]
"""Name of a common table expression -> relation."""


class Relations(Protocol):
    """Where relations are kept: each has its rows in Spark and its columns, without rows, in DuckDB."""

    def columns(self, relation: str) -> dict[str, str]:
        """``{column: type in DuckDB}``."""

    def table(self, table: exp.Table) -> str:
        """The relation of a table, a view or files."""

    def constant(self, select: str) -> str:
        """A relation of a query that reads no table: DuckDB answers it on the driver."""

    def step(
        self,
        duckdb_sql: str,
        spark_sql: Callable[[dict[str, str]], str],
        read: list[str],
        needed: list[str],
        nulls: frozenset[str] = frozenset(),
    ) -> str:
        """Add a relation over the relations ``read``; it has no row where one of ``needed`` has none. ``spark_sql`` is given the
        types of its columns. The columns ``nulls`` hold nothing but nulls, and are of no type."""

    def kept(self, relation: str) -> str:
        """The relation with its rows computed once."""

    def scalars(self, from_sql: str, sources: Mapping[str, str]) -> Scalars:
        """A writer of expressions over a FROM clause, of relations by their aliases."""

    def recursive(self, cte: exp.CTE, lower: Lowering, ctes: Ctes) -> str:
        """The relation of a common table expression that reads itself."""


@dataclass
class Source:
    """One relation of a FROM clause."""

    alias: str
    relation: str
    kind: str = ""
    """How it is joined; blank for the first."""
    on: exp.Expr | None = None
