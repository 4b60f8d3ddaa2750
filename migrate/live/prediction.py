"""What the last rehearsal said would happen, beside what a live run did."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from migrate.run_folder import RunFolder


def predicted(runs: Path, run: RunFolder) -> dict[str, Any] | None:
    """The newest whole rehearsal of real data before ``run``: its id, its beginning, its dispositions per entity, and which
    inputs differ since.

    None where there was no rehearsal, which is something a reviewer has to know.
    """
    # By the time they were written, as names follow a clock that may have gone back.
    others = [path for path in runs.iterdir() if path.name != run.id and (path / "summary.json").is_file()]
    for folder in sorted(others, key=lambda path: ((path / "summary.json").stat().st_mtime_ns, path.name), reverse=True):
        try:
            summary = json.loads((folder / "summary.json").read_text("utf-8"))
            facts = json.loads((folder / "run.json").read_text("utf-8"))
        except (OSError, ValueError):
            continue
        stopped = facts.get("stopped_at") is not None or facts.get("failure") or facts.get("only") is not None
        if summary.get("mode") != "rehearsal" or stopped or facts.get("pseudonyms"):
            continue
        before, now = facts.get("inputs") or {}, run.facts.get("inputs") or {}
        return {
            "run": folder.name,
            "started": facts.get("started"),
            "changed_inputs": sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name)),
            "entities": {name: entity["dispositions"] for name, entity in summary["entities"].items()},
        }
    return None
