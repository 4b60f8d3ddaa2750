from __future__ import annotations

import pytest

from migrate.defects import traced, without_values
from migrate.live.quoting import quoted


@pytest.mark.parametrize(
    ("message", "values", "said"),
    [
        ("the name ana.lima is taken", ["ana.lima"], 'the name "ana.lima" is taken'),
        ("Ana and Ana Lima", ["Ana", "Ana Lima"], '"Ana" and "Ana Lima"'),
        ("already 'ana'", ["ana"], "already 'ana'"),
        ("banana", ["ana"], "banana"),
        ("it is on", ["on", None, 7, ""], "it is on"),
        ("", ["ana"], ""),
    ],
)
def test_what_a_target_repeats_stands_in_quotation_marks(message: str, values: list[object], said: str) -> None:
    assert quoted(message, values) == said


def test_what_libraries_quote_is_left_out() -> None:
    said = without_values("Could not convert string 'Ana Lima' to INT64 for \"ana\" (ana@x.org); don't")
    assert said == "Could not convert string '...' to INT64 for '...' (...); don't"


def test_a_traceback_names_files_and_nobody() -> None:
    try:
        try:
            int("Ana Lima")
        except ValueError as error:
            raise KeyError("ana@x.org") from error
    except KeyError as error:
        text = traced(error)
    assert "test_quoting.py" in text
    assert text.index("ValueError") < text.index("KeyError")
    assert "invalid literal for int() with base 10: '...'" in text
    assert "ana@x.org" not in text.replace('raise KeyError("ana@x.org")', "")
