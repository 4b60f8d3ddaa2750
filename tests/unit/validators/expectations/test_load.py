"""Suites: what can be said, and what is said of it where it cannot."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from migrate.contracts.load import LoadedContract
from migrate.errors import ConfigurationError, Problem
from validators.expectations.load import AS_OF, Wanted, load_suites
from validators.expectations.vocabulary import vocabulary

Load = Callable[..., list[Wanted]]
Refused = Callable[..., Problem]


def test_a_suite_is_read(load: Load) -> None:
    (wanted,) = load("entity: people\nexpect: not_null\nfield: login\nwhere: status = 'active'\nmostly: 0.5\ngate: false")
    assert wanted.name == "expect_column_values_to_not_be_null"
    assert [column.path for column in wanted.columns] == ["login"]
    assert {column.path for column in wanted.used} == {"login", "status"}
    assert (wanted.model.mostly, wanted.model.gate, wanted.place.line) == (0.5, False, 3)


@pytest.mark.parametrize(
    ("words", "path", "value"),
    [
        ("expect: not_null\nfield: login\nwhere: status = 'actve'", "status", "actve"),
        ("expect: no_records\nwhere: login = 'gone' or 'deletd' <> status", "status", "deletd"),
        ("expect: not_null\nfield: login\nwhere: status in ('active', 'gone')", "status", "gone"),
        ("expect: not_in_set\nfield: status\narguments: {value_set: [deletd]}", "status", "deletd"),
    ],
)
def test_a_value_that_the_target_does_not_take_is_refused(refused: Refused, words: str, path: str, value: str) -> None:
    """Of records with such a value everything would hold: there are none."""
    problem = refused(f"entity: people\n{words}")
    assert (problem.message, problem.value) == (f"ACC-ONE: {path} has no such value", value)
    assert "active" in problem.allowed


def test_the_name_of_great_expectations_means_the_same(load: Load) -> None:
    (ours,) = load("entity: people\nexpect: between\nfield: age\narguments: {min_value: 1}")
    (theirs,) = load("entity: people\nexpect: expect_column_values_to_be_between\nfield: age\narguments: {min_value: 1}")
    assert (ours.name, ours.arguments) == (theirs.name, theirs.arguments)


def test_a_field_may_be_one_of_the_record_that_a_reference_names(load: Load) -> None:
    (wanted,) = load("entity: places\nexpect: not_null\nfield: mail.age\nwhere: person.status = 'deleted'")
    (column,) = wanted.columns
    assert (column.entity, column.field, column.through, column.type) == ("people", "age", "mail", "int")


def test_what_refers_is_text_whatever_its_type(load: Load) -> None:
    (wanted,) = load("entity: places\nexpect: in_set\nfield: person\narguments: {value_set: ['7']}")
    assert wanted.columns[0].type == "string"


def test_bounds_of_dates_are_instants(load: Load) -> None:
    (wanted,) = load("entity: people\nexpect: between\nfield: born\narguments: {min_value: 2001-02-03, max_value: as_of}")
    assert wanted.arguments == {"min_value": dt.datetime(2001, 2, 3), "max_value": AS_OF}
    (wanted,) = load("entity: people\nexpect: between\nfield: seen\narguments: {min_value: '2001-02-03T02:00:00+02:00'}")
    assert wanted.arguments == {"min_value": dt.datetime(2001, 2, 3)}


def test_a_short_word_may_imply_arguments(load: Load) -> None:
    (wanted,) = load("entity: people\nexpect: no_records\nwhere: age < 0")
    assert (wanted.name, wanted.arguments, wanted.columns) == ("expect_table_row_count_to_equal", {"value": 0}, ())


WRONG = {
    "unknown word": ("entity: people\nexpect: not_null\nfield: login\nwhen: x", "unknown word 'when'", "where", (8, 5)),
    "unknown entity": ("entity: persons\nexpect: not_null\nfield: login", "hub has no such entity", "people", (5, 5)),
    "unknown field": ("entity: people\nexpect: not_null\nfield: logn", "people has no such field", "login", (7, 5)),
    "one of several fields": (
        "entity: people\nexpect: unique_together\nfield: [login, mail]", "people has no such field", "email", (7, 20),
    ),
    "unknown expectation": ("entity: people\nexpect: not_nul\nfield: login", "no such expectation", "not_null", (6, 5)),
    "no reference": ("entity: people\nexpect: not_null\nfield: login.x", "refers to no other record", None, (7, 5)),
    "unknown field of the record": (
        "entity: places\nexpect: not_null\nfield: person.x", "people has no such field", "person.age", (7, 5),
    ),
    "two dots": ("entity: places\nexpect: not_null\nfield: person.x.y", "String should match", None, (7, 5)),
    "no field": ("entity: people\nexpect: not_null", "is about one field", "one field", (3, 5)),
    "too many fields": ("entity: people\nexpect: greater\nfield: [age, score, age]", "two fields", "two fields", (7, 5)),
    "a field twice": ("entity: people\nexpect: unique_together\nfield: [age, age]", "stands twice", None, (7, 5)),
    "the wrong type of field": (
        "entity: people\nexpect: matches\nfield: age\narguments: {regex: x}", "is not for age", "string", (7, 5),
    ),
    "fields that cannot be compared": (
        "entity: people\nexpect: not_less\nfield: [born, age]", "cannot be compared", None, (7, 5),
    ),
    "unknown argument": (
        "entity: people\nexpect: between\nfield: age\narguments: {max_value: 3, min: 1}", "no such argument",
        "min_value", (8, 31),
    ),
    "missing argument": ("entity: people\nexpect: in_set\nfield: age", "needs value_set", "value_set", (3, 5)),
    "no bound": ("entity: people\nexpect: between\nfield: age\narguments: {strict_min: true}", "min_value or max", None, (8, 5)),
    "the wrong type of value": (
        "entity: people\nexpect: in_set\nfield: age\narguments: {value_set: [1, '2']}", "not of the field's type", None, (8, 17),
    ),
    "text for a number": (
        "entity: people\nexpect: between\nfield: age\narguments: {min_value: '1'}", "type, int", "a whole number", (8, 17),
    ),
    "a truth value for a number": (
        "entity: people\nexpect: between\nfield: score\narguments: {min_value: true}", "type, decimal", "a number", (8, 17),
    ),
    "no date": (
        "entity: people\nexpect: between\nfield: born\narguments: {min_value: 2001-02-30}", "is no date", "as_of", (8, 17),
    ),
    "an object for a value": (
        "entity: people\nexpect: in_set\nfield: login\narguments: {value_set: {$PARAMETER: x}}", "list of values", None, (8, 17),
    ),
    "bounds the wrong way round": (
        "entity: people\nexpect: between\nfield: age\narguments: {min_value: 3, max_value: 1}",
        "is above max_value", None, (8, 17),
    ),
    "a pattern that is none": (
        "entity: people\nexpect: matches\nfield: login\narguments: {regex: '('}", "no.* regular expression", None, (8, 17),
    ),
    "a pattern that could hang": (
        "entity: people\nexpect: matches\nfield: login\narguments: {regex: '(?=a)'}", "no.* regular expression", None, (8, 17),
    ),
    "mostly of none": ("entity: people\nexpect: not_null\nfield: age\nmostly: 0", "greater than 0", None, (8, 5)),
    "mostly of more than all": (
        "entity: people\nexpect: not_null\nfield: age\nmostly: 90", "less than or equal to 1", None, (8, 5),
    ),
    "mostly of all together": (
        "entity: people\nexpect: sum_between\nfield: age\narguments: {min_value: 1}\nmostly: 0.5",
        "takes no mostly", None, (9, 5),
    ),
    "a condition that is none": ("entity: people\nexpect: not_null\nfield: age\nwhere: age >", "does not parse", None, (8, 5)),
    "a condition over a foreign field": (
        "entity: people\nexpect: not_null\nfield: age\nwhere: room = 1", "no such field", "login", (8, 5),
    ),
    "a condition that reads a file": (
        "entity: people\nexpect: not_null\nfield: age\nwhere: read_text('/etc/passwd') = ''", "where: ", None, (8, 5),
    ),
    "a condition of Python": (
        "entity: people\nexpect: not_null\nfield: age\nwhere: __import__('os').system('id') = 0", "where: ", None, (8, 5),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_meant_is_refused_where_it_stands(case: str, refused: Refused) -> None:
    text, message, allowed, at = WRONG[case]
    problem = refused(text)
    assert any(part in problem.message for part in message.split(".* ")), problem.message
    assert problem.place is not None
    assert (problem.place.line, problem.place.column) == at
    assert allowed is None or allowed in problem.allowed


@pytest.mark.parametrize("name", vocabulary().refused)
def test_what_is_unsound_is_refused_with_the_reason(name: str, refused: Refused) -> None:
    problem = refused(f"entity: people\nexpect: {name}\nfield: age")
    assert vocabulary().refused[name] in problem.message


def test_the_query_comparison_is_refused_for_what_it_does_not_read() -> None:
    assert "200 records" in vocabulary().refused["expect_query_results_to_match_comparison"]


def test_a_code_stands_once_in_all_suites(tmp_path: Path, hub: LoadedContract) -> None:
    text = "suite: s\nexpectations:\n  - {code: ACC-ONE, entity: people, expect: not_null, field: age, reason: r}\n"
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(text, "utf-8")
    with pytest.raises(ConfigurationError, match=r"the code stands twice; first at .*a\.yaml:3:6"):
        load_suites(tmp_path, hub)


def test_all_problems_of_all_files_are_told_at_once(tmp_path: Path, hub: LoadedContract) -> None:
    text = "suite: s\nexpectations:\n  - {code: ACC-%s, entity: no, expect: neither, field: age, reason: r}\n"
    (tmp_path / "a.yaml").write_text(text % "A", "utf-8")
    (tmp_path / "b.yaml").write_text(text % "B", "utf-8")
    (tmp_path / "c.yml").write_text("", "utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_suites(tmp_path, hub)
    assert len(caught.value.problems) == 5


def test_a_suite_that_expects_nothing_is_none(refused: Refused) -> None:
    assert refused("suite: s\nexpectations: []\n", whole=True).message == "the suite expects nothing"


def test_no_suites_are_no_problem(tmp_path: Path, hub: LoadedContract) -> None:
    assert load_suites(tmp_path / "nowhere", hub) == []


def test_reading_and_checking_does_without_great_expectations() -> None:
    code = "import sys, migrate.pipeline, migrate.cli.check, reports.html; print('great_expectations' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
