"""From a workspace to what a run has to know of privacy: how rows are read, what is stopped at the last moment, what is noted."""

from __future__ import annotations

import re
import secrets as random_secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from migrate.errors import ConfigurationError
from migrate.privacy.barrier import Barrier
from migrate.privacy.erasing import Erasing
from migrate.privacy.masking import Masking
from migrate.privacy.pseudonyms import Pseudonyms
from migrate.privacy.reading import Reading
from migrate.privacy.suppression import Suppressed, open_suppressed
from migrate.workspace import Workspace

_LITERAL = re.compile(r"'((?:[^']|'')*)'")


@dataclass(frozen=True)
class Prepared:
    """What one run does for privacy."""

    reading: Reading | None = None
    barrier: Barrier | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    """For ``run.json``."""


def prepare(workspace: Workspace, *, live: bool = False, mask: bool = False) -> Prepared:
    """Raises ConfigurationError where a key is not set or is not that of the list, and where pseudonyms would go live."""
    if mask and live:
        raise ConfigurationError(
            "--mask is for rehearsals: a live run would write pseudonyms into the target", hint="leave one of the two out"
        )
    suppressed = suppression_list(workspace)
    privacy = workspace.privacy
    facts: dict[str, Any] = {
        "roles": {role: list(classes) for role, classes in privacy.model.roles.items()} if privacy else {},
        "pseudonyms": mask,
        "suppression": None,
    }
    erasing, barrier = None, None
    if suppressed and privacy is not None and privacy.model.suppression is not None:
        source, target = workspace.source.model, workspace.target.model
        erasing = Erasing(source, suppressed, privacy.model.suppression)
        barrier = None if mask else Barrier(suppressed, privacy.model.suppression, source, target)
        facts["suppression"] = {"entries": len(suppressed.entries), "rows": erasing.counts}
    masking = _masking(workspace) if mask else None
    return Prepared(Reading(erasing, masking) if erasing or masking else None, barrier, facts)


def suppression_list(workspace: Workspace, *, to_write: bool = False) -> Suppressed | None:
    """The suppression list of a workspace (:func:`open_suppressed`). Raises ConfigurationError."""
    return open_suppressed(workspace.folder, workspace.privacy, workspace.secrets(), to_write=to_write)


def barrier_of(workspace: Workspace) -> Barrier | None:
    """The barrier of a workspace for whatever writes to its target beside a run. Raises ConfigurationError."""
    return prepare(workspace).barrier


def _masking(workspace: Workspace) -> Masking:
    privacy = workspace.privacy
    named = privacy is not None and privacy.model.mask is not None
    key = privacy.secret(workspace.secrets(), "mask") if named and privacy is not None else random_secrets.token_bytes(32)
    return Masking(workspace.source.model, Pseudonyms(key, frozenset(_stated(workspace))))


def _stated(workspace: Workspace) -> Iterator[str]:
    """Texts that the workspace itself states and compares with: whoever has them finds them in its files."""
    pair = workspace.pair
    documents = [pair.document, pair.source.document, *(m.document for m in pair.mappings.values())]
    documents += [workspace.privacy.document] if workspace.privacy else []
    for document in documents:
        for text in _texts(document.data):
            yield from (found.replace("''", "'") for found in _LITERAL.findall(text))
    for mapping in pair.mappings.values():
        for rule in mapping.model.fields.values():
            yield from (rule.values or {})
    yield from (pair.parameter(name) for name in pair.model.parameters)
    for crosswalk in workspace.crosswalks.values():
        yield from (str(source) for source in crosswalk.entries["source"])


def _texts(data: Any) -> Iterator[str]:
    if isinstance(data, str):
        yield data
    for part in data.values() if isinstance(data, dict) else data if isinstance(data, list) else ():
        yield from _texts(part)
