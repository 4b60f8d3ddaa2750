"""What has to be done to the target: the rows as they are meant beside what the ledger knows, in the embedded engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from migrate.artefacts import Validated
from migrate.compiler.plan import Plan
from migrate.compiler.source import SQL_TYPES
from migrate.compiler.text import literal, name
from migrate.connectors.target import Record
from migrate.engine import scan
from migrate.ledger import Ledger
from migrate.ledger.ledger import IDENTITY_SCHEMA
from migrate.live.images import written_values

MEANT, KNOWN, TODO = "meant", "known", "todo"
"""Schemas: rows as they are to stand in the target, what the ledger knows, and what is to be done."""
RESULTS = "results"
"""What became of each record in this run: entity, key, result, code, message, native, mapping, source_key, blamed."""
FETCH = 10_000


@dataclass(frozen=True)
class Work:
    """One record that is not unchanged."""

    record: Record
    mapping: str
    source_key: str
    fingerprint: str
    """Of the row as it is written now."""
    known: str | None
    """State of the identity in the ledger; None where there is none."""
    seen: str | None
    origin: str | None
    written: str | None
    """JSON of the values that were written last."""
    waits_for: str | None
    """``mapping/key`` of the source record at whose fault it is that something it refers to is not in the target."""
    same: bool = False
    """Is the row as the ledger last knew it?"""


class Changes:
    """The change set of one run. Target entities are taken one after the other, in load order."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, plan: Plan, validated: Validated, ledger: Ledger | None, whole: bool
    ) -> None:
        self.connection, self.plan, self.validated, self.ledger = connection, plan, validated, ledger
        self.contract = plan.pair.target.model
        self.whole = whole
        self.together: frozenset[str] = frozenset()
        """Entities whose records are being handed over together: those that wait do not keep one another back."""
        connection.execute(f"CREATE SCHEMA {MEANT}; CREATE SCHEMA {KNOWN}; CREATE SCHEMA {TODO}")
        connection.execute(
            f"CREATE TABLE {RESULTS} (entity VARCHAR, key VARCHAR, result VARCHAR, code VARCHAR, message VARCHAR, "
            "native VARCHAR, mapping VARCHAR, source_key VARCHAR, blamed VARCHAR)"
        )

    def entities(self) -> list[str]:
        """Target entities that some mapping of this run fills, in load order."""
        filled = {self.plan.pair.mappings[n].target_name for n in self.plan.names}
        return [entity for entity in self.contract.entities if entity in filled]

    def mappings(self, entity: str) -> list[str]:
        """The mappings that fill ``entity``."""
        return [n for n in self.plan.names if self.plan.pair.mappings[n].target_name == entity]

    def fields(self, entity: str) -> list[str]:
        """Fields of ``entity`` that some mapping fills, in the contract's order."""
        mapped = {f for n in self.mappings(entity) for f in self.plan.pair.mappings[n].model.fields}
        return [f for f in self.contract.entities[entity].fields if f in mapped]

    def mapped(self, mapping: str) -> frozenset[str]:
        """Fields that one mapping fills."""
        return frozenset(self.plan.pair.mappings[mapping].model.fields)

    # Comparing ---------------------------------------------------------------------------------------------------

    def compare(self, entity: str, unwritable: Sequence[str] = (), unsettled: Sequence[str] = ()) -> None:
        """Fill ``meant``, ``known`` and ``todo`` for an entity; what is unchanged is entered in the results.

        ``unsettled`` are keys of which an earlier run left open what became of them: they count as changed.
        """
        self._mean(entity, [f for f in self.fields(entity) if f not in unwritable])
        self.recall(entity)
        meant, known, todo = (name(schema, entity) for schema in (MEANT, KNOWN, TODO))
        # `first` is what is written until everything is loaded (at_first); then `fingerprint` follows.
        self.connection.execute(
            f"CREATE TABLE {todo} AS SELECT m._key AS key, m._mapping AS mapping, m._source AS source_key, m._level AS level, "
            "k.state AS known, k.native, k.seen, k.origin, k.meant AS written, "
            "coalesce(k.fingerprint = m._first, FALSE) AS same, "
            "CASE WHEN k.state IS NULL OR k.state <> 'held' THEN 'look' "
            f"WHEN m._key IN (SELECT unnest({literal_list(unsettled)})) THEN 'update' "
            "WHEN k.fingerprint = m._fingerprint THEN 'unchanged' "
            "WHEN k.fingerprint = m._first THEN 'finish' ELSE 'update' END AS action, "
            f"o.key AS old_key FROM {meant} AS m LEFT JOIN {known} AS k ON k.key = m._key "
            f"LEFT JOIN (SELECT x.* FROM {known} AS x WHERE x.state = 'held' AND x.key NOT IN (SELECT _key FROM {meant})) AS o "
            "ON k.key IS NULL AND o.mapping = m._mapping AND o.source_key = m._source"
        )
        self.connection.execute(
            f"INSERT INTO {RESULTS} SELECT {literal(entity)}, key, 'unchanged', NULL, NULL, native, mapping, source_key, NULL "
            f"FROM {todo} WHERE action = 'unchanged'"
        )

    def _mean(self, entity: str, fields: list[str]) -> None:
        rules = self.contract.entities[entity].fields
        selects = []
        for mapping in self.mappings(entity):
            filled = self.mapped(mapping)
            columns = [
                name(f) if f in filled else f"CAST(NULL AS {SQL_TYPES[rules[f].type]}) AS {name(f)}" for f in self.fields(entity)
            ]
            selects.append(
                f"SELECT _target_key AS _key, {literal(mapping)} AS _mapping, _key AS _source, {', '.join(columns)} "
                f"FROM {scan(self.validated.parquet(mapping))}"
            )
        meant = name(MEANT, entity)
        final, first = (
            _fingerprint({f: f"m.{name(f)}" for f in fields}),
            _fingerprint({f: self._first(entity, f) for f in fields}),
        )
        self.connection.execute(
            f"CREATE TABLE {meant} AS SELECT *, {final} AS _fingerprint, {first} AS _first, 0 AS _level "
            f"FROM ({' UNION ALL '.join(selects)}) AS m"
        )
        parent = next((f for f in fields if (r := rules[f].references) and r.entity == entity), None)
        if parent is not None:
            reference = rules[parent].references
            assert reference is not None
            other = name(reference.field or self.contract.entities[entity].key[0])
            self.connection.execute(
                f"UPDATE {meant} AS m SET _level = d.level FROM (WITH RECURSIVE d AS ("
                f"SELECT _key AS key, {other} AS o, 0 AS level FROM {meant} "
                f"WHERE {name(parent)} IS NULL OR {name(parent)} NOT IN (SELECT {other} FROM {meant} "
                f"WHERE {other} IS NOT NULL) UNION SELECT m._key, m.{other}, d.level + 1 FROM {meant} AS m JOIN d "
                f"ON m.{name(parent)} = d.o WHERE d.level < 1000) SELECT key, max(level) AS level FROM d GROUP BY key) AS d "
                "WHERE d.key = m._key"
            )

    def _first(self, entity: str, field: str) -> str:
        """SQL of the value that is written until everything is loaded."""
        rule = self.contract.entities[entity].fields[field]
        if not rule.at_first:
            return f"m.{name(field)}"
        whens = " ".join(f"WHEN {literal(final)} THEN {literal(first)}" for final, first in rule.at_first.items())
        return f"CASE CAST(m.{name(field)} AS VARCHAR) {whens} ELSE m.{name(field)} END"

    def recall(self, entity: str) -> None:
        """Read what the ledger knows of an entity."""
        known = name(KNOWN, entity)
        self.connection.execute(
            f"CREATE OR REPLACE TABLE {known} ({', '.join(f'{name(column)} VARCHAR' for column in IDENTITY_SCHEMA.names)})"
        )
        for batch in self.ledger.identities(entity) if self.ledger else ():
            self.connection.register("_known", pa.Table.from_batches([batch]))
            self.connection.execute(f"INSERT INTO {known} SELECT * FROM _known")
            self.connection.unregister("_known")

    # Taking work -------------------------------------------------------------------------------------------------

    def levels(self, entity: str) -> list[int]:
        """Depths at which there is something to do: parents go before their children."""
        rows = self.connection.execute(
            f"SELECT DISTINCT level FROM {name(TODO, entity)} WHERE action IN ('look', 'update') ORDER BY level"
        ).fetchall()
        return [int(row[0]) for row in rows]

    def work(self, entity: str, level: int) -> Iterator[Work]:
        """What is to be looked up or updated, in the order of keys."""
        return self._rows(entity, f"t.action IN ('look', 'update') AND t.level = {level}", first=True)

    def unfinished(self, entity: str) -> Iterator[Work]:
        """Records that got their first value and wait for the final one."""
        there = (
            f"m._first <> m._fingerprint AND (t.action = 'finish' OR EXISTS (SELECT 1 FROM {RESULTS} AS r WHERE "
            f"r.entity = {literal(entity)} AND r.key = m._key AND r.result IN ('created', 'updated')))"
        )
        return self._rows(entity, there, first=False)

    def there(self, entity: str, results: Sequence[str]) -> Iterator[Work]:
        """Records with one of these results, as they are meant in the end."""
        wanted = ", ".join(literal(result) for result in results)
        stands = f"SELECT key FROM {RESULTS} WHERE entity = {literal(entity)} AND result IN ({wanted})"
        return self._rows(entity, f"m._key IN ({stands})", first=False)

    def has_first(self, entity: str) -> bool:
        """Has the entity fields with a value of their own until everything is loaded?"""
        return any(self.contract.entities[entity].fields[f].at_first for f in self.fields(entity))

    def _rows(self, entity: str, condition: str, *, first: bool) -> Iterator[Work]:
        fields, rules = self.fields(entity), self.contract.entities[entity].fields
        values = [f"{self._first(entity, f) if first else 'm.' + name(f)} AS {name(f)}" for f in fields]
        references = [f for f in fields if rules[f].references is not None]
        joins, natives, waits = [], [], []
        for number, field in enumerate(references):
            reference = rules[field].references
            assert reference is not None
            if reference.entity not in self.entities():
                natives.append("NULL")
                continue
            alias = f"r{number}"
            joins.append(
                f"LEFT JOIN ({self._standing(reference.entity, reference.field, entity in self.together)}) AS {alias} "
                f"ON {alias}.value = m.{name(field)}"
            )
            natives.append(f"{alias}.native")
            waits.append(f"CASE WHEN m.{name(field)} IS NOT NULL AND {alias}.ok IS FALSE THEN {alias}.blamed END")
        waiting = f"coalesce({', '.join(waits)})" if waits else "NULL"
        selected = [
            "m._key", "m._mapping", "m._source", "m._first" if first else "m._fingerprint", "coalesce(own.native, t.native)",
            "t.known", "t.seen", "t.origin", "t.written", waiting, "t.same", *natives, *values,
        ]  # fmt: skip
        own = f"LEFT JOIN {RESULTS} AS own ON own.entity = {literal(entity)} AND own.key = m._key"
        cursor = self.connection.cursor().execute(
            f"SELECT {', '.join(selected)} FROM {name(MEANT, entity)} AS m JOIN {name(TODO, entity)} AS t ON t.key = m._key "
            f"{own} {' '.join(joins)} WHERE {condition} ORDER BY m._key"
        )
        filled = {mapping: self.mapped(mapping) for mapping in self.mappings(entity)}
        while rows := cursor.fetchmany(FETCH):
            for key, mapping, source_key, fingerprint, native, known, seen, origin, written, waits_for, same, *rest in rows:
                links = {f: n for f, n in zip(references, rest, strict=False) if n is not None}
                cells = dict(zip(fields, rest[len(references) :], strict=True))
                record = Record(key, {f: v for f, v in cells.items() if f in filled[mapping]}, native, links)
                # What gets its final value was written by this run or an earlier one, whatever the ledger said before.
                state = known if first else "held"
                yield Work(record, mapping, source_key, fingerprint, state, seen, origin, written, waits_for, same)

    def _standing(self, entity: str, field: str | None, together: bool) -> str:
        """SELECT of (value by which others refer to it, native, ok, who is to blame) of an entity's records in this run.

        For records that are handed over ``together``, what waits in a file is good enough.
        """
        value = name(field) if field else name(self.contract.entities[entity].key[0])
        waiting = ", 'LIVE-HANDED-OVER'" if together and entity in self.together else ""
        return (
            f"SELECT m.{value} AS value, r.native, r.result IN ('created', 'updated', 'unchanged') "
            f"OR coalesce(r.code, '') IN ('LIVE-DRIFT', 'LIVE-UNCHANGEABLE'{waiting}) AS ok, "
            f"coalesce(r.blamed, m._mapping || '/' || m._source) AS blamed "
            f"FROM {name(MEANT, entity)} AS m LEFT JOIN {RESULTS} AS r ON r.entity = {literal(entity)} AND r.key = m._key"
        )

    # What is not meant any more ----------------------------------------------------------------------------------

    def vanished(self, entity: str) -> list[tuple[str, str, str, str, str | None]]:
        """(key, mapping, source key, origin, native) of records of earlier runs that no source record stands behind.

        The origin of what was handed over and not found since is ``handed_over``.
        A record that is only kept back in this run (quarantined, held, blocked) is not among them, nor are those of a run
        over some mappings only.
        """
        if not self.whole:
            return []
        return [
            tuple(row) for row in self.connection.execute(f"{self._gone(entity)} AND d.key IS NULL ORDER BY k.key").fetchall()
        ]

    def stale(self, entity: str) -> list[tuple[str, str, str, str]]:
        """(key, mapping, source key, disposition) of records that stand in the target as an earlier run wrote them, and
        whose source record is kept back now."""
        sql = f"{self._gone(entity, 'k.key, k.mapping, k.source_key, d.disposition')} AND d.key IS NOT NULL ORDER BY k.key"
        return [tuple(row) for row in self.connection.execute(sql).fetchall()]

    def _gone(self, entity: str, columns: str = "") -> str:
        origin = "CASE k.state WHEN 'held' THEN k.origin ELSE k.state END"
        columns = columns or f"k.key, k.mapping, k.source_key, {origin} AS origin, k.native"
        dispositions = scan(self.validated.parquet("dispositions"))
        return (
            f"SELECT {columns} FROM {name(KNOWN, entity)} AS k LEFT JOIN (SELECT entity, key, disposition FROM {dispositions} "
            "WHERE disposition IN ('quarantined', 'held', 'blocked', 'failed')) AS d "
            "ON d.entity = k.mapping AND d.key = k.source_key "
            f"WHERE k.state IN ('held', 'handed_over') AND k.key NOT IN (SELECT _key FROM {name(MEANT, entity)})"
        )

    def renamed(self, entity: str) -> dict[str, str]:
        """{key: the key that the same source record has in the target} of records that would be created a second time."""
        rows = self.connection.execute(f"SELECT key, old_key FROM {name(TODO, entity)} WHERE old_key IS NOT NULL").fetchall()
        return dict(rows)

    def known_records(self, entity: str, keys: Sequence[str], meant: Mapping[str, str | None] | None = None) -> list[Record]:
        """Records of earlier runs, as they were written and with the target's ids: enough to find them.

        ``meant`` has the JSON of values of records that the ledger does not know yet.
        """
        model = self.contract.entities[entity]
        natives = self._natives(entity, keys)
        found = f"SELECT key, meant FROM {name(KNOWN, entity)} WHERE key IN (SELECT unnest(?))"
        written = {**(meant or {}), **dict(self.connection.execute(found, [list(keys)]).fetchall())}
        records = []
        for key in keys:
            values = written_values(written.get(key), model)
            values |= dict(zip(model.key, split_key(key, len(model.key)), strict=True))
            links = {}
            for field, value in values.items():
                reference = model.fields[field].references
                if (
                    reference is not None
                    and value is not None
                    and (native := self._natives(reference.entity, [value]).get(value)) is not None
                ):
                    links[field] = native
            records.append(Record(key, values, natives.get(key), links))
        return records

    def _natives(self, entity: str, keys: Sequence[str]) -> dict[str, str]:
        """{key: the target's own id}, by this run or by the ledger."""
        known = f"UNION ALL SELECT key, native FROM {name(KNOWN, entity)} " if entity in self.entities() else ""
        rows = self.connection.execute(
            f"SELECT key, any_value(native) FROM (SELECT key, native FROM {RESULTS} WHERE entity = ? {known}) "
            "WHERE native IS NOT NULL AND key IN (SELECT unnest(?)) GROUP BY key",
            [entity, list(keys)],
        ).fetchall()
        return dict(rows)

    # Results -----------------------------------------------------------------------------------------------------

    def enter(self, results: Sequence[tuple[str | None, ...]], *, finishing: bool = False) -> None:
        """Enter results, in the columns of the table; a record that had one gets the new one.

        A record that this run created and then gave its final value was created.
        """
        if not results:
            return
        names = ("entity", "key", "result", "code", "message", "native", "mapping", "source_key", "blamed")
        columns = [pa.array(list(column), pa.string()) for column in zip(*results, strict=True)]
        self.connection.register("_results", pa.Table.from_arrays(columns, names=list(names)))
        if finishing:
            self.connection.execute(
                f"UPDATE {RESULTS} AS r SET code = n.code, message = n.message FROM _results AS n WHERE n.result = 'updated' "
                "AND r.result = 'created' AND r.entity = n.entity AND r.key = n.key"
            )
            kept = f"(entity, key) IN (SELECT (entity, key) FROM {RESULTS} WHERE result = 'created')"
            self.connection.execute(
                f"CREATE OR REPLACE TEMP TABLE _new AS SELECT * FROM _results WHERE result <> 'updated' OR NOT {kept}"
            )
        else:
            self.connection.execute("CREATE OR REPLACE TEMP TABLE _new AS SELECT * FROM _results")
        self.connection.execute(f"DELETE FROM {RESULTS} WHERE (entity, key) IN (SELECT entity, key FROM _new)")
        self.connection.execute(f"INSERT INTO {RESULTS} SELECT * FROM _new")
        self.connection.unregister("_results")


def split_key(key: str, parts: int) -> list[str]:
    """The parts of a key's text (see :func:`migrate.compiler.text.key_text`)."""
    if parts == 1:
        return [key]
    found, part, escaped = [], "", False
    for character in key:
        if escaped:
            part, escaped = part + character, False
        elif character == "\\":
            escaped = True
        elif character == "|":
            found.append(part)
            part = ""
        else:
            part += character
    return [*found, part]


def literal_list(values: Sequence[str]) -> str:
    """SQL of a list of texts."""
    return "[" + ", ".join(literal(value) for value in values) + "]::VARCHAR[]"


def _fingerprint(values: dict[str, str]) -> str:
    """SQL of the fingerprint of a row: which fields, and what is in them. Null and blank are different."""
    parts = ", ".join(f"{name(field)} := {value}" for field, value in values.items())
    return f"left(sha256(CAST(to_json(struct_pack({parts})) AS VARCHAR)), 32)"
