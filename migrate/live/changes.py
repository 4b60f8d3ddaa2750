"""What has to be done to the target: the rows as they are meant beside what the ledger knows, in the embedded engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from migrate.artefacts import Validated
from migrate.compiler.plan import Plan
from migrate.compiler.source import SQL_TYPES
from migrate.compiler.text import literal, name
from migrate.connectors.target import Record
from migrate.ledger import Ledger
from migrate.ledger.ledger import IDENTITY_SCHEMA
from migrate.live.images import written_values
from migrate.live.keys import key_values, names_key
from migrate.matching.evidence import know_matched

MEANT, KNOWN, TODO = "meant", "known", "todo"
"""Schemas: rows as they are to stand in the target, what the ledger knows, and what is to be done."""
RESULTS = "results"
RESULT_SCHEMA = pa.schema(
    [(c, pa.string()) for c in ("entity", "key", "result", "code", "message", "native", "mapping", "source_key", "blamed")]
)
"""What became of each record in this run."""


@dataclass(frozen=True)
class Gone:
    """A record of an earlier run that no row of this run is meant to be."""

    key: str
    mapping: str
    source_key: str
    origin: str
    native: str | None
    seen: str | None
    written: str | None
    """JSON of the values that were written last."""
    kept: str | None
    """Disposition of its source record, where that is only kept back."""


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
        self._meant: set[str] = set()
        self._recalled: set[str] = set()
        connection.execute(f"CREATE SCHEMA {MEANT}; CREATE SCHEMA {KNOWN}; CREATE SCHEMA {TODO}")
        know_matched(connection, validated.folder.parent)
        connection.execute(f"CREATE TABLE {RESULTS} ({', '.join(f'{column} VARCHAR' for column in RESULT_SCHEMA.names)})")

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

    def compare(self, entity: str, unsettled: Sequence[str] = ()) -> None:
        """Fill ``meant`` and ``todo`` for an entity that was recalled; what is unchanged is entered in the results, and so is for
        now what waits for its final value only: others may refer to it.

        ``unsettled`` are keys of which an earlier run left open what became of them: they count as changed.
        """
        self.mean(entity)
        meant, known, todo = (name(schema, entity) for schema in (MEANT, KNOWN, TODO))
        # Of what happened, another key is another event, and no other name of the same record.
        one_record = not self.contract.entities[entity].events
        self.connection.execute(f"DELETE FROM {RESULTS} WHERE entity = ?", [entity])
        # `first` is what is written until everything is loaded (at_first); then `fingerprint` follows.
        self.connection.execute(
            f"CREATE OR REPLACE TABLE {todo} AS SELECT m._key AS key, m._mapping AS mapping, m._source AS source_key, "
            "m._level AS level, k.state AS known, k.native, k.seen, k.origin, k.meant AS written, "
            "coalesce(k.fingerprint = m._first, FALSE) AS same, "
            "CASE WHEN k.state IS NULL OR k.state <> 'held' THEN 'look' "
            f"WHEN m._key IN (SELECT unnest({literal_list(unsettled)})) THEN 'update' "
            "WHEN k.fingerprint = m._fingerprint THEN 'unchanged' "
            "WHEN k.fingerprint = m._first THEN 'finish' ELSE 'update' END AS action, "
            f"o.key AS old_key FROM {meant} AS m LEFT JOIN {known} AS k ON k.key = m._key "
            f"LEFT JOIN (SELECT x.mapping, x.source_key, min(x.key) AS key FROM {known} AS x WHERE x.state = 'held' "
            f"AND {literal(one_record)} AND x.key NOT IN (SELECT _key FROM {meant}) GROUP BY ALL) AS o "
            "ON o.mapping = m._mapping AND o.source_key = CASE WHEN k.key IS NULL THEN m._source END"
        )
        self.connection.execute(
            f"INSERT INTO {RESULTS} SELECT {literal(entity)}, key, 'unchanged', NULL, NULL, native, mapping, source_key, NULL "
            f"FROM {todo} WHERE action IN ('unchanged', 'finish')"
        )

    def mean(self, entity: str) -> None:
        """Fill ``meant`` for an entity, once: the rows with their fingerprints, and how deep they hang below others of it."""
        if entity in self._meant:
            return
        self._meant.add(entity)
        rules = self.contract.entities[entity].fields
        selects = []
        for mapping in self.mappings(entity):
            filled = self.mapped(mapping)
            columns = [
                name(f) if f in filled else f"CAST(NULL AS {SQL_TYPES[rules[f].type]}) AS {name(f)}" for f in self.fields(entity)
            ]
            selects.append(
                f"SELECT _target_key AS _key, {literal(mapping)} AS _mapping, _key AS _source, {', '.join(columns)} "
                f"FROM ({self.validated.loading(mapping)})"
            )
        meant, late = name(MEANT, entity), "".join(f", FALSE AS {name('late:' + f)}" for f in self.late(entity))
        self.connection.execute(f"CREATE TABLE {meant} AS SELECT *, 0 AS _level{late} FROM ({' UNION ALL '.join(selects)}) AS m")
        self._rank(entity)
        # Of the fields that its own mapping fills: what other mappings do, or which of them run, changes no row.
        final = {f: f"m.{name(f)}" for f in self.fields(entity)}
        first = {f: self.first(entity, f) for f in self.fields(entity)}
        prints = []
        for column, values in (("_fingerprint", final), ("_first", first)):
            own = {m: _fingerprint({f: v for f, v in values.items() if f in self.mapped(m)}) for m in self.mappings(entity)}
            whens = " ".join(f"WHEN {literal(mapping)} THEN {print_}" for mapping, print_ in own.items())
            prints.append(f"CASE m._mapping {whens} END AS {column}")
        self.connection.execute(f"CREATE OR REPLACE TABLE {meant} AS SELECT *, {', '.join(prints)} FROM {meant} AS m")

    def late(self, entity: str) -> list[str]:
        """References that may name a record that is written later: of the same entity, or of one that comes after it."""
        order = self.entities()
        if entity in self.together:  # what is handed over goes at once
            return []
        return [f for f in self.fields(entity) if (to := self.refers(entity, f)) and order.index(to[0]) >= order.index(entity)]

    def _rank(self, entity: str) -> None:
        """Parents get a lower level than their children. Where that cannot be (a circle, a second parent, an entity that
        comes later) the reference is written at the end."""
        meant = name(MEANT, entity)
        own = {f: to[1] for f in self.late(entity) if (to := self.refers(entity, f)) and to[0] == entity}
        for field, named in list(own.items())[:1]:
            parent, other = name(field), name(named)
            self.connection.execute(
                f"UPDATE {meant} AS m SET _level = d.level FROM (WITH RECURSIVE d AS ("
                f"SELECT _key AS key, {other} AS o, 0 AS level FROM {meant} "
                f"WHERE {parent} IS NULL OR {parent} NOT IN (SELECT {other} FROM {meant} "
                f"WHERE {other} IS NOT NULL) UNION SELECT m._key, m.{other}, d.level + 1 FROM {meant} AS m JOIN d "
                f"ON m.{parent} = d.o WHERE d.level < 1000) SELECT key, max(level) AS level FROM d GROUP BY key) AS d "
                "WHERE d.key = m._key"
            )
        for field in self.late(entity):
            late = name("late:" + field)
            if field in own:
                self.connection.execute(
                    f"UPDATE {meant} AS m SET {late} = TRUE FROM {meant} AS p WHERE p.{name(own[field])} = m.{name(field)} "
                    "AND p._level >= m._level"
                )
            else:
                self.connection.execute(f"UPDATE {meant} SET {late} = TRUE WHERE {name(field)} IS NOT NULL")

    def refers(self, entity: str, field: str) -> tuple[str, str] | None:
        """The entity that a reference names, and the field of it that it holds; None where no row of this run has that."""
        reference = self.contract.entities[entity].fields[field].references
        if reference is None or reference.entity not in self.entities():
            return None
        named = reference.field or self.contract.entities[reference.entity].key[0]
        return (reference.entity, named) if named in self.fields(reference.entity) else None

    def first(self, entity: str, field: str) -> str:
        """SQL of the value that is written until everything is loaded."""
        rule, value = self.contract.entities[entity].fields[field], f"m.{name(field)}"
        if rule.at_first:
            whens = " ".join(f"WHEN {literal(final)} THEN {literal(first)}" for final, first in rule.at_first.items())
            value = f"CASE CAST({value} AS VARCHAR) {whens} ELSE {value} END"
        if field in self.late(entity):
            value = f"CASE WHEN m.{name('late:' + field)} THEN NULL ELSE {value} END"
        return value

    def put_off(self, entity: str) -> list[str]:
        """Fields whose first value may differ from the final one."""
        rules, late = self.contract.entities[entity].fields, self.late(entity)
        return [f for f in self.fields(entity) if rules[f].at_first or f in late]

    def recall(self, entity: str) -> None:
        """Read what the ledger knows of an entity."""
        known = name(KNOWN, entity)
        self._recalled.add(entity)
        self.connection.execute(
            f"CREATE OR REPLACE TABLE {known} ({', '.join(f'{name(column)} VARCHAR' for column in IDENTITY_SCHEMA.names)})"
        )
        for batch in self.ledger.identities(entity) if self.ledger else ():
            self.connection.register("_known", pa.Table.from_batches([batch]))
            self.connection.execute(f"INSERT INTO {known} SELECT * FROM _known")
            self.connection.unregister("_known")

    def created(self, entity: str, field: str) -> frozenset[str]:
        """What a reference calls the records that this run created, or one that was cut off before it."""
        to = self.refers(entity, field)
        if to is None:
            return frozenset()
        rows = self.connection.execute(
            f"SELECT CAST(m.{name(to[1])} AS VARCHAR) FROM {name(MEANT, to[0])} AS m JOIN {RESULTS} AS r "
            f"ON r.entity = {literal(to[0])} AND r.key = m._key LEFT JOIN {name(KNOWN, to[0])} AS k ON k.key = m._key "
            "WHERE r.result = 'created' OR (k.state = 'held' AND k.origin = 'created' AND k.run IN (SELECT unnest(?)))",
            [self.ledger.unfinished() if self.ledger else []],
        ).fetchall()
        return frozenset(row[0] for row in rows)

    def has_first(self, entity: str) -> bool:
        """Has the entity rows that are not written as they are meant before everything is loaded?"""
        row = self.connection.execute(f"SELECT 1 FROM {name(MEANT, entity)} WHERE _first <> _fingerprint LIMIT 1").fetchone()
        return row is not None

    # What is not meant any more ----------------------------------------------------------------------------------

    def vanished(self, entity: str) -> list[Gone]:
        """Records of earlier runs that no source record stands behind.

        The origin of what was handed over and not found since is ``handed_over``.
        A record that is only kept back in this run (quarantined, held, blocked) is not among them, nor are those of a run
        over some mappings only.
        """
        return self._gone(entity, "d.key IS NULL") if self.whole else []

    def stale(self, entity: str) -> list[Gone]:
        """Records that stand in the target as an earlier run wrote them, and whose source record is kept back now."""
        return self._gone(entity, "d.key IS NOT NULL")

    def _gone(self, entity: str, condition: str) -> list[Gone]:
        dispositions = f"({self.validated.dispositions(*self.plan.names)})"
        rows = self.connection.execute(
            "SELECT k.key, k.mapping, k.source_key, CASE k.state WHEN 'held' THEN k.origin ELSE k.state END, k.native, k.seen, "
            f"k.meant, d.disposition FROM {name(KNOWN, entity)} AS k "
            f"LEFT JOIN (SELECT entity, key, disposition FROM {dispositions} "
            "WHERE disposition IN ('quarantined', 'held', 'blocked', 'failed')) AS d "
            "ON d.entity = k.mapping AND d.key = k.source_key "
            f"WHERE k.state IN ('held', 'handed_over') AND k.key NOT IN (SELECT _key FROM {name(MEANT, entity)}) "
            f"AND {condition} ORDER BY k.key"
        ).fetchall()
        return [Gone(*row) for row in rows]

    def abandoned(self, entity: str) -> list[Gone]:
        """Records of earlier runs in an entity that no mapping fills."""
        self.recall(entity)
        rows = self.connection.execute(
            f"SELECT key, mapping, source_key, origin, native, seen, meant, NULL FROM {name(KNOWN, entity)} "
            "WHERE state = 'held' ORDER BY 1"
        ).fetchall()
        return [Gone(*row) for row in rows]

    def meant_among(self, entity: str, keys: Sequence[str]) -> set[str]:
        """Those of ``keys`` that a row of this run has."""
        rows = self.connection.execute(
            f"SELECT _key FROM {name(MEANT, entity)} WHERE _key IN (SELECT unnest(?))", [list(keys)]
        ).fetchall()
        return {row[0] for row in rows}

    def moved(self, entity: str) -> list[tuple[str, str, str]]:
        """(key, mapping, source key) of records that another source record stands behind than the ledger says."""
        return self.connection.execute(
            f"SELECT t.key, t.mapping, t.source_key FROM {name(TODO, entity)} AS t JOIN {name(KNOWN, entity)} AS k "
            "ON k.key = t.key WHERE k.mapping <> t.mapping OR k.source_key <> t.source_key"
        ).fetchall()

    def renamed(self, entity: str) -> dict[str, str]:
        """{key: the key that the same source record has in the target} of records that would be created a second time."""
        rows = self.connection.execute(f"SELECT key, old_key FROM {name(TODO, entity)} WHERE old_key IS NOT NULL").fetchall()
        return dict(rows)

    def labels(self, entity: str, keys: Sequence[str]) -> list[tuple[str, str, str]]:
        """(key, mapping, source key) of rows that are meant."""
        return self.connection.execute(
            f"SELECT _key, _mapping, _source FROM {name(MEANT, entity)} WHERE _key IN (SELECT unnest(?)) ORDER BY 1", [list(keys)]
        ).fetchall()

    def known_records(
        self, entity: str, keys: Sequence[str], meant: Mapping[str, str | None] | None = None, *, by_native: bool = True
    ) -> list[Record]:
        """Records of earlier runs, as they were written and with the target's ids: enough to find them.

        ``meant`` has the JSON of values of records that the ledger does not know yet.
        """
        model = self.contract.entities[entity]
        natives = self._natives(entity, keys) if by_native else {}
        found = f"SELECT key, meant FROM {name(KNOWN, entity)} WHERE key IN (SELECT unnest(?))"
        written = {**(meant or {}), **dict(self.connection.execute(found, [list(keys)]).fetchall())}
        values = {key: written_values(written.get(key), model) | key_values(model, key) for key in keys}
        links: dict[str, dict[str, str]] = {key: {} for key in keys}
        for field, rule in model.fields.items():
            if rule.references is None or not names_key(self.contract, rule.references):
                continue
            named = {key: str(own[field]) for key, own in values.items() if own.get(field) is not None}
            others = self._natives(rule.references.entity, list(named.values())) if named else {}
            for key, value in named.items():
                if value in others:
                    links[key][field] = others[value]
        return [Record(key, values[key], natives.get(key), links[key]) for key in keys]

    def _natives(self, entity: str, keys: Sequence[str]) -> dict[str, str]:
        """{key: the target's own id}, by this run or else by the ledger."""
        sources = f"SELECT key, native, 1 AS n FROM {RESULTS} WHERE entity = {literal(entity)}"
        if entity in self._recalled:
            sources += f" UNION ALL SELECT key, native, 2 FROM {name(KNOWN, entity)}"
        rows = self.connection.execute(
            f"SELECT key, arg_min(native, n) FROM ({sources}) WHERE native IS NOT NULL "
            "AND key IN (SELECT unnest(?)) GROUP BY key",
            [list(keys)],
        ).fetchall()
        return dict(rows)

    # Results -----------------------------------------------------------------------------------------------------

    def enter(self, results: Sequence[tuple[str | None, ...]], *, finishing: bool = False) -> None:
        """Enter results, in the columns of the table; a record that had one gets the new one.

        A record that this run wrote and then gave its final value keeps the result it had.
        """
        if not results:
            return
        columns = [pa.array(list(column), pa.string()) for column in zip(*results, strict=True)]
        self.connection.register("_results", pa.Table.from_arrays(columns, schema=RESULT_SCHEMA))
        if finishing:
            written = "r.result IN ('created', 'updated') AND n.result IN ('updated', 'unchanged')"
            self.connection.execute(
                f"UPDATE {RESULTS} AS r SET code = n.code, message = n.message FROM _results AS n "
                f"WHERE {written} AND r.entity = n.entity AND r.key = n.key"
            )
            self.connection.execute(
                f"CREATE OR REPLACE TEMP TABLE _new AS SELECT n.* FROM _results AS n WHERE NOT EXISTS (SELECT 1 FROM {RESULTS} "
                f"AS r WHERE {written} AND r.entity = n.entity AND r.key = n.key)"
            )
        else:
            self.connection.execute("CREATE OR REPLACE TEMP TABLE _new AS SELECT * FROM _results")
        self.connection.execute(f"DELETE FROM {RESULTS} WHERE (entity, key) IN (SELECT entity, key FROM _new)")
        self.connection.execute(f"INSERT INTO {RESULTS} SELECT * FROM _new")
        self.connection.unregister("_results")

    def enter_table(self, results: pa.Table) -> None:
        """Enter results of records that have none, in the columns of RESULT_SCHEMA."""
        self.connection.register("_results", results)
        self.connection.execute(f"INSERT INTO {RESULTS} SELECT * FROM _results")
        self.connection.unregister("_results")


def literal_list(values: Sequence[str]) -> str:
    """SQL of a list of texts."""
    return "[" + ", ".join(literal(value) for value in values) + "]::VARCHAR[]"


def _fingerprint(values: dict[str, str]) -> str:
    """SQL of the fingerprint of a row: which fields, and what is in them. Null and blank are different."""
    parts = ", ".join(f"{name(field)} := {value}" for field, value in values.items())
    return f"left(sha256(CAST(to_json(struct_pack({parts})) AS VARCHAR)), 32)"
