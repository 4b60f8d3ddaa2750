"""``runs/<id>/``: what one run leaves behind, readable at every moment of the run and after any failure."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

STAGES = ("extract", "map", "validate", "load", "read_back", "reconcile")
SPARE_BYTES = 256 * 1024
"""Kept aside so that a full disk still leaves room to say where the run stopped."""


@dataclass
class RunFolder:
    """The folder of one run and what is written to its two JSON files."""

    path: Path
    summary: dict[str, Any] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    """``run.json``: versions, inputs, settings: what an auditor asks for and the summary's schema does not hold."""

    @property
    def id(self) -> str:
        return self.path.name

    def stage(self, stage: str) -> Path:
        """The numbered folder of a stage, made when it is not there."""
        folder = self.path / stage_folder(stage)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @property
    def scratch(self) -> Path:
        """Where the engine spills; removed at the end of the run."""
        return self.path / ".scratch"

    def save(self) -> None:
        """Write both JSON files, each in one step, so that a reader never sees half a file."""
        for name, content in (("summary.json", self.summary), ("run.json", self.facts)):
            text = json.dumps(content, indent=1, ensure_ascii=False, default=str) + "\n"
            part = self.path / f".{name}.part"
            part.write_text(text, "utf-8")
            part.replace(self.path / name)

    def set_aside(self) -> None:
        """Take the spare space."""
        (self.path / ".spare").write_bytes(b"\0" * SPARE_BYTES)

    def give_back(self) -> None:
        """Free the spare space and the scratch folder."""
        (self.path / ".spare").unlink(missing_ok=True)
        shutil.rmtree(self.scratch, ignore_errors=True)


def stage_folder(stage: str) -> str:
    """The name of a stage's folder."""
    return f"{STAGES.index(stage) + 1}_{stage}"


def archive_file(table: str) -> str:
    """The Parquet file of an archived table, another one for each; what a file name may not hold becomes ``_``.

    A name that was changed so has a hash of what it was behind a ``~``, which no other has: two such tables are two files.
    """
    plain = re.sub(r"[^A-Za-z0-9_.-]", "_", table)
    told = "" if plain == table else "~" + hashlib.sha256(table.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f"{plain}{told}.parquet"


def new_run(runs: Path, now: Callable[[], dt.datetime]) -> RunFolder:
    """A new folder named after the instant, ``YYYYMMDD-HHMMSS`` (with ``-2`` and so on when that is taken)."""
    stem = now().strftime("%Y%m%d-%H%M%S")
    number = 1
    runs.mkdir(parents=True, exist_ok=True)
    while True:
        path = runs / (stem if number == 1 else f"{stem}-{number}")
        try:
            path.mkdir()
        except FileExistsError:
            number += 1
            continue
        folder = RunFolder(path)
        folder.set_aside()
        return folder


def latest_run(runs: Path) -> Path | None:
    """The folder of the run that wrote its summary last. Signatures and reports that are put into a folder make it no newer."""
    if not runs.is_dir():
        return None
    found = [path for path in runs.iterdir() if (path / "summary.json").is_file()]
    return max(found, key=lambda path: ((path / "summary.json").stat().st_mtime_ns, path.name), default=None)
