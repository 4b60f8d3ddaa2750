"""One relation between source fields and target fields; both directions are read from it, so that they agree."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

Kind = Literal["value", "reference", "join", "check", "record"]
"""How a source field reaches the target: the value is made of it; it names the referred record; it finds the joined row;
a check looks at it; it decides whether there is a record at all."""
KINDS: tuple[Kind, ...] = get_args(Kind)

MEANING: dict[Kind, str] = {
    "value": "the value is made of it",
    "reference": "it names the record that is referred to",
    "join": "it finds the row that the value is taken from",
    "check": "a check of the value looks at it",
    "record": "it decides which records there are",
}


@dataclass(frozen=True, order=True)
class Link:
    """A source field reaches a target field, or the mapping's records as a whole (``field`` is None then)."""

    entity: str
    source: str
    mapping: str
    field: str | None
    kind: Kind
    path: tuple[str, ...] = ()
    """What lies between, from the target's side: lets, lookups, pivots, references, views."""

    @property
    def from_(self) -> str:
        return f"{self.entity}.{self.source}"

    @property
    def to(self) -> str:
        return f"{self.mapping}.{self.field}" if self.field else self.mapping


@dataclass(frozen=True)
class Lineage:
    """All links of a pair of systems."""

    links: tuple[Link, ...]
    idle: tuple[tuple[str, str], ...]
    """``(entity, field)`` that a run reads and no target field needs: views have fields that no mapping uses."""

    def of_source(self, entity: str, field: str | None = None) -> tuple[Link, ...]:
        """Where a source field (or every field of an entity) goes."""
        return tuple(link for link in self.links if link.entity == entity and field in (None, link.source))

    def of_target(self, mapping: str, field: str | None = None) -> tuple[Link, ...]:
        """What a target field (or everything of a mapping) comes from."""
        return tuple(link for link in self.links if link.mapping == mapping and field in (None, link.field))

    def of_records(self, mapping: str) -> tuple[Link, ...]:
        """What decides which records a mapping has."""
        return tuple(link for link in self.links if link.mapping == mapping and link.field is None)


def lineage(links: Iterable[Link], idle: Iterable[tuple[str, str]]) -> Lineage:
    """The relation in a fixed order, each link once: of several paths from one field to another in the same kind, the
    shortest is kept."""
    kept: dict[tuple[str, str, str, str | None, Kind], Link] = {}
    for link in links:
        at = (link.entity, link.source, link.mapping, link.field, link.kind)
        if at not in kept or (len(link.path), link.path) < (len(kept[at].path), kept[at].path):
            kept[at] = link
    ordered = sorted(kept.values(), key=lambda k: (k.mapping, k.field or "", KINDS.index(k.kind), k.entity, k.source))
    return Lineage(tuple(ordered), tuple(sorted(set(idle))))
