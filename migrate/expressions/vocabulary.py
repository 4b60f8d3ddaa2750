"""Which SQL may stand in a mapping or a contract.

The vocabulary is given as examples. Each is parsed once, and the syntax-tree classes it yields are what is allowed: so the
list below is the documentation, the check and the test in one. A function that is not here (reading files, settings,
network) cannot be named, whatever DuckDB knows.
"""

from __future__ import annotations

from functools import cache

import sqlglot
from sqlglot import exp

VALUES = (
    "a", "t.a", "'text'", "1", "1.5", "true", "null", "(a)", "-a",
    "a and b or not c", "a = b", "a <> b", "a < b", "a <= b", "a > b", "a >= b",
    "a is null", "a is not null", "a is distinct from b", "a is not distinct from b",
    "a in ('x', 'y')", "a between 1 and 2", "a like 'x%'",
    "case a when 1 then 2 else 3 end", "case when a then b end",
    "a || b", "a + b", "a - b", "a * b", "a / b", "a // b", "a % b",
    "cast(a as text)", "cast(a as bigint)", "cast(a as double)", "cast(a as date)",
    "cast(a as timestamp)", "cast(a as boolean)", "cast(a as decimal(18, 4))", "try_cast(a as bigint)",
    "interval 1 day", "interval '1' month", "to_days(a)", "to_months(a)",
    "coalesce(a, b)", "nullif(a, b)", "greatest(a, b)", "least(a, b)",
    "lower(a)", "upper(a)", "trim(a)", "trim(a, 'x')", "ltrim(a)", "rtrim(a)", "length(a)",
    "substring(a, 1, 2)", "left(a, 1)", "right(a, 1)", "replace(a, 'x', 'y')",
    "concat(a, b)", "concat_ws('-', a, b)", "lpad(a, 3, '0')", "split_part(a, '-', 1)",
    "regexp_matches(a, 'x')", "regexp_full_match(a, 'x')", "regexp_extract(a, 'x', 1)",
    "regexp_replace(a, 'x', 'y', 'g')", "starts_with(a, 'x')", "ends_with(a, 'x')",
    "contains(a, 'x')", "strpos(a, 'x')", "sha1(a)",
    "abs(a)", "round(a, 2)", "floor(a)", "ceil(a)",
    "strftime(a, '%Y')", "date_trunc('year', a)", "date_part('year', a)",
    "extract(year from a)", "date_diff('day', a, b)", "last_day(a)",
)  # fmt: skip

TYPES = ("text", "bigint", "double", "date", "timestamp", "boolean", "decimal(p, s)")
"""What can be cast to. What is lost in a cast to another type, nobody would be told."""

OWN_FUNCTIONS = {
    "as_of": "as_of(): the instant of the run, a TIMESTAMP in UTC",
    "occurrences": "occurrences(x): in how many source rows this value of x stands; null for null",
    "key": "key(a, b, ...): the text of a composite key, parts joined by '|'",
    "parameter": "parameter('name'): a value that the workspace sets, as text; in mappings only",
    "uuid5": "uuid5(namespace, name): the UUID of version 5 of a name, the same each time; null where the namespace is no UUID",
}

OWN_ARGUMENTS = {"as_of": (0, 0), "occurrences": (1, 1), "key": (1, 20), "parameter": (1, 1), "uuid5": (2, 2)}
"""How many arguments each takes, at least and at most."""

QUERIES = (
    "select a.x as y from a as a",
    "select distinct a.x from a where a.x = 1",
    "with c as (select a.x from a) select c.x from c",
    "select a.x from a join b on a.x = b.x",
    "select a.x from a left join b on a.x = b.x",
    "select a.x from a full join b on a.x = b.x and a.y = b.y",
    "select a.x from a join b using (x)",
    "select a.x, count(*) as n, min(a.y), max(a.y), sum(a.y), string_agg(a.y, ',' order by a.y) "
    "from a group by a.x, a.y having count(*) > 1",
    "select count(distinct a.x) from a",
    "select count(a.x) filter (where a.y = 1) from a",
    "select any_value(a.x) from a",
    "select a.x from a union all select b.x from b",
    "select a.x from a union select b.x from b",
    "select a.x from a where exists (select 1 from b where b.x = a.x)",
    "select a.x from a where a.x in (select b.x from b)",
    "select a.x from a where a.x not in (select b.x from b)",
    "select row_number() over (partition by a.x order by a.y desc nulls last) from a",
    "select first_value(a.x) over (partition by a.y order by a.x) from a",
    "select count(*) over (partition by a.y) from a",
    "select bool_or(a.x), bool_and(a.x), arg_min(a.x, a.y), arg_max(a.x, a.y) from a",
    "select s.x from (select a.x from a) as s",
    "select a.x from a order by a.x asc",
)
"""What a view of a contract may use besides the values above."""


@cache
def value_nodes() -> frozenset[type[exp.Expr]]:
    """The syntax-tree classes an expression may consist of."""
    return _classes(VALUES)


@cache
def value_types() -> frozenset[object]:
    """The types of the parser that ``TYPES`` means."""
    types = (node for example in VALUES for node in sqlglot.parse_one(example, dialect="duckdb").find_all(exp.DataType))
    return frozenset(node.this for node in types)


@cache
def query_nodes() -> frozenset[type[exp.Expr]]:
    """The syntax-tree classes a view may consist of."""
    return value_nodes() | _classes(QUERIES)


@cache
def function_names() -> tuple[str, ...]:
    """Names for the message that says what is allowed."""
    names = {
        example.split("(")[0].strip()
        for example in VALUES
        if "(" in example and " " not in example.split("(")[0] and example[0].isalpha()
    }
    return tuple(sorted(names | set(OWN_FUNCTIONS)))


def _classes(examples: tuple[str, ...]) -> frozenset[type[exp.Expr]]:
    return frozenset(type(node) for example in examples for node in sqlglot.parse_one(example, dialect="duckdb").walk()) - {
        exp.Anonymous
    }


@cache
def anonymous_names() -> frozenset[str]:
    """Functions of the vocabulary that the parser has no class of its own for."""
    return frozenset(
        node.name.lower()
        for example in VALUES + QUERIES
        for node in sqlglot.parse_one(example, dialect="duckdb").find_all(exp.Anonymous)
    ) | frozenset(OWN_FUNCTIONS)
