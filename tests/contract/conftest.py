"""The suites lie beside the tests that use them; the servers are those of tests/databases."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

pytest.register_assert_rewrite("source_contract")
sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "databases")]
