"""Which pairs of values each rule of ``compare`` excuses, and which it must never excuse."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from migrate.engine import session
from migrate.mapping.model import FieldRule
from migrate.mapping.tolerance import Tolerance, alternatives


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with session() as connection:
        yield connection


def rules(compare: Any) -> tuple[Tolerance, ...]:
    return FieldRule.model_validate_json(json.dumps({"from": "x", "compare": compare})).compare


def excused(engine: duckdb.DuckDBPyConnection, compare: Any, one: str, other: str) -> str | None:
    """The label of the rule that excuses two SQL values that differ; None where none does."""
    asked = alternatives(rules(compare), "a", "b")
    whens = " ".join(f"WHEN {condition} THEN '{label}'" for label, condition in asked)
    row = engine.execute(
        f"SELECT CASE WHEN a IS NOT DISTINCT FROM b THEN 'equal' {whens} END FROM (SELECT {one} AS a, {other} AS b)"
    ).fetchone()
    assert row is not None
    return row[0]


DAY = "TIMESTAMP '2024-01-01 23:30:00'"
NEXT = "TIMESTAMP '2024-01-02 00:30:00'"
PAIRS = [
    # trailing blanks, also those that are no space
    ("trim", "'Ana '", "'Ana'", "trim"),
    ("trim", "'Ana' || chr(160)", "'Ana'", "trim"),
    ("trim", "'An a'", "'Ana'", None),
    # normal forms
    ("unicode", "'Jose' || chr(769)", "'José'", "unicode"),
    ("unicode", "'José'", "'Jose'", None),
    ("case", "'ANA'", "'ana'", "case"),
    # the first rule that does it alone; else as few together as possible
    (["trim", "case", "unicode"], "'ANA'", "'ana'", "case"),
    (["trim", "case", "unicode"], "'ANA '", "'ana'", "trim + case"),
    (["trim", "case", "unicode"], "'JOSE' || chr(769) || ' '", "'josé'", "trim + case + unicode"),
    (["trim", "case", "unicode"], "'JOSE' || chr(769)", "'josé'", "case + unicode"),
    (["trim", "case"], "'ANA '", "'bea'", None),
    # '007' is not 7, whatever text rules say
    (["trim", "case", "unicode"], "'007'", "'7'", None),
    # null and NaN are excused by nothing
    ({"number": {"within": 1000}}, "CAST('nan' AS DOUBLE)", "NULL", None),
    ({"number": {"within": 1000}}, "CAST('nan' AS DOUBLE)", "0.0", None),
    ({"number": {"within": 1000}}, "NULL", "0.0", None),
    ({"number": {"within": 1000}}, "CAST('inf' AS DOUBLE)", "0.0", None),
    ("trim", "''", "NULL", None),
    ("day", "NULL", DAY, None),
    # numbers
    ({"number": {"within": 0.005}}, "8.251", "8.25", "number within 0.005"),
    ({"number": {"within": 0.005}}, "8.26", "8.25", None),
    ({"number": 0.005}, "8.251", "8.25", "number within 0.005"),
    ({"number": {"relative": 1e-6}}, "CAST(CAST(0.1 AS FLOAT) AS DOUBLE)", "CAST(0.1 AS DOUBLE)", "number relative 1e-06"),
    ({"number": {"relative": 1e-6}}, "0.1001", "0.1", None),
    ({"number": {"relative": 1e-6}}, "0.0000001", "0.0", None),
    ({"number": {"within": 1, "relative": 0.01}}, "1000", "1009", "number within 1 or relative 0.01"),
    ({"number": {"within": 1}}, "7", "8", "number within 1"),
    # microseconds cut; an hour is no noise
    ("seconds", "TIMESTAMP '2024-01-01 10:00:00.123456'", "TIMESTAMP '2024-01-01 10:00:00'", "seconds"),
    ("seconds", "TIMESTAMP '2024-01-01 10:00:00.9'", "TIMESTAMP '2024-01-01 10:00:01'", None),
    ({"seconds": 2}, "TIMESTAMP '2024-01-01 10:00:00.9'", "TIMESTAMP '2024-01-01 10:00:01'", "seconds within 2"),
    ({"seconds": 2}, "TIMESTAMP '2024-01-01 10:00:00'", "TIMESTAMP '2024-01-01 11:00:00'", None),
    # the day depends on the zone
    ("day", DAY, "TIMESTAMP '2024-01-01 00:00:00'", "day"),
    ("day", DAY, NEXT, None),
    ({"day": "Europe/Madrid"}, DAY, NEXT, "day in Europe/Madrid"),
    ({"day": "Europe/Madrid"}, DAY, "TIMESTAMP '2024-01-01 12:00:00'", None),
]  # fmt: skip


@pytest.mark.parametrize(("compare", "one", "other", "label"), PAIRS)
def test_a_rule_excuses_what_it_says_and_no_more(
    engine: duckdb.DuckDBPyConnection, compare: Any, one: str, other: str, label: str | None
) -> None:
    assert excused(engine, compare, one, other) == label
    assert excused(engine, compare, other, one) == label


def test_one_instant_written_in_two_zones_needs_no_rule(engine: duckdb.DuckDBPyConnection) -> None:
    at = "timezone('UTC', TIMESTAMPTZ '2024-01-01 {}')"
    assert excused(engine, "exact", at.format("12:00:00+02"), at.format("10:00:00+00")) == "equal"
    assert excused(engine, "seconds", at.format("12:00:00+02"), at.format("12:00:00+00")) is None


@given(one=st.text(max_size=6), other=st.text(max_size=6))
def test_text_that_a_rule_excuses_is_equal_after_it(engine: duckdb.DuckDBPyConnection, one: str, other: str) -> None:
    asked = alternatives(rules(["trim", "case", "unicode"]), "$a", "$b")
    given_ = {"a": one, "b": other}
    for label, condition in asked:
        found = engine.execute(f"SELECT {condition}", given_).fetchone()
        assert found is not None
        if found[0] and label == "case":
            assert engine.execute("SELECT lower($a) = lower($b)", given_).fetchone() == (True,)
        same = engine.execute(f"SELECT {condition}", {"a": one, "b": one}).fetchone()
        assert same == (True,), label


@pytest.mark.parametrize(
    ("compare", "words"),
    [
        ("fuzzy", "'exact', 'trim', 'case', 'unicode', 'day', 'seconds', 'number'"),
        (["trim", "fuzzy"], "'exact'"),
        ("number", "needs a bound"),
        ({"number": {}}, "needs a bound"),
        ({"number": {"within": 0}}, "0 is not a number above 0"),
        ({"number": {"within": True}}, "True is not a number above 0"),
        ({"number": {"about": 1}}, "needs a bound"),
        ({"day": "Madrid"}, "IANA"),
        ({"seconds": -1}, "-1 is not a number above 0"),
        ({"trim": 1}, "takes no argument"),
        (["trim", "trim"], "stands twice"),
        ({"trim": None, "case": None}, "'exact'"),
        (7, "'exact'"),
    ],
)
def test_what_is_no_rule_is_refused(compare: Any, words: str) -> None:
    with pytest.raises(ValidationError, match="compare") as refused:
        rules(compare)
    assert words in str(refused.value)


def test_exact_is_no_rule() -> None:
    assert rules("exact") == FieldRule.model_validate_json('{"from": "x"}').compare == ()
