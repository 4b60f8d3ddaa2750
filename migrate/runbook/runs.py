"""What earlier runs of a workspace took, read from their folders."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from migrate.artefacts import sha256
from migrate.run_folder import STAGES

Kind = Literal["rehearsal", "live", "delta", "delivery", "rollback"]


@dataclass(frozen=True)
class PastRun:
    """One run folder."""

    id: str
    kind: Kind
    """``delivery``: a live run that delivered files."""
    started: dt.datetime | None
    ended: dt.datetime | None
    seconds: dict[str, float]
    """By stage."""
    rows: int
    """Source records, summed over the mappings; of a rollback, the records that it took back."""
    writes: int
    """Records created and updated; of a rehearsal, those that a first live run would write."""
    entities: frozenset[str]
    whole: bool
    """Did it come to its end, with all stages and without a failure?"""
    mapping: str | None
    """Hash of the mapping that it ran with."""
    digest: str
    """sha256 of the file that this was read from."""
    summary: dict[str, Any]
    missed: tuple[str, ...] | None = None
    """Gates that it missed; None where none were judged."""


def past_runs(runs: Path) -> list[PastRun]:
    """Every run folder that can be read, the oldest first. What was cut off while it was written is passed over."""
    if not runs.is_dir():
        return []
    found = (read_run(folder) for folder in sorted(runs.iterdir()) if folder.is_dir())
    return sorted((run for run in found if run is not None), key=_when)


def read_run(folder: Path) -> PastRun | None:
    """One run folder; None where there is none, or where its files cannot be read."""
    try:
        if (folder / "rollback.json").is_file():
            return _rollback(folder)
        summary, facts = _json(folder / "summary.json"), _json(folder / "run.json")
        entities: dict[str, Any] = summary["entities"]
        seconds = {stage: float(value) for stage, value in summary["timings"].items()}
        whole = facts["failure"] is None and facts["stopped_at"] is None and set(STAGES) <= set(seconds)
        kind = _kind(summary, facts)
        # What an earlier live run wrote is predicted as unchanged.
        written = ("created", "updated", "unchanged") if kind == "rehearsal" else ("created", "updated")
        return PastRun(
            folder.name,
            kind,
            _instant(facts["started"]),
            _instant(facts["ended"]),
            seconds,
            sum(entity["source"] for entity in entities.values()),
            sum(entity["dispositions"][word] for entity in entities.values() for word in written),
            frozenset(entities),
            whole,
            (facts.get("parts") or {}).get("mapping"),
            sha256(folder / "summary.json"),
            summary,
            tuple(gate["gate"] for gate in facts["gates"] if not gate["passed"]) if facts.get("gates") else None,
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _kind(summary: dict[str, Any], facts: dict[str, Any]) -> Kind:
    if summary["mode"] != "live":
        return "rehearsal"
    if "live" not in facts:
        return "delivery"
    return "delta" if facts["live"]["delta"] else "live"


def _rollback(folder: Path) -> PastRun:
    content = _json(folder / "rollback.json")
    started, ended = _instant(content.get("started")), _instant(content.get("ended"))
    seconds = {"rollback": (ended - started).total_seconds()} if started and ended else {}
    steps = len(content["steps"])
    whole = bool(seconds) and not content["failed"]
    digest = sha256(folder / "rollback.json")
    return PastRun(folder.name, "rollback", started, ended, seconds, steps, steps, frozenset(), whole, None, digest, {})


def _json(file: Path) -> dict[str, Any]:
    content = json.loads(file.read_text("utf-8"))
    if not isinstance(content, dict):
        raise TypeError
    return content


def _instant(text: Any) -> dt.datetime | None:
    return dt.datetime.fromisoformat(text).astimezone(dt.UTC) if isinstance(text, str) else None


def _when(run: PastRun) -> tuple[str, str]:
    return (run.started.isoformat() if run.started else "", run.id)
