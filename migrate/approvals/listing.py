"""What was signed in a workspace and what of it holds now; and the gates of one of its runs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from migrate.approvals.changes import Change, changes
from migrate.approvals.gates import Gate, judge
from migrate.approvals.noted_rehearsals import lost_rehearsal
from migrate.approvals.rehearsals import Rehearsed, latest_whole, open_run, runs_of
from migrate.approvals.signed import read_approvals
from migrate.approvals.standing import Standing, standing
from migrate.errors import ConfigurationError, Problem
from migrate.fingerprints import fingerprints, to_approve
from migrate.ledger import open_ledger
from migrate.trail import cut_off
from migrate.workspace import Workspace, open_workspace


@dataclass(frozen=True)
class Listed:
    """One approval, and what changed since where that is what speaks against it."""

    standing: Standing
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True)
class Listing:
    """All approvals of a workspace."""

    listed: list[Listed]
    """The oldest first."""
    missing: dict[str, list[str]]
    """``{rehearsal: roles}`` that did not approve it, of the rehearsals that count now; under ``""`` where there is none."""

    lost: tuple[str, ...] = ()
    """What is wrong with the trail itself: then nothing in it counts."""

    @property
    def whole(self) -> bool:
        """Is there a rehearsal that every role approved?"""
        return not self.lost and any(not roles for roles in self.missing.values())


def approvals(workspace_folder: Path, now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC)) -> Listing:
    """Every approval with how it stands. Raises ConfigurationError where the workspace or its ledger cannot be opened."""
    workspace = open_workspace(workspace_folder)
    roles = workspace.settings.approvals.roles
    ledger = open_ledger(workspace.ledger_url(), workspace.folder, must_exist=True)
    if ledger is None:
        return Listing([], {"": list(roles)}, tuple(cut_off(workspace, {})))
    try:
        read, broken = read_approvals(ledger.trail()), ledger.broken()
    finally:
        ledger.close()
    lost = cut_off(workspace, read.hashes)
    if broken is not None:
        lost.insert(0, f"entry {broken} of the audit trail is altered, missing or not in its place")
    parts, moment, listed = to_approve(fingerprints(workspace)), now(), []
    for approval in read.approvals:
        one = standing(approval, workspace, parts, moment, read.hashes)
        stale = any(state == "superseded" for state, _ in one.against)
        rehearsal = open_run(workspace.runs / Path(approval.run).name) if stale else None
        listed.append(Listed(one, tuple(changes(workspace, approval, parts, rehearsal)) if stale else ()))
    valid = [one.standing.approval for one in listed if one.standing.valid]
    signed = {a.run: {b.signed.role for b in valid if b.run == a.run} for a in valid}
    missing = {run: [r for r in roles if r not in there] for run, there in signed.items()} or {"": list(roles)}
    return Listing(listed, missing, tuple(lost))


def gates_of(workspace_folder: Path, run: str | None = None) -> tuple[Rehearsed, list[Gate]]:
    """A run, by default the latest whole rehearsal, else the latest run, and its gates as the workspace states them now.

    Raises ConfigurationError where there is no such run, or where a newer one that missed its gates is gone and nobody said which
    run is meant; RunFailed where it cannot be read.
    """
    workspace = open_workspace(workspace_folder)
    if run is None and (lost := _lost(workspace)) is not None:
        raise ConfigurationError("no gates are judged: the last word is missing", problems=[lost])
    runs = runs_of(workspace.runs)
    chosen = next((one for one in runs if one.id == run), None) if run else latest_whole(workspace.runs) or next(iter(runs), None)
    if chosen is None:
        problems = [Problem("there is no such run", value=run, allowed=tuple(sorted(one.id for one in runs)))]
        raise ConfigurationError("no gates can be judged", problems=problems, hint=f"lms-migrate run {workspace.folder}")
    return chosen, judge(workspace.settings.gates, chosen.folder, chosen.summary, chosen.facts)


def _lost(workspace: Workspace) -> Problem | None:
    ledger = open_ledger(workspace.ledger_url(), workspace.folder, must_exist=True)
    if ledger is None:
        return None
    try:
        parts = {name: part.hash for name, part in to_approve(fingerprints(workspace)).items()}
        return lost_rehearsal(workspace.folder, workspace.runs, ledger.trail(), parts)
    finally:
        ledger.close()
