"""Values of records as Moodle takes them, and what Moodle shows as values of fields."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from migrate.connectors.moodle_service.calls import at, nested
from migrate.connectors.moodle_service.words import Shown, Value
from migrate.connectors.target import Record
from migrate.contracts.model import Entity, FieldType

_EPOCH = dt.datetime(1970, 1, 1)
NOTHING = object()
"""There is nothing to send."""


class Missing(Exception):
    """A value that is needed is not there: the id of a record that is referred to, or an entry of a table."""


@dataclass(frozen=True)
class Sender:
    """Takes from records what a call sends."""

    entity: Entity
    tables: Mapping[str, Mapping[str, Any]]
    me: str | None = None
    """Id of the user of the token."""

    def row(self, record: Record, parameters: Mapping[str, Sequence[Value]]) -> dict[str, Any]:
        """The parameters of one record. Raises Missing."""
        chosen = ((path, self.value(record, values)) for path, values in parameters.items())
        return nested((path, value) for path, value in chosen if value is not NOTHING)

    def value(self, record: Record, values: Sequence[Value]) -> Any:
        """What the first of ``values`` that applies sends; NOTHING where none does. Raises Missing."""
        for value in values:
            if value.given is not None and empty(record, value.given):
                continue
            if value.where and not self.is_where(record, value.where):
                continue
            return self._one(record, value)
        return NOTHING

    def is_where(self, record: Record, conditions: Mapping[str, Sequence[Any]]) -> bool:
        """Do the record's fields have these values?"""
        return all(record.values.get(field) in allowed for field, allowed in conditions.items())

    def _one(self, record: Record, value: Value) -> Any:
        if value.const is not None:
            return value.const
        if value.made is not None:
            return f"{secrets.token_urlsafe(24)}aA1!"
        if value.me:
            if self.me is None:
                raise Missing("the site does not tell the id of the token's user")
            return self.me
        if value.own:
            if record.native is None:
                raise Missing("its id in the target is not known")
            return _piece(record.native, value.piece)
        name = value.link or value.field
        assert name is not None
        if empty(record, name) and (value.link is None or name not in record.links):
            if name in record.values and value.blank is not None:
                return value.blank
            return NOTHING if value.default is None else value.default
        if value.link is not None:
            if name not in record.links:
                raise Missing(f"the target has no {self.entity.fields[name].references.entity} {record.values[name]!r}")  # type: ignore[union-attr]
            return _piece(record.links[name], value.piece)
        sent = sent_as(record.values[name])
        if value.table is not None:
            if sent not in self.tables[value.table]:
                known = ", ".join(self.tables[value.table])
                raise Missing(f"{name} {sent!r} is not in the table {value.table} (known: {known})")
            return self.tables[value.table][sent]
        return sent


def _piece(native: str, number: int | None) -> str:
    if number is None:
        return native
    pieces = native.split("/")
    if number >= len(pieces):
        raise Missing(f"the id {native!r} has no piece {number}")
    return pieces[number]


def empty(record: Record, field: str) -> bool:
    """Has the field no value? A reference whose id is known has one."""
    value = record.values.get(field)
    return (value is None or value == "") and field not in record.links


def sent_as(value: Any) -> str:
    """The text of a typed value: instants as seconds since 1970 UTC, flags as 1 and 0."""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, dt.datetime):
        return str(int((value - _EPOCH).total_seconds()))
    if isinstance(value, Decimal):
        return format(value, "f")
    return str(value)


def typed(value: Any, kind: FieldType) -> Any:
    """A value of an answer, typed as the field. Raises ValueError where it cannot be read so."""
    if value is None:
        return None
    match kind:
        case "epoch" | "datetime":
            return None if int(value) == 0 else _EPOCH + dt.timedelta(seconds=int(value))
        case "date":
            return None if int(value) == 0 else (_EPOCH + dt.timedelta(seconds=int(value))).date()
        case "flag":
            return value if isinstance(value, bool) else bool(int(value))
        case "int":
            return int(value)
        case "decimal":
            return Decimal(str(value))
    return str(value)


def shown(row: Mapping[str, Any], how: Shown, kind: FieldType, record: Record, field: str, now: dt.datetime) -> Any:
    """What a row shows for a field; NOTHING where it says nothing."""
    if (how.unless is not None and not empty(record, how.unless)) or (how.only_meant and empty(record, field)):
        return NOTHING
    if how.unmarked is not None:
        if row.get(f"#{how.unmarked}"):
            return False
        return True if _lies_between(record, how.between, now) else NOTHING
    found = at(row, how.at or "")
    if how.among is not None:
        each = [typed(at(one, how.among), kind) for one in found or []]
        meant = record.values.get(field)
        return meant if meant in each else next(iter(each), None)
    if found in how.empty:
        return NOTHING if record.values.get(field) in how.hides else None
    value = typed(found, kind)
    return None if how.default is not None and empty(record, field) and value == typed(how.default, kind) else value


def _lies_between(record: Record, dates: tuple[str, str] | None, now: dt.datetime) -> bool:
    if dates is None:
        return True
    first, last = (record.values.get(field) for field in dates)
    return (first is None or first <= now) and (last is None or now < last)
