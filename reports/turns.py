"""A limit, shared out evenly among several."""

from __future__ import annotations

from collections.abc import Iterable


def turns_of(numbers: Iterable[int], most: int) -> int:
    """How many each has to give at most, so that they give ``most`` together, or all that they have."""
    ascending = sorted(numbers)
    for at, number in enumerate(ascending):
        share = -(-most // (len(ascending) - at))
        if number >= share:
            return share
        most -= number
    return ascending[-1] if ascending else 0
