"""What inline tests have proved, kept in the user's cache: a run does not repeat what `check` has just seen to pass.

A proof holds for the very contracts, mapping, code of this tool and engine that the tests ran with, and for nothing else.
Only tests that passed are kept. A cache that cannot be read or written costs time and nothing more (ADR 0018).
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

import platformdirs
from pydantic import BaseModel, ConfigDict, ValidationError

import migrate
from migrate.mapping.load import LoadedPair

VARIABLE = "LMS_MIGRATE_CACHE"
"""Environment variable: the folder of the cache, in place of the system's own for this user."""


class Proof(BaseModel):
    """What is known of inline tests that passed."""

    model_config = ConfigDict(extra="forbid", strict=True)

    ran: int
    unexercised: dict[str, list[str]]


def known(pair: LoadedPair) -> Proof | None:
    """What the tests of ``pair`` have proved already, if they have."""
    try:
        return Proof.model_validate_json(_file(pair).read_bytes())
    except (OSError, ValidationError):
        return None


def keep(pair: LoadedPair, proof: Proof) -> None:
    """Remember that the tests of ``pair`` passed."""
    file = _file(pair)
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile("w", dir=file.parent, suffix=".part", delete=False) as part:
            part.write(proof.model_dump_json())
        Path(part.name).replace(file)


def _file(pair: LoadedPair) -> Path:
    folder = os.environ.get(VARIABLE) or platformdirs.user_cache_dir("lms-migrate", appauthor=False)
    return Path(folder) / "inline_tests" / f"{_key(pair)}.json"


def _key(pair: LoadedPair) -> str:
    digest = hashlib.sha256()
    for piece in (_tool(), *_contents(pair)):
        digest.update(f"{len(piece)}\0{piece}".encode())
    return digest.hexdigest()


def _contents(pair: LoadedPair) -> Iterator[str]:
    mappings = [mapping.document for mapping in pair.mappings.values()]
    for document in (pair.source.document, pair.target.document, pair.document, *mappings):
        yield document.file.name
        yield json.dumps(document.data, default=repr)


@cache
def _tool() -> str:
    """The code that tests run through, and the libraries that give their results."""
    root = Path(migrate.__file__).parent
    digest = hashlib.sha256()
    for file in sorted(f for f in root.rglob("*") if f.suffix in (".py", ".yaml")):
        code = file.read_bytes()
        digest.update(f"{file.relative_to(root).as_posix()}\0{len(code)}\0".encode() + code)
    return " ".join([digest.hexdigest(), platform.python_version(), version("duckdb"), version("sqlglot")])
