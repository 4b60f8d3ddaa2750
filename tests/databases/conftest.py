"""Databases on real servers, the Moodle sample in them, and what a run of it gives from SQLite."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import database_servers as servers
import generate_moodle
from database_servers import Database
from moodle_sample.written import write


@pytest.fixture(params=servers.KINDS)
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """An empty database, on PostgreSQL and on MariaDB."""
    with servers.server(request.param).database() as found:
        yield found


@pytest.fixture(scope="session", params=servers.KINDS)
def sample_database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """The Moodle sample, on PostgreSQL and on MariaDB, for tests that leave it as it is."""
    with servers.server(request.param).database() as found:
        site = generate_moodle.build()
        servers.storable(site)
        servers.load(found, site, "mdl_")
        yield found


@pytest.fixture
def postgres() -> Iterator[Database]:
    with servers.server("postgresql").database() as found:
        yield found


@pytest.fixture
def mariadb() -> Iterator[Database]:
    with servers.server("mariadb").database() as found:
        yield found


@pytest.fixture(scope="session")
def baseline(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a run of the sample gives from SQLite, with the broken text made storable as in the servers."""
    folder = tmp_path_factory.mktemp("baseline")
    site = generate_moodle.build()
    servers.storable(site)
    write(site, folder / "moodle.sqlite")
    return servers.outcome(servers.migrate_site(folder / "workspace", f"sqlite:///{folder / 'moodle.sqlite'}"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.database)
            # Of what is the same for both servers, PostgreSQL's is among the short tests.
            if item.path.name in ("test_faults.py", "test_sample.py") and "mariadb" in item.name:
                item.add_marker(pytest.mark.long)
