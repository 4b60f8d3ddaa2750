"""The sample of training histories, profiled; what the clock, the machine and the version say is left out."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from sample_runs import NOW, write_sample_workspace

from migrate.profiling.run import profile
from migrate.profiling.store import as_text

GOLDEN = Path(__file__).parents[2] / "golden" / "profile" / "csv_history.json"
_CHANGING = ("seconds", "tool", "address", "workspace")


def sample_profile() -> dict[str, Any]:
    """Numbers that are estimates stay: the same rows in the same order give the same ones."""
    with tempfile.TemporaryDirectory() as folder:
        workspace = write_sample_workspace(Path(folder) / "history", "csv_history_to_totara")
        made, _ = profile(workspace, now=lambda: NOW)
    return {part: value for part, value in json.loads(as_text(made)).items() if part not in _CHANGING}
