"""The worklist as one CSV file: each cause, then its items."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from migrate.said import number_of
from migrate.worklist.columns import IS_CAUSE, ITEMS
from reports.formulas import defused
from reports.worklist_rows import Cell, WorklistRows


def write_csv(rows: WorklistRows, file: Path) -> int:
    """Write the file; gives the number of items. With a byte order mark, so that spreadsheets read it as UTF-8."""
    number = 0
    with file.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
        writer.writerow(ITEMS)
        for row in _rows(rows):
            number += row["kind"] != IS_CAUSE
            writer.writerow([defused(str(row.get(column, ""))) for column in ITEMS])
    return number


def _rows(rows: WorklistRows) -> Iterator[dict[str, Cell]]:
    for cause in rows.causes:
        told = rows.cause_row(cause)
        yield {
            **told, "item": cause.id, "kind": IS_CAUSE, "state": told["states"], "message": told["title"],
            "about": f"{number_of(len(cause.open), 'item')} that need a person",
        }  # fmt: skip
        for item in rows.listed(cause):
            yield rows.item_row(item)
