"""A ledger in PostgreSQL is one in SQLite: what is written in columns, and what the first version left."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import database_servers as servers
import pytest
import sqlalchemy as sa
from ledger_twins import as_written, at_first, at_second, both, goes_on

from migrate.ledger import open_ledger

pytestmark = pytest.mark.database


@pytest.mark.parametrize("state", ["done", "unknown"])
def test_columns_and_records_are_remembered_alike(tmp_path: Path, state: str) -> None:
    with servers.server("postgresql").database() as database:
        url = database.server.engine(database.name).url.render_as_string(hide_password=False)
        first, second = open_ledger(url, tmp_path), open_ledger("sqlite:///alone.sqlite", tmp_path)
        assert first is not None
        assert second is not None
        last = "found" if state == "unknown" else "gone"
        both((first, second), state, [("update", "b"), ("taken back", "a"), ("renumbered", "c"), ("doubt", ""), (last, "ä|1")])
        first.close()
        second.close()


@pytest.mark.parametrize("earlier", [at_first, at_second])
def test_a_ledger_of_an_earlier_version_goes_on(tmp_path: Path, earlier: Callable[[sa.Engine], None]) -> None:
    with servers.server("postgresql").database() as database:
        engine = database.server.engine(database.name)
        earlier(engine)
        goes_on(open_ledger(engine.url.render_as_string(hide_password=False), tmp_path))


def test_what_is_known_comes_back_as_it_was_written(tmp_path: Path) -> None:
    with servers.server("postgresql").database() as database:
        ledger = open_ledger(database.server.engine(database.name).url.render_as_string(hide_password=False), tmp_path)
        assert ledger is not None
        as_written(ledger)
        ledger.close()
