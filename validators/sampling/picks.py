"""Which records are looked at: random by a stored seed, the same for everybody who has the seed and the lot."""

from __future__ import annotations

import hmac
from collections.abc import Iterable

Stratum = tuple[str, ...]


class Ranking:
    """The records of a lot in the order in which a seed picks them; ranked once, for samples of any size.

    A key has a rank of its own (HMAC of lot and key under the seed), so neither the order of the records nor that of the
    strata makes a difference, and nobody who does not know the seed can foresee a pick.
    """

    def __init__(self, records: Iterable[tuple[str, Stratum]], seed: str, lot: str) -> None:
        self.seed, self.lot = seed, lot
        self._of: dict[Stratum, list[tuple[bytes, str]]] = {}
        for key, stratum in records:
            self._of.setdefault(stratum, []).append((_rank(seed, lot, key), key))
        for found in self._of.values():
            found.sort()

    def pick(self, size: int) -> list[str]:
        """``size`` keys, each stratum by its share, in the order in which they are looked at. Raises ValueError where the lot
        has fewer records."""
        sizes = {stratum: len(found) for stratum, found in self._of.items()}
        if size > sum(sizes.values()):
            raise ValueError(f"the lot has {sum(sizes.values())} records, {size} are asked for")
        shares = _shares(sizes, size, self.seed, self.lot)
        return [key for _, key in sorted(one for stratum, found in self._of.items() for one in found[: shares[stratum]])]


def pick(records: Iterable[tuple[str, Stratum]], size: int, seed: str, lot: str) -> list[str]:
    """One sample of a lot: see :class:`Ranking`."""
    return Ranking(records, seed, lot).pick(size)


def _shares(sizes: dict[Stratum, int], size: int, seed: str, lot: str) -> dict[Stratum, int]:
    """Records of each stratum: its share of the sample, rounded down or up by a systematic draw from a random start, so that
    every record of the lot has the same chance."""
    total = sum(sizes.values())
    if not total:
        return {}
    start = int.from_bytes(_rank(seed, lot, "start")) % total
    shares, before = {}, 0
    for stratum in sorted(sizes, key=lambda s: _rank(seed, lot, "\0".join(("stratum", *s)))):
        after = before + sizes[stratum]
        shares[stratum] = (after * size + start) // total - (before * size + start) // total
        before = after
    return shares


def _rank(seed: str, lot: str, key: str) -> bytes:
    return hmac.digest(seed.encode("utf-8", "surrogatepass"), f"{lot}\0{key}".encode("utf-8", "surrogatepass"), "sha256")
