"""Errors: what a person reads, and what the process ends with."""

from __future__ import annotations

from pathlib import Path

from migrate.errors import (
    ConfigurationError,
    MigrateError,
    OutOfSpace,
    Place,
    Problem,
    RunFailed,
    SourceLost,
    SourceRefused,
    Unbalanced,
)


def test_a_problem_shows_value_choice_and_next_step() -> None:
    problem = Problem("bad word", Place(Path("f.yaml"), 3, 7), "x", ("a", "b"), "write a")
    assert str(problem).splitlines() == [
        "f.yaml:3:7: bad word",
        "    value:   x",
        "    allowed: a, b",
        "    next:    write a",
    ]
    assert str(Problem("bare")) == "bare"
    assert "value:   0" in str(Problem("zero", value=0))
    assert "value:" in str(Problem("blank", value=""))


def test_long_values_are_shortened() -> None:
    lines = str(Problem("m", value="x" * 500, allowed=tuple("abc" * 300))).splitlines()
    assert all(len(line) <= 420 for line in lines)
    assert lines[1].endswith("...")


def test_a_configuration_error_lists_its_problems() -> None:
    error = ConfigurationError("2 problems", problems=iter([Problem("one"), Problem("two")]), hint="mend")
    assert str(error) == "one\ntwo\n2 problems\n    next:    mend"
    assert str(MigrateError("lost")) == "lost"


def test_exit_codes() -> None:
    codes = {
        kind.__name__: kind("x").exit_code
        for kind in (ConfigurationError, SourceRefused, RunFailed, SourceLost, OutOfSpace, Unbalanced)
    }
    assert codes == {
        "ConfigurationError": 2,
        "SourceRefused": 2,
        "RunFailed": 3,
        "SourceLost": 3,
        "OutOfSpace": 3,
        "Unbalanced": 3,
    }


def test_places_sort_by_file_line_and_column() -> None:
    a, b, c = Place(Path("a"), 2, 1), Place(Path("a"), 10, 1), Place(Path("b"), 1, 1)
    assert sorted([c, b, a]) == [a, b, c]
