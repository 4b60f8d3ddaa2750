"""Source records whose key in the target changed since an earlier run wrote them."""

from __future__ import annotations

from migrate.connectors.target import Ability, TargetConnector
from migrate.ledger import Ledger
from migrate.live.batch import Row
from migrate.live.changes import Changes

RENAMED = "an earlier run wrote this record under another key: "


def follow_renames(changes: Changes, connector: TargetConnector, ledger: Ledger, entity: str, ability: Ability) -> bool:
    """Find out which of them somebody renamed or removed in the target; is there one? Raises TargetLost."""
    renamed = changes.renamed(entity)
    if not renamed or not ability.find:
        return False
    there = {one.key for one in connector.find(entity, changes.known_records(entity, list(renamed.values()), by_native=False))}
    left = {new: old for new, old in renamed.items() if old not in there}
    if not left:
        return False
    natives = {record.key: record.native for record in changes.known_records(entity, list(left.values()))}
    found = {one.key: one for one in connector.find(entity, changes.known_records(entity, list(left), by_native=False))}
    same = [
        (old, new) for new, old in left.items() if new in found and natives[old] in (None, found[new].native)
    ]  # fmt: skip
    ledger.rename(entity, same)
    moved = {old for old, _ in same}
    ledger.gone(entity, [old for old in left.values() if old not in moved])
    return True


def held_renamed(changes: Changes, entity: str) -> list[Row]:
    """Results of the others: a second record of one source record would be created."""
    renamed = changes.renamed(entity)
    rows: list[Row] = []
    for key, mapping, source_key in changes.labels(entity, list(renamed)):
        message = f"{RENAMED}{renamed[key]}"
        rows.append((entity, key, "held", "LIVE-RENAMED", message, None, mapping, source_key, None))
    return rows
