"""Taking the records that something has to be done with from the change set: one by one, or in columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pyarrow as pa

from migrate.compiler.text import literal, name
from migrate.connectors.target import Record
from migrate.live.changes import MEANT, RESULTS, TODO, Changes
from migrate.matching.evidence import MATCHED

FETCH = 10_000
_MATCHED = f"LEFT JOIN {MATCHED} AS mt ON mt.mapping = m._mapping AND mt.key = m._source"
_OPEN = "t.action IN ('look', 'update')"


@dataclass(frozen=True)
class Work:
    """One record that is not unchanged."""

    record: Record
    mapping: str
    source_key: str
    fingerprint: str
    """Of the row as it is written now."""
    final: str
    """Fingerprint of the row as it is meant in the end."""
    later: Mapping[str, Any]
    """``{field: value}`` of what is written at the end only, where that differs from what is written now."""
    known: str | None
    """State of the identity in the ledger; None where there is none."""
    seen: str | None
    """How it looked when a run last looked; None where this run wrote it since."""
    origin: str | None
    written: str | None
    """JSON of the values that were written last."""
    waits_for: str | None
    """``mapping/key`` of the source record at whose fault it is that something it refers to is not in the target."""
    same: bool = False
    """Is the row as the ledger last knew it?"""
    matched: Literal["there", "coming"] | None = None
    """Was it matched with somebody of a list: of the target, or of a second source that may not have come yet?"""

    @property
    def keeps(self) -> bool:
        """Is it the record of somebody else, which was matched and never written by us?"""
        return self.matched == "there" and self.origin == "adopted"


@dataclass(frozen=True)
class _Query:
    """Parts of the SQL that gives the records of an entity."""

    entity: str
    values: Mapping[str, str]
    natives: Mapping[str, str]
    """The target's own id of what a field refers to, by field."""
    joins: Sequence[str]
    waiting: str

    @property
    def fields(self) -> list[str]:
        return list(self.values)

    def select(self, selected: Sequence[str], condition: str, near: str = "") -> str:
        own = f"LEFT JOIN {RESULTS} AS own ON own.entity = {literal(self.entity)} AND own.key = m._key"
        return (
            f"SELECT {', '.join(selected)} FROM {name(MEANT, self.entity)} AS m "
            f"JOIN {name(TODO, self.entity)} AS t ON t.key = m._key {own} {' '.join(self.joins)} {_MATCHED} "
            f"WHERE {condition} ORDER BY {f'm.{name(near)}, ' if near in self.values else ''}m._key"
        )


class Works:
    """What is to be done with the records of one run, in the order of keys; with ``near``, first in that of this field."""

    def __init__(self, changes: Changes) -> None:
        self.changes, self.connection = changes, changes.connection

    def levels(self, entity: str) -> list[int]:
        """Depths at which there is something to do: parents go before their children."""
        rows = self.connection.execute(
            f"SELECT DISTINCT level FROM {name(TODO, entity)} AS t WHERE {_OPEN} ORDER BY level"
        ).fetchall()
        return [int(row[0]) for row in rows]

    def work(self, entity: str, level: int, near: str = "") -> Iterator[Work]:
        """What is to be looked up or updated, and has no result yet."""
        return self._rows(entity, f"{_OPEN} AND t.level = {level} AND own.result IS NULL", first=True, near=near)

    def unfinished(self, entity: str) -> Iterator[Work]:
        """Records that got their first value and wait for the final one."""
        there = (
            "m._first <> m._fingerprint AND (t.action = 'finish' OR own.result IN ('created', 'updated') "
            "OR (own.result = 'unchanged' AND t.known = 'handed_over'))"
        )
        return self._rows(entity, there, first=False)

    def there(self, entity: str, results: Sequence[str], near: str = "") -> Iterator[Work]:
        """Records with one of these results, as they are meant in the end, and those of which no run saw yet what became."""
        wanted = ", ".join(literal(result) for result in results)
        return self._rows(
            entity, f"own.result IN ({wanted}) OR (own.result = 'unchanged' AND t.seen IS NULL)", first=False, near=near
        )

    def columns(self, entity: str, level: int, mapping: str, size: int) -> Iterator[pa.Table]:
        """What ``work`` gives, as far as it waits for nothing, ``size`` records at a time, in columns.

        ``_key``, ``_mapping``, ``_source``, ``_fingerprint``, ``_meant`` (JSON of the values), the fields that the mapping
        fills, and ``link:FIELD`` with the target's own id of what a field refers to.
        """
        query = self._query(entity, first=True)
        fields = [f for f in query.fields if f in self.changes.mapped(mapping)]
        pairs = ", ".join(f"{name(f)} := {query.values[f]}" for f in fields)
        selected = [
            "m._key", "m._mapping", "m._source", "m._first AS _fingerprint",
            f"CAST(to_json(struct_pack({pairs})) AS VARCHAR) AS _meant", *(f"{query.values[f]} AS {name(f)}" for f in fields),
            *(f"CAST({native} AS VARCHAR) AS {name('link:' + f)}" for f, native in query.natives.items() if f in fields),
        ]  # fmt: skip
        condition = (
            f"{_OPEN} AND t.level = {level} AND own.result IS NULL AND m._mapping = {literal(mapping)} "
            f"AND mt.key IS NULL AND {query.waiting} IS NULL"
        )
        reader = self.connection.cursor().execute(query.select(selected, condition)).to_arrow_reader(size)
        for batch in reader:  # of at least 2,048 rows
            for start in range(0, batch.num_rows, size):
                yield pa.Table.from_batches([batch.slice(start, size)])

    def _rows(self, entity: str, condition: str, *, first: bool, near: str = "") -> Iterator[Work]:
        query = self._query(entity, first=first)
        put_off = self.changes.put_off(entity) if first else []
        # What this run wrote was not seen since.
        seen = "CASE WHEN own.result IN ('created', 'updated') THEN NULL ELSE t.seen END"
        selected = [
            "m._key", "m._mapping", "m._source", "m._first" if first else "m._fingerprint", "m._fingerprint",
            "coalesce(own.native, t.native)", "t.known", seen, "t.origin", "t.written", query.waiting, "t.same",
            "CASE WHEN mt.there THEN 'there' WHEN mt.key IS NOT NULL THEN 'coming' END",
            *query.natives.values(), *query.values.values(), *(f"m.{name(f)}" for f in put_off),
        ]  # fmt: skip
        cursor = self.connection.cursor().execute(query.select(selected, condition, near))
        filled = {mapping: self.changes.mapped(mapping) for mapping in self.changes.mappings(entity)}
        references, fields = list(query.natives), query.fields
        while rows := cursor.fetchmany(FETCH):
            for key, mapping, source_key, fingerprint, final, native, known, last_seen, origin, written, *more in rows:
                waits_for, same, matched, *rest = more
                links = {f: n for f, n in zip(references, rest, strict=False) if n is not None}
                cells = dict(zip(fields, rest[len(references) :], strict=False))
                finals = dict(zip(put_off, rest[len(references) + len(fields) :], strict=True))
                later = {f: v for f, v in finals.items() if f in filled[mapping] and v != cells[f]}
                record = Record(key, {f: v for f, v in cells.items() if f in filled[mapping]}, native, links)
                # What gets its final value was written by this run or an earlier one, whatever the ledger said before.
                stands = known if first else "held"
                yield Work(
                    record, mapping, source_key, fingerprint, final, later, stands, last_seen, origin, written, waits_for, same,
                    matched,
                )  # fmt: skip

    def _query(self, entity: str, *, first: bool) -> _Query:
        """``first``: the values that are written until everything is loaded, not those that are meant in the end."""
        changes = self.changes
        fields, rules = changes.fields(entity), changes.contract.entities[entity].fields
        put_off, late = (changes.put_off(entity), changes.late(entity)) if first else ([], [])
        values = {f: changes.first(entity, f) if f in put_off else f"m.{name(f)}" for f in fields}
        joins, natives, waits = [], {}, []
        for number, field in enumerate(f for f in fields if rules[f].references is not None):
            to = changes.refers(entity, field)
            if to is None or (field in late and to[0] != entity):
                natives[field] = "NULL"
                continue
            other, value = to
            alias, on = f"r{number}", f"m.{name(field)}"
            if field in late:
                on = f"CASE WHEN m.{name('late:' + field)} THEN NULL ELSE {on} END"
            standing = self._standing(other, value, entity in changes.together)
            joins.append(f"LEFT JOIN ({standing}) AS {alias} ON {alias}.value = {on}")
            natives[field] = f"{alias}.native"
            waits.append(f"CASE WHEN {on} IS NOT NULL AND {alias}.ok IS FALSE THEN {alias}.blamed END")
        return _Query(entity, values, natives, joins, f"coalesce({', '.join(waits)})" if waits else "NULL")

    def _standing(self, entity: str, field: str, together: bool) -> str:
        """SELECT of (value by which others refer to it, native, ok, who is to blame) of an entity's records in this run.

        For records that are handed over ``together``, what waits in a file is good enough.
        """
        waiting = ", 'LIVE-HANDED-OVER'" if together and entity in self.changes.together else ""
        # A field that is not the key may hold one value in several records, and each row is written once all the same.
        return (
            "SELECT value, arg_min(native, key) FILTER (WHERE ok) AS native, bool_or(ok) AS ok, arg_min(blamed, key) AS blamed "
            f"FROM (SELECT m.{name(field)} AS value, m._key AS key, r.native, "
            "r.result IN ('created', 'updated', 'unchanged') "
            f"OR coalesce(r.code, '') IN ('LIVE-DRIFT', 'LIVE-UNCHANGEABLE'{waiting}) AS ok, "
            "coalesce(r.blamed, m._mapping || '/' || m._source) AS blamed "
            f"FROM {name(MEANT, entity)} AS m LEFT JOIN {RESULTS} AS r ON r.entity = {literal(entity)} AND r.key = m._key) "
            "GROUP BY value"
        )
