"""Where the data that ships with the application lies: contracts and mappings."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path


def mappings_folder() -> Path:
    """The ``mappings`` folder of the installation."""
    return Path(str(files("mappings")))


def contract_file(system: str, workspace: Path | None = None) -> Path:
    """The contract of a system: the workspace's own (``systems/NAME.yaml``) before the one that ships."""
    if workspace is not None:
        own = workspace / "systems" / f"{system}.yaml"
        if own.is_file():
            return own
    return mappings_folder() / "systems" / f"{system}.yaml"


def known_systems() -> list[str]:
    """Names of the systems whose contracts ship."""
    return sorted(file.stem for file in (mappings_folder() / "systems").glob("*.yaml"))


def known_pairs() -> list[tuple[str, str]]:
    """(source, target) of the mappings that ship."""
    pairs = []
    for folder in sorted(mappings_folder().iterdir()):
        source, found, target = folder.name.partition("_to_")
        if found and (folder / "pair.yaml").is_file():
            pairs.append((source, target))
    return pairs
