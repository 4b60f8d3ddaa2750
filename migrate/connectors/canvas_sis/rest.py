"""Entities that are written one by one, and read as paged lists."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from migrate.connectors.canvas_sis.http import Faulty, Refused, Service, Unsure
from migrate.connectors.canvas_sis.keys import stands, with_key
from migrate.connectors.canvas_sis.reports import typed
from migrate.connectors.canvas_sis.words import Call, Rest, places_of
from migrate.connectors.target import Ability, Action, Held, Outcome, Record
from migrate.contracts.model import Entity, Field


class RestEntity:
    """One entity of such."""

    def __init__(self, entity: Entity, write: Rest, service: Service) -> None:
        self._entity, self._write, self._service = entity, write, service
        self._known = set(places_of(write.list)) | set(places_of(write.create.path))
        """Fields that stand in paths: the list does not show them, it is theirs."""

    def ability(self) -> Ability:
        """Single calls, in a few threads."""
        return Ability(batch=50, find_batch=500, parallel=2, cascades=self._write.cascades)

    def question(self, key: str, values: Mapping[str, Any]) -> Record:
        """The record of ``key``, to be found; ``values`` hold what its list's path names."""
        return Record(key, {self._entity.key[0]: key, **{f: values.get(f) for f in places_of(self._write.list)}})

    def find(self, records: Sequence[Record]) -> list[Held]:
        """What the lists show of the records."""
        lists: dict[str, list[Record]] = defaultdict(list)
        for record in records:
            record = with_key(self._entity, record)
            if all(record.values.get(field) is not None for field in places_of(self._write.list)):
                lists[self._service.path(self._write.list, **record.values)].append(record)
        return [held for path, asked in lists.items() for held in self._listed(path, asked)]

    def _listed(self, path: str, asked: list[Record]) -> list[Held]:
        try:
            items = list(self._service.pages(path))
        except Refused as error:
            if error.status == 404:  # what it belongs to is not there
                return []
            raise
        return [self._held(record, item) for record in asked for item in items if self._is(record, item)]

    def _is(self, record: Record, item: Mapping[str, Any]) -> bool:
        fields = [f for f in self._entity.key if f not in self._known]
        return all(str(item.get(self._name(f))) == str(record.values.get(f)) for f in fields)

    def _held(self, record: Record, item: Mapping[str, Any]) -> Held:
        values = {f: record.values.get(f) for f in self._known if f in self._entity.fields}
        for field, rule in self._entity.fields.items():
            if field not in values and self._name(field) in item:
                values[field] = self._read(field, rule, item[self._name(field)])
        return Held(record.key, str(item[self._write.native]), values)

    def write(self, action: Action, records: Sequence[Record]) -> list[Outcome]:
        """One call for each; a create of what is there already becomes an update."""
        there = {one.key: one for one in self.find(records)}
        return [self._write_one(with_key(self._entity, record), there.get(record.key)) for record in records]

    def _write_one(self, record: Record, there: Held | None) -> Outcome:
        call = self._write.update if there else self._write.create
        native = there.native if there else None
        try:
            answer = self._service.send(call.method, self._path(call, record, native), json=self._body(call, record))
        except Refused as error:
            return Outcome(record.key, "refused", native, error.message)
        except (Faulty, Unsure) as error:
            return self._settled(record, native, error)
        native = native or str(answer[self._write.native])
        if there is None and not self._is(record, answer):
            return self._without_key(record, native)
        return Outcome(record.key, "done", native)

    def _without_key(self, record: Record, native: str) -> Outcome:
        """Created without its key, which is dropped without a word where a right lacks: nobody would find it again."""
        names = ", ".join(self._name(f) for f in self._entity.key if f not in self._known)
        lost = f"it was created without {names}; the token's owner may lack the right to set that"
        try:
            self._service.send(self._write.remove.method, self._path(self._write.remove, record, native))
        except (Refused, Faulty, Unsure) as error:
            return Outcome(record.key, "refused", native, f"{lost}, and it could not be taken back: {error}")
        return Outcome(record.key, "refused", None, f"{lost}; it was taken back")

    def _settled(self, record: Record, native: str | None, error: Faulty | Unsure) -> Outcome:
        """After a fault or a lost reply: what stands in the target counts."""
        now = next(iter(self.find([record])), None)
        if stands(record, now, self._entity.fields):
            return Outcome(record.key, "done", now.native if now else native)
        return Outcome(record.key, "failed" if isinstance(error, Faulty) else "unknown", native, str(error))

    def remove(self, records: Sequence[Record]) -> list[Outcome]:
        """One call for each that is there."""
        there = {one.key: one for one in self.find(records)}
        return [self._remove_one(with_key(self._entity, record), there.get(record.key)) for record in records]

    def _remove_one(self, record: Record, there: Held | None) -> Outcome:
        if there is None:
            return Outcome(record.key, "done", record.native)
        try:
            self._service.send(self._write.remove.method, self._path(self._write.remove, record, there.native))
        except Refused as error:
            return Outcome(record.key, "done" if error.status == 404 else "refused", there.native, error.message)
        except (Faulty, Unsure) as error:
            left = any(True for _ in self.find([record]))
            result: Any = "done" if not left else "failed" if isinstance(error, Faulty) else "unknown"
            return Outcome(record.key, result, there.native, str(error) if left else "")
        return Outcome(record.key, "done", there.native)

    def _path(self, call: Call, record: Record, native: str | None) -> str:
        return self._service.path(call.path, **{**record.values, "native": native})

    def _body(self, call: Call, record: Record) -> dict[str, Any]:
        inside = {self._name(f): self._json(f, v) for f, v in record.values.items() if f not in self._known}
        return {call.under: inside} if call.under else inside

    def _name(self, field: str) -> str:
        return self._write.names.get(field, field)

    def _json(self, field: str, value: Any) -> Any:
        if field in self._write.joined:
            return [part.strip() for part in str(value or "").split(",") if part.strip()]
        if isinstance(value, dt.datetime):
            return value.replace(tzinfo=dt.UTC).isoformat().replace("+00:00", "Z")
        if value is None or isinstance(value, str | bool | int):
            return value
        return float(value) if hasattr(value, "__float__") else str(value)

    def _read(self, field: str, rule: Field, value: Any) -> Any:
        if field in self._write.joined:
            return ",".join(str(part) for part in value or []) or None
        if isinstance(value, str):
            return typed(rule, value)
        return float(value) if rule.type == "decimal" and value is not None else value
