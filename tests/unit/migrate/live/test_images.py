"""Images of records: what counts as one value, and what can be put back."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrate.compiler.text import key_text
from migrate.connectors.target import Held, Record
from migrate.contracts.model import Entity, Field
from migrate.live.images import changed_since, equal, image, restored, seen, unequal
from migrate.live.keys import split_key


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("", None, True), (None, None, True), ("a", "a", True), (0.1 + 0.2, Decimal("0.3"), True), (1, 1.0, True),
        ("007", 7, False), (0, None, False), (True, 1, True), (True, 2.0, False), ("a", "A", False), ("a", "a ", False),
        (0, "", False), (False, None, False), (1.0, 1.0001, False),
    ],
)  # fmt: skip
def test_what_is_one_value(one: Any, other: Any, same: bool) -> None:
    assert equal(one, other) is same


def test_only_what_both_sides_know_is_compared() -> None:
    record = Record("k", {"a": 1, "b": 2, "c": 3, "r": "x"}, links={"r": "7"})
    held = Held("k", "1", {"a": 1, "b": 9, "d": 4}, {"r": "8"})
    assert unequal(record, held, ["a", "b", "c", "d", "r"]) == ["b", "r"]
    assert unequal(record, held, ["a", "c"]) == []


def test_a_change_is_seen_and_other_fields_say_nothing() -> None:
    before, after = Held("k", "1", {"a": "x", "b": 1}), Held("k", "1", {"a": "x", "b": 2})
    assert changed_since(seen(before, ["a", "b"]), seen(after, ["a", "b"]))
    assert not changed_since(seen(before, ["a", "b"]), seen(before, ["b", "a"]))
    assert not changed_since(seen(before, ["a"]), seen(after, ["a", "b"]))
    assert not changed_since(None, seen(after, ["a", "b"]))
    assert seen(Held("k", "1", {"a": ""}), ["a"]) == seen(Held("k", "1", {"a": None}), ["a"])


@pytest.mark.parametrize("values", [(1, True, "1", 1.0), (True, 1, 1.0, "1"), (0, False, "", "0", -0.0)])
def test_values_of_different_kinds_look_different_in_any_order(values: tuple[Any, ...]) -> None:
    assert len({seen(Held("k", "1", {"a": value}), ["a"]) for value in values}) == len(values)


def test_a_value_of_several_parts_is_seen() -> None:
    one, other = (Held("k", "1", {"a": parts}) for parts in (["x", 1], ["x", 2]))
    assert changed_since(seen(one, ["a"]), seen(other, ["a"]))


KINDS: dict[str, st.SearchStrategy[Any]] = {
    "string": st.text(), "int": st.integers(-(2**53), 2**53), "decimal": st.floats(allow_nan=False, allow_infinity=False),
    "flag": st.booleans(), "date": st.dates(), "datetime": st.datetimes(), "epoch": st.datetimes(),
}  # fmt: skip


@given(st.fixed_dictionaries({kind: st.none() | values for kind, values in KINDS.items()}))
def test_an_image_can_be_put_back(values: dict[str, Any]) -> None:
    entity = Entity(key=("string",), fields={kind: Field(type=kind) for kind in KINDS})  # type: ignore[arg-type]
    kept = json.loads(json.dumps(image(Held("k", "1", values, {"link": "7"})), default=str))
    record = restored(kept, entity, "k", "1")
    assert record.values == values
    assert record.links == {"link": "7"}


def test_an_instant_keeps_its_microseconds() -> None:
    entity = Entity(key=("t",), fields={"t": Field(type="datetime")})
    kept = json.loads(json.dumps(image(Held("k", None, {"t": dt.datetime(2024, 1, 1, 0, 0, 0, 5)})), default=str))
    assert restored(kept, entity, "k", None).values["t"] == dt.datetime(2024, 1, 1, 0, 0, 0, 5)


@given(st.lists(st.text(alphabet="ab|\\ \n"), min_size=1, max_size=4))
def test_a_key_is_taken_apart_as_it_was_put_together(parts: list[str]) -> None:
    placeholders = [f"${n}" for n in range(1, len(parts) + 1)]
    row = duckdb.execute(f"SELECT {key_text(placeholders)}", parts).fetchone()
    assert row is not None
    assert split_key(row[0], len(parts)) == parts
