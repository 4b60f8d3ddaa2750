"""The worklist that a run left, read for people who look at it, export it and answer it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from migrate.codes import TITLES
from migrate.errors import ConfigurationError, Problem
from migrate.worklist.history import FILE, has_pseudonyms

Item = dict[str, Any]


@dataclass(frozen=True)
class Worklist:
    """The items of one run, by id, in the order of the file."""

    folder: Path
    """The run folder."""
    items: dict[str, Item]
    facts: Mapping[str, Any]
    """``run.json``; empty where it cannot be read."""
    digest: str
    """sha256 of the file."""

    @property
    def run(self) -> str:
        return self.folder.name

    @property
    def titles(self) -> dict[str, str]:
        """``{finding code: what it means}``."""
        own = {code: str(about.get("title") or code) for code, about in (self.facts.get("codes") or {}).items()}
        return {**TITLES, **own}

    def stage(self, number: str) -> Path:
        """The folder of a stage, whose name begins with its number: ``2_map``."""
        return self.folder / number


def open_worklist(workspace: Path, run: str | None = None) -> Worklist:
    """The worklist of ``run``, or the newest one; one with pseudonyms only where there is no other.

    Raises ConfigurationError where there is none that can be read.
    """
    runs = workspace / "runs"
    known = runs_with_worklists(runs)
    if not known or (run is not None and run not in known):
        what = "no run has a worklist" if run is None or not known else "there is no worklist of this run"
        problem = Problem(what, value=run, allowed=tuple(known))
        raise ConfigurationError("there is no worklist", problems=[problem], hint=f"lms-migrate run {workspace}")
    real = [name for name in known if run is None and not has_pseudonyms(runs / name)]
    return read_worklist(runs / (run or (real or known)[-1]))


def runs_with_worklists(runs: Path) -> list[str]:
    """Runs that came to their end with a worklist, the newest last."""
    found = [path for path in runs.iterdir() if (path / FILE).is_file()] if runs.is_dir() else []
    return [path.name for path in sorted(found, key=lambda path: ((path / FILE).stat().st_mtime_ns, path.name))]


def read_worklist(folder: Path, columns: Collection[str] | None = None) -> Worklist:
    """The worklist in a run folder, or some of its columns. Raises ConfigurationError where it cannot be read."""
    try:
        content = (folder / FILE).read_bytes()
        rows = pq.read_table(pa.BufferReader(content), columns=list(columns) if columns else None).to_pylist()
        items = {row["item"]: row for row in rows}
    except (OSError, KeyError, pa.ArrowException) as error:
        problem = Problem(f"the worklist cannot be read: {' '.join(str(error).split())[:200]}", value=folder / FILE)
        raise ConfigurationError("there is no worklist", problems=[problem], hint="run again") from None
    try:
        facts = json.loads((folder / "run.json").read_text("utf-8"))
    except (OSError, ValueError):
        facts = {}
    return Worklist(folder, items, facts if isinstance(facts, dict) else {}, hashlib.sha256(content).hexdigest())
