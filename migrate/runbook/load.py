"""``runbook.yaml``, read and checked."""

from __future__ import annotations

from pathlib import Path

from migrate.artefacts import sha256
from migrate.errors import ConfigurationError
from migrate.located_yaml import Document, read
from migrate.models import build
from migrate.runbook.checking import Checking
from migrate.runbook.placed import Loaded
from migrate.runbook.words import Runbook
from migrate.said import number_of

FILE = "runbook.yaml"


def load_runbook(folder: Path) -> Loaded:
    """The runbook of the workspace in ``folder``. Raises ConfigurationError that lists what is wrong in it."""
    file = folder / FILE
    if not file.is_file():
        raise ConfigurationError(f"{folder} has no {FILE}", hint=f"lms-migrate runbook new {folder}")
    return checked(read(file), sha256(file))


def checked(document: Document, digest: str) -> Loaded:
    """A runbook that was read. Raises ConfigurationError as :func:`load_runbook` does."""
    checking = Checking(build(Runbook, document), document)
    loaded = checking.loaded(digest)
    if checking.problems:
        raise ConfigurationError(f"{document.file}: {number_of(len(checking.problems), 'problem')}", problems=checking.problems)
    return loaded
