"""A limit is shared out so that it is reached, and nobody gives more than has to be."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reports.turns import turns_of


@given(st.lists(st.integers(0, 50), max_size=8), st.integers(1, 200))
def test_no_fewer_turns_would_do(numbers: list[int], most: int) -> None:
    def together(turns: int) -> int:
        return sum(min(number, turns) for number in numbers)

    turns = turns_of(numbers, most)
    assert together(turns) >= min(most, sum(numbers))
    assert turns == 0 or together(turns - 1) < min(most, sum(numbers))
