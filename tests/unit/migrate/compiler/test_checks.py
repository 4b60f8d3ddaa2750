"""Checks: for which values each one fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from migrate.compiler.checks import CHECKS, CheckError

Evaluate = Callable[..., list[Any]]


def fails(values: Evaluate, check: str, given: list[Any], to: object = None, kind: str = "VARCHAR") -> list[Any]:
    return [value for value, failed in zip(given, values(CHECKS[check]("x", to), given, kind), strict=True) if failed]


def test_addresses_that_are_fine(values: Evaluate) -> None:
    good = [
        "ana@x.org",
        "a@b.co",
        "ana.b+tag@sub.x-y.example",
        "o'neill@x.org",
        "ANA@X.ORG",
        "josé@correo.es",
        "ana@münchen.de",
        "用户@例子.中国",
        "a_b-c@x1.io",
        "ana@xn--mnchen-3ya.de",
        "1@2.com",
        "a/b=c@x.org",
        "!#$%&*+/=?^_`{|}~-@x.org",
    ]
    assert fails(values, "email", [*good, None]) == []


def test_addresses_that_are_none(values: Evaluate) -> None:
    bad = [
        "", " ", "ana", "ana@", "@x.org", "ana@x", "ana@@x.org", "ana@x..org", "ana@.org", "ana@x.org.", "ana@-x.org",
        "ana@x-.org", "ana@x.o", "ana b@x.org", "ana@x .org", " ana@x.org", "ana@x.org ", "ana@x.org\n", "ana,b@x.org",
        "Ana <ana@x.org>", "ana@x.org;bo@x.org", "ana@x_y.org", 'a"b@x.org', "ana@localhost", "ana\u00a0b@x.org",
        "ana\u200b@x.org", "ana\x00@x.org",
    ]  # fmt: skip
    assert fails(values, "email", bad) == bad


def test_blanks_of_every_kind(values: Evaluate) -> None:
    blank = [None, "", " ", "\t\r\n", "\u00a0", "\u3000\u2003"]
    assert fails(values, "not_blank", [*blank, "a", " a ", "0", "."]) == blank
    assert fails(values, "not_blank", [None, 0, 7], kind="BIGINT") == [None]


def test_the_whole_value_has_to_match(values: Evaluate) -> None:
    assert fails(values, "matches", ["ab1", "ab", "1ab1", "ab1\n", "", None], "[a-z]+[0-9]") == [
        "ab",
        "1ab1",
        "ab1\n",
        "",
    ]
    assert fails(values, "matches", ["a", "b", "ab"], "a|b") == ["ab"]
    assert fails(values, "matches", [12, 123], "[0-9]{2}", "BIGINT") == [123]


def test_length_counts_characters(values: Evaluate) -> None:
    assert fails(values, "max_length", ["abc", "abcd", "名前名前", "👍👍👍", "", None], 3) == ["abcd", "名前名前"]


def test_one_of_a_list(values: Evaluate) -> None:
    assert fails(values, "in", ["a", "b", "c", "A", "", None], ["a", "b"]) == ["c", "A", ""]
    assert fails(values, "in", [1, 2, None], [1], "BIGINT") == [2]
    assert fails(values, "in", ["it's", "x"], ["it's"]) == ["x"]


def test_a_null_in_the_list_does_not_switch_the_check_off(values: Evaluate) -> None:
    assert fails(values, "in", ["a", "c", None], ["a", None]) == ["c"]


def test_between_holds_its_ends(values: Evaluate) -> None:
    assert fails(values, "between", [0, 1, 5, 10, 11, None], [1, 10], "BIGINT") == [0, 11]
    dates = ["2019-12-31", "2020-01-01", "2020-12-31", "2021-01-01", None]
    found = fails(values, "between", dates, ["2020-01-01", "2020-12-31"], "DATE")
    assert found == ["2019-12-31", "2021-01-01"]


@pytest.mark.parametrize(
    ("check", "to"),
    [
        ("email", "x"),
        ("not_blank", 5),
        ("matches", "("),
        ("matches", None),
        ("max_length", "5"),
        ("max_length", True),
        ("max_length", None),
        ("max_length", -1),
        ("in", []),
        ("in", "abc"),
        ("in", None),
        ("between", [1]),
        ("between", 5),
        ("between", [1, 2, 3]),
        ("between", None),
    ],
)
def test_arguments_that_make_no_sense_are_refused(check: str, to: object) -> None:
    with pytest.raises(CheckError):
        CHECKS[check]("x", to)
