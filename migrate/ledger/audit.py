"""The audit trail: entries are only ever added, and each carries the hash of the one before it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from migrate.ledger.tables import AUDIT

START = "0" * 64


@dataclass(frozen=True)
class Head:
    """How far the trail went at a moment; noted outside the ledger, it shows whether entries were cut off at the end."""

    entries: int
    hash: str
    """Of the last entry."""


def append(connection: Connection, at: str, run: str | None, event: str, detail: Mapping[str, Any]) -> Head:
    """Add an entry. ``detail`` holds numbers, codes, names of things and who signed, never the data of those who are migrated."""
    last = connection.execute(select(AUDIT.c.id, AUDIT.c.hash).order_by(AUDIT.c.id.desc()).limit(1)).first()
    number, previous = (last.id + 1, last.hash) if last else (1, START)
    text = json.dumps(detail, sort_keys=True, ensure_ascii=False, default=str)
    own = digest(number, at, run, event, text, previous)
    connection.execute(insert(AUDIT).values(id=number, at=at, run=run, event=event, detail=text, previous=previous, hash=own))
    return Head(number, own)


def digest(number: int, at: str, run: str | None, event: str, detail: str, previous: str) -> str:
    """The hash of an entry."""
    return hashlib.sha256(json.dumps([number, at, run, event, detail, previous], ensure_ascii=False).encode()).hexdigest()


def broken(connection: Connection) -> int | None:
    """The number of the first entry that is altered, missing or out of order; None where the trail is whole.

    Entries cut off at the end cannot be seen from within: compare with a :class:`Head` that was noted elsewhere.
    """
    previous, expected = START, 1
    for row in connection.execute(select(AUDIT).order_by(AUDIT.c.id)):
        if row.id != expected or row.previous != previous:
            return expected
        if row.hash != digest(row.id, row.at, row.run, row.event, row.detail, row.previous):
            return int(row.id)
        previous, expected = row.hash, row.id + 1
    return None


def head(connection: Connection) -> Head:
    """How far the trail goes."""
    last = connection.execute(select(AUDIT.c.id, AUDIT.c.hash).order_by(AUDIT.c.id.desc()).limit(1)).first()
    return Head(last.id, last.hash) if last else Head(0, START)


def entries(connection: Connection) -> list[Row[Any]]:
    """All entries, the oldest first."""
    return list(connection.execute(select(AUDIT).order_by(AUDIT.c.id)))
