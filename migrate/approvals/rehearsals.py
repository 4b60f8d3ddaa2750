"""The rehearsals of a workspace: which there are, and which of them can be judged on."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migrate.fingerprints import to_approve

SIGNED_FILES = (
    "summary.json", "run.json", "dispositions.parquet", "findings.parquet", "worklist.parquet", "6_reconcile/manifest.json",
)  # fmt: skip
"""What a signature holds of a run folder, by hash."""


@dataclass(frozen=True)
class Rehearsed:
    """A run as it lies in its folder."""

    folder: Path
    summary: dict[str, Any]
    facts: dict[str, Any]

    @property
    def id(self) -> str:
        return self.folder.name

    @property
    def parts(self) -> dict[str, str]:
        """``{part: hash}`` of what is approved of the workspace that it was made of."""
        return to_approve(self.facts.get("parts") or {})

    def unfit(self) -> str | None:
        """Why nobody can judge the workspace on it; None where somebody can."""
        if self.summary["mode"] != "rehearsal":
            return "it is a live run, not a rehearsal"
        if self.facts["failure"]:
            return f"it failed: {self.facts['failure']}"
        if self.facts["stopped_at"] is not None:
            return f"it stopped at {self.facts['stopped_at']}"
        if self.facts.get("pseudonyms"):
            return "its people have pseudonyms, so it is not about the data that goes live"
        if self.facts.get("only") is not None:
            return f"it ran only {self.facts['only']} and what that refers to"
        return None

    @property
    def fatal(self) -> bool:
        """Did findings of severity fatal end it?"""
        return any(entry["severity"] == "fatal" for entry in (self.facts.get("codes") or {}).values())

    @property
    def judged(self) -> bool:
        """Is it a rehearsal of the whole workspace that came to its end, or to a fatal finding? Pseudonyms say nothing of the
        data: they may collide."""
        whole = self.summary["mode"] == "rehearsal" and self.facts.get("only") is None and not self.facts.get("pseudonyms")
        return whole and (self.unfit() is None or self.fatal)


def open_run(folder: Path) -> Rehearsed | None:
    """A run by its folder; None where it holds no run that can be read."""
    try:
        summary = json.loads((folder / "summary.json").read_text("utf-8"))
        facts = json.loads((folder / "run.json").read_text("utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(summary, dict) or not isinstance(facts, dict):
        return None
    needed = {"mode", "entities", "verdict", "balanced", "loss_register"} <= summary.keys()
    return Rehearsed(folder, summary, facts) if needed and {"failure", "stopped_at"} <= facts.keys() else None


def runs_of(runs: Path) -> list[Rehearsed]:
    """All runs, the one that ended last first."""
    folders = [path for path in runs.iterdir() if path.is_dir()] if runs.is_dir() else []
    found = [run for run in map(open_run, folders) if run is not None]
    return sorted(found, key=lambda run: (run.facts.get("ended") or "", run.id), reverse=True)


def latest_whole(runs: Path) -> Rehearsed | None:
    """The newest rehearsal that somebody can judge the workspace on."""
    return next((run for run in runs_of(runs) if run.unfit() is None), None)


def latest_judged(runs: Path, parts: dict[str, str]) -> Rehearsed | None:
    """The newest rehearsal of these parts that came to its end, or to a fatal finding."""
    return next((run for run in runs_of(runs) if run.judged and run.parts == parts), None)
