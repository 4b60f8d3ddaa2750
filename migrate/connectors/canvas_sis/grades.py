"""Grades: many in one call that is followed as a Progress, single calls for whom that does not reach.

The bulk call passes over people whose enrolment is concluded, and its Progress then fails although all others were
written. So nothing is taken from the Progress but that it is over: each grade is looked for, and what is not there goes singly.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from migrate.connectors.canvas_sis.http import Faulty, Refused, Service, Unsure
from migrate.connectors.canvas_sis.jobs import TimeUp, follow_progress
from migrate.connectors.canvas_sis.keys import stands, with_key
from migrate.connectors.canvas_sis.rest import RestEntity
from migrate.connectors.canvas_sis.words import CanvasConnection, CanvasOptions, Grades
from migrate.connectors.target import Ability, Action, Held, Outcome, Record, Result
from migrate.contracts.model import Entity

INCLUDE = [("include[]", "user"), ("include[]", "submission_comments")]


class GradesEntity:
    """The grades of assignments, which ``assignments`` finds."""

    def __init__(
        self,
        entity: Entity,
        write: Grades,
        assignments: RestEntity,
        service: Service,
        words: CanvasConnection,
        options: CanvasOptions,
    ) -> None:
        self._entity, self._write, self._assignments = entity, write, assignments
        self._service, self._words, self._options = service, words, options

    def ability(self) -> Ability:
        """Bulk calls in two threads; finding needs one list per assignment."""
        return Ability(batch=self._write.many, find_batch=self._write.many, parallel=2, cascades=self._write.cascades)

    # Finding ------------------------------------------------------------------------------------------------------

    def find(self, records: Sequence[Record]) -> list[Held]:
        """Grades that are not empty: with a score, excused, or with a status."""
        placed, _ = self._placed(records)
        lists: dict[str, list[Record]] = defaultdict(list)
        for record in placed:
            lists[self._path(self._write.list, record)].append(record)
        return [held for path, asked in lists.items() for held in self._listed(path, asked)]

    def _placed(self, records: Sequence[Record]) -> tuple[list[Record], list[Record]]:
        """The records with their assignment's own id among the links, and those whose assignment is not there."""
        field = self._write.assignment
        named = [with_key(self._entity, record) for record in records]
        wanted = {str(r.values[field]): r for r in named if field not in r.links and r.values.get(field) is not None}
        asked = [self._assignments.question(key, record.values) for key, record in wanted.items()]
        native = {one.key: one.native for one in self._assignments.find(asked)} if asked else {}
        placed, lost = [], []
        for record in named:
            own = record.links.get(field) or native.get(str(record.values.get(field)))
            if own is None:
                lost.append(record)
            else:
                placed.append(replace(record, links={**record.links, field: own}))
        return placed, lost

    def _path(self, template: str, record: Record) -> str:
        own = {self._write.assignment: record.links[self._write.assignment], self._write.person: self._person(record)}
        return self._service.path(template, **{**record.values, **own})

    def _person(self, record: Record) -> str:
        """How paths and bulk calls name the person: by the target's own id where it is known."""
        field = self._write.person
        return record.links.get(field) or self._write.people.format_map({field: record.values[field]})

    def _listed(self, path: str, asked: list[Record]) -> Iterator[Held]:
        try:
            items = list(self._service.pages(path, INCLUDE))
        except Refused as error:
            if error.status != 404:
                raise
            return
        by_own = {str(item["user_id"]): item for item in items}
        by_key = {str((item.get("user") or {}).get("sis_user_id")): item for item in items}
        for record in asked:
            item = by_own.get(str(record.links.get(self._write.person))) or by_key.get(str(record.values[self._write.person]))
            # The list leaves out people whose enrolment is concluded.
            item = item or self._single(record)
            if item is not None and (held := self._held(record, item)) is not None:
                yield held

    def _single(self, record: Record) -> dict[str, Any] | None:
        try:
            found = self._service.get(self._path(self._write.one, record), INCLUDE)
        except Refused as error:
            if error.status == 404:
                return None
            raise
        return dict(found)

    def _held(self, record: Record, item: dict[str, Any]) -> Held | None:
        values: dict[str, Any] = {}
        for field, parameter in self._write.values.items():
            if field != self._write.comment:
                values[field] = self._seen(field, item.get(self._write.shown.get(field, parameter)), record.values.get(field))
        if all(value is None or value is False for value in values.values()):  # 0 is a grade
            return None
        if self._write.comment:
            values[self._write.comment] = self._comment(record.values.get(self._write.comment), item)
        own = (f for f in self._entity.fields if f in record.values and f not in values and f not in self._write.values)
        return Held(record.key, str(item["id"]), {**{f: record.values[f] for f in own}, **values})

    def _seen(self, field: str, value: Any, meant: Any) -> Any:
        rule = self._entity.fields[field]
        if value is None or value == self._write.blank.get(field):
            return False if rule.type == "flag" and meant is not None else None
        if rule.type == "flag":
            return bool(value) if value or meant is not None else None
        return float(value) if rule.type == "decimal" else value

    def _comment(self, meant: Any, item: dict[str, Any]) -> Any:
        texts = [comment.get("comment") for comment in item.get("submission_comments") or []]
        return meant if meant in texts else texts[-1] if texts else None

    # Writing ------------------------------------------------------------------------------------------------------

    def write(self, action: Action, records: Sequence[Record]) -> list[Outcome]:
        """In bulk where that writes all of the record's fields, else singly."""
        placed, lost = self._placed(records)
        outcomes = [Outcome(record.key, "refused", None, "its assignment is not in the target") for record in lost]
        placed = self._without_known_comments(placed)
        single = [record for record in placed if self._needs_single(action, record)]
        courses: dict[str, list[Record]] = defaultdict(list)
        for record in placed:
            if record not in single:
                courses[self._path(self._write.bulk, record)].append(record)
        for path, group in courses.items():
            for start in range(0, len(group), self._write.many):
                outcomes += self._bulk(path, action, group[start : start + self._write.many])
        return outcomes + [self._one(action, record) for record in single]

    def _without_known_comments(self, records: list[Record]) -> list[Record]:
        """A comment that stands there already is not added a second time."""
        field = self._write.comment
        if field is None:
            return records
        asked = [record for record in records if record.values.get(field)]
        there = {
            held.key for held in self.find(asked) for r in asked if r.key == held.key and r.values[field] == held.values[field]
        }
        return [replace(r, values={**r.values, field: None}) if r.key in there else r for r in records]

    def _needs_single(self, action: Action, record: Record) -> bool:
        given = [field for field in self._write.singly if field in record.values]
        return bool(given) if action == "update" else any(record.values[field] is not None for field in given)

    def _bulk(self, path: str, action: Action, records: list[Record]) -> list[Outcome]:
        data: dict[str, dict[str, Any]] = defaultdict(dict)
        for record in records:
            inside = self._parameters(action, record)
            if self._write.comment and (text := record.values.get(self._write.comment)):
                inside[self._write.values[self._write.comment]] = text
            data[record.links[self._write.assignment]][self._person(record)] = inside
        doubt = ""
        try:
            follow_progress(
                self._service, self._words, self._options, self._service.send("POST", path, json={"grade_data": data})
            )
        except Refused:
            return [self._one(action, record) for record in records]  # one bad record fails the whole call
        except Faulty:
            pass
        except (Unsure, TimeUp) as error:
            doubt = str(error)
        there = {held.key: held for held in self.find(records)}
        outcomes, rest = [], []
        for record in records:
            held = there.get(record.key)
            if held is not None and stands(self._meant(record), held, self._write.values):
                outcomes.append(Outcome(record.key, "done", held.native))
            elif doubt:
                outcomes.append(Outcome(record.key, "unknown", held.native if held else None, doubt))
            else:
                rest.append(record)
        return outcomes + [self._one(action, record) for record in self._without_known_comments(rest)]

    def _meant(self, record: Record) -> Record:
        """The record without a comment that is not to be written."""
        return replace(record, values={f: v for f, v in record.values.items() if f != self._write.comment or v is not None})

    def _parameters(self, action: Action, record: Record) -> dict[str, Any]:
        """The submission's parameters: what is empty is left out of a create, and blanked by an update."""
        found: dict[str, Any] = {}
        for field, parameter in self._write.values.items():
            value = record.values.get(field)
            if field == self._write.comment or field not in record.values:
                continue
            if value is not None:
                found[parameter] = _plain(value)
            elif action == "update":
                found[parameter] = self._blank(field)
        return found

    def _blank(self, field: str) -> Any:
        return False if self._entity.fields[field].type == "flag" else self._write.blank.get(field, "")

    def _one(self, action: Action, record: Record) -> Outcome:
        body: dict[str, Any] = {"submission": self._parameters(action, record)}
        if self._write.comment and (text := record.values.get(self._write.comment)):
            body["comment"] = {self._write.values[self._write.comment]: text}
        try:
            answer = self._service.send("PUT", self._path(self._write.one, record), json=body)
        except Refused as error:
            return Outcome(record.key, "refused", None, error.message)
        except (Faulty, Unsure) as error:
            held = next(iter(self.find([record])), None)
            if held is not None and stands(self._meant(record), held, self._write.values):
                return Outcome(record.key, "done", held.native)
            return Outcome(record.key, "failed" if isinstance(error, Faulty) else "unknown", None, str(error))
        return Outcome(record.key, "done", str(answer["id"]))

    def remove(self, records: Sequence[Record]) -> list[Outcome]:
        """Blank the grades. The submission, and comments on it, stay."""
        there = {held.key for held in self.find(records)}
        placed, _ = self._placed([record for record in records if record.key in there])
        outcomes = [Outcome(record.key, "done", record.native) for record in records if record.key not in there]
        blank = {parameter: self._blank(f) for f, parameter in self._write.values.items() if f != self._write.comment}
        for record in placed:
            result, message = self._blanked(record, blank)
            outcomes.append(Outcome(record.key, result, record.native, message))
        return outcomes

    def _blanked(self, record: Record, blank: dict[str, Any]) -> tuple[Result, str]:
        try:
            self._service.send("PUT", self._path(self._write.one, record), json={"submission": blank})
        except Refused as error:
            return "refused", error.message
        except (Faulty, Unsure) as error:
            if not self.find([record]):
                return "done", ""
            return ("failed" if isinstance(error, Faulty) else "unknown"), str(error)
        return "done", ""


def _plain(value: Any) -> Any:
    if isinstance(value, bool | str):
        return value
    number = float(value)
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)
