"""Who refers to a record in the target, among records that stay there: removing it would take them along, or be refused."""

from __future__ import annotations

from migrate.connectors.target import Held
from migrate.contracts.model import Contract


class Referrers:
    """Marks of records that stay, by what they refer to."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self._natives: dict[tuple[str, str], str] = {}
        self._values: dict[tuple[str, str, str], str] = {}

    def stays(self, entity: str, held: Held, why: str = "") -> None:
        """Note what a record refers to that is not going to be removed."""
        who = f"{entity} {held.key}{f' ({why})' if why else ''}"
        for field, rule in self.contract.entities[entity].fields.items():
            if rule.references is None or rule.references.unknown == "keep":
                continue
            other = rule.references.entity
            if field in held.links:
                self._natives.setdefault((other, held.links[field]), who)
            elif held.values.get(field) not in (None, ""):
                named = rule.references.field or self.contract.entities[other].key[0]
                self._values.setdefault((other, named, str(held.values[field])), who)

    def of(self, entity: str, held: Held) -> str | None:
        """One that refers to this record and stays, in words; None where no such record is known."""
        if held.native is not None and (who := self._natives.get((entity, held.native))) is not None:
            return who
        for field, value in held.values.items():
            if (who := self._values.get((entity, field, str(value)))) is not None:
                return who
        return None
