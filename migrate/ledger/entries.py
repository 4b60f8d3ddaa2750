"""What is written into a ledger and read from it, as values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pyarrow as pa

Action = Literal["create", "update", "adopt", "remove"]
OPEN = ("intended", "unknown")
"""States of receipts of which nobody knows yet whether they took effect."""


@dataclass(frozen=True)
class Intent:
    """Something that is about to be done to one record."""

    key: str
    action: Action
    fingerprint: str
    """Of the row as it is meant."""
    mapping: str
    source_key: str
    native: str | None = None
    before: Mapping[str, Any] | None = None
    """What the target holds now; for everything but a creation."""
    meant: Mapping[str, Any] | None = None
    """The values as they are written."""


@dataclass(frozen=True)
class Together:
    """Intents of many records that were written down at once."""

    batches: list[int]
    keys: pa.ChunkedArray
    receipts: pa.ChunkedArray
    """Their numbers, beside the keys."""


@dataclass(frozen=True)
class Settled:
    """How an intent ended."""

    receipt: int
    intent: Intent
    state: str
    native: str | None = None
    message: str = ""
    seen: str | None = None


@dataclass(frozen=True)
class Identity:
    """What the ledger knows of a record in the target."""

    entity: str
    key: str
    native: str | None
    fingerprint: str
    seen: str | None
    state: str
    origin: str
    run: str
    meant: str | None
    """JSON of the values as they were written last."""


def as_json(values: Mapping[str, Any] | None) -> str | None:
    """How values are kept."""
    return None if values is None else json.dumps(values, ensure_ascii=False, default=str, sort_keys=True)
