"""The target is closed: what a row refers to is in the target, or known to be there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from migrate.compiler.plan import Plan
from migrate.compiler.text import literal, name
from migrate.contracts.model import Reference
from migrate.engine import Engine

LOADED = "('created', 'updated', 'unchanged')"
KEPT_BACK = "('LIVE-DRIFT', 'LIVE-EXISTS', 'LIVE-FAILED', 'LIVE-RENAMED', 'LIVE-TWICE', 'LIVE-UNCHANGEABLE', 'LIVE-UNKNOWN')"
"""Codes of records that a live run kept back or failed at, and that may be in the target all the same: it had them before. What
refers to a record that could not be created is blocked, and was not written."""


@dataclass(frozen=True)
class Closure:
    """The references in one field of a target entity. The parts add up to ``references``."""

    entity: str
    field: str
    references: int
    """Rows that refer to something."""
    found: int
    """To a record that was read back."""
    known: int
    """To one that is in the target by the word of the ledger, and was not read back."""
    outside: int
    """To nothing that is known, where the contract says that the target keeps any text."""
    dangling: int


def closures(connection: Engine, plan: Plan, back: Callable[[str], str], mapped: Callable[[str], str]) -> Iterator[Closure]:
    """Count the references of each filled field, and put the dangling ones into the table ``dangling``.

    ``back`` gives the SQL of what was read back of a target entity, ``mapped`` that of the rows of a mapping that were to load.
    ``connection`` has the table ``dispositions``, finished.
    """
    connection.execute("CREATE OR REPLACE TEMP TABLE dangling (entity VARCHAR, target_key VARCHAR, field VARCHAR, value VARCHAR)")
    for entity, mappings in _by_target(plan).items():
        model = plan.pair.target.model.entities[entity]
        filled = {field for mapping in mappings for field in plan.pair.mappings[mapping].model.fields}
        for field, rule in model.fields.items():
            if rule.references is None or field not in filled:
                continue
            there, by_ledger = _known(plan, rule.references, back, mapped)
            value = f"CAST(b.{name(field)} AS VARCHAR)"
            connection.execute(
                f"CREATE OR REPLACE TEMP TABLE _references AS SELECT b._target_key AS target_key, {value} AS value, "
                f"CASE WHEN {value} IN ({there}) THEN 'found' WHEN {value} IN ({by_ledger}) THEN 'known' "
                f"ELSE {literal('outside' if rule.references.unknown == 'keep' else 'dangling')} END AS answer "
                f"FROM {back(entity)} AS b WHERE nullif({value}, '') IS NOT NULL"
            )
            connection.execute(
                f"INSERT INTO dangling SELECT {literal(entity)}, target_key, {literal(field)}, value FROM _references "
                "WHERE answer = 'dangling'"
            )
            n = dict(connection.execute("SELECT answer, count(*) FROM _references GROUP BY answer").fetchall())
            parts = {word: int(n.get(word, 0)) for word in ("found", "known", "outside", "dangling")}
            yield Closure(entity, field, sum(parts.values()), **parts)


def _by_target(plan: Plan) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for mapping in plan.names:
        found.setdefault(plan.pair.mappings[mapping].target_name, []).append(mapping)
    return found


def _known(plan: Plan, reference: Reference, back: Callable[[str], str], mapped: Callable[[str], str]) -> tuple[str, str]:
    """SQL of the values by which a record that was read back, or one that is there all the same, can be referred to."""
    entity = plan.pair.target.model.entities[reference.entity]
    field = reference.field or entity.key[0]
    there = f"SELECT CAST(o.{name(field)} AS VARCHAR) FROM {back(reference.entity)} AS o WHERE o.{name(field)} IS NOT NULL"
    rows = [
        f"SELECT CAST(m.{name(field)} AS VARCHAR) FROM {mapped(mapping)} AS m JOIN dispositions AS d "
        f"ON d.entity = {literal(mapping)} AND d.key = m._key "
        f"AND (d.disposition IN {LOADED} OR d.code IN {KEPT_BACK}) WHERE m.{name(field)} IS NOT NULL"
        for mapping in _by_target(plan).get(reference.entity, [])
        if field in plan.pair.mappings[mapping].model.fields
    ]
    return there, " UNION ALL ".join(rows) or "SELECT NULL WHERE FALSE"
