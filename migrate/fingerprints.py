"""What a run was made of, as hashes: what people approve, what documents describe, and what tells one run's input from another's.

The parts are those that a person changes and another person signs: settings, contracts, mapping, crosswalks, decisions,
expectations, privacy.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from migrate.artefacts import sha256
from migrate.decisions.file import FILE as DECISIONS_FILE
from migrate.workspace import FILE, Workspace
from validators.expectations.load import FOLDER as EXPECTATIONS

PRIVACY_FILE, SUPPRESSED_FILE = "privacy.yaml", "suppressed.csv"
Of = TypeVar("Of")
UNSIGNED = frozenset({"suppression"})
"""Parts that nobody approves: an erasure must not wait for signatures, and can only ever leave people out."""


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
    return {
        part: Part(part, {name: sha256(file) for name, file in files.items()}) for part, files in part_files(workspace).items()
    }


def to_approve(parts: Mapping[str, Of]) -> dict[str, Of]:
    """Those of the parts that an approval is about."""
    return {name: part for name, part in parts.items() if name not in UNSIGNED}


def part_files(workspace: Workspace) -> dict[str, dict[str, Path]]:
    """``{part: {file name: where it lies}}`` of the files that are there."""
    folder, mapping = workspace.folder, workspace.folder / workspace.settings.mapping
    contracts = {"source": workspace.source, "target": workspace.target}
    return {
        "settings": _there([folder / FILE]),
        "contracts": {f"{side}/{c.document.file.name}": c.document.file for side, c in contracts.items()},
        "mapping": _there(sorted(mapping.glob("*.yaml"))),
        "crosswalks": _there(sorted(crosswalk.file for crosswalk in workspace.crosswalks.values())),
        "decisions": _there([folder / DECISIONS_FILE]),
        "expectations": {f"{EXPECTATIONS}/{suite.file.name}": suite.file for suite in workspace.expectations},
        "privacy": _there([folder / PRIVACY_FILE]),
        "suppression": _there([folder / SUPPRESSED_FILE]),
    }


def _there(files: Iterable[Path]) -> dict[str, Path]:
    return {file.name: file for file in files if file.is_file()}


def described(hashes: Mapping[str, str]) -> str:
    """One hash over ``{part: hash}``: what a document says that it describes."""
    return Part("", dict(hashes)).hash
