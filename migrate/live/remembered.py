"""What the ledger remembers of records in the target, for finding them and for putting back what they referred to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from migrate.connectors.target import Record
from migrate.contracts.model import Contract
from migrate.ledger import Identity, Ledger
from migrate.live.images import written_values
from migrate.live.keys import key_values, names_key
from migrate.mapping.load import LoadedPair


class Remembered:
    """Identities, read once per entity."""

    def __init__(self, contract: Contract, ledger: Ledger) -> None:
        self.contract, self.ledger = contract, ledger
        self._identities: dict[str, dict[str, Identity]] = {}
        self._natives: dict[str, set[str | None]] = {}
        self._met: dict[tuple[str, str], str] = {}

    def identity(self, entity: str, key: str) -> Identity | None:
        """What is known of a record."""
        if entity not in self._identities:
            self._identities[entity] = self.ledger.known(entity)
            self._natives[entity] = {one.native for one in self._identities[entity].values()}
        return self._identities[entity].get(key)

    def identities(self, entity: str) -> list[Identity]:
        """Everything that is known of an entity."""
        self.identity(entity, "")
        return list(self._identities[entity].values())

    def renew(self, entity: str, key: str, native: str | None) -> None:
        """A record was brought back under another id of the target."""
        if (known := self.identity(entity, key)) is not None:
            self._identities[entity][key] = replace(known, native=native)
            self._natives[entity].add(native)

    def native(self, entity: str, key: str) -> str | None:
        """The target's own id of a record, as the ledger has it or as it was met since."""
        known = self.identity(entity, key)
        return known.native if known is not None and known.native is not None else self._met.get((entity, key))

    def meet(self, entity: str, key: str, native: str) -> None:
        """A record was found of which the ledger has no id."""
        self._met[entity, key] = native

    def record(self, entity: str, key: str, native: str | None, meant: str | None = None) -> Record:
        """A record as it was written last: enough to find it. ``meant`` is the JSON of one that the ledger does not know yet."""
        model, known = self.contract.entities[entity], self.identity(entity, key)
        values = written_values(meant if known is None else known.meant, model) | key_values(model, key)
        links = {}
        for field, value in values.items():
            reference = model.fields[field].references
            if reference is not None and value is not None and names_key(self.contract, reference):
                other = self.native(reference.entity, str(value))
                if other is not None:
                    links[field] = other
        return Record(key, values, native, links)

    def named(self, entity: str, images: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """The values of images as a run writes them down: what they refer to by its key, not by the target's id of it."""
        refers = {
            field: rule.references.entity
            for field, rule in self.contract.entities[entity].fields.items()
            if rule.references is not None and names_key(self.contract, rule.references)
        }
        natives: dict[str, set[str]] = defaultdict(set)
        for image in images:
            for field in image["links"].keys() & refers.keys():
                natives[refers[field]].add(image["links"][field])
        keys = {other: self.ledger.known_as(other, sorted(ids)) for other, ids in natives.items()}
        named = []
        for image in images:
            values = dict(image["values"])
            for field in image["links"].keys() & refers.keys():
                other = refers[field]
                if (key := keys[other].get(image["links"][field])) is not None:
                    (values[field],) = key_values(self.contract.entities[other], key).values()
            named.append(values)
        return named

    def linked(self, entity: str, records: Sequence[Record]) -> list[Record]:
        """The records, with the present ids of what they refer to: what was removed and brought back has another one."""
        fields = self.contract.entities[entity].fields
        refers = {f: rule.references.entity for f, rule in fields.items() if rule.references is not None}
        gone: dict[str, set[str]] = defaultdict(set)
        for record in records:
            for field, native in record.links.items():
                if field in refers and not self.is_present(refers[field], native):
                    gone[refers[field]].add(native)
        present = {
            (to, native): known.native
            for to, natives in gone.items()
            for native, key in self.ledger.known_as(to, sorted(natives)).items()
            if (known := self.identity(to, key)) is not None and known.native is not None
        }
        return [
            replace(record, links={f: present.get((refers.get(f, ""), n), n) for f, n in record.links.items()})
            for record in records
        ]

    def written(self, pair: LoadedPair, mapping: str) -> frozenset[str] | None:
        """Fields that a mapping writes; None where there is no such mapping any more."""
        found = pair.mappings.get(mapping)
        return frozenset(found.model.fields) if found is not None else None

    def is_present(self, entity: str, native: str) -> bool:
        """Has a record that is known this id in the target?"""
        self.identity(entity, "")
        return native in self._natives[entity]
