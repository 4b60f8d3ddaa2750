"""Folders of stages that somebody altered, and that still look like what the stage wrote."""

from __future__ import annotations

from migrate.artefacts import MANIFEST, Artefact, write_manifest


def tell(altered: Artefact, parent: Artefact) -> None:
    """Write the manifest anew, with the hashes of the files as they are now and all else that it said."""
    said = {word: value for word, value in altered.manifest.items() if word not in ("stage", "parent", "files")}
    files = [file for file in altered.folder.iterdir() if file.name != MANIFEST]
    write_manifest(type(altered), altered.folder, parent, files, **said)  # type: ignore[arg-type]
