"""Each kind of query of the vocabulary, and what the stages use besides: both engines give the same rows."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from both import answers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from migrate.compiler.text import name, translate
from migrate.expressions import unread_casts
from migrate.expressions.vocabulary import QUERIES
from migrate.spark import limits

TYPED = {
    "select a.x, count(*) as n, min(a.y), max(a.y), sum(a.y), string_agg(a.y, ',' order by a.y) "
    "from a group by a.x, a.y having count(*) > 1": "select a.x, count(*) as n, min(a.y), max(a.y), sum(a.y), "
    "string_agg(cast(a.y as text), ',' order by a.y) from a group by a.x having count(*) > 1",
    "select bool_or(a.x), bool_and(a.x), arg_min(a.x, a.y), arg_max(a.x, a.y) from a": "select bool_or(a.x = 'x'), "
    "bool_and(a.x = 'x'), arg_min(a.x, a.y), arg_max(a.x, a.y) from a",
    "select distinct a.x from a where a.x = 1": "select distinct a.x from a where a.x = 'x'",
}
"""Examples of the vocabulary that make sense of one type only, as they are asked here."""
_unread = unread_casts("case when a.y > 1 then coalesce(cast(a.x as double), a.y) else cast(a.x as bigint) end")
assert _unread is not None
OURS = (
    f"select a.k, {translate(_unread, name, '2026-01-01')} as t from a",
    "select a.x, unnest(list_filter([a.y, 1, null], lambda v: v is not null)) as v from a",
    "select * exclude (y), a.y is null as z from a",
    "select a.* replace (coalesce(a.x, '?') as x) from a qualify row_number() over (partition by a.x order by a.y, a.k) = 1",
    "select a.x, a.y from a anti join b on b.x = a.x",
    "select a.x, case when a.x in (select b.x from b) then 'in' when a.x not in (select b.x from b) then 'out' end from a",
    "select a.x from a where (a.x, a.y) not in (select (b.x, b.y) from b)",
    "select count(*) filter (a.y > 1), list_sort(list(a.x)), list_sort(list(distinct a.x) filter (a.x is not null)) from a",
    "select a.y, list_sort(list(distinct a.x), 'ASC', 'NULLS LAST') as l, list_sort(list(distinct a.x) filter (a.k > 1), 'ASC', "
    "'NULLS LAST') as f from a group by a.y",
    "with two as (select unnest([x, y::text]) as k from a where y is not null) select b.x from b "
    "where b.x in (select k from two)",
    "select a.k, case when typeof(a.y) in ('INTEGER', 'BIGINT') then try_cast(a.y as bigint) else length(a.x) end as n from a",
    "select a.k, case when (a.y > 1) or (a.x = 'x') then list_filter([case when a.y > 1 then 0 end, "
    "case when a.x = 'x' then 1 end], lambda v: v is not null) else [] end as l from a",
    "select a.k, list_sort(list(a.x) over (partition by a.y)) as l from a",
    "select a.k, first_value(a.x ignore nulls) over (partition by a.y order by a.k rows between unbounded preceding and "
    "unbounded following) from a",
    "select x, count(*) from a group by all",
    "select a.x, min(a.k) as k from a where a.x in (select b.x from b where b.y > 0) group by a.x",
    "with recursive up as (select k from a where y is null union select a.k from a join up on a.y = up.k) select * from up",
    "select a.x from a where a.x <> 'x' and not exists (select 1 from b where b.x = a.x and b.y > 1)",
    "select a.k from a where exists (select 1 from b where b.x = a.x and (b.y <> a.y or a.y is null))",
    "select a.k, case when exists (select 1 from b where b.y < a.y) then 'more' end as t from a",
    "select u.n, u.v from (select unnest(list_distinct([{'n': 'x', 'v': x}])) as u from a)",
    "select k from a where false union all select k from b union all select null",
    "select a.k, b.x, c.k as other from a left join b on b.x = a.x left join a as c on c.x = coalesce(b.x, a.x) and c.y = b.y",
    "select a.k, b.k as b, c.k as c, d.k as d from a join b on b.x = a.x left join b as c on upper(c.x) = upper(a.x || b.x) "
    "full join a as d on d.k = c.k + a.k where coalesce(d.k, 0) < 3",
    "select v.n, a.x from a join (values (1, 'x'), (2, null)) as v(n, w) on v.w = a.x",
)
rows = st.lists(
    st.tuples(st.sampled_from([None, "x", "X", "é", "e\u0301", ""]), st.one_of(st.none(), st.integers(0, 4))), max_size=8
)  # fmt: skip
SLOW = (HealthCheck.too_slow, HealthCheck.function_scoped_fixture)


def _table(given_rows: list[tuple[str | None, int | None]], *, unique: bool) -> pa.Table:
    seen: set[int] = set()
    numbers = []
    for _, number in given_rows:
        numbers.append(None if number is None or (unique and number in seen) else number)
        seen.add(number if number is not None else -1)
    return pa.table(
        {
            "x": pa.array([text for text, _ in given_rows], pa.string()),
            "y": pa.array(numbers, pa.int64()),
            "k": pa.array(range(len(given_rows)), pa.int64()),
        }
    )


def _compare(spark: Any, one: list[Any], two: list[Any], queries: tuple[str, ...]) -> None:
    for query in queries:
        if "any_value" in query:  # each engine may choose another
            continue
        tables = {"a": _table(one, unique="arg_min" in query), "b": _table(two, unique=False)}
        expected, got = answers(spark, tables, TYPED.get(query, query))
        assert got == expected, query


SAMPLE_A = [("x", 1), ("x", None), (None, 2), ("é", 3), ("e\u0301", 1), ("", 0), ("x", 1), (None, 2)]
SAMPLE_B = [("x", 2), ("X", 1), ("é", None), ("x", 2)]


@pytest.mark.long
@pytest.mark.usefixtures("on_spark")
@pytest.mark.parametrize("second", [SAMPLE_B, [*SAMPLE_B, (None, 1)], []], ids=["without null", "with null", "empty"])
def test_every_query_agrees(spark: Any, second: list[Any]) -> None:
    _compare(spark, SAMPLE_A, second, QUERIES + OURS)
    _compare(spark, [], second, OURS)


@pytest.mark.long
@pytest.mark.parametrize("with_driver", [0, limits.WITH_DRIVER], ids=["a task", "the driver"])
def test_every_query_agrees_where_rows_are_few(spark: Any, monkeypatch: pytest.MonkeyPatch, with_driver: int) -> None:
    monkeypatch.setattr(limits, "WITH_DRIVER", with_driver)
    _compare(spark, SAMPLE_A, [*SAMPLE_B, (None, 1)], QUERIES + OURS)


@pytest.mark.long
@pytest.mark.usefixtures("on_spark")
@given(one=rows, two=rows)
@settings(max_examples=5, deadline=None, suppress_health_check=SLOW)
def test_every_query_agrees_on_many_rows(spark: Any, one: list[Any], two: list[Any]) -> None:
    _compare(spark, one, two, QUERIES + OURS)
