"""The forms that values have, such as 999999 or AA-99: they show ids with and without leading zeros, two orders of a date."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

from migrate.profiling.model import Pattern

MOST = 8
_LONGEST = 60
_RUNS = re.compile(r"([Aa])\1+")


def patterns(values: Iterable[tuple[str, int]]) -> tuple[Pattern, ...]:
    """The most frequent forms of ``(value, rows)``, with the share of rows."""
    counted: Counter[str] = Counter()
    for value, rows in values:
        counted[form(value)] += rows
    total = counted.total()
    return tuple(Pattern(pattern, round(rows / total, 4)) for pattern, rows in counted.most_common(MOST))


def form(value: str) -> str:
    """``A`` an upper-case letter, ``a`` any other, ``9`` a digit, ``+`` more of the same letter; other signs stay."""
    signs = []
    for sign in value[:_LONGEST]:
        category = unicodedata.category(sign)
        signs.append("A" if category == "Lu" else "a" if category[0] in "LM" else "9" if category == "Nd" else sign)
    return _RUNS.sub(r"\1+", "".join(signs)) + ("…" if len(value) > _LONGEST else "")
