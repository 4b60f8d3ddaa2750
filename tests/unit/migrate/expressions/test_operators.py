"""Operators: each is compiled from its own docstring and run, and behaves on null, blank, foreign and hostile text."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from migrate.engine import session
from migrate.expressions.operators import OperatorError, apply, filled, operators, text
from migrate.located_yaml import parse

EXAMPLES = {
    name: match[1]
    for name, function in operators().items()
    if (match := re.search(r"`(do: \[.*?\])`", " ".join((function.__doc__ or "").split())))
}
SCRIPTS = (
    "Ana",
    "Núñez",
    "Ωμέγα",
    "Юрий",
    "שלום",
    "محمد علي",
    "हिन्दी",
    "山田 太郎",
    "김철수",
    "ไทย",
    "👩‍👩‍👧 👍🏽",
    "𝔘𝔫𝔦",
)
KINDS = {"date": "TIMESTAMP", "instant": "TIMESTAMP", "scale": "DOUBLE"}
Evaluate = Callable[..., list[Any]]


def do(steps: str, sql: str = "x") -> str:
    return apply(tuple(parse(f"do: {steps}", Path("f")).data["do"]), sql)


@pytest.mark.parametrize("name", operators())
def test_every_operator_has_an_example_that_runs(name: str) -> None:
    assert name in EXAMPLES, f"{name} has no example `do: [...]` in its docstring"
    steps = parse(EXAMPLES[name], Path("f")).data["do"]
    assert name in [step if isinstance(step, str) else next(iter(step)) for step in steps]
    with session() as connection:
        sql = apply(tuple(steps), "x")
        value = {"TIMESTAMP": "2024-01-01 00:00:00", "DOUBLE": "12"}.get(KINDS.get(name, ""), "12")
        for given in (value, None):
            connection.execute(f"SELECT {sql} FROM (SELECT CAST(? AS {KINDS.get(name, 'VARCHAR')}) AS x)", [given])


@pytest.mark.parametrize("name", [n for n in operators() if n != "default"])
def test_null_stays_null(name: str, values: Evaluate) -> None:
    steps = tuple(parse(EXAMPLES[name], Path("f")).data["do"])
    assert values(apply(steps, "x"), [None], KINDS.get(name, "VARCHAR")) == [None]


TEXT_STEPS = (
    "[trim]", "[nfc]", "[squeeze]", "[blank_to_null]", "[remove_control]", "[strip_html]", "[unescape_html]",
    "[{multilang: en}]", "[{truncate: 255}]", "[{default: x}]", "[{replace: {find: ';', with: ','}}]",
    "[{regex: {find: '[0-9]', with: ''}}]", "[{pad: {width: 1}}]",
)  # fmt: skip


@pytest.mark.parametrize("steps", TEXT_STEPS)
def test_names_in_every_script_are_left_alone(steps: str, values: Evaluate) -> None:
    assert values(do(steps), SCRIPTS) == list(SCRIPTS)


@pytest.mark.parametrize(
    ("steps", "given", "expected"),
    [
        ("[trim]", " \t\n a b \u00a0\u3000\u2003", "a b"),
        ("[trim]", " \t ", ""),
        ("[trim]", "", ""),
        ("[trim]", "a\n", "a"),
        ("[trim]", " a \n b ", "a \n b"),
        ("[lower]", "ÀÉ ΩΣ ЮЖ", "àé ωσ юж"),
        ("[upper]", "àé юж", "ÀÉ ЮЖ"),
        ("[nfc]", "Nu\u0301n\u0303ez", "Núñez"),
        ("[nfc]", "\u1112\u1161\u11ab", "한"),
        ("[squeeze]", "  a \u00a0\t b\n\nc ", "a b c"),
        ("[squeeze]", "", ""),
        ("[blank_to_null]", "", None),
        ("[blank_to_null]", " \u00a0\t", None),
        ("[blank_to_null]", " a ", " a "),
        ("[remove_control]", "a\tb\x00c\x07\x9fd", "a b c d"),
        ("[remove_control]", "user\u202egnp.exe", "usergnp.exe"),
        ("[remove_control]", "\ufeffa\u2066b\u2069", "ab"),
        ("[remove_control]", "a\u200bb", "ab"),
        ("[remove_control]", "می\u200cخواهم", "می\u200cخواهم"),
        ("[remove_control]", "שלום\u200f!", "שלום\u200f!"),
        ("[strip_html]", "<b>a</b> <br/>b", "a b"),
        ("[strip_html]", "1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("[strip_html]", "<p class='x'\nid=y>a</p>", "a"),
        ("[strip_html]", "a<!-- note -->b", "ab"),
        ("[strip_html]", "I <3 you", "I <3 you"),
        ("[strip_html]", "<script>x</script>", "x"),
        ("[unescape_html]", "&lt;b&gt; &amp; &quot;x&quot; &#39;y&#039;&apos;", "<b> & \"x\" 'y''"),
        ("[unescape_html]", "&amp;lt;", "&lt;"),
        ("[unescape_html]", "&amp;amp;", "&amp;"),
        ("[unescape_html]", "a && b; &copy; &", "a && b; &copy; &"),
        ("[unescape_html]", "a&nbsp;b", "a b"),
        ("[{truncate: 3}]", "abcd", "abc"),
        ("[{truncate: 3}]", "名前です", "名前で"),
        ("[{truncate: 2}]", "👍👍👍", "👍👍"),
        ("[{truncate: 3}]", "", ""),
        ("[{default: unknown}]", None, "unknown"),
        ("[{default: unknown}]", "", ""),
        ("[{default: it's}]", None, "it's"),
        ('[{prefix: "it\'s-"}]', "7", "it's-7"),
        ("[{prefix: 5}]", "7", "57"),
        ("[{suffix: -old}]", "a", "a-old"),
        ("[{suffix: -old}]", "", "-old"),
        ("[{replace: {find: \"'\", with: '\"'}}]", "it's", 'it"s'),
        ("[{replace: ';'}]", "a;b;", "ab"),
        ("[{replace: {find: '.', with: '-'}}]", "a.b", "a-b"),
        ("[{regex: {find: '[^0-9]', with: ''}}]", "+34 (91) 5", "34915"),
        ("[{regex: {find: '(a)(b)', with: '\\2\\1'}}]", "ab ab", "ba ba"),
        ("[{pad: {width: 6, with: '0'}}]", "42", "000042"),
        ("[{pad: {width: 2}}]", "12345", "12345"),
        ("[{pad: 4}]", "", "0000"),
        ("[trim, lower, {prefix: m-}, {truncate: 4}]", " ABC ", "m-ab"),
    ],
)
def test_text(steps: str, given: str | None, expected: str | None, values: Evaluate) -> None:
    assert values(do(steps), [given]) == [expected]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ('<span lang="en" class="multilang">Hello</span><span lang="es" class="multilang">Hola</span>', "Hello"),
        ('<span class="multilang" lang="es">Hola</span><span class="multilang" lang="en">Hello</span>', "Hello"),
        ("<span lang='de' class='multilang'>Hallo</span> <span lang='es' class='multilang'>Hola</span>", "Hallo "),
        ("{mlang es}Hola{mlang}{mlang en}Hello{mlang}", "Hello"),
        ("{mlang es}Hola{mlang}{mlang de}Hallo{mlang}", "Hola"),
        ("A {mlang en}x{mlang}{mlang es}y{mlang} B", "A x B"),
        ("{mlang en}a{mlang}{mlang es}b{mlang} - {mlang en}c{mlang}{mlang es}d{mlang}", "a - c"),
        ("{mlang ja}名前\n2{mlang}{mlang en}Name\n2{mlang}", "Name\n2"),
        ('<span lang="en">kept</span>', '<span lang="en">kept</span>'),
        ("no markup", "no markup"),
        ("", ""),
        ("{mlang en}open", "{mlang en}open"),
        ("{mlang EN}Hello{mlang}{mlang es}Hola{mlang}", "Hello"),
    ],
)
def test_multilang(given: str, expected: str, values: Evaluate) -> None:
    assert values(do("[{multilang: en}]"), [given]) == [expected]


def test_multilang_takes_the_language_it_was_given(values: Evaluate) -> None:
    given = "{mlang en}Hello{mlang}{mlang zh-cn}你好{mlang}{mlang pt_br}Olá{mlang}"
    for language, expected in (("zh-cn", "你好"), ("pt_br", "Olá"), ("fr", "Hello")):
        assert values(do(f"[{{multilang: {language}}}]"), [given]) == [expected]


@pytest.mark.parametrize(
    ("decimal", "given", "expected"),
    [
        (".", "12", 12.0), (".", "1,234.5", 1234.5), (".", "-0.5", -0.5), (".", "+3", 3.0), (".", "1e3", 1000.0),
        (",", "12,5", 12.5), (",", ",75", 0.75), (".", "-.5", -0.5), (".", ".", None), (",", "1.234.567,5", 1234567.5),
        (".", "", None), (".", "abc", None), (".", "12 points", None), (".", "1.2.3", None), (".", "٣", None),
        (".", "nan", None), (".", "inf", None), (".", "Infinity", None), (".", "1_000", None), (".", "1e400", None),
        (".", "1,5", None), (",", "1.5", None), (".", ",", None), (".", "true", None),
        (".", "9,007,199,254,740,993", None), (",", "9.007.199.254.740.992", 9007199254740992.0),
    ],
)  # fmt: skip
def test_number(decimal: str, given: str, expected: float | None, values: Evaluate) -> None:
    assert values(do(f"[{{number: {{decimal: '{decimal}'}}}}]"), [given]) == [expected]


@pytest.mark.parametrize(
    ("zone", "instant", "date"),
    [
        ("Europe/Madrid", "2024-01-01 22:59:59", "2024-01-01"),
        ("Europe/Madrid", "2024-01-01 23:00:00", "2024-01-02"),
        ("Europe/Madrid", "2024-07-01 21:59:59", "2024-07-01"),
        ("Europe/Madrid", "2024-07-01 22:00:00", "2024-07-02"),
        ("America/New_York", "2024-03-10 04:59:59", "2024-03-09"),
        ("America/New_York", "2024-11-04 04:59:59", "2024-11-03"),
        ("Pacific/Kiritimati", "2024-12-31 10:00:00", "2025-01-01"),
        ("Asia/Kathmandu", "2024-12-31 18:15:00", "2025-01-01"),
        ("UTC", "2024-02-29 23:59:59", "2024-02-29"),
    ],
)
def test_date_of_an_instant_in_a_zone(zone: str, instant: str, date: str, values: Evaluate) -> None:
    assert values(do(f"[{{date: {zone}}}]"), [instant], "TIMESTAMP") == [dt.date.fromisoformat(date)]


@pytest.mark.parametrize(
    ("zone", "local", "instant"),
    [
        ("Europe/Madrid", "2024-01-01 00:00:00", "2023-12-31 23:00:00"),
        ("Europe/Madrid", "2024-07-01 00:00:00", "2024-06-30 22:00:00"),
        ("Europe/Madrid", "2024-03-31 03:00:00", "2024-03-31 01:00:00"),
        ("America/New_York", "2024-11-03 03:00:00", "2024-11-03 08:00:00"),
        ("Asia/Kathmandu", "2024-01-01 05:45:00", "2024-01-01 00:00:00"),
    ],
)
def test_instant_of_a_local_time(zone: str, local: str, instant: str, values: Evaluate) -> None:
    found = values(do(f"[{{instant: {zone}}}]"), [local], "TIMESTAMP")
    assert found == [dt.datetime.fromisoformat(instant)]


@pytest.mark.parametrize(
    ("given", "instant"),
    [
        ("2024-07-01 10:00:00", "2024-07-01 08:00:00"), ("2024-07-01T10:00:00-05:00", "2024-07-01 15:00:00"),
        (" 2024-07-01 10:00:00.5Z ", "2024-07-01 10:00:00.5"), ("2024-07-01 10:00:00 UTC", "2024-07-01 10:00:00"),
        ("2024-07-01 10:00:00+0530", "2024-07-01 04:30:00"), ("2024-07-01 10:00+0530", None),
        ("2024-07-01 or so", None), ("2024-07-01 10:00 +25:99", None),
    ],
)  # fmt: skip
def test_text_that_says_its_offset_is_that_instant(values: Evaluate, given: str, instant: str | None) -> None:
    expected = None if instant is None else dt.datetime.fromisoformat(instant)
    assert values(do("[{instant: Europe/Madrid}]"), [given], "VARCHAR") == [expected]


@pytest.mark.parametrize(
    ("local", "instant"), [("2024-03-31 02:30:00", "2024-03-31 01:30:00"), ("2024-10-27 02:30:00", "2024-10-27 01:30:00")]
)
def test_a_local_time_that_is_none_is_an_hour_later_and_of_two_the_later(values: Evaluate, local: str, instant: str) -> None:
    assert values(do("[{instant: Europe/Madrid}]"), [local], "TIMESTAMP") == [dt.datetime.fromisoformat(instant)]


def test_date_and_instant_take_dates_too(values: Evaluate) -> None:
    assert values(do("[{instant: Europe/Madrid}]"), ["2024-07-01"], "DATE") == [dt.datetime(2024, 6, 30, 22)]
    assert values(do("[{instant: Europe/Madrid}, {date: Europe/Madrid}]"), ["2024-07-01"], "DATE") == [dt.date(2024, 7, 1)]


def test_scale(values: Evaluate) -> None:
    assert values(do("[{scale: 0.01}]"), ["50"], "DOUBLE") == [0.5]
    assert values(do("[{scale: {factor: -2, offset: 1.5}}]"), ["3", "0"], "DOUBLE") == [-4.5, 1.5]
    assert values(do("[{scale: 1e-7}]"), ["1e7"], "DOUBLE") == [1.0]


@pytest.mark.parametrize(("value", "expected"), [(7, 7), (1.5, 1.5), (True, True)])
def test_default_keeps_the_kind_of_its_value(value: object, expected: object, values: Evaluate) -> None:
    kind = {bool: "BOOLEAN", int: "BIGINT", float: "DOUBLE"}[type(value)]
    assert values(apply(({"default": value},), "x"), [None], kind) == [expected]


@pytest.mark.parametrize(
    ("step", "message", "value"),
    [
        ("shout", "unknown operator", "shout"),
        ({"trim": 5}, "takes no argument", 5),
        ({"trim": None, "lower": None}, "one operator", "trim, lower"),
        ({}, "one operator", ""),
        ("truncate", "needs 'length'", None),
        ({"truncate": 0}, "not a whole number", None),
        ({"truncate": -1}, "not a whole number", None),
        ({"truncate": "5"}, "not a whole number", None),
        ({"truncate": True}, "not a whole number", None),
        ({"truncate": 2.5}, "not a whole number", None),
        ({"truncate": {"size": 5}}, "does not know 'size'", None),
        ({"truncate": {"length": 5, "code": 7}}, "code has to be a text", None),
        ({"replace": {"with": "x"}}, "needs 'find'", None),
        ({"multilang": "en'; drop"}, "not a language code", None),
        ({"multilang": ""}, "not a language code", None),
        ({"multilang": ".*"}, "not a language code", None),
        ({"date": "Madrid"}, "not a time zone", None),
        ({"date": "+02:00"}, "not a time zone", None),
        ({"instant": 5}, "not a time zone", None),
        ({"scale": "abc"}, "scale", None),
        ({"scale": None}, "needs 'factor'", None),
        ({"pad": {"width": 8, "with": ""}}, "pad", None),
        ({"default": {"value": None}}, "default", None),
        ({"number": {"decimal": "abc"}}, "number", None),
    ],
)
def test_wrong_steps_are_refused(step: Any, message: str, value: object) -> None:
    with pytest.raises(OperatorError, match=re.escape(message)) as caught:
        apply((step,), "x")
    if value is not None:
        assert caught.value.value == value


def test_the_operators_there_are_come_with_the_refusal() -> None:
    with pytest.raises(OperatorError) as caught:
        apply(("shout",), "x")
    assert caught.value.allowed == tuple(operators())


@pytest.mark.parametrize("hostile", ["'", "''", "\\'", "'); DROP TABLE t; --", "x' || (SELECT 1) || '", "$$", "🙂"])
def test_arguments_stay_text(hostile: str) -> None:
    with duckdb.connect() as connection:
        assert connection.execute(f"SELECT {text(hostile)}").fetchone() == (hostile,)
        row = connection.execute(f"SELECT {apply(({'prefix': hostile}, {'suffix': hostile}), 'x')} FROM (SELECT 'a' AS x)")
        assert row.fetchone() == (f"{hostile}a{hostile}",)


def test_parameters_stand_in_arguments() -> None:
    steps = ("trim", {"date": "parameter('zone')"}, {"replace": {"find": "parameter('a')", "with": "a parameter('b')"}})
    found = filled(steps, {"zone": "Europe/Lisbon", "a": "x"})
    assert found == ("trim", {"date": "Europe/Lisbon"}, {"replace": {"find": "x", "with": "a parameter('b')"}})
    with pytest.raises(OperatorError) as refused:
        filled(({"date": "parameter('zones')"},), {"zone": "UTC"})
    assert (refused.value.value, refused.value.allowed) == ("zones", ("zone",))
