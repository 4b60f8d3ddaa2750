"""Which numbers are carried, held against Python's exact ones."""

from __future__ import annotations

from decimal import Decimal

import duckdb
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from migrate.expressions.numbers import carried

DIGITS = st.text("0123456789", min_size=1, max_size=27)
NUMBERS = st.builds(lambda sign, whole, part: f"{sign}{whole}.{part}", st.sampled_from("+-"), DIGITS, DIGITS)


@pytest.fixture(scope="module")
def engine() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


def is_carried(engine: duckdb.DuckDBPyConnection, text: str) -> bool:
    asked = engine.execute(f"SELECT {carried('TRY_CAST(x AS DOUBLE)', 'x')} FROM (SELECT CAST(? AS VARCHAR) AS x)", [text])
    return bool(asked.fetchall()[0][0])


@given(text=NUMBERS)
@example(text="+9999999999.99999999999")
@example(text="+9007199254740993.0")
def test_what_is_carried_has_the_digits_it_was_written_with(engine: duckdb.DuckDBPyConnection, text: str) -> None:
    """Up to a millionth for numbers below ten thousand million, and in all ten places for those beyond."""
    exact, kept = Decimal(text), Decimal(repr(float(text)))
    if is_carried(engine, text):
        assert abs(exact - kept) < (Decimal("1e-6") if abs(exact) < 10**10 else Decimal("1e-10"))
    else:
        assert abs(exact) >= 10**10
        assert exact != kept


@given(number=st.floats(allow_nan=False, allow_infinity=False))
def test_what_was_a_double_is_carried(engine: duckdb.DuckDBPyConnection, number: float) -> None:
    assert is_carried(engine, repr(number))


@pytest.mark.parametrize("text", ["nan", "inf", "-inf"])
def test_what_is_no_number_is_not_carried(engine: duckdb.DuckDBPyConnection, text: str) -> None:
    assert not is_carried(engine, text)
