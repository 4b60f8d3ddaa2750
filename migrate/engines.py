"""The engines by name."""

from __future__ import annotations

import shutil
from contextlib import AbstractContextManager
from importlib.util import find_spec
from os import environ
from pathlib import Path
from typing import Literal

from migrate.engine import Engine, Opener, session
from migrate.errors import ConfigurationError
from migrate.workspace import SparkSettings

EngineName = Literal["duckdb", "spark"]


def opener(engine: EngineName, settings: SparkSettings) -> Opener:
    """Opens sessions of an engine. Raises ConfigurationError where this machine lacks what it needs."""
    if engine == "duckdb":
        return session
    if (missing := lacking()) is not None:
        raise ConfigurationError(f"--engine spark cannot be used: {missing[0]}", hint=missing[1])

    def opened(spill: Path, memory: str) -> AbstractContextManager[Engine]:
        from migrate.spark import session as spark

        return spark.session(spill, memory, {**settings.settings, "spark.master": settings.master})

    return opened


def lacking() -> tuple[str, str] | None:
    """``(what is not installed that Spark needs, what to do)``."""
    if find_spec("pyspark") is None:
        return "PySpark is not installed", "pip install 'lms-migrate[spark]'"
    home = environ.get("JAVA_HOME")
    if shutil.which("java") is None and not (home and (Path(home) / "bin" / "java").is_file()):
        return "there is no Java", "install Java 17 or newer, or set JAVA_HOME"
    return None
