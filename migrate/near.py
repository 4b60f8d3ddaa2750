"""Names like one that was given, for whoever mistyped it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def near(given: str, known: Iterable[str]) -> tuple[str, ...]:
    """Names like the one that was given; all of them where none is."""
    names = list(known)
    return tuple(difflib.get_close_matches(given, names, n=5, cutoff=0.5) or names)
