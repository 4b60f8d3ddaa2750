"""What a sample proves, against the published limits and against counting by hand."""

from __future__ import annotations

from itertools import combinations

import pytest

from validators.sampling import discovery_size, upper_limit

LIMITS = [
    (20, 0, 13.9, 10.9), (32, 0, 8.9, 6.9), (50, 0, 5.8, 4.5), (80, 0, 3.7, 2.8), (125, 0, 2.4, 1.8), (125, 1, 3.7, 3.1),
    (200, 0, 1.5, 1.1), (200, 3, 3.8, 3.3), (315, 0, 0.95, 0.73), (500, 0, 0.60, 0.46), (500, 7, 2.6, 2.3),
    (1250, 3, 0.62, 0.53),
]  # fmt: skip


@pytest.mark.parametrize(("size", "wrong", "at_95", "at_90"), LIMITS)
def test_limits_for_any_lot(size: int, wrong: int, at_95: float, at_90: float) -> None:
    for confidence, published in ((95, at_95), (90, at_90)):
        digits = 2 if published < 1 else 1
        assert round(100 * upper_limit(size, wrong, confidence), digits) == pytest.approx(published, abs=10**-digits / 2)


@pytest.mark.parametrize(
    ("confidence", "sizes"),
    [(95, (59, 149, 299, 598, 2_995)), (90, (45, 114, 230, 460, 2_302)), (99, (90, 228, 459, 919, 4_603))],
)
def test_discovery_for_any_lot(confidence: int, sizes: tuple[int, ...]) -> None:
    assert tuple(discovery_size(claim, confidence) for claim in (5, 2, 1, 0.5, 0.1)) == sizes


@pytest.mark.parametrize(("lot", "size", "wrong"), [(8, 3, 0), (8, 3, 1), (10, 5, 2), (9, 8, 0), (6, 6, 2)])
def test_a_finite_lot_is_counted_out(lot: int, size: int, wrong: int) -> None:
    """Every sample there is, for every number of wrong records in the lot."""
    samples = list(combinations(range(lot), size))
    possible = [
        bad for bad in range(wrong, lot - (size - wrong) + 1)
        if sum(len([r for r in sample if r < bad]) <= wrong for sample in samples) / len(samples) > 0.05
    ]  # fmt: skip
    assert upper_limit(size, wrong, 95, lot) == max(possible) / lot


def test_what_is_looked_at_whole_is_known() -> None:
    assert upper_limit(50, 0, 95, 50) == 0
    assert upper_limit(50, 3, 95, 50) == 3 / 50


def test_a_finite_lot_never_proves_less_than_an_endless_one() -> None:
    for lot in (100, 1_000, 100_000):
        assert upper_limit(80, 1, 95, lot) <= upper_limit(80, 1, 95) + 1 / lot


def test_a_discovery_sample_keeps_its_claim() -> None:
    for lot in (50, 777, 20_000):
        for claim in (1.0, 5.0):
            size = discovery_size(claim, 95, lot)
            assert upper_limit(size, 0, 95, lot) < claim / 100 + 1 / lot
            if size > 1:
                assert upper_limit(size - 1, 0, 95, lot) >= claim / 100


@pytest.mark.parametrize(("claim", "confidence"), [(0, 95), (100, 95), (1, 0), (1, 100)])
def test_nonsense_is_refused(claim: float, confidence: float) -> None:
    with pytest.raises(ValueError, match="percentage"):
        discovery_size(claim, confidence)


@pytest.mark.parametrize(("size", "wrong", "lot"), [(0, 0, None), (5, 6, None), (5, -1, None), (6, 0, 5)])
def test_impossible_samples_are_refused(size: int, wrong: int, lot: int | None) -> None:
    with pytest.raises(ValueError, match="the sample"):
        upper_limit(size, wrong, 95, lot)
