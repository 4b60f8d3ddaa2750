"""Random picks that anybody can repeat."""

from __future__ import annotations

from collections import Counter
from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from validators.sampling import pick

LOT = [(f"key {n}", ("active" if n % 4 else "suspended",)) for n in range(200)]
RECORDS = st.dictionaries(st.text(max_size=5), st.sampled_from((("a",), ("b",), ("c", "d"))), min_size=1, max_size=40)


@given(records=RECORDS, data=st.data(), seed=st.text(max_size=5))
def test_picks_depend_on_seed_and_lot_alone(records: dict[str, tuple[str, ...]], data: st.DataObject, seed: str) -> None:
    size = data.draw(st.integers(0, len(records)))
    chosen = pick(records.items(), size, seed, "lot")
    assert chosen == pick(data.draw(st.permutations(list(records.items()))), size, seed, "lot")
    assert len(chosen) == len(set(chosen)) == size
    assert set(chosen) <= set(records)


@given(records=RECORDS, data=st.data())
def test_each_stratum_has_its_share(records: dict[str, tuple[str, ...]], data: st.DataObject) -> None:
    size = data.draw(st.integers(0, len(records)))
    taken = Counter(records[key] for key in pick(records.items(), size, "seed", "lot"))
    for stratum, n in Counter(records.values()).items():
        share = size * n / len(records)
        assert int(share) <= taken[stratum] <= int(share) + 1


def test_another_seed_and_another_lot_give_other_picks() -> None:
    chosen = pick(LOT, 20, "seed", "users")
    assert set(chosen) != set(pick(LOT, 20, "other", "users"))
    assert set(chosen) != set(pick(LOT, 20, "seed", "courses"))


def test_a_larger_sample_holds_the_smaller_one_of_an_even_lot() -> None:
    lot = [(key, ()) for key, _ in LOT]
    assert pick(lot, 50, "seed", "users")[:20] == pick(lot, 20, "seed", "users")


def test_every_record_has_the_same_chance() -> None:
    """Over 2,000 seeds each of 20 records is taken as often as it should, within five standard deviations."""
    lot = [(str(n), (str(n % 3),)) for n in range(20)]
    taken = Counter(key for seed in range(2_000) for key in pick(lot, 5, str(seed), "lot"))
    expected = 2_000 * 5 / 20
    assert all(abs(taken[key] - expected) < 5 * sqrt(expected * 0.75) for key, _ in lot)


def test_more_than_there_are_cannot_be_picked() -> None:
    with pytest.raises(ValueError, match="the lot has 200 records, 201 are asked for"):
        pick(LOT, 201, "seed", "users")
    assert pick([], 0, "seed", "users") == []
