"""Comparing what was meant with what is held, and taking keys apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from migrate.connectors.target import Held, Record
from migrate.contracts.model import Entity


def stands(record: Record, held: Held | None, fields: Iterable[str]) -> bool:
    """Does the target hold what was meant, as far as it can be seen?"""
    if held is None:
        return False
    return all(same(record.values[f], held.values[f]) for f in fields if f in record.values and f in held.values)


def same(one: Any, other: Any) -> bool:
    """Equal values; numbers within what a double can tell apart, blank text as nothing."""
    if isinstance(one, str):
        one = one.strip() or None
    if one is None or other is None or isinstance(one, str) or isinstance(other, str):
        return bool(one == other)
    if isinstance(one, bool) or isinstance(other, bool) or not hasattr(one, "__float__"):
        return bool(one == other)
    return abs(float(one) - float(other)) <= 1e-9 * max(1.0, abs(float(one)))


def parts(key: str) -> list[str]:
    r"""The parts of a key's text: joined by ``|``, with ``\`` and ``|`` inside them escaped."""
    found, escaped = [""], False
    for letter in key:
        if escaped or letter not in "\\|":
            found[-1] += letter
            escaped = False
        elif letter == "\\":
            escaped = True
        else:
            found.append("")
    return found


def with_key(entity: Entity, record: Record) -> Record:
    """The record with its key fields among its values; what is recorded of a key may be its text alone."""
    if all(field in record.values for field in entity.key):
        return record
    texts = [record.key] if len(entity.key) == 1 else parts(record.key)
    named: Mapping[str, Any] = {f: text or None for f, text in zip(entity.key, texts, strict=False)}
    return replace(record, values={**named, **record.values})
