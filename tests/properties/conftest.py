"""Hypothesis settings and the workspaces that the properties run over."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, settings

sys.path.insert(0, str(Path(__file__).parents[1] / "e2e" / "support"))
sys.path.insert(0, str(Path(__file__).parents[1] / "live"))
sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

if TYPE_CHECKING:
    from small_pair import Bench

# The same examples each time, so that a red test is red for everybody. An example is a whole run, so the first that
# fails is shown as it is; with HYPOTHESIS_PROFILE=explore there are more of them, and a failing one is made small.
_COMMON = {"deadline": None, "suppress_health_check": list(HealthCheck), "print_blob": True}
_QUICK = (Phase.explicit, Phase.generate)
settings.register_profile("same", derandomize=True, database=None, max_examples=6, phases=_QUICK, **_COMMON)
settings.register_profile("explore", max_examples=200, **_COMMON)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))


def _bench(factory: pytest.TempPathFactory, name: str, **options: object) -> Bench:
    from small_pair import Bench

    return Bench(factory.mktemp("properties") / name, **options)


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """A database as source, plain files as target."""
    return _bench(tmp_path_factory, "database", kind="database")


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """Delimited files as source, a zip as target."""
    return _bench(tmp_path_factory, "files", kind="files", package="hub.zip")


@pytest.fixture(scope="session")
def stripping(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """A target whose importer strips the cells it reads."""
    return _bench(tmp_path_factory, "stripping", kind="database", strip=True)
