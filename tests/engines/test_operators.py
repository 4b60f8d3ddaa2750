"""Each operator and each expression of the vocabulary: both engines give the same answer, whatever the value is."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pyarrow as pa
import pytest
from both import answers, columns_that_answer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from migrate.compiler.text import name, translate
from migrate.expressions import operators, parse_expression
from migrate.expressions.vocabulary import VALUES

STEPS: dict[str, list[tuple[str, Any]]] = {
    "trim": [("text", "trim")],
    "lower": [("text", "lower")],
    "upper": [("text", "upper")],
    "nfc": [("text", "nfc")],
    "squeeze": [("text", "squeeze")],
    "blank_to_null": [("text", "blank_to_null")],
    "remove_control": [("text", "remove_control")],
    "strip_html": [("text", "strip_html")],
    "unescape_html": [("text", "unescape_html")],
    "multilang": [("text", {"multilang": "en"})],
    "truncate": [("text", {"truncate": 3})],
    "default": [("text", {"default": "O'Neill \\ é"}), ("whole", {"default": 7}), ("flag", {"default": True})],
    "prefix": [("text", {"prefix": "m-"}), ("whole", {"prefix": "m-"}), ("number", {"prefix": "m-"})],
    "suffix": [("text", {"suffix": "'\\n"}), ("instant", {"suffix": "Z"})],
    "replace": [("text", {"replace": {"find": "é", "with": "\\"}}), ("text", {"replace": {"find": "", "with": "x"}})],
    "regex": [
        ("text", {"regex": {"find": r"(\w)\s*$", "with": r"<\1>"}}),
        ("text", {"regex": {"find": r"(?i)[^a-z\d\p{L}]+", "with": "$0"}}),
        ("text", {"regex": r"\b."}),
    ],
    "date": [("instant", {"date": zone}) for zone in ("Europe/Madrid", "America/Sao_Paulo", "Asia/Kathmandu")],
    "instant": [("instant", {"instant": zone}) for zone in ("Europe/Madrid", "Pacific/Apia")] + [("day", {"instant": "UTC"})],
    "number": [("text", "number"), ("text", {"number": {"decimal": ","}})],
    "pad": [("text", {"pad": {"width": 4}}), ("text", {"pad": {"width": 4, "with": "é"}})],
    "scale": [("number", {"scale": {"factor": 0.01, "offset": 1}}), ("whole", {"scale": {"factor": 3}})],
}
"""For each operator: the column it is tried on, and the step."""
pytestmark = pytest.mark.usefixtures("on_spark")
KINDS = {"text": "other", "whole": "count", "number": "ratio", "instant": "later", "day": "next_day", "flag": "mark"}
"""Two columns of each type."""

words = st.sampled_from(
    [
        "", " ", "é", "e\u0301", "ǅ", "ß", "İ", "ı", "Σας", "👩‍👩‍👧", "\u00a0x\u2003", "a\u200bb", "\u202eabc",
        "\x0b x\n", "\r\n", "x\u2028y", "١٢٣", "ﬁ", "007", "7", "1,234.5", "1.234,5", "-1e5", "1_000", "NaN", "inf",
        "true", "0", "2024-02-29", "2024-03-31 02:30:00", "2024-03-31T02:30:00+02:00", "0001-01-01", "99999-01-01",
        "<b>x</b> & y", "a < b", "&amp;lt;", "&#39;", '<span lang="en" class="multilang">Hi</span>x',
        "{mlang en}Hi{mlang}{mlang es}Hola{mlang}", "x-y", "a|b", "a\\|b", "O'Neill", "$0\\1",
    ]
)  # fmt: skip
texts = st.one_of(st.none(), words, st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8))
wholes = st.one_of(st.none(), st.sampled_from([0, 1, -1, 7, 10**6]), st.integers(-(2**31), 2**31))
numbers = st.one_of(
    st.none(), st.sampled_from([0.0, -0.0, 0.1, 1e7, 1e-7, 1e16, 1 / 3, float("nan"), float("inf"), 5e-324]), st.floats(width=64)
)
instants = st.one_of(
    st.none(),
    st.sampled_from(
        [
            dt.datetime(2024, 3, 31, 1, 30), dt.datetime(2024, 10, 27, 0, 30, 0, 1),
            dt.datetime(1969, 12, 31, 23, 59, 59, 999999),
            dt.datetime(2011, 12, 30, 12), dt.datetime(1883, 11, 18, 12), dt.datetime(1, 1, 1), dt.datetime(9999, 12, 30),
        ]
    ),
    st.datetimes(dt.datetime(1, 1, 2), dt.datetime(9999, 12, 30)),
)  # fmt: skip
days = st.one_of(st.none(), st.dates(dt.date(1, 1, 2), dt.date(9999, 12, 30)))
flags = st.one_of(st.none(), st.booleans())
ROW = st.tuples(
    texts, texts, wholes, wholes, numbers, numbers, instants, instants, days, days, flags, flags
)  # fmt: skip
SCHEMA = pa.schema(
    [
        (column, kind)
        for (one, two), kind in zip(
            KINDS.items(),
            (pa.string(), pa.int64(), pa.float64(), pa.timestamp("us"), pa.date32(), pa.bool_()),
            strict=True,
        )
        for column in (one, two)
    ]
)
OWN = ("key(a, b)", "uuid5('6ba7b811-9dad-11d1-80b4-00c04fd430c8', a)")
"""Functions of this tool's own that are no more than the engine's expressions."""
SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture)


def _table(rows: list[tuple[Any, ...]]) -> pa.Table:
    columns = [pa.array(column, kind.type) for column, kind in zip(zip(*rows, strict=True), SCHEMA, strict=True)]
    table = pa.Table.from_arrays(columns, schema=SCHEMA)
    return table.append_column("id", pa.array(range(len(rows)), pa.int64()))


def _compare(spark: Any, table: pa.Table, expressions: list[str]) -> None:
    asked = columns_that_answer(table, expressions)
    columns = ", ".join(f"{sql} AS c{number}" for number, sql in enumerate(asked))
    expected, got = answers(spark, {"rows": table}, f"SELECT id, {columns} FROM rows ORDER BY id", ordered=True)
    if expected == got:
        return
    for sql in asked:  # one by one, so that the failure names it
        one = answers(spark, {"rows": table}, f"SELECT id, {sql} AS c FROM rows ORDER BY id", ordered=True)
        assert one[0] == one[1], sql
    raise AssertionError("the engines differ only where the expressions stand side by side")


def operator_expressions() -> list[str]:
    """Every operator on the columns it is for."""
    return [operators.apply((step,), name(column)) for tried in STEPS.values() for column, step in tried]


def vocabulary_expressions() -> list[str]:
    """Every expression of the vocabulary, on columns of each type."""
    found = []
    for text in (*VALUES, *OWN):
        for one, two in KINDS.items():
            spelled = {"a": one, "b": two, "c": "mark"}

            def resolve(table: str, column: str, spelled: dict[str, str] = spelled) -> str:
                return name(spelled.get(column, column))

            found.append(translate(parse_expression(text), resolve, "2024-05-01 12:00:00"))
    return list(dict.fromkeys(found))


def test_no_operator_is_left_out() -> None:
    assert set(STEPS) == set(operators.operators())
    assert all(step == of or of in step for of, tried in STEPS.items() for _, step in tried)


def test_most_expressions_of_the_vocabulary_have_an_answer() -> None:
    row: Any = (
        "x",
        "y",
        1,
        2,
        1.5,
        2.5,
        dt.datetime(2024, 1, 2),
        dt.datetime(2024, 1, 3),
        dt.date(2024, 1, 2),
        None,
        True,
        False,
    )
    every = vocabulary_expressions()
    answered = set(columns_that_answer(_table([row]), every))
    silent = [text for text in (*VALUES, *OWN) if not _answered(text, answered)]
    assert not silent


def _answered(text: str, answered: set[str]) -> bool:
    for one, two in KINDS.items():
        spelled = {"a": one, "b": two, "c": "mark"}
        sql = translate(parse_expression(text), lambda _, c, s=spelled: name(s.get(c, c)), "2024-05-01 12:00:00")
        if sql in answered or any(other.endswith(f" + ({sql})") for other in answered):
            return True
    return False


def test_a_few_operators_agree(spark: Any) -> None:
    """One statement, wherever PySpark is installed; the others are long."""
    texts_ = ["\u00a0x ", "ß", "1,5", None]
    later = [dt.datetime(2024, 3, 31, 0, 30), dt.datetime(1969, 12, 31, 23, 30), None, dt.datetime(2024, 10, 27, 1)]
    table = pa.table({"id": range(4), "text": texts_, "instant": pa.array(later, pa.timestamp("us"))})
    tried = [("text", "trim"), ("text", "upper"), ("text", {"number": {"decimal": ","}}), ("instant", {"date": "Europe/Madrid"})]
    _compare(spark, table, [operators.apply((step,), name(column)) for column, step in tried])


@pytest.mark.long
@given(rows=st.lists(ROW, min_size=60, max_size=120))
@settings(max_examples=12, deadline=None, suppress_health_check=SLOW)
def test_operators_agree_on_many_values(spark: Any, rows: list[tuple[Any, ...]]) -> None:
    _compare(spark, _table(rows), operator_expressions())


@pytest.mark.long
@given(rows=st.lists(ROW, min_size=60, max_size=120))
@settings(max_examples=4, deadline=None, suppress_health_check=SLOW)
def test_the_vocabulary_agrees(spark: Any, rows: list[tuple[Any, ...]]) -> None:
    _compare(spark, _table(rows), vocabulary_expressions())
