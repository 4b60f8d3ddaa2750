"""Making invisible characters visible: what a reader could not tell apart is spelled out.

Leading, trailing and repeated blanks become ``·``; control, format, bidi and unusual blank characters become
their code point; null and the empty text are named. ``report.js`` does the same for the rows it draws.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "blank", "sign", "nothing"]

_EDGE_OR_RUN = re.compile(r"^ +| +$| {2,}")
_INVISIBLE = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp", "Zs"})

_NO_CHARACTERS = "\ufffe\uffff"
"""XML takes them as little as control characters."""

LOOK_ALIKE = frozenset({"Unicode form", "blanks or invisible characters"})
"""Ways of differing (:mod:`reports.queries`) that a reader cannot see."""


@dataclass(frozen=True)
class Piece:
    """A run of characters to be drawn in one way."""

    kind: Kind
    text: str


def pieces(value: str | None, *, spell: bool = False) -> tuple[Piece, ...]:
    """``value`` cut into runs of plain text and of signs that stand for characters one cannot see.

    ``spell`` gives the code point of everything outside ASCII: for texts that differ and look the same.
    """
    if value is None:
        return (Piece("nothing", "null"),)
    if value == "":
        return (Piece("nothing", "empty text"),)
    blanks = {at for found in _EDGE_OR_RUN.finditer(value) for at in range(*found.span())}
    cut: list[Piece] = []
    for at, sign in enumerate(value):
        piece = _piece(sign, at in blanks, spell)
        if cut and cut[-1].kind == piece.kind and piece.kind != "sign":
            cut[-1] = Piece(piece.kind, cut[-1].text + piece.text)
        else:
            cut.append(piece)
    return tuple(cut)


def where_they_differ(one: str | None, other: str | None, most: int = 1000) -> tuple[str | None, str | None]:
    """Both values; of long ones only what is around the first sign in which they differ, with an ellipsis for the rest."""
    if one is None or other is None or max(len(one), len(other)) <= most:
        return _beginning(one, most), _beginning(other, most)
    first = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    start = max(0, first - most // 10)
    before = "…" if start else ""
    return before + (_beginning(one[start:], most // 2) or ""), before + (_beginning(other[start:], most // 2) or "")


def _beginning(value: str | None, most: int) -> str | None:
    return value if value is None or len(value) <= most else f"{value[:most]}…"


def plain(value: str | None, *, spell: bool = False) -> str:
    """``value`` for a terminal: no control sequence survives. ``spell`` as in :func:`pieces`."""
    return "".join(f"[{piece.text}]" if piece.kind == "sign" else piece.text for piece in pieces(value, spell=spell))


def spelled(value: str) -> str:
    """``value`` with code points in place of what one cannot see, such as control characters and lone surrogates. Blanks stay."""
    if value.isprintable():
        return value
    hidden = (sign != " " and (_is_hidden(sign) or sign in _NO_CHARACTERS) for sign in value)
    return "".join(f"[U+{ord(sign):04X}]" if hide else sign for sign, hide in zip(value, hidden, strict=True))


def _is_hidden(sign: str) -> bool:
    return unicodedata.category(sign) in _INVISIBLE


def _piece(sign: str, blank: bool, spell: bool) -> Piece:
    if blank:
        return Piece("blank", "·")
    hidden = sign != " " and _is_hidden(sign)
    if hidden or (spell and ord(sign) > 126):
        return Piece("sign", f"U+{ord(sign):04X}")
    return Piece("text", sign)
