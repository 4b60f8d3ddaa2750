"""Numbers of things in sentences."""

from __future__ import annotations

import pytest

from migrate.said import number_of


@pytest.mark.parametrize(
    ("number", "words", "text"),
    [
        (0, ("record",), "0 records"),
        (1, ("record",), "1 record"),
        (1_200, ("record",), "1,200 records"),
        (1, ("entry", "entries"), "1 entry"),
        (2, ("entry", "entries"), "2 entries"),
    ],
)
def test_amount(number: int, words: tuple[str, ...], text: str) -> None:
    assert number_of(number, *words) == text
