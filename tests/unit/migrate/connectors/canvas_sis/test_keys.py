"""Keys taken apart, and what counts as equal."""

from __future__ import annotations

from decimal import Decimal

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrate.compiler.text import key_text
from migrate.connectors.canvas_sis.keys import parts, same, stands, with_key
from migrate.connectors.target import Held, Record
from migrate.contracts.model import Entity, Field

ENGINE = duckdb.connect()
TEXT = st.text(st.sampled_from("ab|\\ "), max_size=6)


@given(one=TEXT, other=TEXT)
def test_a_key_is_taken_apart_as_it_was_put_together(one: str, other: str) -> None:
    row = ENGINE.execute(f"SELECT {key_text(['$1', '$2'])}", [one, other]).fetchone()
    assert row is not None
    assert parts(row[0]) == [one, other]


def test_the_key_of_a_record_fills_its_fields() -> None:
    entity = Entity(key=("a", "b"), fields={"a": Field(), "b": Field()})
    assert with_key(entity, Record("x|", {})).values == {"a": "x", "b": None}
    assert with_key(entity, Record("x|y", {"a": "x", "b": "y", "c": 1})).values == {"a": "x", "b": "y", "c": 1}
    single = Entity(key=("a",), fields={"a": Field()})
    assert with_key(single, Record("x|y", {})).values == {"a": "x|y"}


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("a", "a", True), ("007", "7", False), (" ", None, True), (None, None, True), (None, 0, False),
        (1.1, Decimal("1.1"), True),
        (0.1 + 0.2, 0.3, True), (1.0, 1.01, False), (True, True, True), (False, None, False), ("1", 1, False), (" a ", "a", True),
    ],
)  # fmt: skip
def test_values_are_equal(one: object, other: object, equal: bool) -> None:
    assert same(one, other) is equal


def test_only_what_is_meant_and_shown_is_compared() -> None:
    record = Record("k", {"a": 1, "unseen": 2})
    assert stands(record, Held("k", None, {"a": 1, "more": 3}), ("a", "unseen", "more"))
    assert not stands(record, Held("k", None, {"a": 2}), ("a", "unseen"))
    assert not stands(record, None, ("a",))
