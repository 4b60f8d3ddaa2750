"""One Spark for all tests of a process. Without PySpark or Java they are skipped, unless LMS_MIGRATE_REQUIRE_SPARK=1 is set."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from migrate.engines import lacking
from migrate.spark import limits
from migrate.spark.store import Store

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "e2e" / "support")]
SMALL = {
    "spark.master": "local[2]",
    "spark.driver.memory": "1500m",
    "spark.sql.shuffle.partitions": "1",
    "spark.default.parallelism": "1",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1",
}
"""Few rows: what compiles and divides the work costs more than the work."""


@pytest.fixture(scope="session")
def spark_settings() -> dict[str, str]:
    """Settings for small data, where Spark is there."""
    missing = lacking()
    if missing is not None and os.environ.get("LMS_MIGRATE_REQUIRE_SPARK") == "1":
        pytest.fail(f"Spark is required: {missing[0]}; {missing[1]}")
    if missing is not None:
        pytest.skip(f"{missing[0]}; {missing[1]}")
    return SMALL


@pytest.fixture(scope="session")
def spark(spark_settings: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A session of the engine on Spark."""
    from migrate.spark.session import session

    with session(tmp_path_factory.mktemp("spark"), "500MB", spark_settings) as engine:
        yield engine


@pytest.fixture
def on_spark(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spark itself joins, groups and sorts, as if the rows were too many for one task."""
    monkeypatch.setattr(limits, "FEW", -1)
    monkeypatch.setattr(limits, "WITH_DRIVER", 0)
    monkeypatch.setattr(Store, "_answered", _in_one_place)


def _in_one_place(store: Store, relation: str) -> None:
    raise AssertionError(f"DuckDB answers {relation} in one place: Spark has no part in it")
