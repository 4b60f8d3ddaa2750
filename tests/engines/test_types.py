"""Values of each type pass through Spark unchanged, and compare, group, join and sort there as they do in DuckDB."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from both import answers
from hypothesis import HealthCheck, Phase, given, settings
from odd_values import KINDS, table
from odd_values import tables as odd_tables

from migrate.spark import limits

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("on_spark")]
SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture)
ASKED = (
    "select cast(a as text) as a, count(*) as n from rows group by rows.a",
    "select distinct cast(a as text) as a from rows",
    "select cast(a as text) as a from (select a from rows union select b from rows)",
    "select count(distinct a) as n, cast(min(a) as text) as i, cast(max(a) as text) as j from rows",
    "select x.id, y.id as other from rows x join rows y on x.a = y.b where x.id < 40",
    "select x.id, y.id as other from rows x left join rows y on x.a is not distinct from y.b and y.a is not null",
    "select x.id, y.id as other from rows x left join rows y on x.a = y.b and y.b <> y.a and x.id < 30",
    "select id, a in (select b from rows where id > 20) as h from rows",
    "select id from rows x where exists (select 1 from rows y where y.b = x.a and y.id < 9)",
    "select id, row_number() over (order by a, id) as n, row_number() over (partition by a order by id desc) as m, "
    "row_number() over (order by a desc nulls first, id) as o from rows",
    "select id, cast(first_value(b) over (partition by a order by id) as text) as f from rows",
    "select id, cast(list_sort(list(b) over (partition by a)) as text) as l from rows where a is not null",
    "select cast(list_sort(list(distinct b) filter (cast(b as text) <> '-0.0')) as text) as l, "
    "string_agg(cast(b as text), '|' order by id) as s from rows group by a",
    "select cast(arg_min(b, id) as text) as i, cast(arg_max(b, id) as text) as j from rows where b is not null",
    "select id, case when a < b then 'less' when a = b then 'same' when a > b then 'more' end as c from rows",
    "select id from rows where a between b and b or a is null",
)
"""Each is asked of the two columns of every type."""
MIXED = (
    "select x.id, y.id as other from rows x {join} rows y on x.id = y.id and y.money = 0 and y.day <> '1970-01-01'",
    "select x.id, y.id as other from rows x {join} rows y on x.id = y.id and x.text = 'a' and y.whole = 0 and 1 = y.part",
    "select x.id, y.id as other from rows x {join} rows y on x.whole = y.number",
    "select x.id, y.id as other from rows x {join} rows y on x.part = y.whole and y.number > 0.5",
    "select x.id, y.id as other from rows x {join} rows y on x.money = y.whole and x.text <> y.text",
    "select x.id, y.id as other from rows x {join} rows y on x.vast = y.price",
    "select x.id, y.id as other from rows x {join} rows y on x.natural = y.whole and upper(y.text) = y.text",
    "select x.id, y.id as other from rows x {join} rows y on cast(x.day as timestamp) = y.instant",
    "select x.id, y.id as other from rows x {join} rows y on x.day = y.instant",
    "select x.id, y.id as other from rows x {join} (select id, cast(id as text) as t from rows) y on x.part = y.t",
    "select x.id, y.id as other, z.id as third from rows x left join rows y on y.text = x.other and y.id > 50 "
    "{join} rows z on z.text = coalesce(y.text, 'a')",
)
"""Joins by columns of two types, and by values for which a join before had no row."""
RAW = {
    "int8": pa.array([0, -128, 127, None], pa.int8()),
    "int16": pa.array([0, -(2**15), 2**15 - 1, None], pa.int16()),
    "uint8": pa.array([0, 1, 255, None], pa.uint8()),
    "uint16": pa.array([0, 1, 2**16 - 1, None], pa.uint16()),
    "uint32": pa.array([0, 1, 2**32 - 1, None], pa.uint32()),
    "float32": pa.array([0.1, -0.0, float("nan"), None], pa.float32()),
    "decimal": pa.array([1, -1, None, None], pa.decimal128(38, 0)),
    "bytes": pa.array([b"", b"\x00\xff", b"a", None], pa.binary()),
    "time": pa.array([dt.time(0), dt.time(23, 59, 59, 999999), dt.time(1, 30), None], pa.time64("us")),
    "zoned": pa.array([0, -1, 253402300799999999, None], pa.timestamp("us", "UTC")),
    "seconds": pa.array([0, -1, 253402300799, None], pa.timestamp("s")),
    "millis": pa.array([0, -1, 253402300799999, None], pa.timestamp("ms")),
    "list": pa.array([["a", None], [], ["a,b", "'"], None], pa.list_(pa.string())),
    "large": pa.array(["é", "", "x", None], pa.large_string()),
    "coded": pa.array(["é", "", "é", None], pa.string()).dictionary_encode(),
}
"""Types that a file or a database may give besides those of a contract."""


@pytest.mark.parametrize("way", ["files", "frames", "statements"])
def test_values_arrive_whatever_way_they_take(spark: Any, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    odd = table({kind: [*values, None] for kind, (_, _, values, _) in KINDS.items()}, 3)
    with_nul = pa.array(["a\0b", "\x0012", "\\0", "\\", None, *["'"] * (odd.num_rows - 5)], pa.string())
    odd = odd.append_column("nul", with_nul)
    if way == "frames":
        monkeypatch.setattr(limits, "WITH_DRIVER", 1000)
    if way == "statements":
        monkeypatch.setattr(limits, "WRITTEN_OUT", 1000)
        odd = odd.select(["id", "text", "other", "whole", "count", "part", "rest", "flag", "mark", "nul"])
    expected, got = answers(spark, {"rows": odd}, "select * from rows order by id", ordered=True)
    assert got == expected


@given(odd=odd_tables())
@settings(max_examples=2, deadline=None, phases=[Phase.generate], suppress_health_check=SLOW)
def test_each_type_in_each_query(spark: Any, odd: pa.Table) -> None:
    pairs = {kind: odd.select(["id", kind, second]).rename_columns(["id", "a", "b"]) for kind, (second, *_) in KINDS.items()}
    given_rows = {f"{kind}_rows": rows for kind, rows in pairs.items()}
    for query in ASKED:
        of_kinds = (f"select '{kind}' as kind, * from ({query.replace('rows', f'{kind}_rows')})" for kind in KINDS)
        _same(spark, given_rows, " union all ".join(of_kinds))


@given(odd=odd_tables())
@settings(max_examples=2, deadline=None, phases=[Phase.generate], suppress_health_check=SLOW)
def test_joins_by_columns_of_two_types(spark: Any, odd: pa.Table) -> None:
    for query in MIXED:
        for join in ("join", "left join"):
            _same(spark, {"rows": odd}, query.format(join=join))


def _same(spark: Any, tables: dict[str, pa.Table], query: str) -> None:
    expected, got = answers(spark, tables, query)
    assert got == expected, query


@pytest.mark.parametrize("kind", list(RAW))
def test_raw_types_arrive(spark: Any, kind: str, tmp_path: Path) -> None:
    """From a file, as the rows of a source do."""
    file = tmp_path / "rows.parquet"
    pq.write_table(pa.table({"id": range(4), "a": RAW[kind]}), file)
    for query in ("select id, a, cast(a as text) as t from rows", "select a, count(*) from rows group by a"):
        expected, got = answers(spark, {}, query.replace("rows", f"read_parquet(['{file}'])"))
        assert got == expected, query
