"""Numbers and lists in sentences."""

from __future__ import annotations

from collections.abc import Sequence


def records(n: int) -> str:
    """A number of records."""
    return number_of(n, "record")


def number_of(n: int, one: str, many: str | None = None) -> str:
    """A number of things, singular where it is one of them; ``many`` where an s at the end does not make it."""
    return f"{n:,} {one if n == 1 else many or f'{one}s'}"


def listed(parts: Sequence[str]) -> str:
    """Parts with commas between them, and an "and" before the last."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
