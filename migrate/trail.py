"""Is the audit trail of a workspace whole? Its entries hold one another; its end is held by what each run noted in its folder,
and every approval by what the folder of its rehearsal knows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from migrate.approvals.noted import NOTE, Notes, read_notes
from migrate.approvals.signed import Read, read_approvals
from migrate.errors import ConfigurationError
from migrate.ledger import Ledger, open_ledger
from migrate.workspace import Workspace, open_workspace

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
    """Run folders that know entries of the trail."""
    loose: int
    """Entries at the end that no folder holds yet."""
    problems: list[str] = field(default_factory=list)


def trail(workspace_folder: Path) -> list[Entry]:
    """The entries, the oldest first. Raises ConfigurationError where the workspace has no ledger."""
    ledger, _, _ = _open(workspace_folder)
    try:
        return [Entry(row.id, row.at, row.run, row.event, row.detail) for row in ledger.trail()]
    finally:
        ledger.close()


def verify(workspace_folder: Path) -> Verified:
    """Look for entries that were altered, removed, re-ordered, cut off, or added by somebody else as an approval.

    Raises ConfigurationError as :func:`trail` does.
    """
    ledger, runs, address = _open(workspace_folder)
    try:
        broken, entries = ledger.broken(), ledger.trail()
    finally:
        ledger.close()
    read = read_approvals(entries)
    problems = [] if broken is None else [f"entry {broken} is altered, missing or not in its place"]
    noted = _noted(runs, address)
    problems += _ends(noted, read.hashes)
    notes = {folder.name: read_notes(folder) for folder in sorted(runs.iterdir())} if runs.is_dir() else {}
    problems += [problem for run, own in notes.items() for problem in _signed(run, own, read)]
    problems += [f"entry {number} is no approval as lms-migrate writes it" for number in read.malformed]
    held = [number for _, number, _ in noted] + [number for own in notes.values() for number in own.entries]
    folders = {run for run, _, _ in noted} | {run for run, own in notes.items() if own.entries}
    return Verified(len(read.hashes), len(folders), max(0, max(read.hashes, default=0) - max(held, default=0)), problems)


def _signed(run: str, notes: Notes, read: Read) -> Iterator[str]:
    """Do the trail and the notes of a rehearsal's folder know the same approvals?"""
    if notes.broken:
        yield f"run {run}: {NOTE} is not what lms-migrate wrote"
        return
    yield from (f"{what} (signed for run {run})" for _, what in notes.unknown(read.hashes))
    for approval in read.approvals:
        if approval.run == run and approval.entry not in notes.entries and approval.withdrawn is None:
            yield f"entry {approval.entry} approves run {run}, and {NOTE} there does not know it: withdraw it"
    for number, of in read.withdrawals.items():
        if of == run and number not in notes.entries:
            yield f"entry {number} withdraws an approval of run {run}, and {NOTE} there does not know it"


def note(workspace: Workspace, event: str, detail: Mapping[str, Any]) -> None:
    """Add an entry that belongs to no live run, where the workspace has a ledger.

    ``detail`` holds numbers, codes and hashes, never people's data. Raises ConfigurationError or LedgerLost where the ledger
    cannot be written.
    """
    ledger = open_ledger(workspace.ledger_url(), workspace.folder, must_exist=True)
    if ledger is not None:
        try:
            ledger.note(None, event, detail)
        finally:
            ledger.close()


def cut_off(workspace: Workspace, hashes: Mapping[int, str]) -> list[str]:
    """What runs noted at their end and a trail does not hold: a ledger that is gone, or that was put back from an older backup.

    ``hashes`` is ``{entry: hash}`` of the trail.
    """
    return list(_ends(_noted(workspace.runs, workspace.settings.ledger), hashes))


def _ends(noted: list[tuple[str, int, str]], hashes: Mapping[int, str]) -> Iterator[str]:
    for run, number, digest in noted:
        if number not in hashes:
            yield f"entry {number} is missing: run {run} ended with it"
        elif hashes[number] != digest:
            yield f"entry {number} is not the one that run {run} ended with"


def _open(workspace_folder: Path) -> tuple[Ledger, Path, str]:
    workspace = open_workspace(workspace_folder)
    ledger = open_ledger(workspace.ledger_url(), workspace.folder, must_exist=True)
    if ledger is None:
        raise ConfigurationError(
            "the workspace has no ledger: nothing was approved and nothing was written live", hint="lms-migrate run WORKSPACE"
        )
    return ledger, workspace.runs, workspace.settings.ledger


def _noted(runs: Path, ledger: str) -> list[tuple[str, int, str]]:
    """(run, number of the entry, its hash) that runs noted at their end, but for those of another ``ledger``."""
    found = []
    for file in sorted(file for name in NOTED for file in runs.glob(f"*/{name}")):
        try:
            head = json.loads(file.read_text("utf-8")).get("trail")
        except (OSError, ValueError, AttributeError, RecursionError):
            continue  # a run that was cut off while it wrote
        if (
            isinstance(head, dict)
            and isinstance(head.get("entries"), int)
            and "hash" in head
            and head.get("ledger", ledger) == ledger
        ):
            found.append((file.parent.name, head["entries"], head["hash"]))
    return found
