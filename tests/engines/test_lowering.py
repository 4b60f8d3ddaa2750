"""Every statement of a run can be taken apart for Spark. Spark itself takes no part, so this runs wherever the tests run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest
from both_sides_rules import add_rules
from sample_runs import NOW, PAIRS, write_sample_workspace
from small_decisions import answered, decided
from small_pair import GOOD_ROWS, Bench, write_workspace

from migrate import pipeline
from migrate.engine import session
from migrate.errors import MigrateError
from migrate.pipeline import run
from migrate.spark.limits import FOR_FEW
from migrate.spark.parts import quote
from migrate.spark.session import SparkEngine
from migrate.spark.store import Store
from migrate.spark.types import NOTHING


class Both:
    """DuckDB answers; the engine on Spark takes each statement apart, over one row of nulls wherever rows are computed."""

    def __init__(self, duckdb: Any, spark: SparkEngine, refused: list[str]) -> None:
        self._duckdb, self._spark, self._refused = duckdb, spark, refused

    def execute(self, sql: str, parameters: Sequence[object] = ()) -> Any:
        try:
            self._spark.execute(sql, parameters)
        except Exception as error:
            self._refused.append(f"{type(error).__name__}: {error}\n{sql}")
        return self._duckdb.execute(sql, parameters)

    def executemany(self, sql: str, parameters: Sequence[Sequence[object]]) -> None:
        self._spark.executemany(sql, parameters)
        self._duckdb.executemany(sql, parameters)

    def register(self, name: str, rows: pa.Table) -> None:
        self._spark.register(name, rows)
        self._duckdb.register(name, rows)

    def unregister(self, name: str) -> None:
        self._spark.unregister(name)
        self._duckdb.unregister(name)

    def cursor(self) -> Any:
        return SimpleNamespace(execute=self._streamed)

    def _streamed(self, sql: str) -> Any:
        self.execute(sql)
        return self._duckdb.cursor().execute(sql)


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was refused, once a run is over."""
    found: list[str] = []
    nulls: dict[str, str] = {}

    def answered(store: Store, relation: str) -> pa.Table:
        columns = ", ".join(
            f"CAST(NULL AS {'INTEGER' if kind == NOTHING else kind}) AS {quote(name)}"
            for name, kind in store.columns(relation).items()
        )
        ends = " EXCEPT " in store._texts.get(relation, ("",))[0]  # a hierarchy finds nothing that is new
        return store._shadow.execute(f"SELECT {columns} WHERE {not ends}").to_arrow_table()

    @contextmanager
    def opened(spill: Path, memory: str) -> Iterator[Both]:
        spark = SimpleNamespace(conf=SimpleNamespace(get=FOR_FEW.get, set=nulls.__setitem__))
        with session(spill, memory) as connection, session(spill, memory) as shadow:
            yield Both(connection, SparkEngine(spark, shadow, spill), found)

    monkeypatch.setattr(Store, "_answered", answered)
    monkeypatch.setattr(pipeline, "opener", lambda *_: opened)
    monkeypatch.setattr(SparkEngine, "_update", _updated)
    return found


def _updated(engine: SparkEngine, tree: Any, lowered: Any = SparkEngine._update) -> Any:
    """Over made-up rows the number of rows may differ."""
    try:
        return lowered(engine, tree)
    except MigrateError as error:
        if "joined with several rows" not in str(error):
            raise
        return engine._number(0)


@pytest.mark.long
def test_every_statement_of_a_small_run_is_taken_apart(refused: list[str], tmp_path: Path) -> None:
    folder = write_workspace(tmp_path / "workspace")
    add_rules(folder)
    result = Bench.of(folder).run(GOOD_ROWS)
    assert result.failure is None
    assert not refused, "\n\n".join(refused)


@pytest.mark.long
def test_every_statement_of_decisions_is_taken_apart(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    bench = Bench.of(write_workspace(tmp_path / "workspace"))
    rows = {**GOOD_ROWS, "user": [*GOOD_ROWS["user"], {"id": 8, "login": "bo", "name": "B", "active": 3, "score": "much"}]}
    decisions = answered(bench.run(rows), [(n, n, "NULL") for n in range(20)])
    refused = request.getfixturevalue("refused")
    assert decided(bench, decisions).failure is None
    assert not refused, "\n\n".join(refused)


@pytest.mark.long
@pytest.mark.parametrize("pair", list(PAIRS))
def test_every_statement_of_a_sample_is_taken_apart(pair: str, refused: list[str], tmp_path: Path) -> None:
    result = run(write_sample_workspace(tmp_path / "workspace", pair), now=lambda: NOW)
    assert result.failure is None
    assert not refused, "\n\n".join(refused)
