"""Pieces of SQL: quoting, keys, and expressions translated with total casts."""

from __future__ import annotations

import duckdb
import pytest

from migrate.compiler.text import key_text, literal, name, translate, value_text
from migrate.expressions import parse_expression


def one(sql: str) -> object:
    with duckdb.connect() as connection:
        row = connection.execute(f"SELECT {sql}").fetchone()
    assert row is not None
    return row[0]


@pytest.mark.parametrize("value", ["a", "it's", '"', "\\", "\n", "名", "{previous}", 0, -7, 1.5, 1e-9, 1e20, True, False, None])
def test_literals_are_read_back(value: object) -> None:
    found = one(literal(value))
    assert (float(found) if isinstance(value, float) else found) == value


@pytest.mark.parametrize("column", ["a", "a b", 'a"b', "select", "a.b", "名"])
def test_names_are_quoted(column: str) -> None:
    assert one(f"s.{name(column)} FROM (SELECT 1 AS {name(column)}) AS s") == 1


@pytest.mark.parametrize(
    ("parts", "key"),
    [
        (["1"], "1"), (["'a|b'"], "a|b"), (["NULL"], None), (["1", "'a'"], "1|a"), (["'a|b'", "'c'"], "a\\|b|c"),
        (["'a'", "'b|c'"], "a|b\\|c"), (["'a\\'", "'b'"], "a\\\\|b"), (["NULL", "'a'"], "|a"), (["''", "NULL"], "|"),
        (["DATE '2024-01-02'", "TRUE"], "2024-01-02|true"),
    ],
)  # fmt: skip
def test_keys(parts: list[str], key: str | None) -> None:
    assert one(key_text(parts)) == key


def test_different_composite_keys_never_read_the_same() -> None:
    parts = ["", "|", "\\", "a", "a|", "|a", "\\|", "a\\", "||"]
    seen = {one(key_text([literal(a), literal(b)])) for a in parts for b in parts}
    assert len(seen) == len(parts) ** 2


def test_flags_are_looked_up_as_one_and_zero() -> None:
    assert [one(value_text(v)) for v in ("TRUE", "FALSE", "'true'", "1", "NULL", "NULL::BOOLEAN")] == [
        "1", "0", "true", "1", None, None,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("cast('abc' as bigint)", None),
        ("cast('2024-13-01' as date)", None),
        ("cast(cast('x' as bigint) as text)", None),
        ("as_of() > cast('2024-01-01' as timestamp)", True),
        ("key('a|', 'b')", "a\\||b"),
        ("key(1, null)", "1|"),
        ("date_diff('day', cast('2024-01-01' as date), as_of())", 182),
        ("coalesce(nullif('', ''), 'x')", "x"),
        ("regexp_replace('a1b2', '[0-9]', '', 'g')", "ab"),
        ("substring('abc', 2, 1)", "b"),
        ("7 // 2", 3),
        ("7 / 2", 3.5),
        ("'a' || null", None),
        ("concat_ws('-', 'a', null, 'b')", "a-b"),
        ("round(2.345, 2)", 2.35),
        ("left('名前', 1)", "名"),
        ("strftime(as_of(), '%Y')", "2024"),
        ("'x' in ('x', 'y')", True),
        ("null in ('x')", None),
        ("-7 % 3", -1),
    ],
)
def test_expressions_mean_what_they_say(expression: str, expected: object) -> None:
    sql = translate(parse_expression(expression), lambda t, c: name(c), "2024-07-01 00:00:00")
    found = one(sql)
    assert (float(found) if isinstance(expected, float) else found) == expected


def test_occurrences_count_rows_and_leave_null_alone() -> None:
    sql = translate(parse_expression("occurrences(x)"), lambda t, c: f"s.{name(c)}", "2024-07-01 00:00:00")
    with duckdb.connect() as connection:
        rows = connection.execute(f"SELECT x, {sql} FROM (VALUES ('a'), ('a'), ('b'), (NULL), (NULL)) AS s(x) ORDER BY x")
        assert rows.fetchall() == [("a", 2), ("a", 2), ("b", 1), (None, None), (None, None)]


def test_columns_are_resolved_wherever_they_stand() -> None:
    seen = []

    def resolve(qualifier: str, column: str) -> str:
        seen.append((qualifier, column))
        return "7"

    sql = translate(parse_expression("case when a then key(l.b, 1) else key(c, occurrences(d)) end"), resolve, "x")
    assert sorted(seen) == [("", "a"), ("", "c"), ("", "d"), ("l", "b")]
    assert one(sql) == "7|1"
