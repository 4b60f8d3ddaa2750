"""Flat records and the JSON objects that stand for them, by the paths that a contract gives its fields.

Both ways are kept in one place, so that a record that was written as an object is the same record when it is read.
"""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from migrate.contracts.json_paths import Path, path_of
from migrate.contracts.model import Field, FileFormat

ANY = "*"
"""In the name of a path: some place of a list."""


class Shape:
    """Where the fields of one entity stand in an object."""

    def __init__(self, fields: Mapping[str, Field]) -> None:
        self.fields = fields
        self.paths: dict[str, Path] = {name: path_of(name, rule) for name, rule in fields.items()}
        self._known = {path for path in self.paths.values() if path}

    def build(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The object of a record, in the order of the contract's fields. What is None is not there, nor what holds nothing else.

        ``values`` are as JSON has them (:func:`json_value`); fields that the contract does not have are passed over.
        """
        whole: dict[Any, Any] = {}
        for name, path in self.paths.items():
            value = values.get(name)
            if value is None or not path:
                continue
            place = whole
            for step in path[:-1]:
                place = place.setdefault(step, {})
            place[path[-1]] = value
        return {step: _lists(part) for step, part in whole.items()}

    def values(self, whole: Mapping[str, Any]) -> dict[str, Any]:
        """What stands at the path of each field, as JSON has it; None where nothing does. A field without steps has the whole."""
        return {name: at(whole, path) for name, path in self.paths.items()}

    def unknown(self, whole: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        """``(name of the path, value)`` of what no field has: numbers, texts and flags, and lists and objects without any."""
        for path, value in _leaves(whole, ()):
            if path and not any(path[:length] in self._known for length in range(1, len(path) + 1)):
                yield shown(path), value


def shown(path: Path) -> str:
    """The name of a path for people; places in lists are all one."""
    return ".".join(ANY if isinstance(step, int) else step for step in path)


def at(whole: Any, path: Path) -> Any:
    """What stands at ``path``; None where nothing does."""
    for step in path:
        if isinstance(step, int):
            whole = whole[step] if isinstance(whole, list) and step < len(whole) else None
        else:
            whole = whole.get(step) if isinstance(whole, Mapping) else None
    return whole


def json_value(rule: Field, value: Any, format_: FileFormat) -> Any:
    """A typed value as JSON has it: instants as the format says, in UTC; whole numbers without a fraction."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, dt.date):  # a datetime is one, too
        own = rule.formats[0] if rule.formats else format_.date if rule.type == "date" else format_.datetime
        return value.strftime(own)
    if isinstance(value, float | Decimal):
        number = float(value)
        return int(number) if number.is_integer() and abs(number) < 1e15 else number
    return value if isinstance(value, int) else str(value) or None


def json_cell(rule: Field, text: str | None, format_: FileFormat) -> Any:
    """The same of a value that is text already, as load files have it."""
    if text is None or text == "":
        return None
    match rule.type:
        case "flag":
            return text == format_.true
        case "int":
            return int(text)
        case "decimal":
            number = float(text.replace(format_.decimal, "."))
            return int(number) if number.is_integer() and abs(number) < 1e15 else number
    return text


def typed_value(rule: Field, value: Any) -> Any:
    """What JSON has as the live stage compares it: instants in UTC without a zone. What is not of the type stays as it is."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, dict | list):
        return compact(value)
    if rule.type in ("date", "datetime", "epoch") and isinstance(value, str):
        try:
            instant = dt.datetime.fromisoformat(value)
        except ValueError:
            return value
        instant = instant.astimezone(dt.UTC).replace(tzinfo=None) if instant.tzinfo else instant
        return instant.date() if rule.type == "date" else instant
    if rule.type == "decimal" and isinstance(value, int | float):
        return float(value)
    return str(value) if rule.type == "string" else value


def cell(value: Any) -> str | None:
    """What JSON has as the text of a source's cell: lists and objects as compact JSON."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value)
    return str(value) if isinstance(value, int) else compact(value)


def compact(value: Any) -> str:
    """JSON without blanks, in the order that was given."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def strict_loads(text: str | bytes) -> Any:
    """JSON of which nothing is lost or guessed. Raises ValueError for a member that stands twice, NaN, and numbers too large."""
    return json.loads(text, object_pairs_hook=_once, parse_constant=_refused, parse_float=_finite)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the member {next(n for n in names if names.count(n) > 1)!r} stands twice in one object")
    return found


def _refused(word: str) -> Any:
    raise ValueError(f"{word} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"the number {text[:40]} is too large")
    return number


def _lists(part: Any) -> Any:
    """Objects under places of a list as that list; places that nothing stands at close up."""
    if not isinstance(part, dict):
        return part
    if part and all(isinstance(step, int) for step in part):
        return [_lists(part[step]) for step in sorted(part)]
    return {step: _lists(inner) for step, inner in part.items()}


def _leaves(part: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    if isinstance(part, Mapping) and part:
        for name, inner in part.items():
            yield from _leaves(inner, (*path, name))
    elif isinstance(part, list) and part:
        for place, inner in enumerate(part):
            yield from _leaves(inner, (*path, place))
    else:
        yield path, part
