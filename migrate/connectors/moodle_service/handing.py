"""History for a Moodle: which courses need a new backup, and what the site is asked before it can be written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from migrate.connectors.moodle_backup import BackupWords, Person, backup_words, courses_of, hand_over
from migrate.connectors.moodle_service.finding import Finder
from migrate.connectors.moodle_service.plan import Plan
from migrate.connectors.target import Held, Outcome, Record, Waiting
from migrate.contracts.model import Contract
from migrate.errors import TargetRefused

TOGETHER = "course backups"
_RESTORED = "its placeholder was restored already, and restore adds completions to none that exists"
_ADDRESS, _TITLE = "person.email", "course.title"
"""The concepts by which a contract says which fields of the target hold these."""
Given = Mapping[str, Sequence[Waiting]]
Records = dict[str, list[Record]]


class Handing:
    """Writes the backups of the courses that have something new."""

    def __init__(self, contract: Contract, plans: Mapping[str, Plan], finder: Finder, find_batch: int) -> None:
        self._contract, self._plans, self._finder, self._find_batch = contract, plans, finder, find_batch
        self.words: dict[str, BackupWords] = backup_words(contract)
        """Entities that go as backups."""

    def hand_over(self, given: Given, folder: Path, before: str = "") -> dict[str, list[Outcome]]:
        """See :meth:`migrate.connectors.target.HandsOver.hand_over`.

        A new file holds everything of its course that the site does not hold, so that it takes the place of a file that
        waits: grades of a course that come in a second file may not arrive. Raises TargetLost, TargetRefused.
        """
        standing = {(entity, one.record.key): one.standing for entity, some in given.items() for one in some}
        records, refused = self._due(given)
        people, courses = self._asked(records, ("user", "grader")), self._asked(records, ("course",))
        names, taken = self._items(records)
        written, _ = hand_over(
            self._contract, self._as_named(records, names, standing), folder, made=dt.datetime.now(dt.UTC).replace(tzinfo=None),
            accounts={key: Person(key, self._shown(entity, held, _ADDRESS)) for (entity, key), held in people.items()},
            courses={key: str(held.native) for (_, key), held in courses.items()},
            titles={key: self._shown(entity, held, _TITLE) for (entity, key), held in courses.items()},
            names_taken=taken, before=before,
        )  # fmt: skip
        for entity, some in written.items():
            refused.setdefault(entity, []).extend(one for one in some if standing[entity, one.key] != "there")
        return refused

    def _due(self, given: Given) -> tuple[Records, dict[str, list[Outcome]]]:
        """What the writer gets: all of the courses that have something new; and what cannot go into a file any more."""
        where = courses_of(self._contract, {entity: [one.record for one in some] for entity, some in given.items()})
        new = {where[entity, one.record.key] for entity, some in given.items() for one in some if one.standing == "new"}
        there = {
            (self.words[entity].part, self._value(entity, one.record, "idnumber"))
            for entity, some in given.items() for one in some if one.standing == "there"
        }  # fmt: skip
        records: Records = {entity: [] for entity in given}
        refused: dict[str, list[Outcome]] = {}
        for entity, some in given.items():
            part = self.words[entity].part
            for one in some:
                if where[entity, one.record.key] not in new or (one.standing == "there" and part != "grade_items"):
                    continue
                if part == "activity_completions" and ("activities", self._value(entity, one.record, "activity")) in there:
                    if one.standing == "new":
                        refused.setdefault(entity, []).append(Outcome(one.record.key, "refused", message=_RESTORED))
                else:
                    records[entity].append(one.record)
        return records, refused

    # What the site knows -----------------------------------------------------------------------------------------

    def _asked(self, records: Records, attributes: Sequence[str]) -> dict[tuple[str, str], Held]:
        """Those whom the records refer to in these attributes, as the site holds them, by entity and key."""
        keys: dict[str, set[str]] = {}
        for entity, some in records.items():
            for attribute in attributes:
                rule = self._contract.entities[entity].fields.get(self._field(entity, attribute))
                if rule is not None and rule.references is not None:
                    named = (self._value(entity, record, attribute) for record in some)
                    keys.setdefault(rule.references.entity, set()).update(name for name in named if name)
        found = {}
        for entity, wanted in keys.items():
            (key,) = self._contract.entities[entity].key
            asked = [Record(name, {key: name}) for name in sorted(wanted)]
            for start in range(0, len(asked), self._find_batch):
                part = asked[start : start + self._find_batch]
                found.update({(entity, one.key): one for one in self._finder.find(self._plans[entity], part)})
        return found

    def _shown(self, entity: str, held: Held, concept: str) -> str:
        field = next((name for name, rule in self._contract.entities[entity].fields.items() if rule.concept == concept), None)
        value = held.values.get(field) if field is not None else None
        if value is None:
            hint = "give the user of the token the right to see it; restore finds accounts by name and e-mail together"
            raise TargetRefused(f"the site does not show the {concept} of {entity} to the user of the token", hint=hint)
        return str(value)

    def _items(self, records: Records) -> tuple[dict[tuple[str, str], str], dict[str, list[str]]]:
        """Names of the courses' grade items: {(course, ID number): name} of those among the records, {course: names} else."""
        names: dict[tuple[str, str], str] = {}
        taken: dict[str, list[str]] = {}
        for entity, some in records.items():
            if self.words[entity].part != "grade_items" or entity not in self._plans:
                continue
            courses: dict[str, list[Record]] = {}
            for record in some:
                courses.setdefault(self._value(entity, record, "course"), []).append(record)
            for course, own in courses.items():
                numbers = {self._value(entity, record, "idnumber") for record in own}
                for row in self._finder.beside(self._plans[entity], own[0]):
                    name, number = (str(row.get(self._field(entity, a)) or "") for a in ("itemname", "idnumber"))
                    if number in numbers:
                        names[course, number] = name
                    else:
                        taken.setdefault(course, []).append(name)
        return names, taken

    def _as_named(
        self, records: Records, names: Mapping[tuple[str, str], str], standing: Mapping[tuple[str, str], str]
    ) -> Records:
        """Items that the site holds under the names that they have there now: restore knows them by nothing else."""
        result: Records = {}
        for entity, some in records.items():
            result[entity] = [
                replace(one, values={**one.values, self._field(entity, "itemname"): name})
                if standing[entity, one.key] == "there" and (name := names.get(self._item(entity, one)))
                else one
                for one in some
            ]
        return result

    def _item(self, entity: str, record: Record) -> tuple[str, str]:
        return self._value(entity, record, "course"), self._value(entity, record, "idnumber")

    def _field(self, entity: str, attribute: str) -> str:
        return self.words[entity].names.get(attribute, attribute)

    def _value(self, entity: str, record: Record, attribute: str) -> str:
        return str(record.values.get(self._field(entity, attribute)) or "")
