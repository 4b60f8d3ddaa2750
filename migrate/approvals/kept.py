"""Copies of the files that were signed, in the folder of the rehearsal, so that it can be said later what changed in them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

FOLDER = "approved"


def keep(run_folder: Path, files: Mapping[str, Mapping[str, Path]]) -> None:
    """Copy ``{part: {file name: where it lies}}``. Raises OSError."""
    for part, named in files.items():
        for name, file in named.items():
            copy = run_folder / FOLDER / part / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            beside = copy.with_name(f".{copy.name}.part")
            beside.write_bytes(file.read_bytes())
            beside.replace(copy)


def kept(run_folder: Path, part: str, name: str, sha256: str) -> bytes | None:
    """The bytes that were signed; None where the copy is gone or is not them."""
    try:
        content = (run_folder / FOLDER / part / name).read_bytes()
    except OSError:
        return None
    return content if hashlib.sha256(content).hexdigest() == sha256 else None
