"""What a check is, and what it is given to look at."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from migrate.errors import MigrateError, OutOfSpace
from migrate.evidence.archive import UNLISTED
from migrate.evidence.manifest import Manifest
from migrate.evidence.opening import Pack, PackRefused

Status = Literal["pass", "open", "fail"]
"""``open``: nothing contradicts, and nothing proves it either; a person has to know."""
SUMMARY, FACTS = "run/summary.json", "run/run.json"


@dataclass(frozen=True)
class Check:
    """One thing that was checked."""

    name: str
    status: Status
    detail: str


@dataclass(frozen=True)
class Context:
    """An open pack with its manifest, and a folder of our own for what has to be a file."""

    pack: Pack
    manifest: Manifest
    scratch: Path

    @cached_property
    def listed(self) -> set[str]:
        return {file.path for file in self.manifest.files}

    @cached_property
    def members(self) -> set[str]:
        """Members that the manifest has to list."""
        return set(self.pack.names) - set(UNLISTED)

    @cached_property
    def summary(self) -> dict[str, Any]:
        return self.json(SUMMARY)

    @cached_property
    def facts(self) -> dict[str, Any]:
        return self.json(FACTS)

    def json(self, name: str) -> dict[str, Any]:
        """A JSON object of the pack. Raises PackRefused."""
        content = parsed(self.pack.read(name), name)
        if not isinstance(content, dict):
            raise PackRefused(f"{name} is no JSON object")
        return content

    def file(self, name: str) -> Path:
        """A copy of a member on disk; the next one takes its place."""
        return self.pack.spool(name, self.scratch / "member")


def parsed(text: str | bytes, name: str) -> Any:
    """JSON. Raises PackRefused."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PackRefused(f"{name} is no JSON: {error}") from None


def verdict(name: str, wrong: list[str], well: str, unsure: list[str] | None = None) -> Check:
    """A check of many things: what is wrong, else what is unsure, else what is well."""
    if wrong:
        return Check(name, "fail", "; ".join(wrong))
    return Check(name, "open", "; ".join(unsure)) if unsure else Check(name, "pass", well)


def guarded(name: str, check: Callable[[Context], Iterator[Check]], context: Context) -> Iterator[Check]:
    """The results of a check; content of another form than a run writes is a failure of it, and no end of the others."""
    try:
        yield from check(context)
    except OutOfSpace:
        raise
    except MigrateError as error:
        yield Check(name, "fail", error.message)
    except (AttributeError, KeyError, TypeError, ValueError, IndexError, ArithmeticError) as error:
        yield Check(name, "fail", f"something in the pack has another form than lms-migrate gives it: {error!r}")
