"""Which decisions hold, before rows are mapped: each mapping is looked at as if nobody had decided anything about it.

Mappings are taken in the order in which they refer to one another, so that each is looked at with the decisions about those
before it in force. What a decision is based on is counted in the same way when it is made and when it is checked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa

from migrate.compiler.decided import DECISION, Decided, Signature
from migrate.compiler.plan import Plan
from migrate.compiler.shared import MAPPED
from migrate.compiler.text import literal, name
from migrate.decisions.basis import Found, Standing, standing
from migrate.decisions.model import SHAPES, Decision, value_fingerprint
from migrate.engine import Engine, copy_to_parquet, scan, session
from migrate.mapper import build_identities, findings_sql
from migrate.worklist import items
from migrate.worklist.identity import item_sql

UNDECIDED = "undecided"
"""Parquet of the items of mappings about which people decided, as they would be without those decisions."""
UNDECIDED_ROOTS = "undecided_roots"
"""Parquet of ``(entity, root, rows)``: what rows of those mappings refer to, and how many, without those decisions."""


_DESK = "300MB"
"""Memory in which findings become items; more of them go to disk."""


@dataclass(frozen=True)
class _Look:
    """``engine`` has the rows, and may be Spark. Their findings become items on the ``desk``, as those of the whole run do; they
    come by files in ``scratch``."""

    engine: Engine
    desk: Engine
    scratch: Path

    def laid(self, what: str, select: str) -> str:
        """Rows of the engine as the desk reads them."""
        copy_to_parquet(self.engine, select, file := self.scratch / f"{what}.parquet")
        return scan(file)


@dataclass(frozen=True)
class Settled:
    """``looked``: the mappings whose decisions were settled; those of other mappings change no row before the load."""

    plan: Plan
    standings: tuple[Standing, ...]
    looked: frozenset[str]


def settle(
    connection: Engine, plan: Plan, decisions: Mapping[str, Decision], row_drift: float, folder: Path, scratch: Path
) -> Settled:
    """Settle the decisions in force (by item), compile those that hold into the plan, and write the items without them."""
    by_mapping: dict[str, list[Decision]] = {}
    for decision in (d for d in decisions.values() if d.kind != "crosswalk"):
        by_mapping.setdefault(decision.entity, []).append(decision)
    # Keys and exclusions of one mapping may hang on another; those of identities never run in a circle.
    order = dict.fromkeys((*plan.identities, *plan.names))
    looked = [n for n in order if n in plan.names and any(d.decision in SHAPES for d in by_mapping.get(n, ()))]
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {DECISION}")
    if not looked:
        return Settled(plan, (), frozenset())
    standings: dict[str, Standing] = {}
    taken: dict[str, list[Decision]] = {}
    undecided = plan
    scratch.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="decided-", dir=scratch) as files, session(scratch, _DESK) as desk:
        look = _Look(connection, desk, Path(files))
        for mapping in looked:
            plan, own, held = _settled(look, plan, mapping, by_mapping[mapping], row_drift)
            expired = [one.decision for one in own if one.state == "expired"]
            renewed = _as_when_taken(look, undecided, mapping, expired, taken, row_drift)
            taken[mapping] = held + [one.decision for one in renewed if one.decision.decision in SHAPES]
            if renewed:
                plan = _in_force(connection, undecided, taken)
            standings |= {one.decision.item: one for one in (*own, *renewed)}
        copy_to_parquet(desk, f"SELECT * FROM {UNDECIDED} ORDER BY item", folder / f"{UNDECIDED}.parquet")
        copy_to_parquet(desk, f"SELECT * FROM {UNDECIDED_ROOTS} ORDER BY ALL", folder / f"{UNDECIDED_ROOTS}.parquet")
    return Settled(plan, tuple(standings.values()), frozenset(looked))


def _settled(
    look: _Look, plan: Plan, mapping: str, decisions: list[Decision], row_drift: float
) -> tuple[Plan, list[Standing], list[Decision]]:
    """The plan with those decisions about a mapping that hold, where each stands, and those that change rows.

    An item may come up only because of what was decided about others: two people told apart share an address now. So
    what did not come up is looked for again, with the decisions in force that were found to hold, as long as these get more.
    """
    target = plan.pair.mappings[mapping].target
    told = {(rule.code, rule.field) for rule in plan.rows[mapping].rules}
    standings: dict[str, Standing] = {}
    in_force: list[Decision] = []
    waiting = decisions
    while waiting:
        found = _undecided(look, plan, mapping, waiting)
        now = {d.item: standing(d, found.get(d.item), target, row_drift) for d in waiting}
        # Of a later stage's rule every record is looked at: what it shows may be what another decision made of it.
        again = [
            d
            for d in waiting
            if now[d.item].state == "moot" or (now[d.item].state == "expired" and (d.code, d.field) not in told and d.source)
        ]
        standings |= now
        held = [d for d in waiting if now[d.item].state == "current" and d.decision in SHAPES]
        in_force += held
        _register(look.engine, mapping, in_force)
        plan = plan.with_decided(mapping, _decided(in_force))
        build_identities(look.engine, plan)
        waiting = [d for d in again if d.decision in SHAPES] if held else []
    return plan, list(standings.values()), in_force


def _as_when_taken(
    look: _Look, undecided: Plan, mapping: str, expired: list[Decision], taken: Mapping[str, list[Decision]],
    row_drift: float,
) -> list[Standing]:  # fmt: skip
    """Those of the expired decisions that stand as they were taken: without what the same worklist's answers changed in the
    mappings before. Whoever answered had not seen the effect of one answer on the others."""
    target, renewed = undecided.pair.mappings[mapping].target, list[Standing]()
    for run in sorted({d.run for d in expired}):
        before = {other: [d for d in held if d.run != run] for other, held in taken.items()}
        if before == taken:
            continue
        own = [d for d in expired if d.run == run]
        found = _undecided(look, _in_force(look.engine, undecided, before), mapping, own, noting=False)
        stands = (standing(d, found.get(d.item), target, row_drift) for d in own)
        renewed += [one for one in stands if one.state == "current"]
        _in_force(look.engine, undecided, taken)
    return renewed


def _in_force(connection: Engine, undecided: Plan, taken: Mapping[str, list[Decision]]) -> Plan:
    """The plan with these decisions by mapping, and no others, in force."""
    plan = undecided
    for mapping, decisions in taken.items():
        _register(connection, mapping, decisions)
        plan = plan.with_decided(mapping, _decided(decisions))
    build_identities(connection, plan)
    return plan


def _undecided(look: _Look, plan: Plan, mapping: str, decisions: Iterable[Decision], *, noting: bool = True) -> dict[str, Found]:
    """What there is of the items that decisions are about, if none of them were in force; ``noting``: its items go into
    UNDECIDED."""
    compiled, table, engine = plan.rows[mapping], "undecided_rows", look.engine
    engine.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS {compiled.select}")
    engine.execute(f"CREATE OR REPLACE VIEW {name(MAPPED, mapping)} AS SELECT * FROM {table}")
    told = ["_content", *(["_group"] if compiled.mapping.model.merge is not None else [])]
    rows_told = f"SELECT _key, {', '.join(told)} FROM {table} WHERE {' OR '.join(f'{column} IS NOT NULL' for column in told)}"
    items.prepare(look.desk, {mapping: compiled}, {mapping: look.laid("rows", rows_told)})
    empty = ", ".join(f"CAST(NULL AS VARCHAR) AS {column}" for column in
                      ("code", "severity", "entity", "key", "field", "value", "message", "root_cause"))  # fmt: skip
    items.build_items(look.desk, look.laid("findings", findings_sql(compiled) or f"SELECT {empty} WHERE FALSE"))
    if noting:
        _note(look, plan, mapping, table)
    rows = look.desk.execute("SELECT item, rows, CASE WHEN kind = 'record' THEN value END, content FROM items").fetchall()
    found = {item: Found(int(number), value_fingerprint(value, content)) for item, number, value, content in rows}
    told_here = {(rule.code, rule.field) for rule in compiled.rules}
    later = {(d.kind, d.code, d.field) for d in decisions if d.kind == "root" or (d.code, d.field) not in told_here}
    for kind, code, field in sorted(later):
        sql = _of_records(plan, mapping, code, field, table) if kind == "record" else _of_roots(plan, mapping, code, table)
        if sql:
            shown = code.startswith("GATE-")
            rows = engine.execute(sql).fetchall()
            found |= {i: Found(int(n), value_fingerprint(value, content) if shown else None) for i, n, value, content in rows}
    engine.execute(f"DROP VIEW {name(MAPPED, mapping)}; DROP TABLE {table}")
    return found


def _note(look: _Look, plan: Plan, mapping: str, table: str) -> None:
    """Keep the items of a look that was taken without decisions, and what its rows refer to."""
    desk = look.desk
    desk.execute(f"CREATE TABLE IF NOT EXISTS {UNDECIDED} AS SELECT * FROM items LIMIT 0")
    desk.execute(f"INSERT INTO {UNDECIDED} SELECT * FROM items WHERE item NOT IN (SELECT item FROM {UNDECIDED})")
    desk.execute(f"CREATE TABLE IF NOT EXISTS {UNDECIDED_ROOTS} (entity VARCHAR, root VARCHAR, rows BIGINT)")
    if roots := roots_sql(plan, mapping, table):
        first = f"NOT EXISTS (SELECT 1 FROM {UNDECIDED_ROOTS} WHERE entity = $1)"
        desk.execute(
            f"INSERT INTO {UNDECIDED_ROOTS} SELECT $1, root, rows FROM {look.laid('roots', roots)} WHERE {first}", [mapping]
        )


def _of_records(plan: Plan, mapping: str, code: str, field: str, table: str) -> str:
    """SQL of the items of a rule of a later stage, one for each record: the value that such a finding shows is the mapped one."""
    item = item_sql("record", literal(code), literal(mapping), literal(field or None), "r._key")
    mapped = plan.pair.mappings[mapping]
    shown = field in mapped.target.fields and field in mapped.model.fields
    value = f"CAST(r.{name('to:' + field)} AS VARCHAR)" if shown else "NULL"
    return f"SELECT {item}, 1, {value}, r._content FROM {table} AS r"


def roots_sql(plan: Plan, mapping: str, table: str) -> str:
    """SQL of ``(root, rows)``: by how many rows of a mapping each record is referred to; blank where it has no references.

    Whether something is wrong with that record does not matter, so that the number hangs on the mapping's own rows alone.
    """
    parts = [
        f"SELECT {literal(f'{rule.ref}/')} || r.{name('ref:' + field)} AS root, r._key FROM {table} AS r "
        f"WHERE r.{name('ref:' + field)} IS NOT NULL AND r._disposition NOT IN ('excluded', 'merged')"
        for field, rule in plan.pair.mappings[mapping].model.fields.items()
        if rule.ref
    ]
    union = " UNION ALL ".join(parts)
    return f"SELECT root, count(DISTINCT _key) AS rows FROM ({union}) GROUP BY root" if parts else ""


def _of_roots(plan: Plan, mapping: str, code: str, table: str) -> str:
    """SQL of the items of records that are referred to, by their own count of what refers to them."""
    item, roots = item_sql("root", literal(code), literal(mapping), "u.root"), roots_sql(plan, mapping, table)
    return f"SELECT {item}, u.rows, NULL, NULL FROM ({roots}) AS u" if roots else ""


def _decided(decisions: Iterable[Decision]) -> Decided:
    verbs: dict[tuple[str, str, str], set[str]] = {}
    for decision in decisions:
        verbs.setdefault((decision.kind, decision.code, decision.field), set()).add(decision.decision)
    signatures = tuple(
        Signature(kind, code, field, frozenset(found))  # type: ignore[arg-type]
        for (kind, code, field), found in sorted(verbs.items())
    )
    return Decided(signatures, tuple(sorted({d.reason for d in decisions if d.decision == "exclude"})))


def _register(connection: Engine, mapping: str, decisions: list[Decision]) -> None:
    decisions = sorted(decisions, key=lambda decision: decision.line)
    columns = {
        word: pa.array([getattr(d, word) for d in decisions], pa.string()) for word in ("item", "decision", "new_value", "reason")
    }
    columns["nth"] = pa.array(range(1, len(decisions) + 1), pa.int64())
    connection.register("_decisions", pa.table(columns))
    connection.execute(f"CREATE OR REPLACE TABLE {name(DECISION, mapping)} AS SELECT * FROM _decisions")
    connection.unregister("_decisions")
