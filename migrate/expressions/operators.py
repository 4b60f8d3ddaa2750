"""The operators of ``do`` chains. Each takes a SQL expression and gives one; none is run by Python.

Add an operator by writing one function here: its docstring holds a YAML example that a test compiles.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from migrate.expressions.numbers import carried

Sql = str
Operator = Callable[..., Sql]
_OPERATORS: dict[str, Operator] = {}
_READING = ("instant", "number")
"""Operators that read text as something else. What they cannot read must not become nothing unseen."""
CUT = "MAP-CUT"
_OFFSET = ":[0-9.]+ ?(Z|UTC|[+-][0-9:]+)$"
"""Behind a time of day."""
_PARAMETER = re.compile(r"parameter\('(\w+)'\)")


class OperatorError(ValueError):
    """A step that names no operator, or gives one the wrong argument."""

    def __init__(self, message: str, value: object, allowed: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.value = value
        self.allowed = allowed


def operator(function: Operator) -> Operator:
    """Register ``function`` under its name."""
    _OPERATORS[function.__name__.rstrip("_")] = function
    return function


def operators() -> dict[str, Operator]:
    """All operators by name."""
    return dict(_OPERATORS)


def apply(steps: tuple[str | dict[str, Any], ...], sql: Sql) -> Sql:
    """Wrap ``sql`` in the steps, in order. Raises OperatorError."""
    for step in steps:
        name, argument = _name_and_argument(step)
        function = _OPERATORS.get(name)
        if function is None:
            raise OperatorError("unknown operator", name, tuple(_OPERATORS))
        sql = _call(function, name, argument, sql)
    return sql


def filled(steps: tuple[str | dict[str, Any], ...], parameters: Mapping[str, str]) -> tuple[str | dict[str, Any], ...]:
    """The steps, with values in place of ``parameter('name')``. Raises OperatorError where there is no parameter of a name."""

    def fill(given: Any) -> Any:
        if isinstance(given, dict):
            return {word: fill(value) for word, value in given.items()}
        found = _PARAMETER.fullmatch(given) if isinstance(given, str) else None
        if found is None:
            return given
        if found[1] not in parameters:
            raise OperatorError("pair.yaml has no such parameter", found[1], tuple(parameters))
        return parameters[found[1]]

    return tuple(map(fill, steps))


def reads(steps: tuple[str | dict[str, Any], ...]) -> bool:
    """Does a step read text as something else?"""
    return any(name in _READING for step in steps for name in ([step] if isinstance(step, str) else step))


def unread(steps: tuple[str | dict[str, Any], ...], sql: Sql) -> Sql:
    """The text that a step cannot read, and so makes nothing of. Raises OperatorError."""
    found = []
    for number, step in enumerate(steps):
        if reads((step,)):
            given, made = apply(steps[:number], sql), apply(steps[: number + 1], sql)
            as_text = f"CAST({given} AS VARCHAR)"
            found.append(f"CASE WHEN {blank_to_null(as_text)} IS NOT NULL AND {made} IS NULL THEN {as_text} END")
    return f"coalesce({', '.join(found)})" if found else "NULL"


@dataclass(frozen=True)
class Cut:
    """A step that cuts text. Where it does, a finding says so."""

    code: str
    message: str
    sql: Sql
    """The whole text where the step cuts it, else null."""


def cuts(steps: tuple[str | dict[str, Any], ...], sql: Sql) -> list[Cut]:
    """The steps that cut text, in order. Raises OperatorError."""
    found = []
    for number, step in enumerate(steps):
        name, argument = _name_and_argument(step)
        if name == truncate.__name__:
            apply((step,), sql)  # is it well formed?
            given = apply(steps[:number], sql)
            words = argument if isinstance(argument, dict) else {"length": argument}
            whole = f"CASE WHEN length({given}) > {_whole(words.get('length'))} THEN {given} END"
            message = words.get("message", f"the text is cut to {words['length']} characters")
            found.append(Cut(words.get("code", CUT), message, whole))
    return found


def text(value: object) -> Sql:
    """A SQL string literal."""
    return "'" + str(value).replace("'", "''") + "'"


def _name_and_argument(step: str | dict[str, Any]) -> tuple[str, Any]:
    if isinstance(step, str):
        return step, None
    if len(step) != 1:
        raise OperatorError("a step is one operator", ", ".join(step))
    return next(iter(step.items()))


def _call(function: Operator, name: str, argument: Any, sql: Sql) -> Sql:
    parameters = list(inspect.signature(function).parameters.values())[1:]
    words = tuple(p.name.rstrip("_") for p in parameters)
    if argument is None:
        given: dict[str, Any] = {}
    elif isinstance(argument, dict):
        given = argument
    elif len(words) >= 1:
        given = {words[0]: argument}
    else:
        raise OperatorError(f"{name} takes no argument", argument)
    unknown = [word for word in given if word not in words]
    required = [p.name.rstrip("_") for p in parameters if p.default is inspect.Parameter.empty]
    missing = [word for word in required if word not in given]
    if unknown or missing:
        what = f"does not know {unknown[0]!r}" if unknown else f"needs {missing[0]!r}"
        raise OperatorError(f"{name} {what}", str(argument), words)
    try:
        return function(sql, **{p.name: given[p.name.rstrip("_")] for p in parameters if p.name.rstrip("_") in given})
    except (TypeError, ValueError) as error:
        raise OperatorError(f"{name}: {error}", str(argument)) from None


@operator
def trim(x: Sql) -> Sql:
    """Remove blanks of every kind at both ends: `do: [trim]`."""
    return rf"regexp_replace({x}, '^[\s\p{{Z}}]+|[\s\p{{Z}}]+$', '', 'g')"


@operator
def lower(x: Sql) -> Sql:
    """Lower case: `do: [lower]`."""
    return f"lower({x})"


@operator
def upper(x: Sql) -> Sql:
    """Upper case: `do: [upper]`."""
    return f"upper({x})"


@operator
def nfc(x: Sql) -> Sql:
    """Unicode normal form C, so that equal-looking text is equal: `do: [nfc]`."""
    return f"nfc_normalize({x})"


@operator
def squeeze(x: Sql) -> Sql:
    """Runs of blanks become one space; blanks at the ends go: `do: [squeeze]`."""
    return trim(rf"regexp_replace({x}, '[\s\p{{Z}}]+', ' ', 'g')")


@operator
def blank_to_null(x: Sql) -> Sql:
    """Text of blanks only becomes null: `do: [blank_to_null]`."""
    return f"CASE WHEN {trim(x)} = '' THEN NULL ELSE {x} END"


@operator
def remove_control(x: Sql) -> Sql:
    """Control characters become spaces; bidirectional overrides and zero-width marks that hide text go:
    `do: [remove_control]`. Direction marks that Arabic and Hebrew names need (U+200E, U+200F) and joiners stay."""
    return (
        rf"regexp_replace(regexp_replace({x}, '[\x{{202A}}-\x{{202E}}\x{{2066}}-\x{{2069}}\x{{200B}}\x{{FEFF}}]', '', 'g'), "
        rf"'[\x{{0000}}-\x{{001F}}\x{{007F}}-\x{{009F}}]+', ' ', 'g')"
    )


@operator
def strip_html(x: Sql) -> Sql:
    """Remove tags; the text between them stays: `do: [strip_html]`. A `<` that opens no tag stays."""
    return rf"regexp_replace({x}, '</?[A-Za-z!][^<>]*>', '', 'g')"


@operator
def unescape_html(x: Sql) -> Sql:
    """The five XML entities, the no-break space and apostrophe references as characters: `do: [unescape_html]`."""
    for entity, character in (
        ("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&#39;", "''"), ("&#039;", "''"),
        ("&apos;", "''"), ("&nbsp;", " "), ("&amp;", "&"),
    ):  # fmt: skip
        x = f"replace({x}, '{entity}', '{character}')"
    return x


@operator
def multilang(x: Sql, language: str) -> Sql:
    """Keep one language of Moodle's multilang markup, or the first one there is: `do: [{multilang: en}]`.

    Reads `<span lang="en" class="multilang">..</span>`, attributes in either order, and `{mlang en}..{mlang}`. Text
    outside the markup stays where it is.
    """
    code = _word(language)
    quote = "[\"']"
    lang, css = f"lang={quote}{{0}}{quote}", f"class={quote}multilang{quote}"
    span = rf"(?s)<span\s+(?:{lang}\s+{css}|{css}\s+{lang})\s*>(.*?)</span>"
    mlang = r"(?s)\{{mlang\s+{0}\}}(.*?)\{{mlang\}}"
    for pattern in (span, mlang):
        own, every = text(pattern.format(code)), text(pattern.format("[^\"'{}]*"))
        unwrapped = (
            f"CASE WHEN regexp_matches({x}, {own}) THEN regexp_replace({x}, {own}, '\\1', 'g') "
            f"ELSE regexp_replace({x}, {every}, '\\1') END"
        )
        x = f"regexp_replace({unwrapped}, {every}, '', 'g')"
    return x


@operator
def truncate(x: Sql, length: int, code: str = CUT, message: str = "") -> Sql:
    """At most so many characters: `do: [{truncate: 255}]`. A warning, `MAP-CUT`, has the whole text where it was longer;
    `{truncate: {length: 255, code: USR-LONG, message: ...}}` gives it a name of your own."""
    for word, given in (("code", code), ("message", message)):
        if not isinstance(given, str):
            raise ValueError(f"{word} has to be a text")
    return f"left({x}, {_whole(length)})"


@operator
def default(x: Sql, value: object) -> Sql:
    """A value in place of null: `do: [{default: unknown}]`."""
    if value is None:
        raise ValueError("a default of null changes nothing")
    return f"coalesce({x}, {_literal(value)})"


@operator
def prefix(x: Sql, text_: str) -> Sql:
    """Text before a value; null stays null: `do: [{prefix: moodle-}]`."""
    return f"({text(text_)} || {x})"


@operator
def suffix(x: Sql, text_: str) -> Sql:
    """Text after a value; null stays null: `do: [{suffix: -old}]`."""
    return f"({x} || {text(text_)})"


@operator
def replace(x: Sql, find: str, with_: str = "") -> Sql:
    """Replace a piece of text: `do: [{replace: {find: ";", with: ","}}]`."""
    return f"replace({x}, {text(find)}, {text(with_)})"


@operator
def regex(x: Sql, find: str, with_: str = "") -> Sql:
    """Replace what a regular expression (RE2) matches: `do: [{regex: {find: "[^0-9]", with: ""}}]`."""
    return f"regexp_replace({x}, {text(find)}, {text(with_)}, 'g')"


@operator
def date(x: Sql, zone: str) -> Sql:
    """The calendar date of an instant in a time zone: `do: [{date: Europe/Madrid}]`."""
    return f"CAST(timezone({text(_zone(zone))}, timezone('UTC', {x})) AS DATE)"


@operator
def instant(x: Sql, zone: str) -> Sql:
    """The instant (UTC) of a local date or time in a time zone: `do: [{instant: Europe/Madrid}]`.
    Of an hour that the clock shows twice it is the later one; an hour that the clock leaves out counts as the one after it.
    Text that says its own offset is that instant. Text that is neither becomes null, and a finding says so."""
    local = f"timezone('UTC', timezone({text(_zone(zone))}, TRY_CAST({x} AS TIMESTAMP)))"
    # A cast of text to a time without a zone passes over the offset.
    said = f"timezone('UTC', TRY_CAST(trim(CAST({x} AS VARCHAR)) AS TIMESTAMPTZ))"
    offset = f"regexp_matches(trim(CAST({x} AS VARCHAR)), {text(_OFFSET)})"
    return f"CASE WHEN typeof({x}) = 'VARCHAR' AND {offset} THEN {said} ELSE {local} END"


@operator
def number(x: Sql, decimal: str = ".") -> Sql:
    """Text as a number, with its decimal mark: `do: [{number: {decimal: ","}}]`. The other mark may part thousands.
    What is no number, and one with more digits than a decimal carries, becomes null, and a finding says so."""
    if decimal not in (".", ","):
        raise ValueError(f"{decimal!r} is not a decimal mark; it is '.' or ','")
    group = "." if decimal == "," else ","
    whole = f"([0-9]+|[0-9]{{1,3}}([{group}][0-9]{{3}})+)"
    shape = f"[+-]?({whole}([{decimal}][0-9]*)?|[{decimal}][0-9]+)([eE][+-]?[0-9]+)?"
    plain = f"replace(replace(trim({x}), {text(group)}, ''), {text(decimal)}, '.')"
    value = f"TRY_CAST({plain} AS DOUBLE)"
    return f"CASE WHEN regexp_full_match(trim({x}), {text(shape)}) AND {carried(value, plain)} THEN {value} END"


@operator
def pad(x: Sql, width: int, with_: str = "0") -> Sql:
    """Fill up on the left to a width; longer text stays whole: `do: [{pad: {width: 8, with: "0"}}]`."""
    if not with_:
        raise ValueError("'with' has to hold a character")
    return f"CASE WHEN length({x}) >= {_whole(width)} THEN {x} ELSE lpad({x}, {_whole(width)}, {text(with_)}) END"


@operator
def scale(x: Sql, factor: float, offset: float = 0) -> Sql:
    """Multiply, then add: `do: [{scale: {factor: 0.01}}]`."""
    return f"({x} * {float(factor)!r} + {float(offset)!r})"


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"{value!r} is not a whole number above 0")
    return value


def _word(value: object) -> str:
    if not isinstance(value, str) or not value.replace("_", "").replace("-", "").isalnum():
        raise ValueError(f"{value!r} is not a language code")
    return value


def _zone(value: object) -> str:
    from zoneinfo import available_timezones

    if value not in available_timezones():
        raise ValueError(f"{value!r} is not a time zone of the IANA database, such as Europe/Madrid")
    return str(value)


def _literal(value: object) -> Sql:
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value) if isinstance(value, int | float) else text(value)
