"""A target in memory that hands out ids of its own, keeps references as ids, and goes wrong wherever it is told to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from migrate.connectors.target import Ability, Action, Held, Outcome, Record, TargetInfo, Warned
from migrate.contracts.model import Contract

Hook = Callable[[str, str, str, Sequence[Record]], None]
Answer = Callable[[str, str, Record], tuple[Outcome | None, bool]]


def silent(*_: Any) -> None:
    """Nothing goes wrong."""


def truth(*_: Any) -> tuple[None, bool]:
    """What happened is what is said."""
    return None, True


@dataclass
class World:
    """What a target holds: ``{entity: {native id: values}}``, references as native ids."""

    contract: Contract
    rows: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    abilities: dict[str, dict[str, Any]] = field(default_factory=dict)
    hook: Hook = silent
    """Called with ('before' or 'after', what, entity, records); may raise."""
    answer: Answer = truth
    """What is said of one record in place of the truth, and whether the effect happens."""
    calls: list[tuple[str, str, tuple[str, ...]]] = field(default_factory=list)
    address: str = "memory://one"
    number: int = 0
    guards: bool = True
    """Are references that would dangle refused, as by a foreign key?"""

    def writes(self) -> list[tuple[str, str, tuple[str, ...]]]:
        """The calls that change something."""
        return [call for call in self.calls if call[0] != "find"]

    def linked(self, entity: str) -> dict[str, str]:
        """``{field: entity}`` of references that are kept as ids."""
        return {
            f: r.references.entity
            for f, r in self.contract.entities[entity].fields.items()
            if r.references and r.references.unknown != "keep"
        }

    def key(self, entity: str, row: dict[str, Any]) -> str | None:
        """The key's text as the workspace writes it; None where a part of it dangles."""
        linked, parts = self.linked(entity), []
        for f in self.contract.entities[entity].key:
            value = row.get(f)
            if f in linked:
                other = self.rows.get(linked[f], {}).get(str(value))
                value = self.key(linked[f], other) if other is not None else None
                if value is None:
                    return None
            parts.append("" if value is None else str(value))
        return parts[0] if len(parts) == 1 else "|".join(p.replace("\\", "\\\\").replace("|", "\\|") for p in parts)

    def table(self, entity: str) -> dict[str, list[dict[str, Any]]]:
        """``{key: its records}``, with keys in place of ids."""
        found: dict[str, list[dict[str, Any]]] = {}
        linked = self.linked(entity)
        for row in self.rows.get(entity, {}).values():
            shown = dict(row)
            for f, other in linked.items():
                if shown.get(f) is not None:
                    there = self.rows.get(other, {}).get(shown[f])
                    shown[f] = self.key(other, there) if there is not None else f"dangling {shown[f]}"
            found.setdefault(str(self.key(entity, row)), []).append(shown)
        return found

    def state(self) -> dict[str, dict[str, list[dict[str, Any]]]]:
        """Everything, by entity and key."""
        return {entity: self.table(entity) for entity in self.contract.entities if self.rows.get(entity)}

    def find(self, entity: str, record: Record) -> list[str]:
        rows = self.rows.setdefault(entity, {})
        if record.native in rows:
            return [str(record.native)]
        linked, key = self.linked(entity), self.contract.entities[entity].key
        wanted = {f: record.links.get(f) if f in linked else record.values[f] for f in key}
        if None in (wanted[f] for f in key if f in linked):
            return []
        return [native for native, row in rows.items() if all(row.get(f) == v for f, v in wanted.items())]

    def put(self, entity: str, values: dict[str, Any]) -> str:
        """Somebody, or a connector, adds a record."""
        self.number += 1
        native = str(self.number)
        self.rows.setdefault(entity, {})[native] = {"extra": "by the target", **values}
        return native

    def native(self, entity: str, key: str) -> str:
        """The id of the one record with a key."""
        (found,) = [native for native, row in self.rows[entity].items() if self.key(entity, row) == key]
        return found

    def referrers(self, entity: str, native: str) -> Iterator[str]:
        for other, rows in self.rows.items():
            for f, to in self.linked(other).items():
                if to == entity:
                    yield from (other for row in rows.values() if row.get(f) == native)


class WorldTarget:
    """See :class:`migrate.connectors.target.TargetConnector`."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.info = TargetInfo(world.address)
        self._one = threading.RLock()

    def preflight(self, entities: Sequence[str]) -> list[Warned]:
        return []

    def ability(self, entity: str) -> Ability:
        return Ability(
            **{"batch": 2, "find_batch": 3, **self.world.abilities.get("", {}), **self.world.abilities.get(entity, {})}
        )

    def find(self, entity: str, records: Sequence[Record]) -> Iterable[Held]:
        with self._called("find", entity, records):
            unseen, linked = self.ability(entity).unseen, self.world.linked(entity)
            found = []
            for record in records:
                for native in self.world.find(entity, record):
                    row = self.world.rows[entity][native]
                    values = {f: v for f, v in row.items() if f not in unseen and (f not in linked or v is None)}
                    links = {f: row[f] for f in linked if row.get(f) is not None and f not in unseen}
                    found.append(Held(record.key, native, values, links))
        return found

    def write(self, entity: str, action: Action, records: Sequence[Record]) -> list[Outcome]:
        with self._called(action, entity, records):
            return [self._said(action, entity, record, self._write) for record in records]

    def remove(self, entity: str, records: Sequence[Record]) -> list[Outcome]:
        with self._called("remove", entity, records):
            return [self._said("remove", entity, record, self._remove) for record in records]

    def _said(self, action: str, entity: str, record: Record, do: Callable[[str, str, Record], Outcome]) -> Outcome:
        said, effect = self.world.answer(action, entity, record)
        outcome = do(action, entity, record) if effect else None
        if said is not None:
            return said
        assert outcome is not None
        return outcome

    def _write(self, action: str, entity: str, record: Record) -> Outcome:
        linked = self.world.linked(entity)
        values = {f: v for f, v in record.values.items() if f not in self.ability(entity).unwritable and f not in linked}
        links = {f: record.links.get(f) for f in linked if f in record.values or f in record.links}
        for f, link in links.items():
            if self.world.guards and link is not None and link not in self.world.rows.get(linked[f], {}):
                return Outcome(record.key, "refused", None, f"{f} names no record: {link}")
        there = self.world.find(entity, record)
        if action == "create":
            if there:
                return Outcome(record.key, "refused", None, "the key is taken")
            return Outcome(record.key, "done", self.world.put(entity, {**values, **links}))
        if not there:
            return Outcome(record.key, "refused", None, "no such record")
        self.world.rows[entity][there[0]] |= {**values, **links}
        return Outcome(record.key, "done", there[0])

    def _remove(self, action: str, entity: str, record: Record) -> Outcome:
        for native in self.world.find(entity, record):
            if self.world.guards and any(self.world.referrers(entity, native)):
                return Outcome(record.key, "refused", native, "something refers to it")
            del self.world.rows[entity][native]
        return Outcome(record.key, "done")

    def _called(self, what: str, entity: str, records: Sequence[Record]) -> _Call:
        return _Call(self, what, entity, records)

    def count(self, entity: str) -> int | None:
        return len(self.world.rows.get(entity, {}))

    def close(self) -> None:
        pass


class _Call:
    """One call at a time; the hooks stand before and after its effect."""

    def __init__(self, target: WorldTarget, what: str, entity: str, records: Sequence[Record]) -> None:
        self.target, self.arguments = target, (what, entity, records)

    def __enter__(self) -> None:
        what, entity, records = self.arguments
        self.target._one.acquire()
        try:
            self.target.world.calls.append((what, entity, tuple(record.key for record in records)))
            self.target.world.hook("before", *self.arguments)
        except BaseException:
            self.target._one.release()
            raise

    def __exit__(self, kind: object, *_: object) -> None:
        try:
            if kind is None:
                self.target.world.hook("after", *self.arguments)
        finally:
            self.target._one.release()
