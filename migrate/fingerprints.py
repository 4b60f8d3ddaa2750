"""What a run was made of, as hashes: what people approve, what documents describe, and what tells one run's input from another's.

The parts are those that a person changes and another person signs: settings, contracts, mapping, crosswalks, decisions, privacy.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from migrate.artefacts import sha256
from migrate.decisions.file import FILE as DECISIONS_FILE
from migrate.workspace import FILE, Workspace

PRIVACY_FILES = ("privacy.yaml", "suppressed.csv")


@dataclass(frozen=True)
class Part:
    """One part of a workspace. A file that is not there is not listed: a part without files has a hash as well."""

    name: str
    files: dict[str, str]
    """``{file name: sha256 of its bytes}``."""

    @property
    def hash(self) -> str:
        """Hex sha256 over the names and hashes of the files."""
        lines = "".join(f"{name}\0{digest}\n" for name, digest in sorted(self.files.items()))
        return hashlib.sha256(lines.encode()).hexdigest()


def fingerprints(workspace: Workspace) -> dict[str, Part]:
    """The parts of a workspace as they are now, by name."""
    folder, mapping = workspace.folder, workspace.folder / workspace.settings.mapping
    contracts = {"source": workspace.source, "target": workspace.target}
    parts = (
        _part("settings", [folder / FILE]),
        Part("contracts", {f"{side}/{c.document.file.name}": sha256(c.document.file) for side, c in contracts.items()}),
        _part("mapping", sorted(mapping.glob("*.yaml"))),
        _part("crosswalks", sorted(crosswalk.file for crosswalk in workspace.crosswalks.values())),
        _part("decisions", [folder / DECISIONS_FILE]),
        _part("privacy", [folder / name for name in PRIVACY_FILES]),
    )
    return {part.name: part for part in parts}


def described(hashes: Mapping[str, str]) -> str:
    """One hash over ``{part: hash}``: what a document says that it describes."""
    return Part("", dict(hashes)).hash


def _part(name: str, files: Iterable[Path]) -> Part:
    return Part(name, {file.name: sha256(file) for file in files if file.is_file()})
