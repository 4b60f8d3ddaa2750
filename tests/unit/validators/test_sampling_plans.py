"""The tables of ISO 2859-1, and the look-ups that are known from the standard."""

from __future__ import annotations

from itertools import pairwise

import pytest

from validators.sampling import discovery, iso2859, tables
from validators.sampling.tables import INSPECTIONS, LEVELS


@pytest.mark.parametrize(
    ("lot", "aql", "letter", "size", "accept"),
    [
        (10_000, 0.65, "L", 200, 3),
        (10_000, 0.1, "L", 125, 0),
        (150_000, 0.25, "N", 500, 3),
        (150_000, 1.0, "N", 500, 10),
        (1_000, 0.4, "J", 125, 1),  # arrow down
        (1_000, 0.25, "J", 50, 0),  # arrow up
        (500_001, 6.5, "Q", 200, 21),
        (2, 6.5, "A", 2, 0),
    ],
)
def test_look_ups_of_normal_inspection(lot: int, aql: float, letter: str, size: int, accept: int) -> None:
    plan = iso2859(lot, aql)
    assert (plan.letter, plan.size, plan.accept, plan.refuse) == (letter, size, accept, accept + 1)


def test_tightened_and_reduced_look_ups() -> None:
    tightened, reduced = iso2859(10_000, 0.65, inspection="tightened"), iso2859(10_000, 0.65, inspection="reduced")
    assert (tightened.size, tightened.accept) == (200, 2)
    assert (reduced.size, reduced.accept) == (80, 2)


def test_a_lot_smaller_than_its_sample_is_looked_at_whole() -> None:
    plan = iso2859(60, 0.065)
    assert (plan.size, plan.accept, plan.whole) == (60, 0, True)
    assert not iso2859(1_000, 0.25).whole


def test_a_lot_without_records_and_an_aql_between_two_columns_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one record"):
        iso2859(0, 1.0)
    with pytest.raises(ValueError, match=r"no AQL of 0\.3; they have 0\.065, 0\.1"):
        iso2859(10, 0.3)
    with pytest.raises(ValueError, match="at least one record"):
        discovery(0, 1, 95)


def test_the_tables_are_whole() -> None:
    known = tables()
    assert known.levels == LEVELS
    letters = list("ABCDEFGHJKLMNPQR")
    assert set(known.plans) == set(INSPECTIONS)
    for plans in known.plans.values():
        assert list(plans) == letters
        assert all(len(row) == len(known.aql) for row in plans.values())
    assert all(len(row.letters) == len(LEVELS) for row in known.letters)
    assert [row.up_to is None for row in known.letters] == [False] * (len(known.letters) - 1) + [True]
    bounds = [row.up_to for row in known.letters if row.up_to is not None]
    assert bounds == sorted(bounds)
    assert {letter for row in known.letters for letter in row.letters} == set(letters)


@pytest.mark.parametrize("inspection", INSPECTIONS)
def test_the_tables_are_ordered_as_they_have_to_be(inspection: str) -> None:
    """A stricter AQL never accepts a larger share of wrong records at one letter; a larger lot never has a smaller letter."""
    known = tables()
    for letter in known.plans["normal"]:
        plans = [known.plan(letter, aql, inspection) for aql in known.aql]  # type: ignore[arg-type]
        shares = [accept / size for size, accept in plans]
        assert shares == sorted(shares), letter
    for at in range(len(LEVELS)):
        column = [row.letters[at] for row in known.letters]
        assert column == sorted(column)
    for row in known.letters:
        assert list(row.letters[4:]) == sorted(row.letters[4:])
        assert list(row.letters[:4]) == sorted(row.letters[:4])


def test_tightened_never_accepts_what_normal_refuses_and_reduced_never_asks_for_more() -> None:
    known = tables()
    for letter in known.plans["normal"]:
        for aql in known.aql:
            (n, ac), (tn, tac) = known.plan(letter, aql, "normal"), known.plan(letter, aql, "tightened")
            assert tac / tn <= ac / n or ac == tac == 0 or (tac > 0 and ac == 0), (letter, aql)
            assert known.plan(letter, aql, "reduced")[0] <= n


def test_acceptance_grows_with_the_sample_along_a_column() -> None:
    known = tables()
    for inspection in INSPECTIONS:
        for aql in known.aql:
            column = [known.plan(letter, aql, inspection) for letter in known.plans["normal"]]
            assert all(a[1] <= b[1] for a, b in pairwise(column)), (inspection, aql)


@pytest.mark.parametrize(
    ("lot", "sizes"),
    [
        (50, (31, 48, 48, 48, 48)),
        (200, (51, 105, 155, 190, 190)),
        (500, (56, 129, 225, 316, 475)),
        (1_000, (57, 138, 258, 450, 950)),
        (5_000, (59, 147, 290, 564, 2_253)),
        (10_000, (59, 148, 294, 581, 2_588)),
        (100_000, (59, 149, 298, 596, 2_950)),
    ],
)
def test_samples_that_discover_a_rate_in_a_finite_lot(lot: int, sizes: tuple[int, ...]) -> None:
    claims = (5, 2, 1, 0.5, 0.1)
    assert tuple(discovery(lot, claim, 95).size for claim in claims) == sizes
    assert all(discovery(lot, claim, 95).accept == 0 for claim in claims)
