"""The suppression list and the audit trail: the trail knows the hash of the list after each change that a command made."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from migrate.artefacts import sha256
from migrate.errors import ConfigurationError, Place, Problem
from migrate.findings import Finding
from migrate.ledger import Ledger, open_ledger
from migrate.privacy.suppression import SUPPRESSED_FILE, Suppressed, content, write
from migrate.workspace import Workspace

ADDED, REMOVED, ACCEPTED = "people suppressed", "people taken off the suppression list", "suppression list accepted"
LOOSENING = frozenset({REMOVED, ACCEPTED})
"""After these a run may load people whom nobody saw in the rehearsals before."""
CODE = "PRV-LIST-CHANGED"


class Noted(Protocol):
    """An entry of the trail."""

    @property
    def at(self) -> str: ...
    @property
    def event(self) -> str: ...
    @property
    def detail(self) -> str: ...


@dataclass(frozen=True)
class Strayed:
    """The list is not the one that the trail knows."""

    file: Path
    message: str
    hint: str

    def finding(self) -> Finding:
        """For a rehearsal, which goes on."""
        return Finding(CODE, "warn", SUPPRESSED_FILE, None, None, None, f"{self.message}; {self.hint}")

    def problem(self) -> Problem:
        """For what does not go on."""
        return Problem(f"{CODE}: {self.message}", Place(self.file), hint=self.hint)


def strayed(folder: Path, trail: Iterable[Noted]) -> Strayed | None:
    """Is the list of a workspace another one than the newest that its trail knows? None where it is the same, or the trail
    knows none: such a list was made before there was a ledger."""
    newest = next((entry for entry in reversed(list(trail)) if entry.event in (ADDED, *LOOSENING)), None)
    if newest is None:
        return None
    told, file = _told(newest.detail), folder / SUPPRESSED_FILE
    own = sha256(file) if file.is_file() else None
    if told and own == told.get("sha256"):
        return None
    now = f"has {len(file.read_bytes().splitlines()) - 2:,}" if own is not None else "is gone"
    then = f"had {told.get('entries')} identifiers" if told.get("sha256") else "was not there"
    message = f"the suppression list is not the one that the audit trail knows: it {then} on {newest.at[:19]}, and now it {now}"
    again = f'lms-migrate suppress {folder} --accept --reason "..." --by NAME'
    return Strayed(file, message, f"put the file of then back; where somebody changed it on purpose: {again}")


def _told(detail: str) -> dict[str, Any]:
    """What an entry says; nothing where somebody wrote it who is not this program. Then the list is not the one it knows."""
    try:
        told = json.loads(detail)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def strayed_list(workspace: Workspace) -> Strayed | None:
    """:func:`strayed` by the workspace's own ledger, where it has one. Raises ConfigurationError where that cannot be opened."""
    ledger = open_ledger(workspace.ledger_url(), workspace.folder, must_exist=True)
    if ledger is None:
        return None
    try:
        return strayed(workspace.folder, ledger.trail())
    finally:
        ledger.close()


def demand_same(strayed: Strayed | None, what: str) -> None:
    """Raises ConfigurationError, that ``what`` was not done, where the list strayed."""
    if strayed is not None:
        raise ConfigurationError(f"{what}: nobody knows who is missing from the list", problems=[strayed.problem()])


def change(workspace: Workspace, event: str, after: Suppressed, detail: Mapping[str, Any]) -> None:
    """Write the list as it is ``after`` a change, and note that. People are only added without a trail: an addition stands in the
    file, and of whoever is taken off it nothing else tells.

    Raises ConfigurationError or LedgerLost where the ledger cannot be written; then the list is as it was.
    """
    told = {**detail, "entries": len(after.entries), "sha256": hashlib.sha256(content(after)).hexdigest()}
    ledger = open_ledger(workspace.ledger_url(), workspace.folder, must_exist=event == ADDED)
    if ledger is None:
        write(workspace.folder, after)
    else:
        _note(ledger, event, told, lambda _: write(workspace.folder, after))


def accept(workspace: Workspace, suppressed: Suppressed | None, reason: str, by: str) -> int:
    """Note that the list as it is now is the one to go by; gives how many identifiers it has.

    Raises as :func:`change` does.
    """
    file, entries = workspace.folder / SUPPRESSED_FILE, len(suppressed.entries) if suppressed else 0
    told = {"entries": entries, "sha256": sha256(file) if file.is_file() else None, "reason": reason, "by": by}
    ledger = open_ledger(workspace.ledger_url(), workspace.folder)
    assert ledger is not None
    _note(ledger, ACCEPTED, told)
    return entries


def _note(ledger: Ledger, event: str, detail: Mapping[str, Any], ready: Any = lambda _: None) -> None:
    try:
        ledger.note(None, event, detail, ready=ready)
    finally:
        ledger.close()
