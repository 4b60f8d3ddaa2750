"""What the command prints of a run's matches."""

from __future__ import annotations

from typing import Any

import pytest
from click.testing import CliRunner

from migrate.cli import cli
from migrate.errors import ConfigurationError
from migrate.matching.evidence import STATES, evidence_file
from migrate.matching.show import MEANING, show
from migrate.workspace import Workspace, open_workspace

MATCH = """
match:
  against: people
  tiers: [{name: e-mail, on: {mail: mail}}, {name: name, on: {name: name}, confirm: true}]
  code: USR-SAME
  reason: the same person
"""
PII = {"mask": True, "pii": {"users": {"user_id": "login", "id": "identifier"}}, "entities": {"users": {"key": ["id"]}}}


@pytest.fixture
def workspace(bench: Any) -> Workspace:
    """A workspace with a run that matched, and a newer one that did not."""
    bench.file("migration.yaml", "label: a\nsource: {system: old, url: 'sqlite:///x'}\ntarget: {system: new}\n")
    pair = bench.users(MATCH, "name: {from: name}")
    people = [{"id": 1001, "mail": "bo@x.org"}, {"id": 1002, "name": "Ana"}, {"id": 1003, "name": "Nobody"}]
    listed = [{"key": "bo.li", "mail": "bo@x.org", "name": None}, {"key": "ana.roy", "mail": None, "name": "Ana"}]
    for run, rows in (("20260101-000000", people), ("20260102-000000", [])):
        ended = bench.settle(pair if rows else pair.with_lists([]), {"person": rows}, run_id=run, lists={"people": listed})
        ended.run.facts |= PII | {"entities": {"users": {"key": ["id"], "target_key": ["user_id"]}}}
        ended.run.save()
    return open_workspace(bench.folder)


def test_the_newest_run_that_matched_is_shown_masked(workspace: Workspace) -> None:
    text = "\n".join(show(workspace, None, 3))
    assert text.startswith("run 20260101-000000\nusers, with the list people:")
    assert "  e-mail: 1 taken (found, and taken for the same)\n    1•••1 -> b•••i by mail" in text
    assert "  name: 1 confirm (has to be confirmed)\n    1•••2 -> a•••y by name" in text
    assert "1 wait for a person" in text
    assert "bo.li" not in text
    assert "•••" not in "\n".join(show(workspace, "20260101-000000", 0))


def test_a_run_that_matched_nobody_is_refused_with_the_next_step(workspace: Workspace) -> None:
    with pytest.raises(ConfigurationError) as caught:
        list(show(workspace, "20260102-000000", 3))
    assert "20260101-000000" in caught.value.hint
    evidence_file(workspace.runs / "20260101-000000").unlink()
    with pytest.raises(ConfigurationError, match="no run matched anybody") as caught:
        list(show(workspace, None, 3))
    assert "lms-migrate run" in caught.value.hint


def test_evidence_that_cannot_be_read_is_refused(workspace: Workspace) -> None:
    evidence_file(workspace.runs / "20260101-000000").write_bytes(b"no parquet")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        list(show(workspace, None, 3))


def test_the_command_prints_it(workspace: Workspace) -> None:
    result = CliRunner().invoke(cli, ["match", "show", str(workspace.folder), "--samples", "1"])
    assert "e-mail: 1 taken" in result.output


def test_every_state_has_a_meaning() -> None:
    assert set(MEANING) == set(STATES)
