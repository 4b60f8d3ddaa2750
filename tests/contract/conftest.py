"""The suites lie beside the tests that use them; the servers are those of tests/databases and tests/support."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

pytest.register_assert_rewrite("source_contract")
TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS / folder) for folder in ("contract", "databases", "support")]
