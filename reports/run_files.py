"""The two JSON files of a run folder, as they lie there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from migrate.errors import RunFailed


def read_run(run_folder: Path) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """``summary.json`` and ``run.json``. Raises RunFailed where one is not there, cannot be read, or is no run's."""
    return _read(run_folder / "summary.json"), _read(run_folder / "run.json")


def _read(file: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no JSON"
        raise RunFailed(f"{file} cannot be read: {why}", hint="lms-migrate report WORKSPACE --run ID, of another run") from None
    if not isinstance(found, dict):
        raise RunFailed(f"{file} is not what a run writes", hint="lms-migrate report WORKSPACE --run ID, of another run")
    return found
