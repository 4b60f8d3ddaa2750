"""A target entity as a whole: all mappings that fill it beside what was read back of it."""

from __future__ import annotations

from collections.abc import Sequence

from migrate.artefacts import ReadBack, Validated
from migrate.compiler.text import literal
from migrate.engine import Engine, number, scan
from migrate.live.names import ONLY_LIVE
from migrate.mapping.load import LoadedMapping
from migrate.progress import Progress
from migrate.reconciliation.apart import find_apart
from migrate.reconciliation.balance import Balance
from migrate.reconciliation.extra import extras
from migrate.reconciliation.fields import compare
from migrate.reconciliation.sides import Sides, sides_of
from migrate.run_folder import RunFolder


def compare_entity(
    connection: Engine,
    mappings: Sequence[LoadedMapping],
    validated: Validated,
    back: ReadBack,
    run: RunFolder,
    progress: Progress,
    memory: int | None = None,
) -> Balance:
    """Enter what is missing, different, excused or extra in the tables ``differences`` and ``excused`` and in the numbers of the
    run. Each row that was read back is in one part of what is given."""
    entity = mappings[0].target_name
    waiting = f"SELECT count(*) FROM results WHERE entity = {literal(entity)} AND code = {literal(ONLY_LIVE)}"
    waits = run.facts.get("live") is None and number(connection, waiting) > 0
    sides = [sides_of(mapping, validated, back, run, waits=waits) for mapping in mappings]
    totals = [_rows(connection, side, validated) for side in sides]
    refused = f"SELECT key AS k FROM {scan(back.parquet('refused'))} WHERE entity = {literal(entity)}"
    balance = Balance(rows=back.rows(entity))
    apart = find_apart(connection, sides, refused, meant=sum(totals), held=balance.rows, memory=memory)
    for at, (side, total) in enumerate(zip(sides, totals, strict=True)):
        mapping = side.mapping.name
        with progress.task("reconcile", mapping, validated.rows(mapping)) as task:
            compare(connection, side, back, run, balance, total, (apart.expected[at], apart.actual) if apart else None)
            task.advance(total)
    if apart:
        first = mappings[0].name
        run.summary["entities"][first]["extra"], balance.extra = extras(connection, first, apart, refused)
    return balance


def _rows(connection: Engine, side: Sides, validated: Validated) -> int:
    """The number of rows that are expected."""
    if side.limited:
        return number(connection, f"SELECT count(*) FROM {side.expected}")
    return validated.rows(side.mapping.name)
