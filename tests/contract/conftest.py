"""The suites lie beside the tests that use them; the servers are those of tests/databases and tests/support."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

pytest.register_assert_rewrite("source_contract")
TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS / folder) for folder in ("contract", "databases", "support")]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:  # the suite is the same for every server; PostgreSQL's is among the short tests
        if item.path.name == "test_database_target.py" and "mariadb" in item.name:
            item.add_marker(pytest.mark.long)
