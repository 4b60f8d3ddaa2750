"""Results of acceptance tests are judged again by their own numbers, as far as these go."""

from __future__ import annotations

from typing import Any

import pytest

from migrate.evidence.checks.accepted import Expected, _judged
from validators.expectations.words import Expectation


def expected(expect: str, **words: Any) -> Expected:
    return Expected("suite", Expectation(code="ACC-ONE", entity="users", expect=expect, reason="it was agreed", **words))


def row(of: Expected, state: str, **numbers: Any) -> dict[str, Any]:
    given = {"code": "ACC-ONE", "state": state, "records": None, "values": None, "unexpected": None}
    return of.row({}, live=False) | given | numbers


NOBODY = expected("no_records", where="status = 'x'")
SOME = expected("count_between", arguments={"min_value": 2, "max_value": 4, "strict_max": True})
MOST = expected("not_null", field="email", mostly=0.9)
PAIR = expected("not_less", field=["end", "start"])
MEAN = expected("mean_between", field="score", arguments={"min_value": 1})


@pytest.mark.parametrize(
    ("of", "state", "numbers", "listed"),
    [
        (NOBODY, "passed", {"records": 0}, 0),
        (NOBODY, "failed", {"records": 3}, 3),
        (SOME, "passed", {"records": 2}, 0),
        (SOME, "failed", {"records": 4}, 0),
        (SOME, "failed", {"records": 1}, 0),
        (MOST, "passed", {"records": 10, "values": 10, "unexpected": 1}, 1),
        (MOST, "failed", {"records": 10, "values": 10, "unexpected": 2}, 2),
        (MOST, "passed", {"records": 0, "values": 0, "unexpected": 0}, 0),
        (PAIR, "failed", {"records": 9, "values": 5, "unexpected": 2}, 4),
        (MOST, "error", {}, 0),
    ],
)
def test_a_result_that_its_numbers_bear_out(of: Expected, state: str, numbers: dict[str, int], listed: int) -> None:
    assert _judged(row(of, state, **numbers), of, listed) == ([], True)


@pytest.mark.parametrize(
    ("of", "state", "numbers", "listed", "words"),
    [
        (NOBODY, "passed", {"records": 3}, 3, "by its own numbers it failed"),
        (NOBODY, "failed", {"records": 3}, 0, "0 of 3 records are listed"),
        (SOME, "passed", {"records": 4}, 0, "by its own numbers it failed"),
        (SOME, "passed", {"records": 3}, 1, "1 of 3 records are listed"),
        (MOST, "passed", {"records": 10, "values": 10, "unexpected": 2}, 2, "by its own numbers it failed"),
        (MOST, "failed", {"records": 10, "values": 10, "unexpected": 1}, 1, "by its own numbers it passed"),
        (MOST, "failed", {"records": 3, "values": 5, "unexpected": 1}, 1, "1 of 5 values in 3 records"),
        (PAIR, "failed", {"records": 9, "values": 5, "unexpected": 2}, 2, "2 values of 2 fields are listed"),
        (MOST, "error", {}, 1, "could not be evaluated, and records are listed"),
        (MEAN, "passed", {"records": 9}, 1, "about all records together, and 1 are listed"),
    ],
)
def test_a_result_that_they_contradict(of: Expected, state: str, numbers: dict[str, int], listed: int, words: str) -> None:
    faults, _ = _judged(row(of, state, **numbers), of, listed)
    assert [fault for fault in faults if words in fault]


def test_what_only_the_values_could_show_is_not_judged_again() -> None:
    assert _judged(row(MEAN, "passed", records=9), MEAN, 0) == ([], False)
    assert _judged(row(SOME, "passed", records=2), None, 0) == ([], False)
