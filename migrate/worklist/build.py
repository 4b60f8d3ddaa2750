"""The worklist of a run: written when everything is known that the run has to say, and counted in its summary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from migrate.artefacts import Mapped
from migrate.compiler.plan import Plan
from migrate.decisions.model import Decision, contract_fingerprint, value_fingerprint
from migrate.decisions.settle import UNDECIDED, Settled
from migrate.engine import copy_to_parquet, scan, session
from migrate.live.decisions import CODES as MET
from migrate.run_folder import RunFolder
from migrate.worklist.choices import choices
from migrate.worklist.history import FILE, carry_over, previous
from migrate.worklist.identity import cause_id
from migrate.worklist.items import build_items, mapped_files, prepare
from migrate.worklist.states import NEEDS_A_PERSON, State, state_of

_TEXT = (
    "item", "kind", "cause", "code", "severity", "entity", "field", "about", "key", "value", "root_cause", "message", "members",
    "choices", "state", "why", "decision", "new_value", "reason", "by", "at", "source", "contract", "first_run", "last_run",
)  # fmt: skip
_NUMBERS = ("rows", "waiting", "basis_rows", "times")
SCHEMA = pa.schema([*((name, pa.string()) for name in _TEXT), *((name, pa.int64()) for name in _NUMBERS)])
"""Columns of ``worklist.parquet``. ``basis_rows``, ``source`` and ``contract`` are what a decision is based on."""
Item = dict[str, Any]


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
        part = findings.with_name(f".{findings.name}.part")
        columns = "code, severity, entity, key, field, value, message, root_cause, item"
        copy_to_parquet(connection, f"SELECT {columns} FROM finding_items ORDER BY row", part)
        part.replace(findings)
    standings = {standing.decision.item: standing for standing in settled.standings}
    items = [_described({**item, "present": True}, undecided, plan) for item in found]
    there = {item["item"] for item in items}
    before = previous(run.path.parent, run.id)
    # What a decision made go away is listed as it would be without it, or as it last was.
    gone = [s.decision for s in settled.standings if s.state == "current"]
    gone += [d for d in decisions.values() if d.item not in standings and d.decision == "overwrite" and d.entity in plan.names]
    for decision in (d for d in gone if d.item not in there):
        last = undecided.get(decision.item) or before.get(decision.item) or _from_decision(decision)
        items.append(_described({**last, "present": False}, undecided, plan))
    for item in items:
        taken = decisions.get(item["item"])
        item["state"], item["why"] = state_of(item, taken, standings, plan.pair, row_drift)
        for word in ("decision", "new_value", "reason", "by", "at"):
            item[word] = getattr(taken, word) if taken is not None else None
    partial = None if len(plan.names) == len(plan.pair.mappings) else frozenset(plan.names)
    kept = carry_over(items, before, run.id, partial)
    kept.sort(key=lambda item: (item["state"] not in NEEDS_A_PERSON, -item["rows"] - item["waiting"], item["item"]))
    pq.write_table(
        pa.Table.from_pylist([{name: item.get(name) for name in SCHEMA.names} for item in kept], SCHEMA), run.path / FILE
    )
    states: Counter[State] = Counter(item["state"] for item in kept)
    run.summary["worklist"] = {state: states[state] for state in sorted(states)}


def _described(item: Item, undecided: Mapping[str, Item], plan: Plan) -> Item:
    """The item with what may be decided about it, and what such a decision is based on."""
    mapping = plan.pair.mappings.get(item["entity"] or "")
    verbs = choices(plan, item["kind"], item["entity"] or "", item["code"], item["field"], item["severity"])
    ruled = mapping is not None and (item["code"], item["field"] or "") in {
        (r.code, r.field) for r in plan.rows[mapping.name].rules
    }
    before = undecided.get(item["item"], item)
    shown = None
    if item["kind"] == "record" and (ruled or item["code"].startswith("GATE-")):
        shown = before["value"]
    elif item["kind"] == "record" and item["code"] in MET:
        shown = item["message"]  # what a live run meets: which values differ
    return {
        **item,
        "choices": " ".join(verbs),
        "members": ", ".join(members) if isinstance(members := item["members"], list) and members else members or None,
        "basis_rows": before["rows"],
        "source": value_fingerprint(shown),
        "contract": contract_fingerprint(mapping.target if mapping else None, item["field"] or ""),
    }


def _from_decision(decision: Decision) -> Item:
    """An item of which only the decision is left: its run folders are gone."""
    words = ("item", "kind", "code", "entity", "field")
    known: Item = {word: getattr(decision, word) or None for word in words}
    nothing: Item = dict.fromkeys(("about", "key", "value", "root_cause", "message", "members"))
    cause = cause_id(decision.entity, decision.code, decision.field or None)
    return {**nothing, **known, "cause": cause, "severity": "hold", "rows": int(decision.rows or 0), "waiting": 0}


def _rows(connection: duckdb.DuckDBPyConnection, table: str) -> list[Item]:
    rows: list[Item] = connection.execute(f"SELECT * FROM {table}").to_arrow_table().to_pylist()
    return rows


def _undecided(connection: duckdb.DuckDBPyConnection, folder: Path) -> dict[str, Item]:
    file = folder / f"{UNDECIDED}.parquet"
    return {item["item"]: item for item in _rows(connection, scan(file))} if file.is_file() else {}
