"""One cache for all tests of a session, and never the user's own: nothing that an earlier session proved is believed.

Whatever summary a run writes has to follow the published schema. What takes long is long by tests/long_tests.txt, too.
"""

from __future__ import annotations

import gc
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from migrate.proofs import VARIABLE
from migrate.run_folder import RunFolder

sys.path.insert(0, str(Path(__file__).parents[1] / "sample_data"))  # what generators share
sys.path.insert(0, str(Path(__file__).parent / "support"))

from summaries import faults, watched

MADE = pytest.StashKey[Path]()

# How long an example takes says something of the machine's other work, and nothing of the example.
settings.register_profile("here", deadline=None)
settings.load_profile("here")


def pytest_configure(config: pytest.Config) -> None:
    """Workers find the folder of the session that started them in their environment. Rubbish is collected as in a command."""
    gc.set_threshold(100_000, 20, 20)
    if not hasattr(config, "workerinput"):
        config.stash[MADE] = Path(tempfile.mkdtemp(prefix="lms-migrate-cache-"))
        os.environ[VARIABLE] = str(config.stash[MADE])
        os.environ["LMS_MIGRATE_TEST_SAMPLES"] = str(config.stash[MADE] / "samples")  # tests/e2e/support/sample_runs.py


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """See tests/support/pick_long.py. A name in the list that is no test any more is an error where all tests are collected."""
    listed = set((Path(__file__).parent / "long_tests.txt").read_text("utf-8").split())
    names = {item.nodeid.partition("[")[0] for item in items}
    for item in items:
        if item.nodeid.partition("[")[0] in listed:
            item.add_marker(pytest.mark.long)
    if config.args_source is pytest.Config.ArgsSource.TESTPATHS and (gone := sorted(listed - names)):
        raise pytest.UsageError(f"tests/long_tests.txt names what is no test: {', '.join(gone)}")


def pytest_unconfigure(config: pytest.Config) -> None:
    if (folder := config.stash.get(MADE, None)) is not None:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache that holds nothing yet."""
    folder = tmp_path / "cache"
    monkeypatch.setenv(VARIABLE, str(folder))
    return folder


@pytest.fixture(autouse=True)
def summaries_follow_their_schema(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    last: dict[Path, str] = {}
    monkeypatch.setattr(RunFolder, "save", watched(RunFolder.save, last))
    yield
    for run, text in last.items():
        assert not faults(json.loads(text)), f"the summary of {run} does not follow its schema: lms-migrate schema summary"
