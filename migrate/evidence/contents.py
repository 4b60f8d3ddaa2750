"""The words of ``contents.yaml``: which files make a pack, and how personal data in them is treated."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Literal

from migrate.contracts.model import Words
from migrate.located_yaml import read
from migrate.models import build

How = Literal["plain", "table", "run", "rollback", "report", "document", "private"]
Rule = Literal["keep", "key", "target_key", "value", "root", "message", "free", "hide"]


class Wanted(Words):
    """Files that belong into a pack where they are there."""

    files: str
    """A path below the folder; ``*`` and ``**`` stand for names and folders."""
    how: How
    purpose: str
    whole: bool = False
    """Does a run that came to its end have it? Where it is missing, the pack says so."""


class PartWords(Words):
    """One part of a workspace."""

    purpose: str
    how: dict[str, How] = {}
    """``{file name: how}``; the other files go as they are."""


class Contents(Words):
    """The whole file."""

    run: tuple[Wanted, ...]
    workspace: tuple[Wanted, ...]
    parts: dict[str, PartWords]
    columns: dict[Rule, tuple[tuple[str, ...], ...]]
    """Names of columns by rule; those of one table stand together."""

    def rule(self, column: str) -> Rule | None:
        """How a text column is masked; None where nobody said that it may be shown."""
        return next((rule for rule, tables in self.columns.items() if any(column in names for names in tables)), None)


@cache
def contents() -> Contents:
    """The catalogue that ships."""
    return build(Contents, read(Path(str(files("migrate.evidence") / "contents.yaml"))))
