"""Does an approval hold now, and if not, why?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from migrate import __version__
from migrate.approvals.gates import judge, missed
from migrate.approvals.noted import NOTE, read_notes
from migrate.approvals.rehearsals import open_run
from migrate.approvals.signed import Approval, instant
from migrate.artefacts import sha256
from migrate.errors import RunFailed
from migrate.fingerprints import Part
from migrate.workspace import Workspace

State = Literal["valid", "withdrawn", "expired", "not noted", "superseded", "evidence changed", "gate missed"]


@dataclass(frozen=True)
class Standing:
    """An approval and what speaks against it."""

    approval: Approval
    against: tuple[tuple[State, str], ...] = ()
    """``(state, why)``, the weightiest first."""

    @property
    def state(self) -> State:
        return self.against[0][0] if self.against else "valid"

    @property
    def valid(self) -> bool:
        return not self.against


def standing(
    approval: Approval, workspace: Workspace, parts: Mapping[str, Part], now: dt.datetime, trail: Mapping[int, str]
) -> Standing:
    """Everything that speaks against an approval. ``trail`` is ``{entry: hash}``."""
    signed, folder = approval.signed, workspace.runs / approval.run
    against: list[tuple[State, str]] = []
    if (back := approval.withdrawn) is not None:
        against.append(("withdrawn", f"{back.name} withdrew it on {back.at}: {back.reason}"))
    if now >= instant(signed.expires):
        against.append(("expired", f"it expired on {signed.expires}"))
    if (why := _not_noted(approval, folder, trail)) is not None:
        against.append(("not noted", why))
    if changed := changed_parts(approval, parts):
        against.append(("superseded", f"changed since: {', '.join(changed)}"))
    if approval.loosened is not None:
        against.append(
            ("superseded", f"people came off the suppression list since (entry {approval.loosened} of the audit trail)")
        )
    if against:  # reading a whole rehearsal again would say nothing more
        return Standing(approval, tuple(against))
    if (why := _evidence(approval, folder)) is not None:
        against.append(("evidence changed", why))
    elif (why := _gates(workspace, folder)) is not None:
        against.append(("gate missed", why))
    return Standing(approval, tuple(against))


def changed_parts(approval: Approval, parts: Mapping[str, Part]) -> list[str]:
    """Names of the parts that are not what was signed; ``tool`` for another version of this program."""
    signed = approval.signed
    now = {name: part.hash for name, part in parts.items()}
    changed = [name for name in dict.fromkeys((*now, *signed.parts)) if now.get(name) != signed.parts.get(name)]
    return changed + (["tool"] if signed.tool_version != __version__ else [])


def evidence_of(run_folder: Path, files: tuple[str, ...]) -> dict[str, str]:
    """``{file: sha256}``. Raises OSError where one cannot be read."""
    return {name: sha256(run_folder / name) for name in files}


def _not_noted(approval: Approval, folder: Path, trail: Mapping[int, str]) -> str | None:
    if Path(approval.run).name != approval.run or not folder.is_dir():
        return f"the folder of rehearsal {approval.run} is not here"
    notes = read_notes(folder)
    if notes.broken:
        return f"{approval.run}/{NOTE} is not what lms-migrate wrote"
    if notes.entries.get(approval.entry) != approval.hash:
        return f"{approval.run}/{NOTE} does not know entry {approval.entry} as it stands in the ledger"
    if cut := next(notes.unknown(trail), None):
        return f"{approval.run}/{NOTE} knows entry {cut[0]}, which the ledger does not hold so: {cut[1]}"
    return None


def _evidence(approval: Approval, folder: Path) -> str | None:
    for name, digest in approval.signed.evidence.items():
        try:
            same = sha256(folder / name) == digest
        except OSError:
            return f"{approval.run}/{name} cannot be read"
        if not same:
            return f"{approval.run}/{name} is not what was signed"
    return None


def _gates(workspace: Workspace, folder: Path) -> str | None:
    run = open_run(folder)
    if run is None:
        return f"{folder.name} holds no run"
    try:
        gates = missed(judge(workspace.settings.gates, folder, run.summary, run.facts))
    except RunFailed as error:
        return error.message
    return "; ".join(map(str, gates)) or None
