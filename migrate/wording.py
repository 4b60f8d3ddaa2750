"""Numbers of things, as a sentence has them."""

from __future__ import annotations


def amount(number: int, one: str, many: str | None = None) -> str:
    """``1 record``, ``1,200 records``; ``many`` is the plural where it takes more than an s."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
