"""The samples rehearsed once per test session, from workspaces written as `lms-migrate new` writes them."""

from __future__ import annotations

import atexit
import datetime as dt
import fcntl
import importlib.util
import json
import os
import pickle
import shutil
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, cast
from unittest.mock import patch

from migrate import pipeline
from migrate.artefacts import Loaded, Validated
from migrate.compiler.plan import Plan
from migrate.pipeline import RunResult
from migrate.progress import Silent
from migrate.run_folder import RunFolder
from migrate.scaffold import new_workspace
from migrate.verdict import verdict

SAMPLES = Path(__file__).parents[3] / "sample_data"
SHARED = "LMS_MIGRATE_TEST_SAMPLES"
"""Where the samples of a session lie, set by ``tests/conftest.py`` for all its workers."""
AS_OF = "2026-01-01 00:00:00"
NOW = dt.datetime(2026, 1, 1, 8, 0, 0, tzinfo=dt.UTC)
PAIRS = {
    "moodle_to_canvas": ("moodle", "canvas"),
    "csv_history_to_totara": ("csv_history", "totara"),
    "canvas_to_moodle": ("canvas", "moodle"),
    "totara_to_successfactors": ("totara", "successfactors"),
    "cornerstone_to_totara": ("cornerstone", "totara"),
    "successfactors_to_cornerstone": ("successfactors", "cornerstone"),
    "moodle_to_oneroster12": ("moodle", "oneroster12"),
    "brightspace_to_canvas": ("brightspace", "canvas"),
    "moodle_to_totara": ("moodle", "totara"),
    "moodle_to_xapi": ("moodle", "xapi"),
}
LISTS = {
    "moodle_to_canvas": (SAMPLES / "moodle.md", SAMPLES / "moodle_grades.md"),
    "csv_history_to_totara": (SAMPLES / "legacy_history.md",),
    "canvas_to_moodle": (SAMPLES / "canvas.md",),
    "totara_to_successfactors": (SAMPLES / "totara.md",),
    "cornerstone_to_totara": (SAMPLES / "cornerstone.md",),
    "successfactors_to_cornerstone": (SAMPLES / "successfactors.md",),
    "moodle_to_oneroster12": (SAMPLES / "moodle_roster.md",),
    "brightspace_to_canvas": (SAMPLES / "brightspace.md",),
    "moodle_to_totara": (SAMPLES / "moodle_training.md",),
    "moodle_to_xapi": (SAMPLES / "moodle_statements.md",),
}
GENERATED = {
    "moodle_to_canvas": ("generate_moodle", "source.sqlite"),
    "canvas_to_moodle": ("generate_canvas", "source"),
    "totara_to_successfactors": ("generate_totara", "source.sqlite"),
    "cornerstone_to_totara": ("generate_cornerstone", "source"),
    "successfactors_to_cornerstone": ("generate_successfactors", "source"),
    "moodle_to_oneroster12": ("generate_moodle", "source.sqlite"),
    "brightspace_to_canvas": ("generate_brightspace", "source"),
    "moodle_to_totara": ("generate_moodle", "source.sqlite"),
    "moodle_to_xapi": ("generate_moodle_statements", "source.sqlite"),
}
"""The generator of a sample that is not in the repository, and where a workspace has its source."""


def write_sample_workspace(folder: Path, pair: str) -> Path:
    """A new workspace for ``pair`` with its sample as the source and a fixed instant."""
    source, target = PAIRS[pair]
    new_workspace(folder, source, target)
    settings = folder / "migration.yaml"
    settings.write_text(settings.read_text("utf-8") + f"as_of: {AS_OF}\n", "utf-8")
    put_sample_source(folder, pair)
    return folder


def put_sample_source(folder: Path, pair: str) -> None:
    if pair in GENERATED:
        module, source = GENERATED[pair]
        load_generator(module).generate(folder / source)
    else:
        shutil.copytree(SAMPLES / "legacy_history", folder / "source")


def load_generator(name: str) -> ModuleType:
    """The module of a generator, which lies beside no package."""
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, SAMPLES / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        if str(SAMPLES) not in sys.path:
            sys.path.insert(0, str(SAMPLES))  # what generators share
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


@dataclass(frozen=True)
class SampleRun:
    """A finished rehearsal, and what is needed to do its last stages again."""

    workspace: Path
    result: RunResult
    plan: Plan

    @property
    def folder(self) -> Path:
        return self.result.folder

    def copy(self, folder: Path) -> RunFolder:
        """The run as it was after loading, in another folder."""
        for stage in ("2_map", "3_validate", "4_load"):
            shutil.copytree(self.folder / stage, folder / stage)
        read = [json.loads((self.folder / name).read_text("utf-8")) for name in ("summary.json", "run.json")]
        return RunFolder(folder, *read)

    def finish(self, run: RunFolder, delivered: Path | None = None) -> dict[str, Any]:
        """Read back and reconcile a copy; gives its summary."""
        memory = "1GB"
        loaded, validated = Loaded(run.path / "4_load"), Validated(run.path / "3_validate")
        back = pipeline.read_back(loaded, self.plan, run, Silent(), memory, delivered)
        pipeline.reconcile(validated, loaded, back, self.plan, run, Silent(), memory)
        run.facts["stopped_at"] = None
        run.summary["verdict"] = verdict(run.summary, run.facts, None)
        return run.summary


@cache
def sample_run(pair: str) -> SampleRun:
    """The rehearsal of a sample, to be read and not written to. It takes some seconds, so there is one per session, made by the
    worker that needs it first."""
    folder = _shared() / pair
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / "run.pickle"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.is_file():
            kept.write_bytes(pickle.dumps(_rehearsed(Path(tempfile.mkdtemp(dir=folder)) / pair, pair)))
    return cast(SampleRun, pickle.loads(kept.read_bytes()))  # noqa: S301 - written above


@cache
def _shared() -> Path:
    """The folder of the session; outside of one, a folder of this process."""
    if (given := os.environ.get(SHARED)) is not None:
        return Path(given)
    folder = Path(tempfile.mkdtemp(prefix="lms-migrate-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _rehearsed(folder: Path, pair: str) -> SampleRun:
    workspace = write_sample_workspace(folder, pair)
    plans: list[Plan] = []
    original = pipeline.read_back

    def noting(loaded: Loaded, plan: Plan, *rest: Any) -> Any:
        plans.append(plan)
        return original(loaded, plan, *rest)

    with patch.object(pipeline, "read_back", noting):
        result = pipeline.run(workspace, now=lambda: NOW)
    return SampleRun(workspace, result, plans[0])
