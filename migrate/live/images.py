"""Records as images: comparing what is meant with what is held, and keeping what was there so that it can be put back."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import math
from collections.abc import Container, Mapping, Sequence
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any

from migrate.connectors.target import Held, Record
from migrate.contracts.model import Entity

CLOSE = 1e-9
"""Relative difference up to which two decimals are one: databases keep fewer digits than the engine."""
_ENCODER = json.JSONEncoder(ensure_ascii=False, default=str)
_NAME, _VALUE = 5, 6
"""Letters of base64: 30 bits tell a record's fields apart, 36 bits its values."""


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


def mark(held: Held, fields: Sequence[str]) -> str:
    """What the target holds in ``fields``, as 32 bits that say whether it is the same as before and do not tell it."""
    shown = [[field, held.links.get(field), held.values.get(field)] for field in fields]
    return hashlib.sha256(_ENCODER.encode(shown).encode("utf-8", "surrogatepass")).hexdigest()[:8]


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
    """Fingerprint of a record as the target shows it: per field 5 letters for its name and 6 for its value.

    Two of them can be compared in the fields that both have, so that a mapping may learn a field, or a run cover some mappings
    only, and what somebody changed in the other fields still shows.
    """
    shown = sorted(f for f in fields if f in held.values or f in held.links)
    values = [held.links[f] if f in held.links else _plain(held.values[f]) for f in shown]
    return "".join(_name(f) + _value(v) for f, v in zip(shown, values, strict=True))


def meant(record: Record) -> dict[str, str]:
    """What a record says, as fingerprints by field; for what was cut off, a later run tells its own values by it."""
    return {
        "values": seen(Held(record.key, None, record.values), list(record.values)),
        "links": seen(Held(record.key, None, {}, record.links), list(record.links)),
    }


def was_meant(before: Mapping[str, str] | None, held: Held, field: str) -> bool:
    """Does the target hold what a record said, in one field?"""
    if before is None:
        return False
    said = _by_field(before["links" if field in held.links else "values"])
    return any(said.get(f) == value for f, value in _by_field(seen(held, [field])).items())


def changed_since(before: str | None, now: str) -> bool:
    """Does the target hold something else than was seen before, in a field that was looked at both times?"""
    was, found = _by_field(before), _by_field(now)
    return any(was[f] != found[f] for f in was.keys() & found.keys())


def seen_wholly(before: str | None, now: str) -> bool:
    """Was every field that shows now looked at before?"""
    return bool(before) and _by_field(now).keys() <= _by_field(before).keys()


def restored(
    before: Mapping[str, Any], entity: Entity, key: str, native: str | None, fields: Container[str] | None = None
) -> Record:
    """The record that puts an image back, or ``fields`` of it. ``before`` was read from JSON."""
    values = {f: v for f, v in before["values"].items() if fields is None or f in fields}
    links = {f: native for f, native in before["links"].items() if fields is None or f in fields}
    return Record(key, _values(values, entity), native, links)


def _values(given: Mapping[str, Any], entity: Entity) -> dict[str, Any]:
    return {field: _typed(entity.fields[field].type, value) for field, value in given.items() if field in entity.fields}


def stands(record: Record, held: Held) -> bool:
    """Does the target hold a record just as it is, in every field of it that shows?"""
    fields = [f for f in (record.values.keys() | record.links.keys()) if f in held.values or f in held.links]
    for f in fields:
        if f in record.links or f in held.links:
            if record.links.get(f) != held.links.get(f):
                return False
        elif not equal(record.values[f], held.values[f]):
            return False
    return True


def _plain(value: Any) -> Any:
    if isinstance(value, float | Decimal):
        return repr(float(f"{float(value):.9g}"))
    return str(value) if isinstance(value, dt.date) else value if value != "" else None


@cache
def _name(field: str) -> str:
    return _letters(field, _NAME)


def _value(value: Any) -> str:
    # Most fields of most records hold one of a few values.
    return _letters([value], _VALUE) if isinstance(value, list | dict) else _known_value(value)


@lru_cache(65_536, typed=True)
def _known_value(value: Any) -> str:
    return _letters([value], _VALUE)


def _letters(value: Any, number: int) -> str:
    digest = hashlib.sha256(_ENCODER.encode(value).encode()).digest()
    # Three bytes are four letters.
    return base64.urlsafe_b64encode(digest[:6])[:number].decode()


def _by_field(text: str | None) -> dict[str, str]:
    size = _NAME + _VALUE
    if text is None or len(text) % size:  # of a ledger that kept one fingerprint for all fields
        return {}
    return {text[n : n + _NAME]: text[n + _NAME : n + size] for n in range(0, len(text), size)}


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
