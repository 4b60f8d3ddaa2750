"""Lines of a terminal: aligned columns, counted in cells and not in characters, cut where the terminal ends."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Collection, Sequence

LEAST = 16
"""Cells that a column keeps when it is cut."""
_CUT = "…"


def cells(text: str) -> int:
    """How many cells of a terminal ``text`` takes: none for marks that stand on other signs, two for wide ones."""
    return len(text) if text.isascii() else sum(map(_cells, text))


def fit(text: str, width: int) -> str:
    """``text``, or as much of it as fits into ``width`` cells."""
    if cells(text) <= width:
        return text
    kept, room = "", width - 1
    for sign in text:
        room -= _cells(sign)
        if room < 0:
            break
        kept += sign
    return kept.rstrip() + _CUT


def columns(
    rows: Sequence[Sequence[str]], right: Collection[int] = (), *, width: int | None = None, cut: int | None = None
) -> list[str]:
    """Rows as indented lines. Numbers in columns ``right`` stand to the right; column ``cut`` gives way where ``width`` ends."""
    widths = [max(cells(cell) for cell in column) for column in zip(*rows, strict=True)]
    if width is not None and cut is not None:
        rest = 2 + sum(widths) - widths[cut] + 2 * (len(widths) - 1)
        widths[cut] = min(widths[cut], max(LEAST, width - rest))
        rows = [[fit(cell, widths[at]) if at == cut else cell for at, cell in enumerate(row)] for row in rows]
    return ["  " + "  ".join(_padded(cell, widths[at], at in right) for at, cell in enumerate(row)).rstrip() for row in rows]


def fits(lines: Sequence[str], width: int | None) -> bool:
    """Does no line end beyond the terminal?"""
    return width is None or all(cells(line) <= width for line in lines)


def wrapped(text: str, indent: str, width: int | None) -> list[str]:
    """``text`` in lines of at most ``width``, those after the first indented further."""
    if width is None or cells(indent + text) <= width:
        return [indent + text]
    further = " " * (len(indent) + 2)
    return textwrap.wrap(text, width, initial_indent=indent, subsequent_indent=further, break_on_hyphens=False) or [indent]


def _padded(cell: str, width: int, right: bool) -> str:
    blanks = " " * (width - cells(cell))
    return blanks + cell if right else cell + blanks


def _cells(sign: str) -> int:
    if unicodedata.category(sign) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(sign) in "WF" else 1
