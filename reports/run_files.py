"""The two JSON files of a run folder, as they lie there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from migrate.errors import RunFailed

_OBJECTS = ("entities", "findings", "worklist", "reconciliation", "timings", "acceptance")
_TOLD = ("source", "target", "libraries", "inputs", "pii", "archive", "extract", "codes", "entities", "both_sides", "acceptance")
SUMMARY: Mapping[str, type] = dict.fromkeys(_OBJECTS, dict) | {"loss_register": list}
RUN: Mapping[str, type] = dict.fromkeys(_TOLD, dict) | {"approvals": list}
"""What keys hold that a report goes through; they may be null or absent, as in a run that stopped."""


def read_run(run_folder: Path) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """``summary.json`` and ``run.json``. Raises RunFailed where one is not there, cannot be read, or is no run's."""
    return _read(run_folder / "summary.json", SUMMARY), _read(run_folder / "run.json", RUN)


def _read(file: Path, kinds: Mapping[str, type]) -> Mapping[str, Any]:
    try:
        found: Any = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no JSON"
        raise RunFailed(f"{file} cannot be read: {why}", hint="lms-migrate report WORKSPACE --run ID, of another run") from None
    if not isinstance(found, dict) or not all(found.get(word) is None or isinstance(found[word], kinds[word]) for word in kinds):
        raise RunFailed(f"{file} is not what a run writes", hint="lms-migrate report WORKSPACE --run ID, of another run")
    return found
