"""A workspace with a worklist to be answered."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).parents[3] / "support"))

if TYPE_CHECKING:
    from worklist_desk import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    from worklist_desk import Desk

    return Desk(tmp_path / "desk")
