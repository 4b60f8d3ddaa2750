"""Which records of a rehearsal a change of a mapping, a contract or a crosswalk reaches."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from migrate.compiler.source import query_needs
from migrate.compiler.text import literal, name, value_text
from migrate.contracts.model import Contract
from migrate.engine import scan, session
from migrate.errors import RunFailed
from migrate.mapping.load import LoadedMapping, LoadedPair


def records(summary: dict[str, Any], mappings: Iterable[str]) -> int:
    """Records of these mappings in a rehearsal."""
    return sum(entity["source"] for mapping, entity in summary["entities"].items() if mapping in set(mappings))


def readers(pair: LoadedPair, side: str, entities: set[str]) -> list[str]:
    """Mappings that read one of these entities of the source, by a view, lookup or pivot too, or that write one of the target."""
    if side == "target":
        return [m.name for m in pair.mappings.values() if m.target_name in entities]
    contract = pair.source.model
    return [m.name for m in pair.mappings.values() if _read_by(contract, m) & entities]


def _read_by(contract: Contract, mapping: LoadedMapping) -> set[str]:
    model = mapping.model
    queue = [mapping.source_name, *(r.entity for r in model.lookup.values()), *(r.entity for r in model.pivot.values())]
    read: set[str] = set()
    while queue:
        entity = queue.pop()
        if entity in read:
            continue
        read.add(entity)
        if entity in contract.entities and (sql := contract.entities[entity].sql):
            queue += query_needs(contract, sql)
    return read


def users_of(pair: LoadedPair, crosswalk: str) -> dict[str, list[str]]:
    """``{mapping: its fields}`` that take their values from a crosswalk."""
    found = {
        m.name: [field for field, rule in m.model.fields.items() if rule.crosswalk == crosswalk] for m in pair.mappings.values()
    }
    return {mapping: fields for mapping, fields in found.items() if fields}


def rows_with(run_folder: Path, used: dict[str, list[str]], values: Iterable[str]) -> int | None:
    """Records of a rehearsal in which one of ``used`` (``{mapping: fields}``) has one of ``values`` before it is looked up; None
    where the rehearsal's rows are gone."""
    listed = ", ".join(literal(value) for value in values)
    if not listed:
        return 0
    total = 0
    try:
        with session() as connection:
            for mapping, fields in used.items():
                file = run_folder / "2_map" / f"{mapping}.parquet"
                if not file.is_file():
                    return None
                condition = " OR ".join(f"{value_text(name('was:' + field))} IN ({listed})" for field in fields)
                row = connection.execute(f"SELECT count(*) FROM {scan(file)} WHERE {condition}").fetchone()
                total += int(row[0]) if row else 0
    except RunFailed:  # a mapping that has another shape now
        return None
    return total
