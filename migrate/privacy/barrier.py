"""The second barrier: whatever came through, no record of an erased person is put into a file or written to the target.

It knows nothing of the source and of what was excluded. It looks at the target's own fields, at the last moment.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from migrate.artefacts import Validated
from migrate.compiler.plan import Plan
from migrate.compiler.text import name
from migrate.connectors.target import (
    Ability,
    Action,
    HandsOver,
    Held,
    Outcome,
    Record,
    Taken,
    TakesTables,
    TargetConnector,
    TargetInfo,
    Waiting,
    Warned,
)
from migrate.contracts.model import Contract
from migrate.engine import session
from migrate.errors import RunFailed
from migrate.privacy.settings import SUPPRESSED, Suppression
from migrate.privacy.suppression import Suppressed

REFUSED = f"{SUPPRESSED}: this person was erased and is on the suppression list; nothing was written"


class Barrier:
    """Tells whether a row of the target is about an erased person: by the fields of the class, or of the concept, that the
    identifiers have in the source."""

    def __init__(self, suppressed: Suppressed, settings: Suppression, source: Contract, target: Contract) -> None:
        self.suppressed = suppressed
        self.kinds: dict[str, dict[str, list[str]]] = {}
        """``{target entity: {field: kinds}}``."""
        for kind, given in settings.kinds.items():
            rules = [source.entities[entity].fields[field] for entity, fields in given.items() for field in fields]
            classes = {rule.pii for rule in rules if rule.pii}
            concepts = {rule.concept for rule in rules if rule.concept}
            for entity, model in target.entities.items():
                for field, rule in model.fields.items():
                    if rule.pii in classes or rule.concept in concepts:
                        self.kinds.setdefault(entity, {}).setdefault(field, []).append(kind)

    def stops(self, entity: str, values: Mapping[str, object]) -> bool:
        """Is this record one of an erased person?"""
        return any(self.suppressed.holds(kinds, values.get(f)) for f, kinds in self.kinds.get(entity, {}).items())

    def check(self, validated: Validated, plan: Plan) -> None:
        """Raise RunFailed where a row that is about to be put into a file is one of an erased person."""
        found = []
        with session() as connection:
            for mapping in plan.names:
                entity, there = plan.pair.mappings[mapping].target_name, set(validated.fields(mapping))
                fields = [f for f in self.kinds.get(entity, {}) if f in there]
                if not fields:
                    continue
                rows = f"SELECT {', '.join(map(name, fields))} FROM ({validated.loading(mapping)})"
                reader = connection.cursor().execute(rows).to_arrow_reader()
                number = sum(self.stops(entity, row) for batch in reader for row in batch.to_pylist())
                found += [f"{number} of {mapping}"] if number else []
        if found:
            what = f"{SUPPRESSED}: records of erased people came as far as the load: {', '.join(found)}; nothing was loaded"
            hint = "name the fields that hold their identifiers under suppression: kinds: in privacy.yaml, then run again"
            raise RunFailed(what, hint=hint)


class Guarded:
    """A target connector that refuses to write erased people; everything else it leaves to the connector behind it."""

    def __init__(self, connector: TargetConnector, barrier: Barrier) -> None:
        self.connector, self.barrier = connector, barrier
        self.info: TargetInfo = connector.info

    def preflight(self, entities: Sequence[str]) -> list[Warned]:
        """As the connector."""
        return self.connector.preflight(entities)

    def ability(self, entity: str) -> Ability:
        """As the connector."""
        return self.connector.ability(entity)

    def find(self, entity: str, records: Sequence[Record]) -> Iterable[Held]:
        """As the connector."""
        return self.connector.find(entity, records)

    def write(self, entity: str, action: Action, records: Sequence[Record]) -> list[Outcome]:
        """As the connector, but for erased people: those are refused."""
        stopped = self._stopped(entity, records)
        passed = [record for record in records if record.key not in stopped]
        outcomes = self.connector.write(entity, action, passed) if passed else []
        return [*outcomes, *(Outcome(key, "refused", message=REFUSED) for key in stopped)]

    def create_table(self, entity: str, rows: pa.Table) -> Taken:
        """As the connector; a table with an erased person in it is refused, and comes again record by record."""
        fields = [f for f in self.barrier.kinds.get(entity, {}) if f in rows.column_names]
        if fields and any(self.barrier.stops(entity, row) for row in rows.select(fields).to_pylist()):
            return Taken("refused", message=REFUSED)
        if not isinstance(self.connector, TakesTables):
            raise RunFailed(f"the connector of {self.info.address} says that it takes tables, and cannot")
        return self.connector.create_table(entity, rows)

    def hand_over(self, given: Mapping[str, Sequence[Waiting]], folder: Path) -> Mapping[str, Sequence[Outcome]]:
        """As the connector, but for erased people: those are in no file."""
        if not isinstance(self.connector, HandsOver):
            raise RunFailed(f"the connector of {self.info.address} says that it hands files over, and cannot")
        stopped = {entity: self._stopped(entity, [one.record for one in waiting]) for entity, waiting in given.items()}
        passed = {entity: [one for one in some if one.record.key not in stopped[entity]] for entity, some in given.items()}
        outcomes = self.connector.hand_over(passed, folder)
        new = {(entity, one.record.key) for entity, some in given.items() for one in some if one.standing != "there"}
        return {
            entity: [
                *outcomes.get(entity, ()),
                *(Outcome(key, "refused", message=REFUSED) for key in stopped[entity] if (entity, key) in new),
            ]
            for entity in given
        }

    def remove(self, entity: str, records: Sequence[Record]) -> list[Outcome]:
        """As the connector: erased people may always be removed."""
        return self.connector.remove(entity, records)

    def count(self, entity: str) -> int | None:
        """As the connector."""
        return self.connector.count(entity)

    def close(self) -> None:
        """As the connector."""
        self.connector.close()

    def _stopped(self, entity: str, records: Sequence[Record]) -> Collection[str]:
        return {record.key: None for record in records if self.barrier.stops(entity, record.values)}


def guarded(connector: TargetConnector, barrier: Barrier | None) -> TargetConnector:
    """The connector behind the barrier, where there is one."""
    return connector if barrier is None else Guarded(connector, barrier)
