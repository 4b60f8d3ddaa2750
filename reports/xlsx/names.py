"""Names of sheets: valid, short enough and unlike each other, whatever is to be named."""

from __future__ import annotations

import re
import unicodedata

MOST = 31
"""UTF-16 code units of a name."""
RESERVED = frozenset({"history"})
"""Excel keeps this name for itself."""
_FORBIDDEN = re.compile(r"[\[\]:*?/\\']")


class SheetNames:
    """Names given so far. Sheets are told apart without regard to case."""

    def __init__(self) -> None:
        self._given = set(RESERVED)

    def give(self, wanted: str, ending: str = "") -> str:
        """A name like ``wanted``, and with this ending, that no other sheet has."""
        signs = (sign if sign == " " or unicodedata.category(sign)[0] not in "CZ" else "_" for sign in wanted)
        stem = _FORBIDDEN.sub("_", "".join(signs)).strip() or "Sheet"
        number = 1
        while True:
            last = ending if number == 1 else f"{ending} ({number})"
            name = _short(stem, MOST - len(last)) + last
            if _same(name) not in self._given:
                self._given.add(_same(name))
                return name
            number += 1


def _short(text: str, most: int) -> str:
    return text.encode("utf-16-le")[: 2 * most].decode("utf-16-le", "ignore").rstrip()


def _same(name: str) -> str:
    return name.lower().casefold()
