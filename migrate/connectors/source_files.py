"""Which files of a folder hold which entity, by the names and patterns of a contract. No file is read for two entities."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from itertools import chain
from pathlib import Path, PurePath

from migrate.artefacts import sha256
from migrate.connectors.workbook import is_workbook
from migrate.contracts.model import Contract, Entity
from migrate.errors import SourceRefused


def files_of(folder: Path, contract: Contract) -> dict[str, list[Path]]:
    """``{entity: its files}``, files in the order of their names.

    A file that fits several entities belongs to the one whose pattern is the most exact. Raises SourceRefused where none is,
    where there is no such folder, and where it holds no file of the contract.
    """
    if not folder.is_dir():
        raise SourceRefused(f"there is no folder {folder}", hint="correct source: {folder: ...} in migration.yaml")
    entities = {entity: model for entity, model in contract.entities.items() if model.file}
    claimed: dict[Path, list[str]] = {}
    for entity, model in entities.items():
        for file in folder.glob(model.file or ""):
            claimed.setdefault(file, []).append(entity)
    if not claimed:
        wanted = ", ".join(str(model.file) for model in entities.values())
        raise SourceRefused(f"{folder} holds none of the files of {contract.label}", hint=f"wanted: {wanted}")
    found: dict[str, list[Path]] = {entity: [] for entity in entities}
    for file in sorted(claimed):
        for entity in _owners(place_of(file, folder), {entity: entities[entity] for entity in claimed[file]}):
            found[entity].append(file)
    return found


def place_of(file: Path, folder: Path) -> str:
    """What a file of ``folder`` is called: its name, and the folders in it that it lies in, for others may be called the same."""
    return file.relative_to(folder).as_posix()


def hashes_of(files: Iterable[Iterable[Path]], folder: Path) -> dict[str, str]:
    """``{what a file is called: sha256}``, of all files of all entities."""
    return {place_of(file, folder): sha256(file) for file in sorted(set(chain.from_iterable(files)))}


def _owners(file: str, claims: dict[str, Entity]) -> list[str]:
    """Of the entities that a file fits, the one it belongs to; of a workbook, all that name another sheet of it."""
    patterns = {entity: model.file or "" for entity, model in claims.items()}
    most = [one for one, own in patterns.items() if all(own == other or _within(own, other) for other in patterns.values())]
    sheets = {claims[entity].sheet for entity in most}
    if len(most) == 1 or (most and is_workbook(PurePath(file)) and len(sheets) == len(most)):
        return most
    both = " and ".join(f"{entity} ({pattern})" for entity, pattern in patterns.items())
    hint = "name the files of one of them more exactly in a copy of the contract under systems/, or rename the file"
    raise SourceRefused(f"{file} would be read for {both}", hint=hint)


def _within(narrow: str, wide: str) -> bool:
    """Does every name that fits ``narrow`` fit ``wide``? False where it is not certain."""
    one, other = PurePath(narrow).parts, PurePath(wide).parts
    if len(one) != len(other) or "**" in (*one, *other) or "[" in narrow + wide or "?" in wide:
        return False
    return narrow != wide and all(fnmatchcase(part, pattern) for part, pattern in zip(one, other, strict=True))
