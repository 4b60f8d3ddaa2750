"""Live runs of the small pair into databases, and into the stand-ins of web services."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "e2e" / "support"))
sys.path.insert(0, str(Path(__file__).parents[1] / "databases"))
sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

import database_servers as servers
from live_school import LiveSchool


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def school(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LiveSchool]:
    """A workspace whose live target is an empty database of each kind."""
    if request.param == "sqlite":
        yield LiveSchool(tmp_path / "school", f"sqlite:///{tmp_path / 'hub.sqlite'}")
        return
    with servers.server(request.param).database() as database:
        url = database.server.engine(database.name).url.render_as_string(hide_password=False)
        yield LiveSchool(tmp_path / "school", url)


@pytest.fixture
def small(tmp_path: Path) -> LiveSchool:
    """The same into SQLite, for what does not depend on the database."""
    return LiveSchool(tmp_path / "school", f"sqlite:///{tmp_path / 'hub.sqlite'}")
