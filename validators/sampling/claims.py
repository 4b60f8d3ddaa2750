"""What a sample says of the lot it was taken from. Finite lots are counted exactly (hypergeometric, in whole numbers); without a
lot size the binomial limit holds for any lot."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, comb, exp, lgamma, log, log1p

PRECISION = 1e-10


def discovery_size(claim: float, confidence: float, lot: int | None = None) -> int:
    """The smallest sample without any failure that bounds the error rate by ``claim`` percent with ``confidence`` percent.

    Raises ValueError where one of the two is not between 0 and 100.
    """
    _check(confidence)
    if not 0 < claim < 100:
        raise ValueError("a claim is a percentage above 0 and below 100")
    endless = ceil(log(1 - confidence / 100) / log1p(-claim / 100))
    if lot is None:
        return endless
    wrong = ceil(lot * _percent(claim))
    doubt = 1 - _percent(confidence)
    low, high = 0, min(lot, endless)  # a clean sample of `low` never suffices, one of `high` always does
    while high - low > 1:
        middle = (low + high) // 2
        if comb(lot - wrong, middle) <= doubt * comb(lot, middle):
            high = middle
        else:
            low = middle
    return high


def upper_limit(size: int, wrong: int, confidence: float, lot: int | None = None) -> float:
    """The highest rate of wrong records (0 to 1) that ``wrong`` of ``size`` still allow; one-sided, ``confidence`` in percent."""
    _check(confidence)
    if not 0 <= wrong <= size or size < 1 or (lot is not None and size > lot):
        raise ValueError("the sample is empty, or has more wrong records than records, or more records than the lot")
    return _binomial(size, wrong, confidence) if lot is None else _hypergeometric(size, wrong, confidence, lot)


def _binomial(size: int, wrong: int, confidence: float) -> float:
    """Clopper and Pearson: the rate at which so few wrong ones become as rare as the doubt that is left."""
    if wrong == size:
        return 1.0
    doubt = 1 - confidence / 100
    low, high = 0.0, 1.0
    while high - low > PRECISION:
        middle = (low + high) / 2
        if _at_most(wrong, size, middle) > doubt:
            low = middle
        else:
            high = middle
    return high


def _at_most(wrong: int, size: int, rate: float) -> float:
    """The chance of at most ``wrong`` of ``size`` at a rate above 0 and below 1."""
    total = 0.0
    for k in range(wrong + 1):
        ways = lgamma(size + 1) - lgamma(k + 1) - lgamma(size - k + 1)
        total += exp(ways + k * log(rate) + (size - k) * log1p(-rate))
    return total


def _hypergeometric(size: int, wrong: int, confidence: float, lot: int) -> float:
    """The largest number of wrong records in the lot under which so few in the sample are not yet too rare."""
    doubt = (1 - _percent(confidence)) * comb(lot, size)
    low, high = wrong, lot - (size - wrong)
    while high > low:
        middle = (low + high + 1) // 2
        if sum(comb(middle, k) * comb(lot - middle, size - k) for k in range(wrong + 1)) > doubt:
            low = middle
        else:
            high = middle - 1
    return low / lot


def _percent(value: float) -> Fraction:
    return Fraction(str(value)) / 100


def _check(confidence: float) -> None:
    if not 0 < confidence < 100:
        raise ValueError("a confidence is a percentage above 0 and below 100")
