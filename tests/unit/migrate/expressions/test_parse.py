"""Expressions, orders and views: the vocabulary is accepted, everything else refused."""

from __future__ import annotations

import pytest

from migrate.expressions import (
    ExpressionError,
    columns_of,
    expression_reads,
    holds_whole,
    parse_expression,
    parse_order,
    parse_query,
    tables_read,
)
from migrate.expressions.vocabulary import OWN_FUNCTIONS, QUERIES, VALUES, function_names

FOREIGN_FUNCTIONS = (
    "read_text('/etc/passwd')",
    "read_csv('x.csv')",
    "read_blob('x')",
    "\"read_text\"('x')",
    "READ_TEXT('x')",
    "system.main.read_text('x')",
    "system.read_text('x')",
    "glob('*')",
    "getenv('HOME')",
    "current_setting('memory_limit')",
    "getvariable('x')",
    "nextval('s')",
    "version()",
    "now()",
    "current_timestamp",
    "current_date",
    "today()",
    "random()",
    "uuid()",
    "gen_random_uuid()",
    "current_user",
    "current_database()",
    "pg_sleep(1)",
    "query('select 1')",
    "eval('1')",
    "json_extract(a, '$')",
    "list_transform(a, x -> x)",
    "unnest(a)",
    "struct_pack(a)",
    "md5(a)",
    "as_of(1)",
)
FOREIGN_SHAPES = (
    "select 1",
    "(select 1)",
    "(select max(x) from t)",
    "a in (select 1)",
    "exists (select 1)",
    "a = any(select 1)",
    "count(*)",
    "sum(a)",
    "max(a)",
    "row_number() over ()",
    "first_value(a) over (partition by b)",
    "*",
    "t.*",
    "a as b",
    "a[1]",
    "[1, 2]",
    "{'a': 1}",
    "x -> 1",
    "lambda x: x",
    "$1",
    "?",
    "a collate nocase",
    "a ilike 'x'",
    "a like 'x' escape '!'",
    "a similar to 'x'",
    "array[1]",
    "a is not true and (values (1))",
    "columns('x')",
    "grouping(a)",
)
SEVERAL = ("a; b", "1; drop table x", "", "   ", "-- nothing", ";", "a;;b")
NOT_SQL = ("a +", "(a", "a, b", "case when a", "'open", "a b c", "==", "1 2", "a = = b")
STATEMENTS = (
    "drop table x", "delete from x", "insert into x values (1)", "update x set a = 1", "create table x (a int)",
    "copy x to 'f'", "attach 'f'", "load httpfs", "install httpfs", "pragma database_list", "set memory_limit = '1'",
    "call pragma_version()", "export database 'f'", "describe x", "begin",
)  # fmt: skip


@pytest.mark.parametrize("text", VALUES)
def test_values_of_the_vocabulary_are_accepted(text: str) -> None:
    assert parse_expression(text)


@pytest.mark.parametrize("text", ["as_of()", "AS_OF()", "occurrences(a)", "key(a)", "key(a, b, c)", "a::bigint"])
def test_own_functions_are_accepted(text: str) -> None:
    assert parse_expression(text)


@pytest.mark.parametrize("text", QUERIES)
def test_queries_of_the_vocabulary_are_accepted(text: str) -> None:
    assert parse_query(text)


@pytest.mark.parametrize("text", [*FOREIGN_FUNCTIONS, *FOREIGN_SHAPES, *STATEMENTS, *SEVERAL, *NOT_SQL])
def test_all_else_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse_expression(text)


@pytest.mark.parametrize(
    "text", ["(" * 3000 + "a" + ")" * 3000, " or ".join(["a = b"] * 3000), "a + " * 3000 + "a", "case when a then " * 2000]
)
def test_what_is_nested_too_deeply_is_refused(text: str) -> None:
    for parse, given in ((parse_expression, text), (parse_order, text), (parse_query, f"select {text} as x from t")):
        with pytest.raises(ExpressionError):
            parse(given)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("with c as (select a.x from a) select c.x from c join b on b.x = c.x", {"a", "b"}),
        ("with a as (select a.x from a) select a.x from a", {"a"}),
        ("with c as (select d.x from d), d as (select c.x from c) select d.x from d", {"d"}),
        ("with c as (with e as (select a.x from a) select e.x from e) select c.x from c join e on e.x = c.x", {"a", "e"}),
        ("select f.x from f where exists (with f as (select a.x from a) select f.x from f)", {"f", "a"}),
        ("with c as (select a.x from a) select s.x from (select c.x from c) as s union all select c.x from c", {"a"}),
    ],
)
def test_a_name_is_a_querys_own_only_where_it_can_be_seen(text: str, read: set[str]) -> None:
    assert {table.name for table in tables_read(parse_query(text))} == read


@pytest.mark.parametrize("text", FOREIGN_FUNCTIONS)
def test_foreign_functions_are_refused_where_they_hide(text: str) -> None:
    for around in ("coalesce(a, {})", "case when a then {} end", "a || {}", "(({}))", "cast({} as text)", "a in ({})"):
        with pytest.raises(ExpressionError):
            parse_expression(around.format(text))
    with pytest.raises(ExpressionError):
        parse_order(f"a, {text} desc")
    with pytest.raises(ExpressionError):
        parse_query(f"select {text} as x from a")
    with pytest.raises(ExpressionError):
        parse_query(f"select a.x from a where a.x = {text}")


@pytest.mark.parametrize("text", ["key()", "occurrences()", "occurrences(a, b)"])
def test_own_functions_have_their_arguments(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse_expression(text)


def test_an_unknown_function_is_named_with_those_there_are() -> None:
    with pytest.raises(ExpressionError, match="unknown function") as caught:
        parse_expression("coalesce(a, read_text('x'))")
    assert caught.value.value == "read_text"
    assert caught.value.allowed == function_names()
    assert {"coalesce", "lower", "date_diff", *OWN_FUNCTIONS} <= set(caught.value.allowed)


def test_a_path_of_more_than_two_names_is_refused() -> None:
    with pytest.raises(ExpressionError):
        parse_expression("x.lookup.field")


def test_comments_do_no_harm() -> None:
    assert parse_expression("a /* b */ -- c").find_all
    with pytest.raises(ExpressionError):
        parse_expression("a -- c\n; b")


def test_the_tree_is_the_callers_own() -> None:
    first = parse_expression("a + b")
    first.set("this", parse_expression("c"))
    assert [c for _, c in columns_of(parse_expression("a + b"))] == ["a", "b"]


def test_columns_of() -> None:
    tree = parse_expression("coalesce(a, t.b) || key(c, d) || 'e'")
    assert sorted(columns_of(tree)) == [("", "a"), ("", "c"), ("", "d"), ("t", "b")]


def test_orders() -> None:
    items = parse_order("a desc, lower(b), c asc nulls first, case when d then 1 else 0 end")
    assert [bool(i.args.get("desc")) for i in items] == [True, False, False, False]
    assert [bool(i.args.get("nulls_first")) for i in items] == [False, False, True, False]


@pytest.mark.parametrize(
    "text",
    [
        "", "a limit 1", "a offset 1", "a where b", "a for update", "a using sample 1", "a window w as ()",
        "a union select 1", "a) , (b", "a; drop table x", "(select 1)", "a desc desc", "a fetch first 1 rows only",
        "read_text('x')", "count(*)", "1; select 2", "a group by b", "a having b", "a qualify b",
    ],
)  # fmt: skip
def test_what_is_no_order_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse_order(text)


@pytest.mark.parametrize(
    "text",
    [
        "select * from a",
        "select a.* from a",
        "from a",
        "table a",
        "values (1)",
        "select a.x from a limit 1",
        "select a.x from read_csv('x') as a",
        "select a.x from glob('*') as a",
        "select a.x from s.a",
        "select a.x from main.s.a",
        "select a.x from information_schema.tables as a",
        "select a.x from duckdb_settings() as a",
        "select a.x from a tablesample 10%",
        "select a.x into b from a",
        "select a.x from (values (1)) as a(x)",
        "select unnest(a.x) from a",
        "select columns('x') from a",
        "select a.x from a; select 1",
        "pivot a on x using sum(y)",
        "select a.x from a qualify row_number() over () = 1",
        "select read_text(a.x) from a",
        "select a.x from a where a.x = getenv('x')",
        "a",
        "1",
        "",
        "with c as (select * from a) select c.x from c",
        "select a.x from a where a.x in (select * from b)",
        "with c as (select read_text('x') as x) select c.x from c",
        "with recursive c as (select 1 as x union all select c.x from c) select c.x from c",
        *STATEMENTS,
    ],
)
def test_what_is_no_view_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse_query(text)


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("id", True),
        ("'campus-' || id", True),
        ("'a' || id || 'b'", True),
        ("id || id", False),
        ("'a' || name", False),
        ("id || name", False),
        ("lower(id)", False),
        ("o.id", False),
        ("id % 10", False),
        ("'a'", False),
        ("1 || id", False),
    ],
)
def test_an_expression_that_holds_a_column_whole(text: str, whole: bool) -> None:
    assert holds_whole(text, "id") is whole


def test_what_an_expression_reads() -> None:
    assert expression_reads("o.a || b || lower(b)") == ((("o", "a"), ("", "b")), False)
    assert expression_reads("parameter('p') || b") == ((("", "b"),), True)
    with pytest.raises(ExpressionError):
        expression_reads("nothing(b)")
