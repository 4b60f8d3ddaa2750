"""Reading back from the target itself: what it holds of the records that this run wrote, or that should be unchanged."""

from __future__ import annotations

import datetime as dt
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from migrate.compiler.source import SQL_TYPES
from migrate.compiler.text import literal, name
from migrate.connectors.target import Held
from migrate.contracts.model import Entity
from migrate.engine import copy_to_parquet
from migrate.errors import RunFailed, TargetLost
from migrate.live.changes import MEANT, RESULTS, Changes
from migrate.live.images import seen
from migrate.live.names import ASKED, KEPT, UNSHOWN
from migrate.live.settings import Live
from migrate.live.works import Work, Works
from migrate.progress import Progress

BACK = "back"
_ARROW = {
    "string": pa.string(), "int": pa.int64(), "decimal": pa.float64(), "flag": pa.bool_(), "date": pa.date32(),
    "datetime": pa.timestamp("us"), "epoch": pa.timestamp("us"),
}  # fmt: skip


class LiveReading:
    """Asks the target for records and writes what it answers, one Parquet per entity."""

    def __init__(self, changes: Changes, live: Live, progress: Progress) -> None:
        self.changes, self.live, self.progress = changes, live, progress
        self.connection = changes.connection
        self.unseen: dict[str, list[str]] = {}
        """Per entity: mapped fields that the target does not show."""
        self.lost: str | None = None
        self.connection.execute(f"CREATE SCHEMA {BACK}; CREATE TABLE asked (entity VARCHAR, key VARCHAR)")
        self.connection.execute("CREATE TABLE unshown (entity VARCHAR, key VARCHAR, field VARCHAR)")
        self.connection.execute("CREATE TABLE kept (entity VARCHAR, key VARCHAR)")

    def go(self, folder: Path, *, lost: str | None = None) -> None:
        """Write the Parquet files. With ``lost``, nothing is asked."""
        self.lost = lost
        filled = self.changes.entities()
        for entity_name, entity in self.changes.contract.entities.items():
            columns = ", ".join(f"{name(f)} {SQL_TYPES[r.type]}, {name('link:' + f)} VARCHAR" for f, r in entity.fields.items())
            self.connection.execute(f"CREATE TABLE {name(BACK, entity_name)} (_target_key VARCHAR, {columns})")
            if entity_name in filled and self.lost is None:
                self._read(entity_name, entity)
        for entity_name, entity in self.changes.contract.entities.items():
            copy_to_parquet(self.connection, self._select(entity_name, entity), folder / f"{entity_name}.parquet")
        nothing = "SELECT '' AS entity, '' AS key, '' AS reason WHERE FALSE"
        copy_to_parquet(self.connection, nothing, folder / "refused.parquet")
        for table in (ASKED, UNSHOWN, KEPT):
            copy_to_parquet(self.connection, f"SELECT * FROM {table} ORDER BY ALL", folder / f"{table}.parquet")

    def _read(self, entity_name: str, entity: Entity) -> None:
        ability = self.live.connector.ability(entity_name)
        mapped = self.changes.fields(entity_name)
        self.unseen[entity_name] = [f for f in mapped if f in ability.unseen]
        if not ability.find:
            return
        results = ("created", "updated") if self.live.delta else ("created", "updated", "unchanged")
        compared = [f for f in mapped if f not in ability.unwritable and f not in ability.unseen]
        works = Works(self.changes).there(entity_name, results, ability.find_near)
        parts = iter(lambda: list(islice(works, ability.find_batch)), [])
        with self.progress.task("read back", entity_name) as task, ThreadPoolExecutor(ability.parallel) as pool:
            try:
                for part, held in self._answers(entity_name, parts, pool, ability.parallel):
                    self._store(entity_name, entity, part, held)
                    self._remember(entity_name, part, held, compared)
                    task.advance(len(part))
            except TargetLost as error:
                self.lost = error.message

    def _answers(
        self, entity: str, parts: Iterator[list[Work]], pool: ThreadPoolExecutor, parallel: int
    ) -> Iterator[tuple[list[Work], list[Held]]]:
        """The parts and what the target holds of each, in their order; the next ones are asked for meanwhile."""

        def ask(part: Sequence[Work]) -> list[Held]:
            return list(self.live.connector.find(entity, [work.record for work in part]))

        ahead: deque[tuple[list[Work], Future[list[Held]]]] = deque()
        try:
            while True:
                for part in islice(parts, 2 * parallel - len(ahead)):
                    ahead.append((part, pool.submit(ask, part)))
                if not ahead:
                    return
                part, answer = ahead.popleft()
                yield part, answer.result()
        finally:
            for _, answer in ahead:
                answer.cancel()

    def _remember(self, entity: str, part: Sequence[Work], held: Sequence[Held], compared: Sequence[str]) -> None:
        """What stands there now is what later runs compare with, unless an earlier run saw it after it was written."""
        fresh = {work.record.key for work in part if work.seen is None}
        self.live.ledger.saw(entity, [(one.key, seen(one, compared)) for one in held if one.key in fresh])
        self._renumber(entity, part, held)
        missing = fresh - {one.key for one in held}
        if missing:
            updated = self.connection.execute(
                f"SELECT key FROM {RESULTS} WHERE entity = ? AND result = 'updated' AND key IN (SELECT unnest(?))",
                [entity, list(missing)],
            ).fetchall()
            was_there = {row[0] for row in updated}
            self.live.ledger.doubt(entity, sorted(was_there))
            self.live.ledger.missed(entity, sorted(missing - was_there))

    def _renumber(self, entity: str, part: Sequence[Work], held: Sequence[Held]) -> None:
        """Somebody put another record of the same key into the target: what refers to it names the new one from now on."""
        known = {work.record.key: work.record.native for work in part}
        changed = [
            (one.key, one.native) for one in held if one.native is not None and known.get(one.key, one.native) != one.native
        ]
        self.live.ledger.renumber(entity, changed)
        for key, native in changed:
            self.connection.execute(f"UPDATE {RESULTS} SET native = ? WHERE entity = ? AND key = ?", [native, entity, key])

    def _store(self, entity_name: str, entity: Entity, part: Sequence[Work], held: Sequence[Held]) -> None:
        self._insert(ASKED, pa.table({"e": [entity_name] * len(part), "k": [work.record.key for work in part]}))
        if self.live.settings.existing.get(entity_name, "adopt") == "adopt" and (kept := [w.record.key for w in part if w.keeps]):
            self._insert(KEPT, pa.table({"e": [entity_name] * len(kept), "k": kept}))
        mapped = [f for f in self.changes.fields(entity_name) if f not in self.unseen[entity_name]]
        unshown = [(one.key, f) for one in held for f in mapped if f not in one.values and f not in one.links]
        if unshown:
            keys, fields = zip(*unshown, strict=True)
            self._insert(UNSHOWN, pa.table({"e": [entity_name] * len(keys), "k": list(keys), "f": list(fields)}))
        names, columns = ["_target_key"], [pa.array([one.key for one in held], pa.string())]
        for field, rule in entity.fields.items():
            names += [field, f"link:{field}"]
            columns.append(_column(entity_name, field, _ARROW[rule.type], [one.values.get(field) for one in held]))
            columns.append(pa.array([one.links.get(field) for one in held], pa.string()))
        self._insert(name(BACK, entity_name), pa.Table.from_arrays(columns, names=names))

    def _insert(self, table: str, rows: pa.Table) -> None:
        self.connection.register("_rows", rows)
        self.connection.execute(f"INSERT INTO {table} SELECT * FROM _rows")
        self.connection.unregister("_rows")

    def _select(self, entity_name: str, entity: Entity) -> str:
        """What was read, with the target's ids of other records turned into what those are called. References are text."""
        columns, joins = [], []
        for number, (field, rule) in enumerate(entity.fields.items()):
            link, own = f"b.{name('link:' + field)}", f"b.{name(field)}"
            reference = rule.references
            to = self.changes.refers(entity_name, field) if entity_name in self.changes.entities() else None
            if reference is None or to is None:
                text = f"coalesce(CAST({own} AS VARCHAR), '#' || {link}) AS {name(field)}"
                columns.append(own if reference is None else text)
                continue
            joins.append(
                f"LEFT JOIN (SELECT r.native, any_value(m.{name(to[1])}) AS value FROM {name(MEANT, to[0])} AS m "
                f"JOIN {RESULTS} AS r ON r.entity = {literal(to[0])} AND r.key = m._key GROUP BY 1) AS j{number} "
                f"ON j{number}.native = {link}"
            )
            # An id that nobody knows stays visible as what it is.
            known = f"CAST(j{number}.value AS VARCHAR)"
            columns.append(f"coalesce(CAST({own} AS VARCHAR), {known}, '#' || {link}) AS {name(field)}")
        return (
            f"SELECT b._target_key, {', '.join(columns)} FROM {name(BACK, entity_name)} AS b {' '.join(joins)} "
            "ORDER BY b._target_key"
        )


def _column(entity: str, field: str, kind: pa.DataType, values: list[Any]) -> pa.Array:
    blank_is_null = [None if value == "" else value for value in values]
    if pa.types.is_timestamp(kind):
        blank_is_null = [_utc(value) for value in blank_is_null]
    try:
        return pa.array([float(v) if pa.types.is_floating(kind) and v is not None else v for v in blank_is_null], kind)
    except (pa.ArrowInvalid, pa.ArrowTypeError, ValueError, OverflowError) as error:
        what = f"the target shows {entity}.{field} as something that is not of its type ({kind}): {str(error)[:200]}"
        raise RunFailed(what, hint="mend the type in the target's contract") from None


def _utc(value: Any) -> Any:
    aware = isinstance(value, dt.datetime) and value.tzinfo is not None
    return value.astimezone(dt.UTC).replace(tzinfo=None) if aware else value
