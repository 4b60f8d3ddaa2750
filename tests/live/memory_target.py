"""A target in memory that can go wrong on demand. It keeps its records while connectors to it come and go."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr

from migrate.connectors.target import Ability, Action, Held, Outcome, Record, TargetInfo, Warned
from migrate.contracts.load import LoadedContract

Fault = Callable[[str, str, Sequence[Record]], None]


@dataclass
class Site:
    """What outlives a connector."""

    records: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    calls: list[tuple[str, str, int]] = field(default_factory=list)
    before: Fault = lambda *_: None
    """Called before the effect; may raise."""
    after: Fault = lambda *_: None
    """Called after the effect; may raise, and then the reply is lost."""
    answer: Callable[[str, Record], Outcome | None] = lambda *_: None
    """What is said of a record in place of the truth, without any effect."""
    ability: dict[str, Any] = field(default_factory=dict)


SITE = Site()


class MemoryTarget:
    """See :class:`migrate.connectors.target.TargetConnector`."""

    def __init__(self, contract: LoadedContract) -> None:
        self.contract = contract
        self.info = TargetInfo("memory")

    @classmethod
    def open(cls, contract: LoadedContract, url: str, token: SecretStr, options: Mapping[str, Any]) -> MemoryTarget:
        return cls(contract)

    def preflight(self, entities: Sequence[str]) -> list[Warned]:
        return []

    def ability(self, entity: str) -> Ability:
        return Ability(**{"batch": 2, "find_batch": 3, **SITE.ability})

    def find(self, entity: str, records: Sequence[Record]) -> Iterable[Held]:
        SITE.calls.append(("find", entity, len(records)))
        SITE.before("find", entity, records)
        there = SITE.records.setdefault(entity, {})
        return [Held(r.key, f"#{r.key}", dict(there[r.key])) for r in records if r.key in there]

    def write(self, entity: str, action: Action, records: Sequence[Record]) -> list[Outcome]:
        SITE.calls.append((action, entity, len(records)))
        SITE.before(action, entity, records)
        outcomes = []
        for record in records:
            said = SITE.answer(action, record)
            if said is None:
                there = SITE.records.setdefault(entity, {})
                assert (record.key in there) == (action == "update"), f"{action} of {record.key}"
                there[record.key] = {**there.get(record.key, {}), **record.values}
            outcomes.append(said or Outcome(record.key, "done", f"#{record.key}"))
        SITE.after(action, entity, records)
        return outcomes

    def remove(self, entity: str, records: Sequence[Record]) -> list[Outcome]:
        SITE.calls.append(("remove", entity, len(records)))
        SITE.before("remove", entity, records)
        for record in records:
            SITE.records.setdefault(entity, {}).pop(record.key, None)
        return [Outcome(record.key, "done") for record in records]

    def count(self, entity: str) -> int | None:
        return len(SITE.records.get(entity, {}))

    def close(self) -> None:
        pass
