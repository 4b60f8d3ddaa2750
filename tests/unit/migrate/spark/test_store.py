"""What Spark is asked, on a Spark that writes down what it is asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from migrate.spark import limits
from migrate.spark.catalog import Catalog
from migrate.spark.limits import FEW, FOR_FEW, WITH_DRIVER
from migrate.spark.session import SparkEngine


class Noted:
    """Takes every call, as the session, a reader and a frame; answers with the rows it was given."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.tasks: list[str] = []
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

    def mapInArrow(self, task: Any, schema: str) -> Noted:  # noqa: N802
        self.tasks.append(schema)
        self.rows = pa.Table.from_batches(list(task([])))
        return self

    def parquet(self, *paths: str) -> Noted:
        self.paths += paths
        return self

    def option(self, *_: Any) -> Noted:
        return self

    schema = coalesce = selectExpr = createDataFrame = createOrReplaceTempView = range = option  # noqa: N815

    def toArrow(self) -> pa.Table:  # noqa: N802
        return self.rows


@pytest.fixture
def noted() -> Noted:
    return Noted()


@pytest.fixture
def engine(noted: Noted, tmp_path: Path) -> Iterator[SparkEngine]:
    with duckdb.connect() as shadow:
        yield SparkEngine(noted, shadow, tmp_path)


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> None:
    """No number of rows is few."""
    monkeypatch.setattr(limits, "FEW", -1)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few rows are for a task, and not for the driver."""
    pytest.importorskip("pyspark")
    monkeypatch.setattr(limits, "WITH_DRIVER", 0)


def _file(folder: Path, rows: int) -> str:
    file = folder / "50% é" / "rows.parquet"
    file.parent.mkdir()
    pq.write_table(pa.table({"k": pa.array(range(rows), pa.int64()), "t": pa.array(["x"] * rows)}), file)
    return f"read_parquet(['{file}'])"


@pytest.mark.usefixtures("many")
def test_many_steps_are_one_statement(engine: SparkEngine, noted: Noted, tmp_path: Path) -> None:
    engine.execute(f"CREATE VIEW rows AS SELECT k FROM {_file(tmp_path, 3)} WHERE k > 0")
    assert not noted.asked, "a view costs nothing"
    engine.execute("WITH one AS (SELECT k FROM rows) SELECT count(*) AS n FROM one WHERE k IN (1, 2)")
    (text,) = noted.asked
    assert text.startswith("WITH ")
    assert text.count("count(*)") == 1
    assert noted.paths == [f"file://{tmp_path / '50% é' / 'rows.parquet'}"], "a percent sign stands for itself"


def test_who_answers_hangs_on_how_many_rows_are_read(engine: SparkEngine, noted: Noted, tmp_path: Path) -> None:
    """The driver, one task, or Spark; and each tells what the others would."""
    pytest.importorskip("pyspark")
    for number, rows in enumerate((WITH_DRIVER, WITH_DRIVER + 1, FEW + 1)):
        (tmp_path / str(number)).mkdir()
        noted.rows = pa.table({"k": pa.array([1], pa.int64()), "t": ["x"]})
        query = f"SELECT k, t FROM {_file(tmp_path / str(number), rows)} WHERE k IN (1) ORDER BY k"
        assert engine.execute(query).fetchall() == [(1, "x")]
        assert (len(noted.tasks), len(noted.asked)) == ((0, 0), (1, 0), (1, 1))[number]
        assert (noted.settings == FOR_FEW) is (number == 1)


@pytest.mark.usefixtures("few")
def test_a_task_is_given_the_rows_that_the_driver_has(engine: SparkEngine, noted: Noted) -> None:
    rows = pa.table({"t": ["x", "y", None], "u": pa.array([1, 2, 2**64 - 1], pa.uint64()), "n": pa.nulls(3)})
    engine.register("given", rows)
    found = engine.execute("SELECT t, u, n, [u] AS l FROM given WHERE t IS DISTINCT FROM 'x' ORDER BY u").fetchall()
    assert found == [("y", 2, None, [2]), (None, 2**64 - 1, None, [2**64 - 1])]
    assert noted.tasks == ["c0 STRING, c1 DECIMAL(20, 0), c2 INT, c3 ARRAY<DECIMAL(20, 0)>"]


def test_what_needs_rows_that_are_not_there_asks_nothing(engine: SparkEngine, noted: Noted) -> None:
    engine.execute("CREATE TABLE none (k BIGINT, t VARCHAR)")
    assert engine.execute("SELECT t FROM none WHERE k = 1").fetchall() == []
    assert engine.execute("SELECT a.k FROM (VALUES (1)) AS a(k) JOIN none ON none.k = a.k").fetchall() == []
    assert not noted.asked


@pytest.mark.usefixtures("many")
def test_a_value_is_written_as_a_text_of_spark(engine: SparkEngine, noted: Noted) -> None:
    noted.rows = pa.table({"t": ["x"]})
    engine.execute("SELECT t FROM (VALUES ('O''N\\ ${env:HOME}'), (NULL)) AS v(t) WHERE t <> 'y'")
    assert "('O\\'N\\\\ ${env:HOME}'), (NULL)" in noted.asked[0]


def test_rows_are_appended_and_counted(engine: SparkEngine, noted: Noted) -> None:
    engine.execute("CREATE TABLE kept (k BIGINT)")
    assert engine.execute("INSERT INTO kept SELECT k FROM (VALUES (1), (2)) AS v(k)").fetchone() == (2,)
    assert engine.execute("INSERT INTO kept VALUES (3)").fetchone() == (1,)
    assert engine.execute("SELECT k FROM kept").fetchall() == [(1,), (2,), (3,)]
    assert not noted.asked


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
    many = f"SELECT unnest(range({WITH_DRIVER - 3})) AS n"
    engine.execute(f"CREATE TABLE t AS SELECT a.k FROM {_file(tmp_path, 3)} AS a JOIN ({many}) AS b ON true")
    (file,) = tmp_path.glob("rows*/*.parquet")
    assert pq.read_metadata(file).num_rows == 3 * (WITH_DRIVER - 3)


def test_exists_may_ask_for_more_than_equality(engine: SparkEngine) -> None:
    engine.register("a", pa.table({"k": [1, 2, 3, 4], "x": ["x", "x", None, "y"], "y": [1, 2, 3, None]}))
    engine.register("b", pa.table({"x": ["x", "y", "y"], "y": [2, 5, None]}))
    asked = "SELECT k FROM a WHERE {} EXISTS (SELECT 1 FROM b WHERE {}) ORDER BY k"
    for condition, found in {
        "b.x = a.x AND b.y <> a.y": [1],
        "b.x = a.x AND (b.y <> a.y OR a.y IS NULL)": [1, 4],
        "b.y < a.y": [3],
    }.items():
        assert [k for (k,) in engine.execute(asked.format("", condition)).fetchall()] == found
        others = [k for k in (1, 2, 3, 4) if k not in found]
        assert [k for (k,) in engine.execute(asked.format("NOT", condition)).fetchall()] == others
