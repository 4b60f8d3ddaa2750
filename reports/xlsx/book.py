"""A workbook that is written row by row: sheets of one table each, of any length, and text that stays text."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError

from reports.xlsx.cells import DANGEROUS_START, cell_text
from reports.xlsx.names import SheetNames

MOST_ROWS = 1_048_576
"""Rows of a sheet."""
OVERVIEW = "Overview"
"""The first sheet, to which all others lead back."""
BEFORE_TIME = dt.datetime(1980, 1, 1)
Style = Literal["text", "wrap", "head", "title", "note", "empty", "link", "number", "seconds", "good", "bad"]
_STYLES: dict[Style, dict[str, Any]] = {
    "text": {},
    "wrap": {"text_wrap": True},
    "head": {"bold": True, "font_color": "#FFFFFF", "bg_color": "#44546A", "text_wrap": True},
    "title": {"bold": True, "font_size": 14},
    "note": {"italic": True, "font_color": "#595959"},
    "empty": {"italic": True, "font_color": "#595959"},
    "link": {"font_color": "#0B5394", "underline": 1},
    "number": {"num_format": "#,##0"},
    "seconds": {"num_format": "#,##0.0"},
    "good": {"font_color": "#1E6B34", "bold": True},
    "bad": {"font_color": "#A61B1B", "bold": True},
}
EMPTY = "empty text"


@dataclass(frozen=True)
class Styled:
    """A text in a style of its own."""

    content: str
    style: Style


@dataclass(frozen=True)
class Link:
    """A text that leads to the first cell of another sheet of the book."""

    content: str
    sheet: str


Content = str | int | float | Styled | Link | None


@dataclass(frozen=True)
class Column:
    """A column of a table; ``width`` in characters."""

    name: str
    width: int
    style: Style = "text"
    empty: bool = False
    """Is an empty text something else than no value? Then it is named."""


_ANY = Column("", 0)


class Book:
    """A workbook that is being written. Equal contents give equal bytes; ``created`` is the instant that it names."""

    def __init__(self, file: Path, *, title: str, created: dt.datetime | None, most_rows: int = MOST_ROWS) -> None:
        options = {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        }
        self._book = xlsxwriter.Workbook(str(file), options)
        self._book.set_properties({"title": cell_text(title), "created": created or BEFORE_TIME})
        look: dict[str, Any] = {"valign": "top"}
        self._formats = {style: self._book.add_format(look | about) for style, about in _STYLES.items()}
        self._quoted = {style: self._book.add_format(look | about | {"quote_prefix": True}) for style, about in _STYLES.items()}
        self.names = SheetNames()
        self.most_rows = most_rows

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            self._book.close()
        except FileCreateError as failed:
            raise OSError(f"{failed}") from failed

    def sheet(self, name: str, widths: Sequence[int] = ()) -> Sheet:
        """A new sheet. ``name`` is one that :attr:`names` gave."""
        sheet = self._book.add_worksheet(name)
        for at, width in enumerate(widths):
            sheet.set_column(at, at, width)
        return Sheet(sheet, self._formats, self._quoted)

    def table(
        self,
        name: str,
        columns: Sequence[Column],
        rows: Iterable[Sequence[Content]],
        *,
        above: Sequence[Sequence[Content]] = (),
        frozen: int = 1,
    ) -> None:
        """Sheets of a table with a filter and a frozen head; ``above`` stands over the head. More rows go on in another sheet."""
        part, sheet, at = 1, self._open(name, columns, above, frozen), len(above)
        head = at
        for row in rows:
            if at + 1 >= self.most_rows:
                sheet.filter(head, at, len(columns))
                part += 1
                note: list[Content] = [Link(OVERVIEW, OVERVIEW), Styled(f"goes on from the sheet {name}", "note")]
                sheet, at, head = self._open(self.names.give(name, f" part {part}"), columns, [note], frozen), 1, 1
            at += 1
            sheet.row(at, row, columns)
        sheet.filter(head, at, len(columns))

    def _open(self, name: str, columns: Sequence[Column], above: Sequence[Sequence[Content]], frozen: int) -> Sheet:
        sheet = self.sheet(name, [column.width for column in columns])
        for at, row in enumerate(above):
            sheet.row(at, row)
        sheet.row(len(above), [Styled(column.name, "head") for column in columns])
        sheet.freeze(len(above) + 1, frozen)
        return sheet


class Sheet:
    """A sheet; its rows come from above to below."""

    def __init__(self, sheet: Any, formats: dict[Style, Any], quoted: dict[Style, Any]) -> None:
        self._sheet, self._formats, self._quoted = sheet, formats, quoted

    def row(self, at: int, contents: Sequence[Content], columns: Sequence[Column] = ()) -> None:
        """Write row ``at``, counted from 0; cells have the styles of their columns. Null gives no cell."""
        for number, content in enumerate(contents):
            column = columns[number] if columns else _ANY
            if isinstance(content, str):
                if content or column.empty:
                    self._text(at, number, content, column.style)
            elif isinstance(content, Styled):
                self._text(at, number, content.content, content.style)
            elif isinstance(content, Link):
                text = cell_text(content.content)
                self._sheet.write_url(at, number, f"internal:'{content.sheet}'!A1", self._look(text)["link"], string=text)
            elif content is not None:
                self._number(at, number, content, column.style)

    def freeze(self, rows: int, columns: int) -> None:
        """Rows and columns that stay when the sheet is scrolled."""
        self._sheet.freeze_panes(rows, columns)

    def filter(self, head: int, last: int, columns: int) -> None:
        """A filter over the rows below ``head``."""
        self._sheet.autofilter(head, 0, max(head, last), max(0, columns - 1))

    def _number(self, row: int, column: int, number: float, style: Style) -> None:
        self._sheet.write_number(row, column, number, self._formats["number" if style == "text" else style])

    def _text(self, row: int, column: int, content: str, style: Style) -> None:
        text = cell_text(content) if content else EMPTY
        self._sheet.write_string(row, column, text, self._look(text)[style if content else "empty"])

    def _look(self, text: str) -> dict[Style, Any]:
        """Cells that look like formulas say that they are text, also to whoever edits them."""
        return self._quoted if DANGEROUS_START.match(text) else self._formats
