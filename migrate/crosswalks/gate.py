"""Before a live run writes anything: do people stand for every crosswalk entry that rows use?"""

from __future__ import annotations

from pathlib import Path

from migrate.artefacts import Mapped
from migrate.crosswalks.census import Used, read_used
from migrate.errors import Unconfirmed
from migrate.said import number_of

SHOWN = 20
"""Entries that the message names; the others are in ``lms-migrate crosswalk show``."""


def unconfirmed(mapped: Mapped) -> list[Used]:
    """Entries that rows use and that are proposed or expired."""
    return [used for used in read_used(mapped.folder) if used.status in ("proposed", "expired")]


def demand_confirmed(mapped: Mapped, workspace: Path) -> None:
    """Raise Unconfirmed where rows use entries that nobody stands for."""
    found = unconfirmed(mapped)
    if not found:
        return
    lines = [
        f"    {used.crosswalk}: {used.source!r} -> {used.target!r} is {used.status}, {number_of(used.rows, 'row')}"
        + (f"; {used.why}" if used.why else "")
        for used in found[:SHOWN]
    ]
    if len(found) > SHOWN:
        lines.append(f"    and {len(found) - SHOWN:,} more")
    message = f"rows use {len(found):,} crosswalk entries that nobody confirmed, so nothing was written:"
    hint = f"lms-migrate crosswalk show {workspace}; confirm them (or reject, or waive), then rehearse again"
    raise Unconfirmed("\n".join([message, *lines]), hint=hint)
