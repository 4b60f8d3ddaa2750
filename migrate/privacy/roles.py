"""What ``privacy.yaml`` of a workspace says now, for commands that need not open the rest of it."""

from __future__ import annotations

from pathlib import Path

from migrate.errors import ConfigurationError, Place, Problem
from migrate.located_yaml import read
from migrate.models import build
from migrate.privacy.settings import FILE, Privacy


def has_mask_key(workspace: Path) -> bool:
    """Does ``privacy.yaml`` name a key for pseudonyms? Raises ConfigurationError where the file is wrong."""
    file = workspace / FILE
    document = read(file) if file.is_file() else None
    return document is not None and document.data is not None and build(Privacy, document).mask is not None


def roles_of(workspace: Path, role: str | None = None) -> dict[str, tuple[str, ...]]:
    """``{role: classes in clear}``. Raises ConfigurationError where the file is wrong, or has no such ``role``."""
    file = workspace / FILE
    document = read(file) if file.is_file() else None
    roles = build(Privacy, document).roles if document is not None and document.data is not None else {}
    if role is not None and role not in roles:
        place = document.place("roles") if document is not None else Place(file)
        hint = f"write it under roles: in {file}: {role}: [classes that it sees in clear]"
        problem = Problem("there is no such role", place, role, tuple(roles), hint)
        raise ConfigurationError("the report cannot be made", problems=[problem])
    return dict(roles)
