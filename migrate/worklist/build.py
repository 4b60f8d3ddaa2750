"""The worklist of a run: written when everything is known that the run has to say, and counted in its summary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from migrate.artefacts import Mapped
from migrate.crosswalks.census import read_used
from migrate.decisions.model import SHAPES, Decision
from migrate.decisions.settle import UNDECIDED, UNDECIDED_ROOTS, Settled, roots_sql
from migrate.engine import copy_to_parquet, scan, session
from migrate.run_folder import RunFolder
from migrate.worklist.crosswalk_items import by_entry, confirmed_since, count_uses
from migrate.worklist.describe import Describing, Item, from_decision, told_of
from migrate.worklist.history import FILE, carry_over, previous
from migrate.worklist.items import build_items, mapped_files, prepare
from migrate.worklist.states import NEEDS_A_PERSON, State, state_of
from migrate.worklist.unseen import unseen

_TEXT = (
    "item", "kind", "cause", "code", "severity", "entity", "field", "about", "key", "value", "root_cause", "message", "members",
    "choices", "state", "why", "decision", "new_value", "reason", "by", "at", "source", "contract", "first_run", "last_run",
)  # fmt: skip
_NUMBERS = ("rows", "waiting", "basis_rows", "times")
SCHEMA = pa.schema([*((name, pa.string()) for name in _TEXT), *((name, pa.int64()) for name in _NUMBERS)])
"""Columns of ``worklist.parquet``. ``basis_rows``, ``source`` and ``contract`` are what a decision is based on."""


def build_worklist(
    mapped: Mapped, settled: Settled, decisions: Mapping[str, Decision], row_drift: float, run: RunFolder, memory: str
) -> None:
    """Write ``worklist.parquet``, give ``findings.parquet`` its items, and count them in the summary."""
    findings = run.path / "findings.parquet"
    plan = settled.plan
    with session(run.scratch, memory) as connection:
        prepare(connection, plan.rows, mapped_files(mapped.folder, plan.names))
        build_items(
            connection, f"(SELECT * EXCLUDE (row), row FROM (SELECT *, row_number() OVER () AS row FROM {scan(findings)}))"
        )
        found = _rows(connection, "items")
        undecided = _undecided(connection, mapped.folder)
        roots = _roots(connection, settled, mapped.folder) if any(item["kind"] == "root" for item in found) else {}
        used = {(u.crosswalk, u.source): u for u in read_used(mapped.folder)}
        part = findings.with_name(f".{findings.name}.part")
        columns = "code, severity, entity, key, field, value, message, root_cause, item"
        copy_to_parquet(connection, f"SELECT {columns} FROM finding_items ORDER BY row", part)
        part.replace(findings)
    standings = {standing.decision.item: standing for standing in settled.standings}
    describing = Describing(plan, undecided, roots)
    items = [describing.described(item, present=True) for item in found]
    there = {item["item"] for item in items}
    partial = None if len(plan.names) == len(plan.pair.mappings) else frozenset(plan.names)
    # Every decision is seen somewhere, also where no folder is left of the run that it was about.
    asked = [d for d in decisions.values() if partial is None or d.entity in partial]
    before = {d.item: describing.described(from_decision(d), present=False) for d in asked}
    before |= previous(run.path.parent, run.id, pseudonyms=bool(run.facts.get("pseudonyms")))
    # What a decision made go away is listed as it would be without it, or as it last was.
    changing = SHAPES | {"overwrite"}
    current = [s.decision for s in settled.standings if s.state == "current"]
    gone = [d for d in current if d.decision in changing or d.item in undecided]
    gone += [d for d in decisions.values() if d.item not in standings and d.decision == "overwrite" and d.entity in plan.names]
    for decision in (d for d in gone if d.item not in there):
        last = undecided.get(decision.item) or before[decision.item]
        items.append(describing.described(last, present=False))
    there |= {item["item"] for item in items}
    unasked = [item for item in unseen(before, run, plan.names) if item["item"] not in there]
    items += [describing.described(item, present=False) for item in unasked]
    for item in items:
        count_uses(item, used)
        taken = decisions.get(item["item"])
        item["state"], item["why"] = state_of(item, taken, standings, plan.pair, row_drift)
        item |= told_of(taken)
        by_entry(item, used)
    kept = carry_over(items, before, run.id, partial, {item["item"] for item in unasked})
    for item in kept:
        if item["state"] == "closed" and item["item"] in decisions:
            item |= told_of(decisions[item["item"]])
    confirmed_since(kept, used)
    kept.sort(key=lambda item: (item["state"] not in NEEDS_A_PERSON, -item["rows"] - item["waiting"], item["item"]))
    arrays = [pa.array([item.get(column.name) for item in kept], column.type) for column in SCHEMA]
    pq.write_table(pa.Table.from_arrays(arrays, schema=SCHEMA), run.path / FILE)
    states: Counter[State] = Counter(item["state"] for item in kept)
    run.summary["worklist"] = {state: states[state] for state in sorted(states)}


def _rows(connection: duckdb.DuckDBPyConnection, table: str) -> list[Item]:
    rows: list[Item] = connection.execute(f"SELECT * FROM {table}").to_arrow_table().to_pylist()
    return rows


def _undecided(connection: duckdb.DuckDBPyConnection, folder: Path) -> dict[str, Item]:
    file = folder / f"{UNDECIDED}.parquet"
    return {item["item"]: item for item in _rows(connection, scan(file))} if file.is_file() else {}


def _roots(connection: duckdb.DuckDBPyConnection, settled: Settled, folder: Path) -> dict[tuple[str, str], int]:
    """``{(mapping, entity/key): rows that refer to it}``, as it would be without decisions about the mapping."""
    plan, found = settled.plan, []
    if settled.looked:
        found = connection.execute(f"SELECT * FROM {scan(folder / f'{UNDECIDED_ROOTS}.parquet')}").fetchall()
    for mapping, rows in mapped_files(folder, set(plan.names) - settled.looked).items():
        if sql := roots_sql(plan, mapping, rows):
            found += [(mapping, *row) for row in connection.execute(sql).fetchall()]
    return {(mapping, root): int(number) for mapping, root, number in found}
