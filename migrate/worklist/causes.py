"""Items by root cause: what a person looks at first, because one answer often settles many items."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from migrate.worklist.states import NEEDS_A_PERSON

Item = dict[str, Any]


@dataclass(frozen=True)
class Cause:
    """One rule on one field. The numbers are of the items that need a person."""

    id: str
    severity: str
    code: str
    title: str
    entity: str
    field: str
    items: tuple[Item, ...]
    """All of them, the largest blast radius first."""
    states: Mapping[str, int]
    choices: tuple[str, ...]
    """Decisions that all items that need a person take."""

    @property
    def open(self) -> tuple[Item, ...]:
        """The items that need a person."""
        return tuple(item for item in self.items if item["state"] in NEEDS_A_PERSON)

    @property
    def rows(self) -> int:
        return sum(item["rows"] for item in self.open)

    @property
    def waiting(self) -> int:
        return sum(item["waiting"] for item in self.open)


def by_cause(items: Iterable[Item], titles: Mapping[str, str]) -> list[Cause]:
    """The causes of ``items``, the largest blast radius first; those that need nobody come last."""
    grouped: dict[str, list[Item]] = {}
    for item in items:
        grouped.setdefault(item["cause"], []).append(item)
    causes = [_cause(cause, found, titles) for cause, found in grouped.items()]
    return sorted(causes, key=lambda c: (-c.rows - c.waiting, -len(c.open), c.code, c.id))


def _cause(cause: str, items: list[Item], titles: Mapping[str, str]) -> Cause:
    first = items[0]
    asked = [item for item in items if item["state"] in NEEDS_A_PERSON] or items
    common = [verb for verb in (first["choices"] or "").split() if all(verb in (i["choices"] or "").split() for i in asked)]
    states = Counter(item["state"] for item in items)
    ordered = sorted(items, key=lambda item: (item["state"] not in NEEDS_A_PERSON, -item["rows"] - item["waiting"], item["item"]))
    return Cause(
        cause, asked[0]["severity"] or "", first["code"] or "", titles.get(first["code"], first["code"] or ""),
        first["entity"] or "", first["field"] or "", tuple(ordered), dict(sorted(states.items())), tuple(common),
    )  # fmt: skip
