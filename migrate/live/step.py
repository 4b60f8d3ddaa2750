"""A step of a rollback."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

What = Literal["remove", "restore", "recreate", "forget"]


@dataclass(frozen=True)
class Step:
    """One receipt and what taking it back means; ``refused`` says why it is not done."""

    receipt: int
    receipts: tuple[int, ...]
    """All of the record in the run."""
    entity: str
    key: str
    mapping: str
    source_key: str
    what: What
    native: str | None
    before: dict[str, Any] | None
    meant: str | None = None
    """JSON of the values of a record that the ledger does not know, because its run was cut off."""
    met: bool = False
    """Was the record in the target before any run of this workspace wrote it?"""
    refused: str | None = None
    done: bool = False
    """Did a rollback that was cut off do it already?"""
    cut_off: int | None = None
    """The receipt that such a rollback left open."""
    at_first: dict[str, Any] | None = None
    """Of a record to be removed: how the run wrote it at first, before everything was loaded."""
    known: bool = False
    """Was the record adopted by a run before? Then only what this run said of it is forgotten."""
