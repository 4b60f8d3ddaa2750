"""The suites lie beside the tests that use them; the servers are those of tests/databases."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

pytest.register_assert_rewrite("source_contract")
HERE = Path(__file__)
sys.path[:0] = [str(HERE.parent), str(HERE.parents[1] / "databases"), str(HERE.parents[1] / "support")]
