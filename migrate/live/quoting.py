"""The target's own words, with what they repeat of a record in quotation marks: reports hide what is quoted."""

from __future__ import annotations

import re
from collections.abc import Iterable

SHORTEST = 3
"""Shorter values are parts of too many words."""


def quoted(message: str, values: Iterable[object]) -> str:
    """``message`` with each of the texts in quotation marks where it stands in it without, the longest first."""
    texts = sorted({text for value in values if len(text := str(value or "").strip()) >= SHORTEST}, key=len, reverse=True)
    if not message or not texts:
        return message
    parts = "|".join(map(re.escape, texts))
    return re.sub(rf"(?<![\w'\"])(?:{parts})(?![\w'\"])", lambda found: f'"{found[0]}"', message)
