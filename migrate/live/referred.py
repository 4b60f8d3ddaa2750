"""What a record that is put back would refer to again: where a later run removed that, the target would refuse it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Container, Iterable, Iterator, Mapping
from typing import Any

from migrate.contracts.model import Contract, Reference
from migrate.ledger import Identity, Ledger
from migrate.live.images import written_values
from migrate.live.keys import names_key
from migrate.live.remembered import Remembered

At = tuple[str, str]
"""A target entity, and a key in it."""


class Referred:
    """Asks the ledger alone: of what no run wrote nobody knows what became."""

    def __init__(self, contract: Contract, ledger: Ledger, remembered: Remembered, coming_back: Collection[At]) -> None:
        self.contract, self.ledger, self.remembered = contract, ledger, remembered
        self.coming_back = coming_back
        """Records that the same rollback brings back before."""
        self._keys: dict[str, dict[str, str]] = defaultdict(dict)
        self._values: dict[At, dict[str, Identity]] = {}

    def learn(self, entity: str, images: Iterable[Mapping[str, Any]]) -> None:
        """Find out which records the images name by ids that the target has no more."""
        wanted: dict[str, set[str]] = defaultdict(set)
        for image in images:
            for field, reference in self._references(entity, None):
                native = image["links"].get(field)
                if native is not None and not self.remembered.is_present(reference.entity, native):
                    wanted[reference.entity].add(native)
        for other, natives in wanted.items():
            if unknown := sorted(natives - self._keys[other].keys()):
                self._keys[other] |= self.ledger.known_as(other, unknown)

    def removed(self, entity: str, image: Mapping[str, Any], fields: Container[str] | None) -> tuple[str, str] | None:
        """A field of the image, of those that are put back, that names what was removed, and the run that removed it."""
        for field, reference in self._references(entity, fields):
            known = self._named(reference, image["links"].get(field), image["values"].get(field))
            if known is not None and known.state == "removed" and (reference.entity, known.key) not in self.coming_back:
                return field, known.run
        return None

    def _references(self, entity: str, fields: Container[str] | None) -> Iterator[tuple[str, Reference]]:
        for field, rule in self.contract.entities[entity].fields.items():
            if rule.references is not None and rule.references.unknown != "keep" and (fields is None or field in fields):
                yield field, rule.references

    def _named(self, reference: Reference, native: str | None, value: Any) -> Identity | None:
        other = reference.entity
        if native is not None:
            key = None if self.remembered.is_present(other, native) else self._keys[other].get(native)
            return self.remembered.identity(other, key) if key is not None else None
        if value in (None, ""):
            return None
        if names_key(self.contract, reference):
            return self.remembered.identity(other, str(value))
        return self._by(other, reference.field or self.contract.entities[other].key[0]).get(str(value))

    def _by(self, entity: str, field: str) -> dict[str, Identity]:
        """The records of an entity by another field than their key; those that are there before those that were removed."""
        if (entity, field) not in self._values:
            known = sorted(self.remembered.identities(entity), key=lambda one: one.state != "removed")
            model = self.contract.entities[entity]
            self._values[entity, field] = {str(written_values(one.meant, model).get(field)): one for one in known}
        return self._values[entity, field]
