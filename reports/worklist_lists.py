"""The lists that a sheet offers while somebody fills it in: the decisions of a row, and the values that a field takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from migrate.workspace import Workspace

INLINE = 255
"""Characters of a list that a sheet holds itself; longer ones stand in a sheet of their own."""
RANGES = 400
"""Ranges of rows of one validation; more make another one."""
SHEET = "Lists"
Item = Mapping[str, Any]


@dataclass
class Lists:
    """Which rows of a column take which list. Rows come in ascending order."""

    column: str
    strict: bool
    """Is anything else refused? Otherwise the list is a help."""
    _rows: dict[tuple[str, ...], list[list[int]]] = field(default_factory=dict)

    def add(self, row: int, allowed: tuple[str, ...]) -> None:
        if not allowed:
            return
        ranges = self._rows.setdefault(allowed, [])
        if ranges and ranges[-1][1] == row - 1:
            ranges[-1][1] = row
        else:
            ranges.append([row, row])

    def validations(self, shelf: Shelf) -> Iterable[DataValidation]:
        """What the sheet needs; long lists go to the ``shelf``."""
        for allowed, ranges in self._rows.items():
            formula = shelf.formula(allowed)
            for start in range(0, len(ranges), RANGES):
                validation = DataValidation(type="list", formula1=formula, allow_blank=True, showErrorMessage=self.strict)
                validation.errorTitle, validation.error = "Not taken here", "Choose one of the list"
                for first, last in ranges[start : start + RANGES]:
                    validation.add(f"{self.column}{first}:{self.column}{last}")
                yield validation


@dataclass
class Shelf:
    """The hidden sheet of long lists: a column each."""

    columns: list[tuple[str, ...]] = field(default_factory=list)

    def formula(self, allowed: tuple[str, ...]) -> str:
        """The list as a validation names it. A comma would end a word of a list that stands in the formula."""
        text = ",".join(allowed)
        if len(text) <= INLINE and not any(sign in word for word in allowed for sign in ',"') and text == text.strip():
            return f'"{text}"'
        if allowed not in self.columns:
            self.columns.append(allowed)
        letter = get_column_letter(self.columns.index(allowed) + 1)
        return f"{SHEET}!${letter}$1:${letter}${len(allowed)}"


def values_of(workspace: Workspace, item: Item) -> tuple[str, ...]:
    """The values that the target's contract lists for the field of an item; nothing where it lists none."""
    mapping = workspace.pair.mappings.get(item["entity"] or "")
    takes_value = {"override", "confirm"} & set((item["choices"] or "").split())
    if mapping is None or not takes_value or item["field"] not in mapping.target.fields:
        return ()
    return tuple(str(value) for value in mapping.target.fields[item["field"]].enum)
