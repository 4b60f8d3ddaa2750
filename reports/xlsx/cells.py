"""Texts as cells of a workbook: what they are stays to be seen, and nothing in them is run or taken for markup."""

from __future__ import annotations

from migrate.worklist.cells import CUT, DANGEROUS, MOST, encoded
from reports.visible import spelled

DANGEROUS_START = DANGEROUS
"""A text that begins so is a formula to whoever edits its cell, unless the cell says that it is text."""
_MARKUP = ("<r>", "</r>")
"""XlsxWriter writes a text that begins and ends with these into the file as markup of its own."""


def cell_text(text: str) -> str:
    """``text`` as a cell can hold it: signs that one cannot see are spelled, and what is too long is cut and says so."""
    if not text.isprintable() or "[U+" in text or "_" in text:
        text = spelled(encoded(text, most=len(text) * 10 + MOST))
    if text.startswith(_MARKUP[0]) and text.endswith(_MARKUP[1]):
        text = f"[U+003C]{text[1:]}"
    return text if len(text) * 2 <= MOST else _cut(text)


def _cut(text: str) -> str:
    """The longest beginning of ``text`` that a cell takes. Cells count UTF-16 code units: signs beyond U+FFFF are two."""
    units = text.encode("utf-16-le")
    if len(units) <= 2 * MOST:
        return text
    return units[: 2 * (MOST - len(CUT))].decode("utf-16-le", "ignore") + CUT
