"""An answer as it stands in a table: one row for each item or cause with something filled in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from migrate.errors import Place, Problem
from migrate.worklist.cells import decoded
from migrate.worklist.columns import ANSWER, REQUIRED

TOLD = ("kind", "code", "entity", "field")
"""Columns that say again what an item is about: rows whose cells were shuffled are seen by them."""


@dataclass(frozen=True)
class Answer:
    """One row. ``place`` gives where a column of it stands in the file."""

    place: Callable[[str], Place]
    item: str
    decision: str
    new_value: str
    reason: str
    by: str
    at: str
    run: str
    told: Mapping[str, str]

    @property
    def about_cause(self) -> bool:
        """Is it about a whole cause?"""
        return self.item.startswith("C-")


@dataclass(frozen=True)
class Header:
    """Where each column stands, by name, counted from 0."""

    columns: Mapping[str, int]

    def cell(self, cells: Sequence[str], column: str) -> str:
        """The text of a column; blank where the file has no such column or the row ends before it."""
        at = self.columns.get(column)
        return cells[at] if at is not None and at < len(cells) else ""


def read_header(cells: Sequence[str], where: Callable[[int], Place], problems: list[Problem]) -> Header | None:
    """The header of a table of answers; None, with problems, where columns are missing or stand twice."""
    columns: dict[str, int] = {}
    before = len(problems)
    for at, cell in enumerate(cells):
        column = cell.strip().lower()
        if column in columns and column:
            problems.append(Problem("this column stands twice", where(at), column))
        columns.setdefault(column, at)
    if "item" not in columns and "cause" in columns:
        columns["item"] = columns["cause"]
    if "decided_by" not in columns and "by" in columns:
        columns["decided_by"] = columns["by"]
    missing = [column for column in ("item", *REQUIRED, "decided_by") if column not in columns]
    if missing:
        told = ("item", *ANSWER, "run")
        problems.append(Problem(f"columns are missing: {', '.join(missing)}", where(0), ", ".join(filter(None, cells)), told))
    return Header(columns) if len(problems) == before else None


def read_row(header: Header, cells: Sequence[str], where: Callable[[int], Place], problems: list[Problem]) -> Answer | None:
    """The answer of a row; None where nothing is filled in."""
    cell = header.cell
    decision, value, reason = (cell(cells, column) for column in ("decision", "new_value", "reason"))
    if not (decision.strip() or value or reason.strip()):
        return None

    def place(column: str) -> Place:
        return where(header.columns.get(column, 0))

    texts = {
        "new_value": decoded(value),
        "reason": decoded(reason).strip(),
        "decided_by": decoded(cell(cells, "decided_by")).strip(),
    }
    nul = [
        Problem("the character U+0000 may not stand in a decision", place(word)) for word, text in texts.items() if "\0" in text
    ]
    problems += nul
    if nul:
        return None
    return Answer(
        place,
        cell(cells, "item").strip(),
        decision.strip().lower(),
        texts["new_value"],
        texts["reason"],
        texts["decided_by"],
        cell(cells, "at").strip(),
        cell(cells, "run").strip(),
        {column: decoded(cell(cells, column)) for column in TOLD if column in header.columns},
    )
