"""Asking a Moodle what it holds."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from migrate.connectors.moodle_service.asking import Asking
from migrate.connectors.moodle_service.calls import Answer, Refused, TooMany, at, nested
from migrate.connectors.moodle_service.client import Client
from migrate.connectors.moodle_service.plan import Plan
from migrate.connectors.moodle_service.values import NOTHING, Missing, empty, sent_as, shown
from migrate.connectors.moodle_service.words import Empty, Errors, Files, Read, Then
from migrate.connectors.target import Held, Record
from migrate.contracts.model import Reference
from migrate.errors import TargetRefused

Row = dict[str, Any]


@dataclass(frozen=True)
class _Asked:
    """One value that is asked for, and the records that are asked for with it."""

    value: Any
    records: tuple[Record, ...]


_Group = tuple[str, ...]
"""What the records of one question share: the value, and what else is sent with it."""


class Finder:
    """Finds records by Moodle's own id or by key."""

    def __init__(
        self, client: Client, asking: Asking, plans: Mapping[str, Plan], errors: Errors, files: Files | None = None
    ) -> None:
        self._client, self._asking, self._plans, self._errors, self._files = client, asking, plans, errors, files

    def find(self, plan: Plan, records: Sequence[Record]) -> Iterator[Held]:
        """What is held of ``records``. Raises TargetLost."""
        resolved, _ = self.resolve(plan, records)
        known = [record for record in resolved if record.native is not None and plan.write.find.known is not None]
        by_id = {id(record) for record in known}
        sought = [record for record in resolved if id(record) not in by_id]
        if known and plan.write.find.known is not None:
            yield from self._held(plan, plan.write.find.known, known)
        if sought:
            yield from self._held(plan, plan.write.find.sought, sought)

    def by_key(self, plan: Plan, records: Sequence[Record]) -> dict[str, Held]:
        """The same by key of the record; of several the first."""
        found: dict[str, Held] = {}
        for held in self.find(plan, records):
            found.setdefault(held.key, held)
        return found

    def beside(self, plan: Plan, record: Record) -> Iterator[Row]:
        """Values of everything that the question for ``record`` shows, the record itself or not. Raises TargetLost."""
        now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
        resolved, _ = self.resolve(plan, [record])
        for _, rows in self._answers(plan, plan.write.find.sought, resolved):
            yield from (dict(_as_held(plan, row, record, now, self._files).values) for row in rows)

    def resolve(self, plan: Plan, records: Sequence[Record]) -> tuple[list[Record], dict[str, str]]:
        """Records with the ids of all they refer to; and, by key, what is wrong with those that refer to nothing."""
        missing: dict[str, str] = {}
        given = list(records)
        for field, rule in plan.entity.fields.items():
            if rule.references is None or rule.references.entity not in self._plans:
                continue
            wanted = {str(record.values[field]) for record in given if field not in record.links and not empty(record, field)}
            if not wanted:
                continue
            ids = self._ids(rule.references, wanted)
            resolved = []
            for record in given:
                if field in record.links or empty(record, field):
                    resolved.append(record)
                elif (native := ids.get(str(record.values[field]))) is not None:
                    resolved.append(replace(record, links={**record.links, field: native}))
                else:
                    missing[record.key] = f"the target has no {rule.references.entity} {record.values[field]!r} ({field})"
            given = resolved
        return given, missing

    def _ids(self, reference: Reference, keys: Iterable[str]) -> dict[str, str]:
        other = self._plans[reference.entity]
        field = reference.field or other.entity.key[0]
        asked = [Record(key, {field: key}) for key in sorted(keys)]
        return {held.key: held.native for held in self.find(other, asked) if held.native is not None}

    def _held(self, plan: Plan, read: Read, records: Sequence[Record]) -> Iterator[Held]:
        now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
        seen: set[str] = set()
        for asked, rows in self._answers(plan, read, records):
            index: dict[tuple[str, ...], list[Record]] = {}
            for record in (record for one in asked for record in one.records):
                if (key := _key(plan, read, record)) is not None:
                    index.setdefault(key, []).append(record)
            for row in rows:
                for record in index.get(tuple(str(at(row, path)) for path in read.match.values()), ()):
                    if plan.write.find.native is None and record.key in seen:
                        continue
                    seen.add(record.key)
                    yield _as_held(plan, row, record, now, self._files)

    def _answers(self, plan: Plan, read: Read, records: Sequence[Record]) -> Iterator[tuple[Sequence[_Asked], list[Row]]]:
        if read.each is None:
            yield [_Asked(None, tuple(records))], self._rows(plan, read, [_Asked(None, tuple(records))])
            return
        groups: dict[_Group, list[Record]] = {}
        for record in records:
            try:
                shared = [plan.sender.value(record, values) for values in (read.each.of, *read.each.also.values())]
            except Missing:
                continue
            if NOTHING not in shared:
                groups.setdefault(tuple(str(value) for value in shared), []).append(record)
        if read.each.together > 1:
            single = list(_chunks(groups, 1, read.each.distinct))
            questions = [self._arguments(plan, read, chunk) for chunk in single]
            for chunk, answer in zip(single, self._asking.ask(read.call, questions, read.each.together), strict=True):
                yield from self._ask(plan, read, chunk, answer)
            return
        for chunk in _chunks(groups, 1 if read.each.parameter else read.each.per, read.each.distinct):
            yield from self._ask(plan, read, chunk)

    def _ask(
        self, plan: Plan, read: Read, asked: list[_Asked], answer: Answer | Refused | None = None
    ) -> Iterator[tuple[Sequence[_Asked], list[Row]]]:
        """Ask, unless there is an ``answer``; where a value among several makes the site refuse the question, ask for fewer."""
        try:
            rows = self._rows(plan, read, asked, answer)
        except TooMany:
            if len(asked) == 1:
                raise TargetRefused("the site takes not even one value in a call", hint="look at its max_input_vars") from None
        except Refused as refused:
            if refused.code not in self._errors.absent:
                hint = "give the user of the token the right to see these records, or look at the site's log"
                raise TargetRefused(f"{read.call} is refused: {refused.message} ({refused.code})", hint=hint) from None
            if len(asked) == 1:
                return
        else:
            yield asked, rows
            return
        middle = len(asked) // 2
        yield from self._ask(plan, read, asked[:middle])
        yield from self._ask(plan, read, asked[middle:])

    def _rows(self, plan: Plan, read: Read, asked: Sequence[_Asked], answer: Answer | Refused | None = None) -> list[Row]:
        arguments = self._arguments(plan, read, asked)
        rows = self._call(read, arguments, asked, answer)
        for name, mark in read.marks.items():
            further = plan.sender.row(asked[0].records[0], {**read.parameters, **mark.parameters})
            marked = {str(at(row, mark.by)) for row in self._call(read, {**arguments, **further}, asked)}
            rows = [{**row, f"#{name}": str(at(row, mark.by)) in marked} for row in rows]
        if read.explode is not None:
            rows = [{**row, read.explode: one} for row in rows for one in at(row, read.explode) or []]
        rows = [row for row in rows if _is_record(read, row)]
        return rows if read.then is None else list(self._further(read.then, rows))

    def _further(self, then: Then, rows: Sequence[Row]) -> Iterator[Row]:
        """The rows with what a second question shows of each; what is gone by then is left out."""
        questions = [{then.parameter: at(row, then.of)} for row in rows]
        for row, answer in zip(rows, self._asking.ask(then.call, questions, then.together), strict=True):
            if isinstance(answer, Refused):
                if answer.code not in self._errors.absent:
                    hint = "give the user of the token the right to see these records, or look at the site's log"
                    raise TargetRefused(f"{then.call} is refused: {answer.message} ({answer.code})", hint=hint)
            else:
                shown = at(answer.data, then.at)
                if then.needs is not None and then.needs not in (shown or {}):
                    hint = "give the user of the token the rights of a manager: without it, records that are there are not found"
                    raise TargetRefused(f"{then.call} does not show {then.needs} to the user of the token", hint=hint)
                yield {**row, then.under: shown}

    def _call(self, read: Read, arguments: Row, asked: Sequence[_Asked], answer: Answer | Refused | None = None) -> list[Row]:
        if isinstance(answer, Refused):
            raise answer
        rows = at((answer or self._client.read(read.call, arguments)).data, read.at)
        if isinstance(rows, Mapping):
            rows = list(rows.values())
        echoed = {read.echo: asked[0].value} if read.echo is not None else {}
        echoed |= {name: arguments[name] for name in (read.each.also if read.each is not None else ())}
        return [{**row, **echoed} for row in rows or [] if isinstance(row, Mapping)]

    @staticmethod
    def _arguments(plan: Plan, read: Read, asked: Sequence[_Asked]) -> Row:
        each = read.each
        arguments = plan.sender.row(asked[0].records[0], {**read.parameters, **(each.also if each is not None else {})})
        if each is None:
            return arguments
        if each.list is not None:
            rows = [plan.sender.row(one.records[0], each.rows) if each.rows else one.value for one in asked]
            return _with(arguments, each.list, rows)
        if each.joined is not None:
            return _with(arguments, each.joined, ",".join(str(one.value) for one in asked))
        assert each.parameter is not None
        return _with(arguments, each.parameter, asked[0].value)


def _with(arguments: Row, path: str, value: Any) -> Row:
    """``arguments`` with one more, which may stand inside another."""
    first, dot, rest = path.partition(".")
    if not dot:
        return {**arguments, first: value}
    inner = arguments.get(first)
    return {**arguments, first: _with(inner if isinstance(inner, dict) else {}, rest, value)} if inner else {
        **arguments, **nested([(path, value)]),
    }  # fmt: skip


def _is_record(read: Read, row: Row) -> bool:
    """Is the row a record of the entity, by what the words say of its values?"""
    return (
        not any(at(row, path) in values for path, values in read.without.items())
        and all(at(row, path) in values for path, values in read.only.items())
        and not (read.blank and _is_blank(row, read.blank))
    )


def counted(words: Empty, rows: Iterable[Any]) -> list[Any]:
    """The rows of an answer that keep a record from being removed."""
    given = list(rows or [])
    if words.explode is not None:
        given = [{**row, words.explode: one} for row in given for one in at(row, words.explode) or []]
    return _besides(given, words.blank)


def doubted(words: Empty, data: Any) -> list[Any]:
    """The rows of an answer by which the site says that it did not look."""
    return [] if words.doubts is None else _besides(at(data, words.doubts.at) or [], words.doubts.blank)


def _besides(rows: Iterable[Any], blank: Mapping[str, Sequence[Any]]) -> list[Any]:
    return [row for row in rows if not blank or not _is_blank(row, blank)]


def _is_blank(row: Row, blank: Mapping[str, Sequence[Any]]) -> bool:
    return all(at(row, path) in values for path, values in blank.items())


def _chunks(groups: Mapping[_Group, list[Record]], size: int, distinct: bool) -> Iterator[list[_Asked]]:
    """Values in portions of ``size``. Where they have to be distinct, each record is asked for by itself."""
    waiting = {group: list(records) for group, records in groups.items()}
    while waiting:
        asked = []
        for group in list(waiting):
            asked.append(_Asked(group[0], (waiting[group].pop(0),) if distinct else tuple(waiting[group])))
            if not distinct or not waiting[group]:
                del waiting[group]
            if len(asked) == size:
                yield asked
                asked = []
        if asked:
            yield asked


def _key(plan: Plan, read: Read, record: Record) -> tuple[str, ...] | None:
    """What a row has to show to be this record's; None where that cannot be known."""
    parts = []
    for field in read.match:
        if field == "own":
            part = record.native
        elif plan.entity.fields[field].references is not None:
            part = record.links.get(field)
        else:
            part = None if record.values.get(field) is None else sent_as(record.values[field])
        if part is None:
            return None
        parts.append(part)
    return tuple(parts)


def _as_held(plan: Plan, row: Row, record: Record, now: dt.datetime, files: Files | None) -> Held:
    find, fields = plan.write.find, plan.entity.fields
    values: dict[str, Any] = {}
    for field, how in find.shows.items():
        try:
            value = shown(row, how, fields[field].type, record, field, now)
        except (ValueError, TypeError, OverflowError):
            continue
        if value is not NOTHING:
            values[field] = value if files is None else _marked(value, record.values.get(field), files)
    links: dict[str, str] = {field: record.links[field] for field in find.asked if field in record.links}
    for field, how in find.links.items():
        found = at(row, how.at or "")
        if found in how.empty:
            values[field] = None
        else:
            links[field] = str(found)
    native = None if find.native is None else str(at(row, find.native))
    return Held(record.key, native, values, links)


def _marked(value: Any, meant: Any, files: Files) -> Any:
    """A text as the site keeps it, where the one that is meant has files in it."""
    if not isinstance(value, str) or not isinstance(meant, str) or files.mark not in meant:
        return value
    return re.sub(files.shown, lambda _: files.mark, value)
