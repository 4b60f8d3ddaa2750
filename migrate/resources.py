"""Where the data that ships with the application lies: contracts and mappings."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Literal


def mappings_folder() -> Path:
    """The ``mappings`` folder of the installation."""
    return Path(str(files("mappings")))


Role = Literal["source", "target"]


def contract_file(system: str, role: Role, workspace: Path | None = None) -> Path:
    """The contract of a system in a role: the workspace's own (``systems/``) before the one that ships.

    A system that is read in another shape than it is written has a file for that role: ``NAME.source.yaml`` or
    ``NAME.target.yaml`` comes before ``NAME.yaml``.
    """
    folders = ([workspace / "systems"] if workspace is not None else []) + [mappings_folder() / "systems"]
    names = (f"{system}.{role}.yaml", f"{system}.yaml")
    return next((f / n for f in folders for n in names if (f / n).is_file()), folders[-1] / names[-1])


def known_systems() -> list[str]:
    """Names of the systems whose contracts ship."""
    return sorted({file.name.split(".")[0] for file in (mappings_folder() / "systems").glob("*.yaml")})


def known_pairs() -> list[tuple[str, str]]:
    """(source, target) of the mappings that ship."""
    pairs = []
    for folder in sorted(mappings_folder().iterdir()):
        source, found, target = folder.name.partition("_to_")
        if found and (folder / "pair.yaml").is_file():
            pairs.append((source, target))
    return pairs
