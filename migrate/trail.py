"""Is the audit trail of a workspace whole? Its entries hold one another; its end is held by what each run noted in its folder."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from migrate.errors import ConfigurationError
from migrate.ledger import Ledger, open_ledger
from migrate.workspace import open_workspace

NOTED = ("run.json", "rollback.json")
"""Files of a run folder that say how far the trail went when the run ended."""


@dataclass(frozen=True)
class Entry:
    """One entry of the trail."""

    number: int
    at: str
    run: str | None
    event: str
    detail: str
    """JSON, without people's data."""


@dataclass(frozen=True)
class Verified:
    """What was found."""

    entries: int
    noted: int
    """Run folders that say how far the trail went."""
    problems: list[str] = field(default_factory=list)


def trail(workspace_folder: Path) -> list[Entry]:
    """The entries, the oldest first. Raises ConfigurationError where the workspace has no ledger."""
    ledger, _ = _open(workspace_folder)
    try:
        return [Entry(row.id, row.at, row.run, row.event, row.detail) for row in ledger.trail()]
    finally:
        ledger.close()


def verify(workspace_folder: Path) -> Verified:
    """Look for entries that were altered, removed, re-ordered or cut off. Raises ConfigurationError as :func:`trail` does."""
    ledger, runs = _open(workspace_folder)
    try:
        broken, hashes = ledger.broken(), {row.id: row.hash for row in ledger.trail()}
    finally:
        ledger.close()
    problems = [] if broken is None else [f"entry {broken} is altered, missing or not in its place"]
    noted = _noted(runs)
    for run, head in noted.items():
        number = head["entries"]
        if number not in hashes:
            problems.append(f"entry {number} is missing: run {run} ended with it")
        elif hashes[number] != head["hash"]:
            problems.append(f"entry {number} is not the one that run {run} ended with")
    return Verified(len(hashes), len(noted), problems)


def _open(workspace_folder: Path) -> tuple[Ledger, Path]:
    workspace = open_workspace(workspace_folder)
    ledger = open_ledger(workspace.ledger_url(), workspace.folder, must_exist=True)
    if ledger is None:
        raise ConfigurationError("the workspace has no ledger: nothing was written live", hint="lms-migrate run WORKSPACE --live")
    return ledger, workspace.runs


def _noted(runs: Path) -> dict[str, dict[str, Any]]:
    found = {}
    for file in sorted(file for name in NOTED for file in runs.glob(f"*/{name}")):
        try:
            head = json.loads(file.read_text("utf-8")).get("trail")
        except (OSError, ValueError):
            continue  # a run that was cut off while it wrote
        if isinstance(head, dict) and {"entries", "hash"} <= head.keys():
            found[file.parent.name] = head
    return found
