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

DEEPEST = 100
"""Objects and lists within each other."""
ANY = "*"
"""In the name of a path: some place of a list."""


class Shape:
    """Where the fields of one entity stand in an object."""

    def __init__(self, fields: Mapping[str, Field]) -> None:
        self.fields = fields
        self.paths: dict[str, Path] = {name: path_of(name, rule) for name, rule in fields.items()}
        self._wholes = [name for name, path in self.paths.items() if not path]
        self._tree: dict[Any, Any] = {}
        """Steps to further steps, and at the end of a path to the name of its field."""
        for name, path in self.paths.items():
            place = self._tree
            for step in path[:-1]:
                place = place.setdefault(step, {})
            if path:
                place[path[-1]] = name

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

    def take(self, whole: Mapping[str, Any]) -> tuple[dict[str, Any], list[tuple[str, Any]]]:
        """What stands at the path of each field, as JSON has it, and what no field has.

        Of the first, None is where nothing stands, and a field without steps has the whole. The second are pairs of
        ``(name of the path, value)``: numbers, texts and flags, and lists and objects without any.
        """
        values: dict[str, Any] = dict.fromkeys(self.paths)
        values.update(dict.fromkeys(self._wholes, whole))
        unknown: list[tuple[Path, Any]] = []
        _walk(self._tree, whole, (), values, unknown)
        return values, [(shown(path), value) for path, value in unknown]

    def values(self, whole: Mapping[str, Any]) -> dict[str, Any]:
        """The first half of :meth:`take`."""
        return self.take(whole)[0]

    def unknown(self, whole: Mapping[str, Any]) -> list[tuple[str, Any]]:
        """The second half of :meth:`take`."""
        return self.take(whole)[1]


def _walk(tree: Mapping[Any, Any], part: Any, path: Path, values: dict[str, Any], unknown: list[tuple[Path, Any]]) -> None:
    for step, inner in part.items() if isinstance(part, dict) else enumerate(part):
        leads = tree.get(step)
        if isinstance(leads, str):
            values[leads] = inner
        elif leads is not None and inner and isinstance(inner, dict | list):
            _walk(leads, inner, (*path, step), values, unknown)
        else:
            unknown.extend(_leaves(inner, (*path, step)))


def shown(path: Path) -> str:
    """The name of a path for people; places in lists are all one."""
    return ".".join(ANY if isinstance(step, int) else step for step in path)


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
    """JSON of which nothing is lost or guessed.

    Raises ValueError for a member that stands twice, NaN, numbers too large or with more digits than a float carries, and what is
    nested more than :data:`DEEPEST` times.
    """
    try:
        found = json.loads(text, object_pairs_hook=_once, parse_constant=_refused, parse_float=_kept)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    opened = text.count("[") + text.count("{") if isinstance(text, str) else text.count(b"[") + text.count(b"{")
    if opened > DEEPEST and _too_deep(found):
        raise ValueError("it is nested too deeply")
    return found


def _too_deep(part: Any) -> bool:
    level, depth = [part], 0
    while level and depth <= DEEPEST:
        inner = [one for each in level for one in (each.values() if isinstance(each, dict) else each)]
        level, depth = [one for one in inner if isinstance(one, dict | list)], depth + 1
    return bool(level)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the member {next(n for n in names if names.count(n) > 1)!r} stands twice in one object")
    return found


def _refused(word: str) -> Any:
    raise ValueError(f"{word} is not JSON")


def _kept(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"the number {text[:40]} is too large")
    if abs(number) >= 1e10 and Decimal(text) != Decimal(repr(number)):
        raise ValueError(f"the number {text[:40]} has more digits than can be kept; write it as text")
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
