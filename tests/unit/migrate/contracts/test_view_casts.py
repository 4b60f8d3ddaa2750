"""Which casts of a view would lose text unseen."""

from __future__ import annotations

from typing import Any

import pytest

from migrate.contracts.view_casts import text_casts
from migrate.errors import ConfigurationError

CONTRACT = """
system: old
label: Old
source: {kind: files}
entities:
  mark:
    key: id
    fields:
      id: {type: int}
      course: {}
      points: {}
      day: {type: datetime}
      share: {type: decimal}
  shown:
    key: id
    fields: {id: {type: int}, points: {type: decimal}}
    sql: SQL
"""


def casts(bench: Any, sql: str) -> list[str]:
    contract = bench.contract(CONTRACT.replace("SQL", "select m.id as id, m.share as points from mark as m")).model
    return list(text_casts(contract, sql))


@pytest.mark.parametrize(
    "sql",
    [
        "select m.id as id, m.share as points from mark as m",
        "select m.id as id, cast(m.day as date) as points from mark as m",
        "select m.id as id, cast(m.id as text) as points from mark as m",
        "select m.id as id, cast(null as bigint) as points from mark as m",
        "select m.id as id, cast('1970-01-01' as date) as points from mark as m",
        "select m.id as id, cast(round(m.share) as bigint) as points from mark as m",
        "select m.id as id, try_cast(m.points as double) as points from mark as m",
        "select m.id as id, cast(length(m.points) as double) as points from mark as m",
    ],
)
def test_a_cast_that_loses_no_text(bench: Any, sql: str) -> None:
    assert casts(bench, sql) == []


@pytest.mark.parametrize(
    "sql",
    [
        "select m.id as id, cast(m.points as double) as points from mark as m",
        "select m.id as id, cast(points as double) as points from mark as m",
        "select m.id as id, cast(nullif(trim(m.points), '') as double) as points from mark as m",
        "select n.id as id, cast(n.p as double) as points from (select m.id, m.points as p from mark as m) as n",
        "with n as (select m.id, upper(m.points) as p from mark as m) select n.id as id, cast(n.p as double) as points from n",
        "select m.id as id, m.share as points from mark as m where cast(m.points as double) > 1",
        "select 1 as id, 0.5 as points union all select m.id, cast(m.points as double) from mark as m",
    ],
)
def test_a_cast_that_loses_text(bench: Any, sql: str) -> None:
    (found,) = casts(bench, sql)
    assert found.startswith("CAST(")


def test_such_a_view_is_refused_with_what_to_write(bench: Any) -> None:
    with pytest.raises(ConfigurationError) as refused:
        bench.contract(CONTRACT.replace("SQL", "select m.id as id, cast(m.points as double) as points from mark as m"))
    (problem,) = refused.value.problems
    assert "nobody would be told" in problem.message
    assert "try_cast" in problem.hint
    assert problem.place is not None
    assert problem.place.line == 16
