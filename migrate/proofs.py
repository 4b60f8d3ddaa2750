"""What `check` has seen to pass, kept in the user's cache: a run does not repeat it.

A proof holds for the very contracts, mapping, code of this tool and engine that were looked at, and for nothing else.
Only what passed is kept. A cache that cannot be read or written costs time and nothing more (ADR 0018).
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Literal, TypeVar

import platformdirs
from pydantic import BaseModel, ConfigDict, ValidationError

import migrate
import validators
from migrate.mapping.load import LoadedPair

VARIABLE = "LMS_MIGRATE_CACHE"
"""Environment variable: the folder of the cache, in place of the system's own for this user."""
PACKAGES = (migrate, validators)
"""The code that inline tests run through."""
Kept = TypeVar("Kept", bound=BaseModel)


class Proof(BaseModel):
    """What is known of inline tests that passed."""

    model_config = ConfigDict(extra="forbid", strict=True)

    ran: int
    unexercised: dict[str, list[str]]


class Fit(BaseModel):
    """The engine has planned every statement of the pair, with the parameters and the rules of a workspace."""

    model_config = ConfigDict(extra="forbid", strict=True)

    fits: Literal[True] = True


def known(pair: LoadedPair) -> Proof | None:
    """What the tests of ``pair`` have proved already, if they have."""
    return _read(Proof, _file("inline_tests", *_contents(pair)))


def keep(pair: LoadedPair, proof: Proof) -> None:
    """Remember that the tests of ``pair`` passed."""
    _write(proof, _file("inline_tests", *_contents(pair)))


def fits(pair: LoadedPair) -> bool:
    """Is it known that the statements of ``pair`` fit the engine?"""
    return _read(Fit, _file("statements", *_contents(pair), *_of_workspace(pair))) is not None


def keep_fit(pair: LoadedPair) -> None:
    """Remember that they do."""
    _write(Fit(), _file("statements", *_contents(pair), *_of_workspace(pair)))


def _read(kind: type[Kept], file: Path) -> Kept | None:
    try:
        return kind.model_validate_json(file.read_bytes())
    except (OSError, ValidationError):
        return None


def _write(proof: BaseModel, file: Path) -> None:
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile("w", dir=file.parent, suffix=".part", delete=False) as part:
            part.write(proof.model_dump_json())
        Path(part.name).replace(file)


def _file(kind: str, *of: str) -> Path:
    folder = os.environ.get(VARIABLE) or platformdirs.user_cache_dir("lms-migrate", appauthor=False)
    digest = hashlib.sha256()
    for piece in (_tool(), *of):
        digest.update(f"{len(piece)}\0{piece}".encode())
    return Path(folder) / kind / f"{digest.hexdigest()}.json"


def _contents(pair: LoadedPair) -> Iterator[str]:
    mappings = [mapping.document for mapping in pair.mappings.values()]
    for document in (pair.source.document, pair.target.document, pair.document, *mappings):
        yield document.file.name
        yield json.dumps(document.data, default=repr)


def _of_workspace(pair: LoadedPair) -> Iterator[str]:
    yield json.dumps(pair.parameters, sort_keys=True)
    yield repr(pair.policies)


@cache
def _tool() -> str:
    """The code that tests run through, and the libraries that give their results."""
    digest = hashlib.sha256()
    for package in PACKAGES:
        root = Path(str(package.__file__)).parent
        for file in sorted(f for f in root.rglob("*") if f.suffix in (".py", ".yaml")):
            code = file.read_bytes()
            digest.update(f"{file.relative_to(root.parent).as_posix()}\0{len(code)}\0".encode() + code)
    return " ".join([digest.hexdigest(), platform.python_version(), version("duckdb"), version("sqlglot")])
