"""What the stages hand to each other: typed artefacts, each a folder of Parquet with a manifest.

A stage takes the artefact of the stage before it, and only that: a loader cannot be given rows that were not validated,
neither by type nor by file, because the manifest names the stage and the hash of every file and is checked on use.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pyarrow.parquet as pq

from migrate.errors import RunFailed

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Artefact:
    """A finished stage's folder."""

    stage: ClassVar[str] = ""
    folder: Path

    def parquet(self, name: str) -> Path:
        return self.folder / f"{name}.parquet"

    def rows(self, *names: str) -> int:
        """Rows of some of its Parquet files together, as their footers say."""
        return sum(int(pq.read_metadata(self.parquet(name)).num_rows) for name in names)

    @property
    def manifest(self) -> dict[str, object]:
        try:
            content = json.loads((self.folder / MANIFEST).read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise RunFailed(f"{self.folder / MANIFEST} cannot be read: {error}", hint="run again") from None
        if not isinstance(content, dict) or not {"stage", "files"} <= content.keys():
            raise RunFailed(f"{self.folder / MANIFEST} is not a manifest", hint="run again")
        return content

    def verify(self) -> None:
        """Raise RunFailed when a file of the artefact is missing or is not what the stage wrote."""
        manifest = self.manifest
        if manifest["stage"] != self.stage:
            raise RunFailed(f"{self.folder} is the artefact of stage {manifest['stage']}, not of {self.stage}")
        files = manifest["files"]
        assert isinstance(files, dict)
        for name, entry in files.items():
            file = self.folder / name
            if not file.is_file():
                raise RunFailed(f"{file} is gone", hint="run again")
            if sha256(file) != entry["sha256"]:
                raise RunFailed(f"{file} is not what stage {self.stage} wrote", hint="run again")


class Extracted(Artefact):
    stage = "extract"


class Mapped(Artefact):
    stage = "map"


class Validated(Artefact):
    stage = "validate"


class Loaded(Artefact):
    stage = "load"


class ReadBack(Artefact):
    stage = "read_back"


class Reconciled(Artefact):
    stage = "reconcile"


def write_manifest(kind: type[Artefact], folder: Path, parent: Artefact | None, files: Iterable[Path]) -> None:
    """Write ``manifest.json``: per file its rows, schema hash and sha256; and the hash of the parent's manifest."""
    entries: dict[str, dict[str, object]] = {}
    for file in sorted(files):
        entry: dict[str, object] = {"sha256": sha256(file)}
        if file.suffix == ".parquet":
            metadata = pq.read_metadata(file)
            schema = str(pq.read_schema(file).remove_metadata())
            entry |= {"rows": metadata.num_rows, "schema": hashlib.sha256(schema.encode()).hexdigest()}
        entries[str(file.relative_to(folder))] = entry
    parent_hash = sha256(parent.folder / MANIFEST) if parent else None
    body = {"stage": kind.stage, "parent": parent_hash, "files": entries}
    (folder / MANIFEST).write_text(json.dumps(body, indent=1, sort_keys=True) + "\n", "utf-8")


def sha256(file: Path) -> str:
    """Hex digest of a file's bytes."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
