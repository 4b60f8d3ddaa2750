"""Text that the parser would write into a statement as it stands is refused where it is no plain word."""

from __future__ import annotations

import pytest

from migrate.expressions import ExpressionError, parse_expression, parse_order, parse_query

SMUGGLED = "read_text(''/etc/passwd'')"
RAW_EXPRESSIONS = (
    f'''cast('' as """text"") || (select content from {SMUGGLED.replace("''", "'")}) || cast('' as ""text""")''',
    'try_cast(a as "zz; drop table x")',
    'cast(a as decimal("int); drop table x", 4))',
    'extract("year from now()); drop table x" from a)',
    "extract(e'year; drop' from a)",
    "cast(a as json)",
    "cast(a as enum('x'))",
    "cast(a as bigint[])",
    "cast(a as struct(x bigint))",
    "cast(a as integer)",
)
RAW_QUERIES = (
    f"select a.x as $$y, (select content from {SMUGGLED.replace(chr(39) * 2, chr(39))}) as z$$ from a",
    "select a.x as e'y; drop' from a",
    "select a.x as n'y -- z' from a",
    "select s.x from a as $$s, b$$",
    "select s.x from a as s($$x, y$$)",
    "with c($$x) as (select 1), d(x$$) as (select 1) select c.x from c",
    "select sum(a.x) over w from a window $$w as (), v$$ as (partition by a.x)",
)


@pytest.mark.parametrize("text", RAW_EXPRESSIONS)
def test_an_expression_smuggles_no_text_into_the_statement(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse_expression(text)
    with pytest.raises(ExpressionError):
        parse_order(f"{text} desc")
    with pytest.raises(ExpressionError):
        parse_query(f"select {text} as y from a")


@pytest.mark.parametrize("text", RAW_QUERIES)
def test_a_view_smuggles_no_text_into_the_statement(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse_query(text)


def test_an_order_smuggles_nothing_behind_with_fill() -> None:
    with pytest.raises(ExpressionError, match="not an order list"):
        parse_order("a with fill from read_text('/etc/passwd')")


@pytest.mark.parametrize(
    "text", ["cast(a as decimal(12, 4))", "größe + 1.5e-3", 'extract(epoch from "a; b")', "interval '2' month", "a::text"]
)
def test_plain_words_and_what_stands_in_quotation_marks_stay(text: str) -> None:
    assert parse_expression(text).sql(dialect="duckdb")


def test_a_type_that_is_none_of_ours_is_told_with_those_that_are() -> None:
    with pytest.raises(ExpressionError, match="not a type of expressions") as caught:
        parse_expression("cast(a as integer)")
    assert caught.value.value == "INT"
    assert "bigint" in caught.value.allowed
