"""The audit trail of real runs: whole as long as nobody touches it, and told when somebody does."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from live_school import LiveSchool

from migrate.cli import cli
from migrate.errors import ConfigurationError
from migrate.ledger import open_ledger
from migrate.ledger.audit import append
from migrate.ledger.tables import AUDIT
from migrate.rollback import rollback
from migrate.trail import trail, verify


@pytest.fixture
def done(small: LiveSchool) -> LiveSchool:
    """Two live runs, the second taken back."""
    small.live()
    second = small.live()
    rollback(small.folder, second.folder.name, execute=True)
    return small


def spoil(school: LiveSchool, *statements: sa.Executable) -> None:
    ledger = open_ledger("sqlite:///ledger.sqlite", school.folder)
    assert ledger is not None
    with ledger.engine.begin() as connection:
        for statement in statements:
            connection.execute(statement)
    ledger.close()


def test_it_is_whole_and_every_run_holds_its_end(done: LiveSchool) -> None:
    found = verify(done.folder)
    assert found.problems == []
    assert found.noted == 3
    events = [entry.event for entry in trail(done.folder)]
    assert found.entries == len(events)
    assert [event for event in events if event.endswith("began")] == ["live began", "live began", "rollback began"]


def newest(*, back: int = 0) -> sa.ColumnElement[bool]:
    return AUDIT.c.id > sa.select(sa.func.max(AUDIT.c.id)).scalar_subquery() - 1 - back


CUTS: dict[str, Callable[[], list[sa.Executable]]] = {
    "the last entry": lambda: [sa.delete(AUDIT).where(newest())],
    "the last run": lambda: [sa.delete(AUDIT).where(newest(back=1))],
    "everything": lambda: [sa.delete(AUDIT)],
}


@pytest.mark.parametrize("cut", CUTS)
def test_what_is_cut_off_at_the_end_is_missed(done: LiveSchool, cut: str) -> None:
    spoil(done, *CUTS[cut]())
    problems = verify(done.folder).problems
    assert problems
    assert all("is missing: run" in problem for problem in problems)


def test_a_trail_that_was_written_anew_is_not_the_one_the_runs_noted(done: LiveSchool) -> None:
    entries = trail(done.folder)
    spoil(done, sa.delete(AUDIT))
    ledger = open_ledger("sqlite:///ledger.sqlite", done.folder)
    assert ledger is not None
    with ledger.engine.begin() as connection:
        for entry in entries:
            detail = json.loads(entry.detail) | ({"people": {"created": 1}} if entry.number == 2 else {})
            append(connection, entry.at, entry.run, entry.event, detail)
    assert ledger.broken() is None
    ledger.close()
    assert len(verify(done.folder).problems) == 3


def test_an_altered_entry_is_named_by_the_command(done: LiveSchool) -> None:
    runner = CliRunner()
    assert runner.invoke(cli, ["audit", "verify", str(done.folder)], standalone_mode=False).return_value == 0
    spoil(done, sa.update(AUDIT).where(AUDIT.c.id == 2).values(detail="{}"))
    ended = runner.invoke(cli, ["audit", "verify", str(done.folder)], standalone_mode=False)
    assert ended.return_value == 3
    assert "entry 2 is altered" in ended.stderr
    shown = runner.invoke(cli, ["audit", "show", str(done.folder)], standalone_mode=False)
    assert [line.split()[0] for line in shown.stdout.splitlines()] == [str(entry.number) for entry in trail(done.folder)]


def test_a_workspace_that_was_never_written_live_has_none(small: LiveSchool) -> None:
    small.rehearse()
    with pytest.raises(ConfigurationError, match="no ledger"):
        verify(small.folder)
