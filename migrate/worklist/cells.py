"""Texts as cells that no spreadsheet alters, and back again exactly.

Characters that a sheet cannot hold, or that it changes, are written as ``[U+000D]``, the way reports show them. What a
spreadsheet would take for a formula is the matter of :mod:`reports.formulas` in CSV; in XLSX the cell says of itself that it is
text.
"""

from __future__ import annotations

import re

MOST = 32_767
"""Characters of a cell in XLSX."""
CUT = "… (cut)"
DANGEROUS = re.compile("[=+\\-@\t\r\n＝＋－＠]")
"""A text that begins with one of these may be run."""
# Control characters but for tab and line feed; what XML does not take; what could be read as one of these signs, or as one of
# XLSX's own (_x000D_).
_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]|\\[(?=U\\+[0-9A-F]{4,6}\\])|x(?=[0-9A-Fa-f]{4}_)")
_SIGN = re.compile(r"\[U\+([0-9A-F]{4})\]")


def encoded(text: str, most: int = MOST) -> str:
    """``text`` as a cell can hold it. What is longer than ``most`` is cut, and says so: such a text is only shown."""
    if _HIDDEN.search(text):
        text = _HIDDEN.sub(lambda found: f"[U+{ord(found[0]):04X}]", text)
    return text if len(text) <= most else text[: most - len(CUT)] + CUT


def decoded(cell: str) -> str:
    """What :func:`encoded` made a cell of. Other code points that a person wrote stay as they are written."""

    def sign(found: re.Match[str]) -> str:
        character = chr(int(found[1], 16))
        return character if character in "[x" or _HIDDEN.match(character) else found[0]

    return _SIGN.sub(sign, cell) if "[U+" in cell else cell
