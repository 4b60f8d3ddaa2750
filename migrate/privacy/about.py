"""Whom a row is about, told from the contract: the person it describes, not the one who wrote, changed or approved it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from migrate.contracts.model import Contract


class About:
    """Says it for the tables of a source whose people are in the entities ``people``."""

    def __init__(self, contract: Contract, people: Collection[str], stated: Mapping[str, str | None]) -> None:
        """``stated``: what the workspace says, by table; null where its rows are about nobody."""
        self.contract, self.people, self.stated = contract, people, stated
        self.called: dict[str, str] = {}
        """``{entity of people: the first name by which columns refer to it}``."""
        for column, entity in contract.conventions.items():
            if entity in people:
                self.called.setdefault(entity, column)

    def field(self, entity: str) -> str | None:
        """The field of a table or file that names the person: what the workspace says, the reference whose concept ends in
        ``.person``, or that which is called as the system calls a person everywhere."""
        if entity in self.stated:
            return self.stated[entity]
        if entity in self.people:
            return None
        fields = self.contract.entities[entity].fields
        to = {
            f: rule.references.entity for f, rule in fields.items() if rule.references and rule.references.entity in self.people
        }
        by_concept = next((f for f in to if (fields[f].concept or "").endswith(".person")), None)
        return by_concept or next((f for f, people in to.items() if f in self._names(people)), None)

    def column(self, table: str, columns: Sequence[str]) -> tuple[str, str] | None:
        """The same for a table that no contract describes: the column, and the entity that it refers to."""
        if table in self.stated:
            stated = self.stated[table]
            people = self.contract.conventions.get((stated or "").lower()) or next(iter(self.people))
            return (stated, people) if stated in columns and stated is not None else None
        for people, called in self.called.items():
            for column in columns:
                if column.lower() == called:
                    return column, people
        return None

    def _names(self, people: str) -> tuple[str, ...]:
        key = self.contract.entities[people].key
        return (*key, self.called[people]) if people in self.called else key
