"""What Spark is asked, on a Spark that writes down what it is asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from migrate.spark.catalog import Catalog
from migrate.spark.session import SparkEngine
from migrate.spark.store import FEW, FOR_FEW, WITH_DRIVER


class Noted:
    """Takes every call, as the session, a reader and a frame; answers with the rows it was given."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.paths: list[str] = []
        self.settings = dict.fromkeys(FOR_FEW, "usual")
        self.rows = pa.table({"n": pa.array([], pa.int64())})
        self.conf = self.read = self

    def get(self, name: str) -> str:
        return self.settings[name]

    def set(self, name: str, value: str) -> None:
        self.settings[name] = value

    def sql(self, text: str) -> Noted:
        self.asked.append(text)
        return self

    def parquet(self, *paths: str) -> Noted:
        self.paths += paths
        return self

    def option(self, *_: Any) -> Noted:
        return self

    schema = coalesce = selectExpr = createDataFrame = createOrReplaceTempView = option  # noqa: N815

    def toArrow(self) -> pa.Table:  # noqa: N802
        return self.rows


@pytest.fixture
def noted() -> Noted:
    return Noted()


@pytest.fixture
def engine(noted: Noted, tmp_path: Path) -> Iterator[SparkEngine]:
    with duckdb.connect() as shadow:
        yield SparkEngine(noted, shadow, tmp_path)


def _file(folder: Path, rows: int) -> str:
    file = folder / "50% é" / "rows.parquet"
    file.parent.mkdir()
    pq.write_table(pa.table({"k": pa.array(range(rows), pa.int64()), "t": pa.array(["x"] * rows)}), file)
    return f"read_parquet(['{file}'])"


def test_many_steps_are_one_statement(engine: SparkEngine, noted: Noted, tmp_path: Path) -> None:
    engine.execute(f"CREATE VIEW rows AS SELECT k FROM {_file(tmp_path, 3)} WHERE k > 0")
    assert not noted.asked, "a view costs nothing"
    engine.execute("WITH one AS (SELECT k FROM rows) SELECT count(*) AS n FROM one WHERE k IN (1, 2)")
    (text,) = noted.asked
    assert text.startswith("WITH ")
    assert text.count("count(*)") == 1
    assert noted.paths == [f"file://{tmp_path / '50% é' / 'rows.parquet'}"], "a percent sign stands for itself"


def test_few_rows_are_not_divided_and_many_are(engine: SparkEngine, noted: Noted, tmp_path: Path) -> None:
    many = _file(tmp_path, FEW + 1)
    noted.rows = pa.table({"k": pa.array([1], pa.int64())})
    engine.execute("SELECT k FROM (VALUES (1::BIGINT), (2)) AS v(k) WHERE k > 1")
    assert noted.settings == FOR_FEW
    engine.execute(f"SELECT k FROM {many}")
    assert set(noted.settings.values()) == {"usual"}


def test_what_needs_rows_that_are_not_there_asks_nothing(engine: SparkEngine, noted: Noted) -> None:
    engine.execute("CREATE TABLE none (k BIGINT, t VARCHAR)")
    assert engine.execute("SELECT t FROM none WHERE k = 1").fetchall() == []
    assert engine.execute("SELECT a.k FROM (VALUES (1)) AS a(k) JOIN none ON none.k = a.k").fetchall() == []
    assert not noted.asked


def test_a_value_is_written_as_a_text_of_spark(engine: SparkEngine, noted: Noted) -> None:
    noted.rows = pa.table({"t": ["x"]})
    engine.execute("SELECT t FROM (VALUES ('O''N\\ ${env:HOME}'), (NULL)) AS v(t) WHERE t <> 'y'")
    assert "('O\\'N\\\\ ${env:HOME}'), (NULL)" in noted.asked[0]


def test_rows_are_appended_and_counted(engine: SparkEngine, noted: Noted) -> None:
    engine.execute("CREATE TABLE kept (k BIGINT)")
    noted.rows = pa.table({"k": pa.array([1, 2], pa.int64())})
    assert engine.execute("INSERT INTO kept SELECT k FROM (VALUES (1), (2)) AS v(k)").fetchone() == (2,)
    noted.rows = pa.table({"k": pa.array([1, 2, 3], pa.int64())})
    assert engine.execute("INSERT INTO kept VALUES (3)").fetchone() == (1,)
    assert "UNION ALL" in noted.asked[-1]


def test_a_view_over_a_table_is_made_anew_when_the_table_changed(engine: SparkEngine, noted: Noted, tmp_path: Path) -> None:
    noted.rows = pa.table({"k": pa.array([1], pa.int64())})
    engine.execute("CREATE TABLE t AS SELECT k FROM (VALUES (1)) AS v(k)")
    engine.execute("CREATE VIEW v AS SELECT k FROM t WHERE k > 0")
    catalog: Catalog = engine._catalog
    before = catalog.resolve("v")
    assert catalog.resolve("v") == before
    engine.execute("CREATE OR REPLACE TABLE t AS SELECT k FROM (VALUES (2)) AS v(k)")
    assert catalog.resolve("v") != before


def test_more_rows_than_the_driver_should_hold_lie_in_a_file(engine: SparkEngine, noted: Noted, tmp_path: Path) -> None:
    noted.rows = pa.table({"k": pa.array(range(WITH_DRIVER + 1), pa.int64())})
    engine.execute(f"CREATE TABLE t AS SELECT k FROM {_file(tmp_path, 3)} WHERE k > 0")
    engine.execute("SELECT k FROM t")
    (file,) = (tmp_path / noted.paths[-1].rpartition("/")[2]).iterdir()
    assert pq.read_metadata(file).num_rows == WITH_DRIVER + 1
