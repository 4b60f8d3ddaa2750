"""What a run matched, in lines for a person."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq

from migrate.errors import ConfigurationError
from migrate.matching.evidence import OPEN, STATES, evidence_file
from migrate.workspace import Workspace
from reports.masking import Masker
from reports.visible import plain

MEANING = {
    "taken": "found, and taken for the same",
    "confirmed": "found, and a person said so",
    "mapped": "a person named another one",
    "confirm": "has to be confirmed",
    "several": "other records are the same one: has to be confirmed",
    "many": "several fit: a person has to choose",
    "refused": "a person said that it is somebody else",
}


def show(workspace: Workspace, run: str | None, samples: int) -> Iterator[str]:
    """Counts by mapping, tier and state of a run (the newest that matched), with masked samples. Raises ConfigurationError."""
    folder = _folder(workspace, run)
    try:
        masker = Masker(json.loads((folder / "run.json").read_text("utf-8")))
        table = pq.read_table(evidence_file(folder))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{folder} cannot be read: {error}", hint="name another run: --run ID") from None
    yield f"run {folder.name}"
    for entity in sorted(set(table.column("entity").to_pylist())):
        own = table.filter(pc.equal(table.column("entity"), entity))
        yield f"{plain(entity)}, with the list {plain(own.column('list')[0].as_py())}:"
        tiers = list(dict.fromkeys(tier for tier in own.column("tier").to_pylist() if tier))
        for tier in tiers:
            for state in STATES:
                rows = [r for r in own.to_pylist() if (r["tier"], r["state"]) == (tier, state) and r["agreed"]]
                if rows:
                    yield f"  {plain(tier)}: {len(rows):,} {state} ({MEANING[state]})"
                    yield from (f"    {_sample(row, masker)}" for row in rows[:samples])
    waiting = sum(state in OPEN for state in table.column("state").to_pylist())
    if waiting:
        yield f"{waiting:,} wait for a person: answer them in the worklist"


def _sample(row: dict[str, str | None], masker: Masker) -> str:
    entity = row["entity"]
    shown = [masker.target_key(entity, key) or "" for key in (row["candidates"] or "").split(", ")]
    agreed = ", ".join(part.partition(":")[0] for part in (row["agreed"] or "").split())
    return plain(f"{masker.key(entity, row['key'])} -> {', '.join(shown)} by {agreed}")


def _folder(workspace: Workspace, run: str | None) -> Path:
    """The run that was named, or the newest whose evidence is there."""
    there = [path for path in workspace.runs.iterdir() if evidence_file(path).is_file()] if workspace.runs.is_dir() else []
    known = sorted(there, key=lambda path: (path.stat().st_mtime_ns, path.name), reverse=True)
    found = [path for path in known if run is None or path.name == run]
    if not found:
        others = ", ".join(path.name for path in known[:5])
        what = f"the run {run} matched nobody" if run else "no run matched anybody"
        hint = (
            f"runs that did: {others}" if others else f"matching: ... in migration.yaml, then: lms-migrate run {workspace.folder}"
        )
        raise ConfigurationError(what, hint=hint)
    return found[0]
