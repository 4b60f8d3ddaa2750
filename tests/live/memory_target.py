"""A target in memory that can go wrong on demand. It keeps its records while connectors to it come and go."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from migrate.connectors.target import Ability, Action, Held, Outcome, Record, TargetInfo, Waiting, Warned
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
    by_hand: tuple[str, ...] = ()
    """Entities that go in files."""
    near: str = ""
    """A field by which what goes in files is asked for."""
    hidden: set[tuple[str, str]] = field(default_factory=set)
    """Records that are there and are not shown."""

    def restore(self, folder: Path) -> None:
        """A person gives the files of a run to the target."""
        for entity, records in json.loads((folder / FILE).read_text("utf-8"), object_hook=_instant).items():
            self.records.setdefault(entity, {}).update(records)


FILE = "handed_over.json"


def _instant(given: dict[str, Any]) -> Any:
    return dt.datetime.fromisoformat(given["at"]) if given.keys() == {"at"} else given


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
        if entity in SITE.by_hand:
            return Ability(update=False, remove=False, batch=2, find_batch=3, find_near=SITE.near, parallel=2, together="files")
        return Ability(**{"batch": 2, "find_batch": 3, **SITE.ability})

    def find(self, entity: str, records: Sequence[Record]) -> Iterable[Held]:
        SITE.calls.append(("find", entity, len(records)))
        SITE.before("find", entity, records)
        there = SITE.records.setdefault(entity, {})
        return [Held(r.key, f"#{r.key}", dict(there[r.key])) for r in records if r.key in there
                and (entity, r.key) not in SITE.hidden]  # fmt: skip

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

    def hand_over(self, given: Mapping[str, Sequence[Waiting]], folder: Path) -> Mapping[str, Sequence[Outcome]]:
        """All of it goes into one file."""
        content: dict[str, dict[str, Any]] = {}
        outcomes: dict[str, list[Outcome]] = {}
        for entity, some in given.items():
            SITE.calls.append(("hand_over", entity, len(some)))
            records = [one.record for one in some if one.standing != "there"]
            SITE.before("hand_over", entity, records)
            for record in records:
                said = SITE.answer("hand_over", record)
                if said is None:
                    content.setdefault(entity, {})[record.key] = dict(record.values)
                outcomes.setdefault(entity, []).append(said or Outcome(record.key, "handed_over", None, f"give {FILE}"))
        (folder / FILE).write_text(json.dumps(content, default=lambda at: {"at": at.isoformat()}), "utf-8")
        for entity in given:
            SITE.after("hand_over", entity, [])
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
