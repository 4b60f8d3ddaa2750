"""Judging with great-expectations: each expectation passes on what it should and fails on what it should not.

The few tests that import it do so once for all of them.
"""

from __future__ import annotations

import datetime as dt
import inspect
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest

from migrate.contracts.load import LoadedContract
from validators.expectations.judge import Judge, class_name
from validators.expectations.load import Wanted
from validators.expectations.vocabulary import vocabulary

Load = Callable[..., list[Wanted]]
AS_OF = dt.datetime(2026, 1, 1)


def day(text: str | None) -> dt.datetime | None:
    return None if text is None else dt.datetime.fromisoformat(text)


CASES: dict[str, tuple[str, list[Any], list[Any]]] = {
    "expect_column_values_to_not_be_null": ("field: login", ["a"], ["a", None]),
    "expect_column_values_to_be_null": ("field: login", [None], ["a", None]),
    "expect_column_values_to_be_unique": ("field: login", ["a", "b", None, None], ["a", "a"]),
    "expect_column_values_to_be_in_set": ("field: active\narguments: {value_set: [true]}", [True, None], [True, False]),
    "expect_column_values_to_not_be_in_set": ("field: age\narguments: {value_set: [1]}", [2, None], [1, None]),
    "expect_column_values_to_be_between": (
        "field: born\narguments: {min_value: 2000-01-01, max_value: as_of}", [day("2000-01-01"), None], [day("2026-01-02")],
    ),
    "expect_column_value_lengths_to_be_between": ("field: login\narguments: {max_value: 2}", ["éé", None], ["aaa"]),
    "expect_column_value_lengths_to_equal": ("field: login\narguments: {value: 2}", ["aa"], ["a"]),
    "expect_column_values_to_match_regex": ("field: login\narguments: {regex: '^a'}", ["ab", None], ["ba"]),
    "expect_column_values_to_not_match_regex": ("field: login\narguments: {regex: '\\s'}", ["ab"], ["a b"]),
    "expect_column_values_to_match_regex_list": ("field: login\narguments: {regex_list: [a, b]}", ["a", "b"], ["c"]),
    "expect_column_values_to_not_match_regex_list": ("field: login\narguments: {regex_list: [a, b]}", ["c"], ["b"]),
    "expect_column_values_to_match_strftime_format": (
        "field: login\narguments: {strftime_format: '%Y-%m-%d'}", ["2001-02-03", None], ["2001-02-30"],
    ),
    "expect_column_values_to_be_json_parseable": ("field: login", ["{}"], ["{"]),
    "expect_column_distinct_values_to_be_in_set": ("field: login\narguments: {value_set: [a]}", ["a", "a"], ["a", "b"]),
    "expect_column_distinct_values_to_contain_set": ("field: login\narguments: {value_set: [a]}", ["a", "b"], ["b"]),
    "expect_column_distinct_values_to_equal_set": ("field: login\narguments: {value_set: [a]}", ["a", "a"], ["a", "b"]),
    "expect_column_most_common_value_to_be_in_set": (
        "field: login\narguments: {value_set: [a]}", ["a", "a", "b"], ["b", "b", "a"],
    ),
    "expect_column_min_to_be_between": ("field: age\narguments: {min_value: 1}", [1, 2], [0, 2]),
    "expect_column_max_to_be_between": ("field: seen\narguments: {max_value: as_of}", [day("2025-01-01")], [day("2027-01-01")]),
    "expect_column_mean_to_be_between": ("field: age\narguments: {max_value: 2}", [1, 3], [2, 3]),
    "expect_column_median_to_be_between": ("field: age\narguments: {max_value: 2}", [1, 2, 9], [1, 3, 9]),
    "expect_column_stdev_to_be_between": ("field: score\narguments: {max_value: 1}", [1.0, 2.0], [1.0, 9.0]),
    "expect_column_sum_to_be_between": ("field: age\narguments: {min_value: 3, max_value: 3}", [1, 2, None], [1, 1]),
    "expect_column_unique_value_count_to_be_between": ("field: login\narguments: {min_value: 2}", ["a", "b"], ["a", "a"]),
    "expect_column_proportion_of_unique_values_to_be_between": (
        "field: login\narguments: {min_value: 1}", ["a", "b"], ["a", "a"],
    ),
    "expect_column_proportion_of_non_null_values_to_be_between": (
        "field: login\narguments: {min_value: 0.5}", ["a", None], ["a", None, None],
    ),
    "expect_column_pair_values_a_to_be_greater_than_b": (
        "field: [seen, born]", [(day("2001-01-02"), day("2001-01-01")), (None, day("2001-01-01"))], [(day("2001-01-01"),) * 2],
    ),
    "expect_column_pair_values_to_be_equal": ("field: [login, email]", [("a", "a"), (None, "a")], [("a", "b")]),
    "expect_compound_columns_to_be_unique": ("field: [login, age]", [("a", 1), ("a", 2)], [("a", 1), ("a", 1)]),
    "expect_select_column_values_to_be_unique_within_record": ("field: [login, email]", [("a", "b"), (None, "a")], [("a", "a")]),
    "expect_multicolumn_values_to_be_equal": ("field: [login, email]", [("a", "a")], [("a", "b")]),
    "expect_multicolumn_sum_to_equal": ("field: [age, score]\narguments: {sum_total: 3}", [(1, 2.0)], [(1, 1.0)]),
    "expect_table_row_count_to_be_between": ("arguments: {min_value: 2}", ["a", "b"], ["a"]),
    "expect_table_row_count_to_equal": ("arguments: {value: 1}", ["a"], ["a", "b"]),
}  # fmt: skip
TYPES = {"string": pa.string(), "int": pa.int64(), "decimal": pa.float64(), "flag": pa.bool_()}


def table(wanted: Wanted, values: list[Any]) -> pa.Table:
    """Rows of the fields of an expectation; keys count from 0."""
    rows = [value if isinstance(value, tuple) else (value,) for value in values]
    columns: dict[str, pa.Array] = {"_target_key": pa.array([str(at) for at in range(len(rows))], pa.string())}
    for at, column in enumerate(wanted.columns):
        columns[column.path] = pa.array([row[at] for row in rows], TYPES.get(column.type, pa.timestamp("us")))
    return pa.table(columns)


def wanted_of(load: Load, name: str, words: str) -> Wanted:
    (wanted,) = load(f"entity: people\nexpect: {name}\n{words}")
    return wanted


def test_every_expectation_passes_and_fails(load: Load) -> None:
    assert set(CASES) == set(vocabulary().expectations)
    judge, told = Judge(AS_OF), {}
    for name, (words, good, bad) in CASES.items():
        wanted = wanted_of(load, name, words)
        told[name] = [judge.judge(wanted, table(wanted, values)) for values in (good, bad)]
    wrong = {name: both for name, both in told.items() if [one.state for one in both] != ["passed", "failed"]}
    assert wrong == {}
    for name, (_, failed) in told.items():
        if vocabulary().expectations[name].each:
            assert failed.failing, f"{name} names no row"
            assert len(failed.failing) == failed.unexpected


def test_the_vocabulary_is_that_of_the_library_installed() -> None:
    from great_expectations import expectations

    there = {name for name in dir(expectations) if name.startswith("Expect") and name != "Expectation"}
    there |= {"UnexpectedRowsExpectation"} & set(dir(expectations))
    ours = {class_name(name): rule for name, rule in vocabulary().expectations.items()}
    known_names = {name.lower() for name in (*ours, *map(class_name, vocabulary().refused))}
    assert {name for name in there if name.lower() not in known_names} == set()
    for name, rule in ours.items():
        known = getattr(expectations, name).__fields__
        assert {*rule.arguments, *rule.always} <= set(known), name
        needed = {word for word, about in known.items() if about.required} - {"column", "column_A", "column_B", "column_list"}
        assert needed <= set(rule.needs), name
        assert rule.each == ("mostly" in known), name


def test_mostly_is_a_share_of_the_values(load: Load) -> None:
    judge = Judge(AS_OF)
    values = ["a"] * 9 + ["b"] + [None] * 90
    for mostly, state in ((0.9, "passed"), (0.91, "failed")):
        wanted = wanted_of(load, "in_set", f"field: login\narguments: {{value_set: [a]}}\nmostly: {mostly}")
        judged = judge.judge(wanted, table(wanted, values))
        assert (judged.state, judged.records, judged.values, judged.unexpected) == (state, 100, 10, 1)


def test_more_than_two_hundred_records_are_read(load: Load) -> None:
    wanted = wanted_of(load, "in_set", "field: login\narguments: {value_set: [a]}")
    judged = Judge(AS_OF).judge(wanted, table(wanted, ["a"] * 5000 + ["b"]))
    assert (judged.state, judged.failing) == ("failed", [5000])


def test_no_record_passes_row_by_row_and_is_nothing_to_observe(load: Load) -> None:
    judge = Judge(AS_OF)
    wanted = wanted_of(load, "not_null", "field: login")
    assert judge.judge(wanted, table(wanted, [])).state == "passed"
    wanted = wanted_of(load, "mean_between", "field: age\narguments: {min_value: 1}")
    assert judge.judge(wanted, table(wanted, [])).state == "error"
    assert judge.judge(wanted, table(wanted, [None])).state == "error"


def test_no_records_names_those_that_are_there(load: Load) -> None:
    wanted = wanted_of(load, "no_records", "where: age > 1")
    assert Judge(AS_OF).judge(wanted, table(wanted, ["a", "b"])).failing == [0, 1]
    assert Judge(AS_OF).judge(wanted, table(wanted, [])).state == "passed"


def test_an_exception_inside_is_no_pass_and_quotes_nothing(load: Load) -> None:
    wanted = wanted_of(load, "mean_between", "field: age\narguments: {min_value: 1}")
    rows = pa.table({"_target_key": ["0"], "age": ["Ana <ana@x.org>"]})
    judged = Judge(AS_OF).judge(wanted, rows)
    assert judged.state == "error"
    assert judged.why
    assert "ana@x.org" not in judged.why
    missing = pa.table({"_target_key": ["0"], "other": [1]})
    assert Judge(AS_OF).judge(wanted, missing).state == "error"


class Saying:
    """In place of the library: says what a test wants it to say."""

    def __init__(self, success: object, result: dict[str, Any], info: dict[str, Any] | None = None) -> None:
        self.answer = SimpleNamespace(success=success, result=result, exception_info=info or {"raised_exception": False})

    def get_batch(self, **_: Any) -> Saying:
        return self

    def validate(self, *_: Any, **__: Any) -> Any:
        if isinstance(self.answer.success, Exception):
            raise self.answer.success
        return self.answer


def said(load: Load, monkeypatch: pytest.MonkeyPatch, saying: Saying, words: str = "not_null\nfield: login") -> Any:
    monkeypatch.setattr(Judge, "_batches", saying)
    monkeypatch.setattr(Judge, "_expectation", lambda self, wanted: None)
    (wanted,) = load(f"entity: people\nexpect: {words}")
    return Judge(AS_OF).judge(wanted, table(wanted, ["a", "b"]))


GOOD = {"element_count": 2, "unexpected_count": 0, "unexpected_index_list": []}


@pytest.mark.parametrize(
    "saying",
    [
        Saying(True, GOOD | {"element_count": 1}),  # 200 of 2,546
        Saying(True, GOOD | {"unexpected_count": 1, "unexpected_index_list": [0]}),
        Saying(True, GOOD | {"unexpected_count": 1}),
        Saying(False, GOOD),
        Saying(True, {}),
        Saying(True, GOOD | {"missing_count": 9}),
        Saying(True, GOOD, {"raised_exception": True, "exception_message": "boom"}),
        Saying(True, GOOD, {"a metric": {"raised_exception": True, "exception_message": "boom"}}),
        Saying(ValueError("boom"), {}),
        Saying(RecursionError("boom"), {}),
    ],
)
def test_success_that_its_own_numbers_do_not_bear_out_is_no_pass(
    saying: Saying, load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert said(load, monkeypatch, saying).state == "error"


def test_the_numbers_that_do_are_believed(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    assert said(load, monkeypatch, Saying(True, GOOD)).state == "passed"


def test_a_count_of_other_rows_is_no_pass(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    judged = said(load, monkeypatch, Saying(True, {"observed_value": 1}), "count_between\narguments: {min_value: 1}")
    assert judged.state == "error"


def test_running_out_of_memory_is_told(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MemoryError):
        said(load, monkeypatch, Saying(MemoryError(), {}))


OFFLINE = """
import socket
def no(*_): raise AssertionError("a socket was opened")
socket.socket.connect = no
socket.create_connection = no
socket.getaddrinfo = no
import datetime as dt, sys
from pathlib import Path
import pyarrow as pa
from migrate.contracts.load import load_contract
from validators.expectations.judge import Judge
from validators.expectations.load import load_suites
(suite,) = load_suites(Path("suites"), load_contract(Path("hub.yaml")))
rows = pa.table({"_target_key": ["0", "1"], "login": ["a", None]})
print([Judge(dt.datetime(2026, 1, 1)).judge(one, rows).state for one in suite.wanted])
"""


@pytest.mark.long
def test_nothing_is_sent_and_nothing_is_written(tmp_path: Path, hub: LoadedContract) -> None:
    home, work = tmp_path / "home", tmp_path / "work"
    (work / "suites").mkdir(parents=True)
    home.mkdir()
    (work / "hub.yaml").write_text(hub.document.file.read_text("utf-8"), "utf-8")
    suite = "suite: s\nexpectations:\n  - {code: ACC-ONE, entity: people, expect: not_null, field: login, reason: r}\n"
    (work / "suites" / "s.yaml").write_text(suite, "utf-8")
    root = Path(inspect.getfile(Judge)).parents[2]
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", OFFLINE]
    done = subprocess.run(command, cwd=work, env=environment, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("['failed']\n", "")
    assert list(home.rglob("*")) == []
    assert sorted(path.name for path in work.rglob("*")) == ["hub.yaml", "s.yaml", "suites"]
