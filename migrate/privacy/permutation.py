"""Keyed permutations of the numbers below any bound: format-preserving encryption, with no number left in its place.

A small bound gets a table. A larger one gets a balanced Feistel network over the next even number of bits, with HMAC-SHA-256 as
round function and cycle walking: what falls outside the bound is encrypted again until it falls inside. ``shuffled`` is
``decrypt(encrypt(x) + 1)``: one cycle through all numbers, so that no number stands for itself.
"""

from __future__ import annotations

import hmac
from functools import lru_cache

ROUNDS = 6
"""Two passes of six: Luby and Rackoff prove four enough for one pass."""
TABLE = 1024
"""Up to this bound a table is drawn up."""


class Permutation:
    """A family of permutations under one key: one for each bound and tweak."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._cycle = lru_cache(maxsize=4096)(self._drawn)

    def shuffled(self, number: int, bound: int, tweak: bytes) -> int:
        """Where ``number`` goes, of the numbers below ``bound``. Only a bound of 1 leaves it where it is."""
        if bound <= TABLE:
            return self._cycle(bound, tweak)[number]
        half = (bound - 1).bit_length() + 1 >> 1
        return self._walk(
            (self._walk(number, bound, half, tweak, range(ROUNDS)) + 1) % bound, bound, half, tweak, range(ROUNDS)[::-1]
        )

    def _drawn(self, bound: int, tweak: bytes) -> list[int]:
        order = sorted(range(bound), key=lambda n: self._mac(tweak, b"table", n.to_bytes(4)))
        following = [0] * bound
        for place, number in enumerate(order):
            following[number] = order[(place + 1) % bound]
        return following

    def _walk(self, number: int, bound: int, half: int, tweak: bytes, rounds: range) -> int:
        while True:
            number = self._feistel(number, half, tweak, rounds)
            if number < bound:
                return number

    def _feistel(self, number: int, half: int, tweak: bytes, rounds: range) -> int:
        """One pass. The rounds backwards undo the rounds forwards, because even rounds change one half and odd ones the other."""
        mask, size = (1 << half) - 1, (half + 7) // 8
        halves = [number >> half, number & mask]
        for one in rounds:
            other = halves[1 - one % 2].to_bytes(size)
            halves[one % 2] ^= self._stretched(tweak, one, other, size) & mask
        return halves[0] << half | halves[1]

    def _stretched(self, tweak: bytes, one: int, other: bytes, size: int) -> int:
        found = self._mac(tweak, b"%d" % one, other)
        for block in range(1, -(-size // 32)):
            found += self._mac(tweak, b"%d.%d" % (one, block), other)
        return int.from_bytes(found)

    def _mac(self, tweak: bytes, word: bytes, data: bytes) -> bytes:
        return hmac.digest(self._key, b"%d:%s:%s:%s" % (len(tweak), tweak, word, data), "sha256")
