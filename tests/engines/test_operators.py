"""Each operator and each expression of the vocabulary: both engines give the same answer, whatever the value is."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pyarrow as pa
import pytest
from both import answerable, answers
from hypothesis import HealthCheck, Phase, given, settings
from odd_values import KINDS, ZONES, table, tables

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
    "default": [
        ("text", {"default": "O'Neill \\ é"}), ("whole", {"default": 7}), ("flag", {"default": True}), ("number",
        {"default": -0.0}),
        ("part", {"default": 2**31}), ("money", {"default": 0.5}), ("natural", {"default": -1}),
    ],
    "prefix": [(kind, {"prefix": "m-"}) for kind in KINDS],
    "suffix": [(kind, {"suffix": "'\\n"}) for kind in KINDS],
    "replace": [("text", {"replace": {"find": "é", "with": "\\"}}), ("text", {"replace": {"find": "", "with": "x"}})],
    "regex": [
        ("text", {"regex": {"find": r"(\w)\s*$", "with": r"<\1>"}}),
        ("text", {"regex": {"find": r"(?i)[^a-z\d\p{L}]+", "with": "$0"}}),
        ("text", {"regex": r"\b."}),
    ],
    "date": [(kind, {"date": zone}) for zone in ZONES for kind in ("instant", "later")],
    "instant": [(kind, {"instant": zone}) for zone in ZONES for kind in ("instant", "later", "day", "text")],
    "number": [("text", "number"), ("text", {"number": {"decimal": ","}})],
    "pad": [("text", {"pad": {"width": 4}}), ("text", {"pad": {"width": 4, "with": "é"}})],
    "scale": [
        *((kind, {"scale": {"factor": 0.01, "offset": 1}}) for kind in ("number", "whole", "part", "natural", "money", "vast")),
        ("number", {"scale": {"factor": -1e300}}),
    ],
}  # fmt: skip
"""For each operator: the column it is tried on, and the step."""
pytestmark = pytest.mark.usefixtures("on_spark")
OWN = ("key(a, b)", "uuid5('6ba7b811-9dad-11d1-80b4-00c04fd430c8', a)")
"""Functions of this tool's own that are no more than the engine's expressions."""
PARTS_OF_TIME = (
    "year", "quarter", "month", "week", "day", "hour", "minute", "second", "decade", "century", "isoyear", "dow",
    "isodow", "doy",
    "epoch", "millisecond", "microsecond", "era",
)  # fmt: skip
FURTHER = (
    *(f"date_part('{part}', a)" for part in PARTS_OF_TIME),
    *(f"date_trunc('{part}', a)" for part in PARTS_OF_TIME[:9]),
    *(f"date_diff('{part}', a, b)" for part in PARTS_OF_TIME[:9]),
    *(f"strftime(a, '{shape}')" for shape in ("%d.%m.%y %H:%M:%S.%f", "%-d %B %A %b %a", "%I:%M %p",
    "%j %U %W %u %G-W%V", "%x %X %%")),
    "a + interval '1' month", "a - interval 1 year", "cast(a as date) + 1", "cast(a as date) - cast(b as date)",
    "regexp_extract(a, '(\\d+)[.,](\\d+)', 2)", "regexp_replace(a, '(?i)(s|ß)', '[\\1]', 'g')",
    "regexp_matches(a, '^\\s*$')", "regexp_full_match(a, '\\p{Lu}.*')", "regexp_matches(a, '\\bx\\b')",
    "regexp_replace(a, '.', '', 'g')", "trim(a) = ''", "length(trim(a))", "lower(upper(a)) = lower(a)", "upper(a) < upper(b)",
    "a || cast(b as text)", "left(a, -1)", "right(a, 2)", "substring(a, -2)", "substring(a, 0, 2)", "split_part(a, '.', -1)",
    "lpad(a, 5, 'é')", "a like '%\\_%'", "a like '_'", "a not like '% '", "length(a) > 1 and a <> ''",
    "round(a, -2)", "round(a, 0)", "round(a / 3, 4)", "cast(round(a) as bigint)", "a * 1.1", "a * a", "a + 0.1",
    "a // 7", "-a % 5",
    "a / 0", "a // 0", "a % 0", "cast(a as decimal(4, 1))", "cast(a as decimal(38, 10))", "cast(a as decimal(18, 4)) * 3.5",
    "cast(cast(a as double) as text)", "cast(cast(a as bigint) as text)", "cast(cast(a as timestamp) as text)",
    "cast(trim(a) as bigint) + 1", "cast(a as bigint) = cast(b as bigint)", "cast(a as text) = cast(b as text)",
    "cast(a as boolean) and not c", "coalesce(a, 0)", "coalesce(a, 0.5)", "coalesce(cast(a as text), '')",
    "nullif(a, 0)", "nullif(a, '')",
    "a = 0", "a <> 7", "a < 1.5", "a in (0, 1, null)", "a in ('', 'a', null)", "a not in ('a', 'ß')",
    "a between b and b", "a is distinct from 0",
    "case a when b then 'same' when 0 then 'none' else cast(b as text) end", "case when a < b then a else b end",
    "case when a = b then 1 when c then 2.5 end", "(a = b or c) and not (a < b and c)", "not c or a is null", "c = (a = b)",
    "greatest(a, 1)", "least(a, b, null)", "greatest(cast(a as text), cast(b as text))", "concat(a, null, c)",
    "concat_ws('', a, b, c)",
    "key(a, b, c)", "uuid5(a, b)", "sha1(cast(a as text))", "starts_with(a, '')", "contains(a, ' ')", "strpos(a, 'e')",
)  # fmt: skip
"""More of what its words can say."""
SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture)


def _compare(spark: Any, table: pa.Table, expressions: list[str]) -> None:
    asked = answerable(table, expressions)
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


def vocabulary_expressions() -> dict[str, list[str]]:
    """Every expression of the vocabulary, on columns of each type."""
    return {
        text: list(dict.fromkeys(_on_columns(text, one, two) for one, (two, *_) in KINDS.items()))
        for text in (*VALUES, *OWN, *FURTHER)
    }


def _on_columns(text: str, one: str, two: str) -> str:
    spelled = {"a": one, "b": two, "c": "mark"}
    return translate(parse_expression(text), lambda _, column: name(spelled.get(column, column)), "2024-05-01 12:00:00")


def test_no_operator_is_left_out() -> None:
    assert set(STEPS) == set(operators.operators())
    assert all(step == of or of in step for of, tried in STEPS.items() for _, step in tried)


def test_every_expression_of_the_vocabulary_has_an_answer_for_odd_values() -> None:
    odd = table({kind: [*values, None] for kind, (_, _, values, _) in KINDS.items()}, 5)
    assert [text for text, written in vocabulary_expressions().items() if not answerable(odd, written)] == []
    assert len(answerable(odd, operator_expressions())) == len(operator_expressions())


def test_a_few_operators_agree(spark: Any) -> None:
    """One statement, wherever PySpark is installed; the others are long."""
    texts_ = ["\u00a0x ", "ß", "1,5", None]
    later = [dt.datetime(2024, 3, 31, 0, 30), dt.datetime(1969, 12, 31, 23, 30), None, dt.datetime(2024, 10, 27, 1)]
    few = pa.table({"id": range(4), "text": texts_, "instant": pa.array(later, pa.timestamp("us"))})
    tried = [("text", "trim"), ("text", "upper"), ("text", {"number": {"decimal": ","}}), ("instant", {"date": "Europe/Madrid"})]
    _compare(spark, few, [operators.apply((step,), name(column)) for column, step in tried])


@pytest.mark.long
@given(odd=tables())
@settings(max_examples=3, deadline=None, phases=[Phase.generate], suppress_health_check=SLOW)
def test_operators_agree_on_odd_values(spark: Any, odd: pa.Table) -> None:
    _compare(spark, odd, operator_expressions())


@pytest.mark.long
@given(odd=tables())
@settings(max_examples=2, deadline=None, phases=[Phase.generate], suppress_health_check=SLOW)
def test_the_vocabulary_agrees_on_odd_values(spark: Any, odd: pa.Table) -> None:
    _compare(spark, odd, list(dict.fromkeys(sql for written in vocabulary_expressions().values() for sql in written)))
