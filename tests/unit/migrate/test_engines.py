from __future__ import annotations

import pytest

from migrate import engines
from migrate.engine import session
from migrate.errors import ConfigurationError
from migrate.workspace import SparkSettings


def test_the_embedded_engine_needs_nothing() -> None:
    assert engines.opener("duckdb", SparkSettings()) is session


def test_spark_without_pyspark_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "find_spec", lambda name: None)
    with pytest.raises(ConfigurationError, match="PySpark is not installed") as raised:
        engines.opener("spark", SparkSettings())
    assert "lms-migrate[spark]" in str(raised.value)


def test_spark_without_java_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "find_spec", lambda name: object())
    monkeypatch.setattr(engines.shutil, "which", lambda name: None)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(ConfigurationError, match="there is no Java"):
        engines.opener("spark", SparkSettings())
