"""Keys as text, and what their parts are."""

from __future__ import annotations

import datetime as dt
from typing import Any

from migrate.contracts.model import Contract, Entity, Reference


def split_key(key: str, parts: int) -> list[str]:
    """The parts of a key's text (see :func:`migrate.compiler.text.key_text`)."""
    if parts == 1:
        return [key]
    found, part, escaped = [], "", False
    for character in key:
        if escaped:
            part, escaped = part + character, False
        elif character == "\\":
            escaped = True
        elif character == "|":
            found.append(part)
            part = ""
        else:
            part += character
    return [*found, part]


def key_values(entity: Entity, key: str) -> dict[str, Any]:
    """``{field: value}`` of a key's text, typed as in a record. An empty part of another type than text is null."""
    parts = zip(entity.key, split_key(key, len(entity.key)), strict=True)
    return {field: _typed(entity.fields[field].type, text) for field, text in parts}


def names_key(contract: Contract, reference: Reference) -> bool:
    """Does a reference hold the key of another record, and not another field of it?"""
    key = contract.entities[reference.entity].key
    return len(key) == 1 and reference.field in (None, key[0])


def _typed(kind: str, text: str) -> Any:
    if kind == "string":
        return text
    if text == "":
        return None
    match kind:
        case "int":
            return int(text)
        case "decimal":
            return float(text)
        case "flag":
            return text == "true"
        case "date":
            return dt.date.fromisoformat(text)
        case "datetime" | "epoch":
            return dt.datetime.fromisoformat(text)
    return text
