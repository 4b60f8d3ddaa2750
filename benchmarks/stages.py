"""Map, validate and load of a run whose rows are extracted already: one job in a process of its own.

    python benchmarks/stages.py WORKSPACE RUN_FOLDER OUT

``OUT`` becomes a run folder without a report. Prints ``{stage: seconds of the processor}`` as JSON; "gate" is pandera's part of
validate.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from migrate.artefacts import Extracted
from migrate.compiler.plan import make_plan
from migrate.progress import Silent
from migrate.run_folder import RunFolder
from migrate.stages import validate as validate_module
from migrate.stages.load import load
from migrate.stages.map import map_stage
from migrate.stages.validate import validate
from migrate.workspace import open_workspace

AS_OF = "2026-01-01 00:00:00"


def main(workspace_folder: Path, run: Path, out: Path) -> None:
    workspace = open_workspace(workspace_folder)
    plan = make_plan(workspace.pair, AS_OF)
    folder = RunFolder(out)
    folder.summary = {"mode": "rehearsal", "entities": {name: {} for name in plan.names}, "findings": {}, "loss_register": []}
    folder.facts = {"codes": {}, "entities": {name: {} for name in plan.names}}
    spent: dict[str, float] = {"gate": 0.0}
    _timed(validate_module, "_gate", spent)
    memory, quiet = workspace.settings.memory, Silent()

    def stage(name: str, work: Any) -> Any:
        start = time.process_time()
        result = work()
        spent[name] = time.process_time() - start
        return result

    extracted = Extracted(run / "1_extract")
    mapped, _ = stage("map", lambda: map_stage(extracted, plan, workspace.crosswalks, folder, quiet, memory))
    validated = stage("validate", lambda: validate(mapped, plan, folder, quiet, memory))
    stage("load", lambda: load(validated, plan, folder, quiet, memory))
    spent["validate"] -= spent["gate"]
    print(json.dumps(spent))


def _timed(module: Any, function: str, spent: dict[str, float]) -> None:
    """Count what a function of the stage takes, apart from the rest."""
    real = getattr(module, function)

    def counted(*arguments: Any) -> Any:
        start = time.process_time()
        try:
            return real(*arguments)
        finally:
            spent["gate"] += time.process_time() - start

    setattr(module, function, counted)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
