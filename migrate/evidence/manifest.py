"""``manifest.json`` of a pack: what is in it, what of the run it proves, and what it leaves out."""

from __future__ import annotations

import json
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, NonNegativeInt, ValidationError

from migrate.evidence.opening import PackRefused

FORMAT: Literal["lms-migrate evidence pack"] = "lms-migrate evidence pack"
VERSION: Literal[1] = 1


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Original(_Part):
    """A file of the run or the workspace as it lay there."""

    sha256: str
    size: NonNegativeInt


class Packed(Original):
    """A member of the pack. ``original`` is the file it was made from, where it is a masked copy of it."""

    path: str
    purpose: str
    original: Original | None = None


class Withheld(Original):
    """A file that exists and is not in the pack; it can be shown later to be the same."""

    path: str
    why: str


class Absent(_Part):
    """What a whole run has, and this one has not."""

    path: str
    why: str


class Files(_Part):
    """A part of the workspace: the hash that the run noted, and its files now. ``changed`` are not those of the run."""

    hash: str
    files: dict[str, str]
    changed: list[str]


class Stage(_Part):
    """The files of a stage when the pack was made: how many the stage wrote, and which were not as it wrote them."""

    files: NonNegativeInt
    altered: list[str]
    gone: list[str]


class TrailHead(_Part):
    """How far the audit trail went when the pack was made."""

    entries: NonNegativeInt
    hash: str


class Signer(_Part):
    """Whose signature is to be in the pack."""

    algorithm: str
    fingerprint: str


class Manifest(_Part):
    """The whole file."""

    format: Literal["lms-migrate evidence pack"] = FORMAT
    version: Literal[1] = VERSION
    packed_by: str
    """Version of lms-migrate that made the pack."""
    masked: bool
    run: dict[str, Any]
    """Id, mode, verdict, balanced, and what else names the run."""
    tool: dict[str, str]
    """Versions of the tool and of the libraries that the run used."""
    inputs: dict[str, str]
    parts: dict[str, Files]
    stages: dict[str, Stage]
    trail: TrailHead | None
    signer: Signer | None
    absent: list[Absent]
    withheld: list[Withheld]
    files: list[Packed]

    def as_bytes(self) -> bytes:
        """The file. Equal manifests have equal bytes."""
        return (json.dumps(self.model_dump(), indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()

    def file(self, path: str) -> Packed | None:
        return next((file for file in self.files if file.path == path), None)

    def raw(self, path: str) -> str | None:
        """sha256 of a file as it lay in the run or the workspace, whether the pack holds it, a masked copy, or only its hash."""
        if (file := self.file(path)) is not None:
            return (file.original or file).sha256
        return next((file.sha256 for file in self.withheld if file.path == path), None)


def read_manifest(content: bytes) -> Manifest:
    """Raises PackRefused for what is no manifest of a version that is known."""
    try:
        return Manifest.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise PackRefused(f"manifest.json is not a manifest of this version: {where}: {first['msg']}") from None
