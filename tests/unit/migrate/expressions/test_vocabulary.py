"""The vocabulary: what it lists runs in the engine, as the compiler writes it."""

from __future__ import annotations

import duckdb
import pytest
from sqlglot import exp

from migrate.compiler.text import name, translate
from migrate.engine import session
from migrate.expressions import parse_expression, parse_query
from migrate.expressions.vocabulary import OWN_FUNCTIONS, QUERIES, VALUES, anonymous_names, query_nodes, value_nodes

KINDS = ("VARCHAR", "BIGINT", "TIMESTAMP", "BOOLEAN")
AS_OF = "2025-06-30 12:00:00"


def runs(connection: duckdb.DuckDBPyConnection, sql: str, kind: str) -> bool:
    source = f"(SELECT CAST(NULL AS {kind}) AS a, CAST(NULL AS {kind}) AS b, CAST(NULL AS {kind}) AS c)"
    try:
        connection.execute(f"SELECT {sql} FROM {source} AS t")
    except duckdb.Error:
        return False
    return True


@pytest.mark.parametrize("text", [*VALUES, "as_of()", "key(a, b)", "occurrences(a)", "uuid5(a, b)"])
def test_every_value_runs_on_columns_of_some_type(text: str) -> None:
    sql = translate(parse_expression(text), lambda _, column: f"t.{name(column)}", AS_OF)
    with session() as connection:
        assert any(runs(connection, sql, kind) for kind in KINDS), sql


@pytest.mark.parametrize("text", QUERIES)
def test_every_query_runs(text: str) -> None:
    sql = translate(parse_query(text), lambda t, c: name(t, c) if t else name(c), AS_OF)
    with session() as connection:
        kind = "BOOLEAN" if "bool_or" in text else "BIGINT"
        for table in ("a", "b"):
            connection.execute(f"CREATE TABLE {table} (x {kind}, y {kind})")
        assert all(value in (None, 0) for row in connection.execute(sql).fetchall() for value in row)


def test_queries_hold_more_than_values() -> None:
    assert value_nodes() < query_nodes()
    assert exp.Select in query_nodes() - value_nodes()
    assert exp.Anonymous not in query_nodes()


def test_own_functions_have_no_class_of_the_parser() -> None:
    assert set(OWN_FUNCTIONS) <= anonymous_names()
    assert not {"read_text", "getenv", "query", "unnest"} & anonymous_names()
