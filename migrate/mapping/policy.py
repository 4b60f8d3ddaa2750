"""Rules of the workspace by which records of a mapping stay behind, whatever the mapping says."""

from __future__ import annotations

from dataclasses import dataclass

from migrate.errors import Place


@dataclass(frozen=True)
class PolicyRule:
    """One rule. Records that refer to such a record stay behind with it, where they cannot do without the reference."""

    code: str
    entity: str | None
    """A mapping or an entity of the source; None: every one."""
    when: str | None
    """Which records: an expression; None: those that were marked when they were read."""
    reason: str
    place: Place
    archived: bool
    """Are they kept in the archive under the name of the rule?"""
