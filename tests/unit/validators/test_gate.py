"""The gate: every failing cell by the key of its row, each rule with its own code."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import polars as pl
import pytest

from migrate.contracts.model import Entity
from validators.gate import MESSAGES, POLARS_TYPES, failures, gate_schema

TYPES = {"int": pl.Int64, "decimal": pl.Float64, "flag": pl.Boolean, "date": pl.Date, "datetime": pl.Datetime("us")}


def fails(rule: dict[str, Any], given: list[Any]) -> list[tuple[str, str, str | None]]:
    """``(key, code, value)`` of the failures of one column; keys are the positions."""
    entity = Entity.model_validate_json(json.dumps({"key": "x", "fields": {"x": rule}}))
    frame = pl.DataFrame({"x": pl.Series(given, dtype=TYPES.get(rule.get("type", ""), pl.String), strict=False)})
    keys = pl.Series([str(n) for n in range(len(given))])
    return sorted(
        (key, code, value) for key, code, field, value in failures(gate_schema(entity, ["x"]), frame, keys) if field == "x"
    )


def bad(rule: dict[str, Any], given: list[Any], code: str) -> list[Any]:
    found = fails(rule, given)
    assert {c for _, c, _ in found} <= {code}
    assert code in MESSAGES
    return [given[int(key)] for key, _, _ in found]


@pytest.mark.parametrize("kind", ["string", "int", "decimal", "flag", "date", "datetime"])
def test_nothing_is_asked_of_an_open_field(kind: str) -> None:
    value = {
        "int": 1,
        "decimal": 1.5,
        "flag": True,
        "date": dt.date(2024, 1, 1),
        "datetime": dt.datetime(2024, 1, 1),
    }.get(kind, "a")
    assert fails({"type": kind}, [value, None]) == []
    assert fails({"type": kind}, []) == []


@pytest.mark.parametrize("kind", ["int", "decimal", "flag", "date", "datetime"])
def test_required_values(kind: str) -> None:
    assert fails({"type": kind, "required": True}, [None]) == [("0", "GATE-REQUIRED", None)]


def test_required_text_is_not_blank() -> None:
    given = ["a", "", " ", "\u00a0\t", None, " a ", "0"]
    assert bad({"required": True}, given, "GATE-REQUIRED") == ["", " ", "\u00a0\t", None]
    assert bad({}, given, "GATE-REQUIRED") == []


def test_length_is_counted_in_characters() -> None:
    given = ["abc", "abcd", "名前で", "名前です", "👍👍👍", "👍👍👍👍", "é" * 3, "", None]
    assert bad({"max_length": 3}, given, "GATE-LENGTH") == ["abcd", "名前です", "👍👍👍👍"]
    assert bad({"min_length": 3}, given, "GATE-LENGTH") == [""]
    assert bad({"min_length": 1, "max_length": 3}, given, "GATE-LENGTH") == ["abcd", "名前です", "👍👍👍👍", ""]


def test_words_of_a_list() -> None:
    assert bad({"enum": ["active", "deleted"]}, ["active", "Active", "active ", "", None, "deleted"], "GATE-ENUM") == [
        "Active",
        "active ",
        "",
    ]
    assert bad({"type": "int", "enum": [0, 1]}, [0, 1, 2, None], "GATE-ENUM") == [2]


def test_the_whole_value_has_the_form() -> None:
    given = ["ab1", "ab", "ab1x", "xab1\n", "ab1\n", "", None]
    assert bad({"pattern": "[a-z]+[0-9]"}, given, "GATE-PATTERN") == ["ab", "ab1x", "xab1\n", "ab1\n", ""]
    assert bad({"pattern": "a|b"}, ["a", "b", "ab", "xa"], "GATE-PATTERN") == ["ab", "xa"]
    assert bad({"pattern": "[\\p{L} ]+"}, ["Núñez", "山田", "x1"], "GATE-PATTERN") == ["x1"]


def test_ranges() -> None:
    assert bad({"type": "int", "min": 0, "max": 10}, [-1, 0, 10, 11, None], "GATE-RANGE") == [-1, 11]
    assert bad({"type": "decimal", "min": 0.5}, [0.4, 0.5, None], "GATE-RANGE") == [0.4]
    days = [dt.date(1970, 1, 1), dt.date(1970, 1, 2), dt.date(2038, 1, 19), dt.date(2038, 1, 20)]
    assert bad({"type": "date", "min": "1970-01-02", "max": "2038-01-19"}, days, "GATE-RANGE") == [days[0], days[3]]
    moments = [dt.datetime(2024, 1, 1), dt.datetime(2023, 12, 31, 23, 59, 59), None]
    assert bad({"type": "datetime", "min": "2024-01-01"}, moments, "GATE-RANGE") == [moments[1]]
    assert bad({"type": "datetime", "min": "2024-01-01 00:00:00"}, moments, "GATE-RANGE") == [moments[1]]


def test_a_number_that_is_none_is_outside_every_range() -> None:
    assert len(bad({"type": "decimal", "min": 0, "max": 100}, [float("nan"), 5.0], "GATE-RANGE")) == 1


def test_several_faults_of_one_value() -> None:
    found = fails({"required": True, "max_length": 2, "enum": ["ab"], "pattern": "[a-z]+"}, ["ABCD"])
    assert [code for _, code, _ in found] == ["GATE-ENUM", "GATE-LENGTH", "GATE-PATTERN"]
    assert {value for _, _, value in found} == {"ABCD"}


def test_keys_fields_and_values_of_the_rows_that_fail() -> None:
    entity = Entity.model_validate_json(
        json.dumps({"key": "a", "fields": {"a": {"required": True}, "b": {"type": "int", "max": 5}, "c": {"required": True}}})
    )
    frame = pl.DataFrame({"a": ["x", None, "z"], "b": [9, 1, 7]})
    found = sorted(failures(gate_schema(entity, ["a", "b"]), frame, pl.Series(["k1", "k2", "k3"])), key=str)
    assert found == [("k1", "GATE-RANGE", "b", "9"), ("k2", "GATE-REQUIRED", "a", None), ("k3", "GATE-RANGE", "b", "7")]


def test_columns_of_another_type_fail_in_every_row() -> None:
    entity = Entity.model_validate_json(json.dumps({"key": "a", "fields": {"a": {"type": "int", "max": 3}}}))
    found = list(failures(gate_schema(entity, ["a"]), pl.DataFrame({"a": ["1", "2"]}), pl.Series(["k1", "k2"])))
    assert {(key, code, value) for key, code, _, value in found} == {("k1", "GATE-TYPE", "1"), ("k2", "GATE-TYPE", "2")}


def test_every_type_of_a_contract_has_one_here() -> None:
    from migrate.compiler.source import SQL_TYPES

    assert set(POLARS_TYPES) == set(SQL_TYPES)


def test_a_batch_of_many_rows() -> None:
    given = ["a" * (n % 7) for n in range(50_000)]
    assert len(bad({"max_length": 5}, given, "GATE-LENGTH")) == sum(1 for v in given if len(v) > 5)


TARGET = """
system: new
label: New
target: {kind: files}
entities:
  users:
    key: user_id
    file: u.csv
    fields:
      user_id: {required: true, max_length: 3}
      name: {required: true, max_length: 5}
      age: {type: int, min: 0}
      status: {enum: [a, b]}
      other: {}
"""


def test_the_gate_in_a_run(bench: Any) -> None:
    pair = bench.users(
        "exclude: [{code: U-X, when: \"name = 'gone'\", reason: r}]",
        "name: {from: name}\nage: {from: age}\nstatus: {from: mail}",
        target=TARGET,
    )
    people = [
        {"id": 1, "name": "Ana", "age": 5, "mail": "a"},
        {"id": 2, "name": "", "age": -1, "mail": "c"},
        {"id": 3, "name": "Ana Ana"},
        {"id": 4, "name": "gone", "age": -1},
        {"id": 1234, "name": "x"},
        {"id": 5, "name": "👍👍👍👍👍"},
        {"id": 6, "name": None},
    ]
    settled = bench.settle(pair, {"person": people})
    assert settled.dispositions() == {
        "1": "candidate",
        "2": "quarantined",
        "3": "quarantined",
        "4": "excluded",
        "1234": "quarantined",
        "5": "candidate",
        "6": "quarantined",
    }
    assert settled.raised() == [
        ("GATE-ENUM", "2"),
        ("GATE-LENGTH", "1234"),
        ("GATE-LENGTH", "3"),
        ("GATE-RANGE", "2"),
        ("GATE-REQUIRED", "2"),
        ("GATE-REQUIRED", "6"),
    ]
    assert [row["user_id"] for row in settled.loading["users"]] == ["1", "5"]
    assert {f["message"] for f in settled.findings()} <= set(MESSAGES.values())
    assert {f["severity"] for f in settled.findings()} == {"quarantine"}


def test_texts_that_the_files_cannot_hold_are_named() -> None:
    rule = Entity.model_validate_json(json.dumps({"key": "s", "fields": {"s": {"without": ["|", "!##!"]}}}))
    batch = pl.DataFrame({"s": ["a", "a|b", None, "!##", "x!##!y", ".", "a\0b"]})
    found = list(failures(gate_schema(rule, ["s"]), batch, pl.Series(list("abcdefg"))))
    assert sorted((key, code, value) for key, code, _, value in found) == [
        ("b", "GATE-PATTERN", "a|b"), ("e", "GATE-PATTERN", "x!##!y"), ("g", "GATE-PATTERN", "a\0b"),
    ]  # fmt: skip
