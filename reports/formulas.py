"""Text that a spreadsheet would run as a formula, made harmless and back: an apostrophe before it."""

from __future__ import annotations

_BEGINS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""Wide forms count as well: spreadsheets of East Asia take them for the same signs."""


def defused(text: str) -> str:
    """``text`` for a cell. Numbers stay numbers; what already looks defused gets one more apostrophe, so that nothing is lost."""
    bare = text.lstrip("'")
    if not bare.startswith(_BEGINS) or (bare == text and _is_number(text)):
        return text
    return f"'{text}"


def restored(text: str) -> str:
    """What :func:`defused` was given."""
    return text[1:] if text.startswith("'") and text.lstrip("'").startswith(_BEGINS) else text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return text.strip() == text and "_" not in text
