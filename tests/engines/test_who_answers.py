"""Spark itself computes in the tests of this folder: without that they would compare DuckDB with DuckDB."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pyarrow as pa
import pytest
import sqlglot

SQL = "SELECT id, upper(text) AS u, text || '-' AS j FROM rows WHERE id > 1 ORDER BY id"
ROWS = pa.table({"id": range(60), "text": ["é"] * 60})


def _jobs(spark: Any) -> int:
    """How many jobs Spark ran for a statement."""
    spark.register("rows", ROWS)
    context = spark._catalog._spark.sparkContext
    group = uuid4().hex
    context.setJobGroup(group, "a test")
    assert spark.execute(SQL).fetchall() == [(id_, "É", "é-") for id_ in range(2, 60)]
    return len(context.statusTracker().getJobIdsForGroup(group))


@pytest.mark.long
@pytest.mark.usefixtures("on_spark")
def test_spark_runs_jobs_and_plans_what_is_asked(spark: Any) -> None:
    """The upper case is a function of its Python workers, the rest is its own: the plan says so."""
    assert _jobs(spark) >= 1
    relation = spark._catalog.lowering.query(sqlglot.parse_one(SQL, dialect="duckdb"))
    plan = spark._catalog.frame(relation)._jdf.queryExecution().executedPlan().toString()
    assert "ArrowEvalPython [duckdb_" in plan
    assert "concat(" in plan
    assert "Filter (" in plan


@pytest.mark.long
def test_few_rows_are_no_job(spark: Any) -> None:
    """With the usual limits the driver answers these: the jobs above come from the fixture."""
    assert _jobs(spark) == 0
