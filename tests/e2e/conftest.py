"""The command line in a process of its own, and workspaces to use it on."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).parent / "support"))
sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

if TYPE_CHECKING:
    from small_pair import Bench


@pytest.fixture
def school(tmp_path: Path) -> Path:
    """A workspace of the small pair on a database, with rows that need nobody."""
    from small_pair import CLEAN_ROWS, write_rows, write_workspace

    workspace = write_workspace(tmp_path / "school")
    write_rows(workspace, CLEAN_ROWS)
    return workspace


@pytest.fixture
def school_files(tmp_path: Path) -> Path:
    """The same on delimited files."""
    from small_pair import CLEAN_ROWS, write_rows, write_workspace

    workspace = write_workspace(tmp_path / "school-files", "files")
    write_rows(workspace, CLEAN_ROWS)
    return workspace


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """A workspace for runs within this process."""
    from small_pair import Bench

    return Bench(tmp_path_factory.mktemp("e2e") / "school")


@pytest.fixture(scope="session")
def files_bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    from small_pair import Bench

    return Bench(tmp_path_factory.mktemp("e2e") / "school-files", "files")
