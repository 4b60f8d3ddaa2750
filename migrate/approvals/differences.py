"""What differs between two versions of a file of a workspace."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from migrate.errors import ConfigurationError
from migrate.located_yaml import parse

DEPTH = 2


def keys(old: bytes, new: bytes) -> list[tuple[str, ...]] | None:
    """Keys of two YAML files whose values differ, at most DEPTH deep; None where one cannot be read."""
    try:
        before, after = (parse(text.decode("utf-8-sig"), Path("signed")).data for text in (old, new))
    except (ConfigurationError, UnicodeDecodeError):
        return None
    return list(_keys(before or {}, after or {}, ()))


def entries(old: bytes, new: bytes, key: str, columns: tuple[str, ...]) -> dict[str, list[dict[str, str]]] | None:
    """``{key: its rows before and after}`` of rows of two CSV files that differ in one of ``columns``, or that one file lacks;
    None where one cannot be read."""
    try:
        before, after = (_rows(text, key) for text in (old, new))
    except (csv.Error, UnicodeDecodeError, KeyError):
        return None
    found: dict[str, list[dict[str, str]]] = {}
    for name in dict.fromkeys((*before, *after)):
        one, other = before.get(name), after.get(name)
        if one is None or other is None or any(one.get(c) != other.get(c) for c in columns):
            found[name] = [row for row in (one, other) if row is not None]
    return found


def _keys(old: Any, new: Any, above: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if old == new:
        return
    if len(above) == DEPTH or not isinstance(old, dict) or not isinstance(new, dict):
        yield above
        return
    for key in dict.fromkeys((*old, *new)):
        if (key in old) != (key in new):
            yield (*above, str(key))
        else:
            yield from _keys(old[key], new[key], (*above, str(key)))


def _rows(text: bytes, key: str) -> dict[str, dict[str, str]]:
    reader = csv.DictReader(io.StringIO(text.decode("utf-8-sig"), newline=""), strict=True)
    return {row[key]: {name: value or "" for name, value in row.items() if name is not None} for row in reader}
