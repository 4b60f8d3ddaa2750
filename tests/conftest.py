"""One cache for all tests of a session, and never the user's own: nothing that an earlier session proved is believed."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from migrate.proofs import VARIABLE

MADE = pytest.StashKey[Path]()


def pytest_configure(config: pytest.Config) -> None:
    """Workers find the folder of the session that started them in their environment."""
    if not hasattr(config, "workerinput"):
        config.stash[MADE] = Path(tempfile.mkdtemp(prefix="lms-migrate-cache-"))
        os.environ[VARIABLE] = str(config.stash[MADE])


def pytest_unconfigure(config: pytest.Config) -> None:
    if (folder := config.stash.get(MADE, None)) is not None:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache that holds nothing yet."""
    folder = tmp_path / "cache"
    monkeypatch.setenv(VARIABLE, str(folder))
    return folder
