"""Records as images: comparing what is meant with what is held, and keeping what was there so that it can be put back."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from migrate.connectors.target import Held, Record
from migrate.contracts.model import Entity

CLOSE = 1e-9
"""Relative difference up to which two decimals are one: databases keep fewer digits than the engine."""


def unequal(record: Record, held: Held, fields: Sequence[str]) -> list[str]:
    """Those of ``fields`` in which the target holds something else than is meant; what it cannot show is passed over."""
    found = []
    for field in fields:
        if field in record.links and field in held.links:
            if record.links[field] != held.links[field]:
                found.append(field)
        elif field in held.values and field in record.values and not equal(record.values[field], held.values[field]):
            found.append(field)
    return found


def equal(meant: Any, held: Any) -> bool:
    """Are two values one? Blank and absent are."""
    if meant == held or (meant in (None, "") and held in (None, "")):
        return True
    numbers = (int, float, Decimal)
    if isinstance(meant, numbers) and isinstance(held, numbers) and not isinstance(meant, bool) and not isinstance(held, bool):
        return math.isclose(float(meant), float(held), rel_tol=CLOSE)
    return False


def image(held: Held, written: str | None = None) -> dict[str, Any]:
    """What is kept of a record before it is changed: what the target shows and, of what it does not show, what was
    ``written`` there last (JSON of the ledger)."""
    before = {} if written is None else json.loads(written)
    unshown = {field: value for field, value in before.items() if field not in held.values and field not in held.links}
    return {"values": {**unshown, **held.values}, "links": dict(held.links)}


def written_values(written: str | None, entity: Entity) -> dict[str, Any]:
    """The values that were written last, typed; none where nobody knows."""
    return _values({} if written is None else json.loads(written), entity)


def seen(held: Held, fields: Sequence[str]) -> str:
    """Fingerprint of a record as the target shows it: 8 digits for the fields looked at, then 32 for their values.

    Two of them can be compared only where the first 8 are equal.
    """
    shown = sorted(f for f in fields if f in held.values or f in held.links)
    values = [held.links[f] if f in held.links else _plain(held.values[f]) for f in shown]
    return _digest(shown)[:8] + ":" + _digest(values)[:32]


def changed_since(before: str | None, now: str) -> bool:
    """Does the target hold something else than was seen before? Where the fields differ, nobody can say: no."""
    return before is not None and before[:8] == now[:8] and before != now


def restored(before: Mapping[str, Any], entity: Entity, key: str, native: str | None) -> Record:
    """The record that puts an image back. ``before`` was read from JSON."""
    return Record(key, _values(before["values"], entity), native, dict(before["links"]))


def _values(given: Mapping[str, Any], entity: Entity) -> dict[str, Any]:
    return {field: _typed(entity.fields[field].type, value) for field, value in given.items() if field in entity.fields}


def _plain(value: Any) -> Any:
    if isinstance(value, float | Decimal):
        return repr(float(f"{float(value):.9g}"))
    return str(value) if isinstance(value, dt.date) else value if value != "" else None


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, ensure_ascii=False, default=str).encode()).hexdigest()


def _typed(kind: str, value: Any) -> Any:
    if value is None or not isinstance(value, str):
        return value
    match kind:
        case "date":
            return dt.date.fromisoformat(value[:10])
        case "datetime" | "epoch":
            return dt.datetime.fromisoformat(value)
        case "decimal":
            return float(value)
    return value
