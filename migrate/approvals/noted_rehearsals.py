"""Rehearsals in the audit trail: the newest one speaks last, and has to be missed when somebody deletes its folder."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Row

from migrate.approvals.rehearsals import Rehearsed, open_run
from migrate.errors import Problem
from migrate.fingerprints import described
from migrate.ledger import Ledger

REHEARSED = "rehearsed"


def note_rehearsal(ledger: Ledger, rehearsal: Rehearsed) -> None:
    """Note how a rehearsal ended on which a workspace can be judged; others say nothing. Raises LedgerLost."""
    if not rehearsal.judged:
        return
    gates = rehearsal.facts.get("gates") or []
    told = {
        "verdict": rehearsal.summary["verdict"],
        "parts": described(rehearsal.parts),
        # A run whose files could not be counted has no gates, and reached none.
        "missed": [gate["gate"] for gate in gates if not gate["passed"]] if gates else ["not judged"],
    }
    ledger.note(rehearsal.id, REHEARSED, told)


def lost_rehearsal(folder: Path, runs: Path, trail: Iterable[Row[Any]], parts: Mapping[str, str]) -> Problem | None:
    """The newest rehearsal of these parts that the trail knows, where it missed gates and its folder is not there.

    One that missed none has nothing to say that an older one does not, and those of other parts speak of another workspace.
    """
    own = described(parts)
    for entry in reversed(list(trail)):
        if entry.event != REHEARSED:
            continue
        try:
            told = json.loads(entry.detail)
            of, missed = told["parts"], [str(gate) for gate in told["missed"]]
        except (ValueError, KeyError, TypeError, RecursionError):
            hint = f"lms-migrate audit verify {folder}"
            return Problem(f"entry {entry.id} of the audit trail is no rehearsal as lms-migrate writes it", hint=hint)
        if of != own:
            continue
        if not missed or open_run(runs / Path(entry.run or "").name) is not None:
            return None
        shown = ", ".join(missed[:5]) + (" ..." if len(missed) > 5 else "")
        return Problem(
            f"the newest rehearsal, {entry.run} of {entry.at[:19]}, missed gates ({shown}), and its folder is not here",
            value=runs / str(entry.run), hint=f"put the folder back, or rehearse again: lms-migrate run {folder}",
        )  # fmt: skip
    return None
