"""Which expressions are Spark's, and which DuckDB's; whether both agree is held by tests/engines."""

from __future__ import annotations

import duckdb
import pytest
import sqlglot

from migrate.spark import native

COLUMNS = "'x' AS t, 1::BIGINT AS n, 1.5::DOUBLE AS d, TIMESTAMP '2024-01-01' AS s, TRUE AS f"


def _native(sql: str) -> str:
    with duckdb.connect() as connection:
        connection.execute(f"CREATE VIEW r AS SELECT {COLUMNS}")

        def type_of(node: sqlglot.exp.Expr) -> str:
            if isinstance(node, sqlglot.exp.Null):
                return '"NULL"'
            return str(connection.execute(f"DESCRIBE SELECT {node.sql('duckdb')} FROM r").fetchall()[0][1])

        return native.native(sqlglot.parse_one(sql, dialect="duckdb"), type_of)


@pytest.mark.parametrize(
    ("sql", "spark"),
    [
        ("t", "`t`"),
        ("d >= d", "(`d` >= `d`)"),
        ("t = 'O''N'", "(`t` = 'O\\'N')"),
        ("t IS DISTINCT FROM NULL", "(NOT (`t` <=> NULL))"),
        ("n > 1 AND NOT f", "((`n` > CAST(1 AS INT)) AND (NOT `f`))"),
        ("CASE WHEN f THEN t END", "CASE WHEN `f` THEN CAST(`t` AS STRING) END"),
        ("'m-' || n", "concat('m-', CAST(`n` AS STRING))"),
        ("CAST(t AS VARCHAR)", "`t`"),
        ("CAST(NULL AS VARCHAR)", "CAST(NULL AS STRING)"),
    ],
)
def test_what_means_the_same_is_written_as_spark_sql(sql: str, spark: str) -> None:
    assert _native(sql) == spark


@pytest.mark.parametrize(
    "sql",
    [
        "lower(t)",
        "regexp_matches(t, 'x$')",
        "CAST(d AS VARCHAR)",
        "TRY_CAST(t AS BIGINT)",
        "CAST(n AS INTEGER)",
        "d = 1.5",
        "t = n",
        "coalesce(n, d)",
        "CASE WHEN f THEN n ELSE d END",
        "'at ' || s",
        "n + 1",
        "n / 2",
    ],
)
def test_what_may_differ_is_left_to_duckdb(sql: str) -> None:
    node = sqlglot.parse_one(sql, dialect="duckdb")
    if native.shaped(node):
        with pytest.raises(native.NotNative):
            _native(sql)
