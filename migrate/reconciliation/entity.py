"""A target entity as a whole: all mappings that fill it beside what was read back of it."""

from __future__ import annotations

from collections.abc import Sequence

from migrate.artefacts import ReadBack, Validated
from migrate.compiler.text import literal
from migrate.engine import Engine, scan
from migrate.mapping.load import LoadedMapping
from migrate.progress import Progress
from migrate.reconciliation.balance import Balance
from migrate.reconciliation.extra import extras
from migrate.reconciliation.fields import compare
from migrate.reconciliation.sides import sides_of
from migrate.reconciliation.uneven import find_uneven, in_uneven, summable
from migrate.run_folder import RunFolder


def compare_entity(
    connection: Engine,
    mappings: Sequence[LoadedMapping],
    validated: Validated,
    back: ReadBack,
    run: RunFolder,
    progress: Progress,
) -> Balance:
    """Enter what is missing, different, excused or extra in the tables ``differences`` and ``excused`` and in the numbers of the
    run. Each row that was read back is in one part of what is given."""
    entity = mappings[0].target_name
    sides = [sides_of(mapping, validated, back, run) for mapping in mappings]
    refused = f"SELECT key AS k FROM {scan(back.parquet('refused'))} WHERE entity = {literal(entity)}"
    balance = Balance(rows=back.rows(entity))
    by_hash = summable(connection, sides)
    uneven = find_uneven(connection, sides, refused, whole=by_hash)
    looked_at = "TRUE" if not by_hash else in_uneven("{0}") if uneven else None
    for side in sides:
        mapping = side.mapping.name
        with progress.task("reconcile", mapping, validated.rows(mapping)) as task:
            task.advance(compare(connection, side, back, run, balance, looked_at))
    if uneven:
        run.summary["entities"][mappings[0].name]["extra"], balance.extra = extras(connection, sides, refused)
    return balance
