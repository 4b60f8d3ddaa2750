"""Which records are looked at: random by a stored seed, the same for everybody who has the seed and the lot."""

from __future__ import annotations

import hmac
from collections.abc import Iterable

Stratum = tuple[str, ...]


def pick(records: Iterable[tuple[str, Stratum]], size: int, seed: str, lot: str) -> list[str]:
    """``size`` keys of the ``(key, stratum)`` of a lot, each stratum by its share, in the order in which they are looked at.

    A key has a rank of its own (HMAC of lot and key under the seed), so neither the order of the records nor that of the
    strata makes a difference, and nobody who does not know the seed can foresee a pick. Raises ValueError where the lot has
    fewer records.
    """
    ranked: dict[Stratum, list[tuple[bytes, str]]] = {}
    for key, stratum in records:
        ranked.setdefault(stratum, []).append((_rank(seed, lot, key), key))
    total = sum(map(len, ranked.values()))
    if size > total:
        raise ValueError(f"the lot has {total} records, {size} are asked for")
    shares = _shares({stratum: len(found) for stratum, found in ranked.items()}, size, seed, lot)
    chosen = [one for stratum, found in ranked.items() for one in sorted(found)[: shares[stratum]]]
    return [key for _, key in sorted(chosen)]


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
