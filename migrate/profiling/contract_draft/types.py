"""The types of text columns by their values. A type is taken when every value but words for nothing is of it."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from migrate.compiler.source import decimal_text
from migrate.compiler.text import literal, name
from migrate.profiling.words import looked_for

DATES = ("%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%Y/%m/%d",
         "%Y%m%d", "%d-%b-%Y", "%d %b %Y", "%d/%m/%y", "%m/%d/%y", "%d.%m.%y")  # fmt: skip
INSTANTS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M:%S",
            "%m/%d/%Y %H:%M", "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%Y-%m-%d %H:%M")  # fmt: skip
_INTEGER = "[+-]?(0|[1-9][0-9]{0,17})"
_POINT = "[+-]?(0|[1-9][0-9]*)?[.][0-9]+"
_PARTED = "[+-]?[1-9][0-9]{0,2}[.][0-9]{3}"
_COMMA = "[+-]?(0|[1-9][0-9]*)?,[0-9]+"
_ISO = "[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?( ?(Z|[+-][0-9]{2}(:?[0-9]{2})?))?"
_SHAPES = {
    "%Y%m%d": "(19|20)[0-9]{6}",
    "%d/%m/%y": "[0-9]{1,2}/[0-9]{1,2}/[0-9]{2}",
    "%m/%d/%y": "[0-9]{1,2}/[0-9]{1,2}/[0-9]{2}",
    "%d.%m.%y": "[0-9]{1,2}[.][0-9]{1,2}[.][0-9]{2}",
}
_CENTURY = "years of two digits: 69 to 99 are read as 1969 to 1999, 00 to 68 as 2000 to 2068"
_EARLIEST, _LATEST = 315_532_800, 2_208_988_800


@dataclass(frozen=True)
class Guess:
    """A type, with the formats of a date, and what is doubtful about it."""

    type: str
    formats: tuple[str, ...] = ()
    doubt: str = ""
    comma: bool = False
    """Is the decimal mark a comma?"""


def guess(connection: duckdb.DuckDBPyConnection, values: str, field: str) -> Guess:
    """The type of a column of text. ``values`` is the table of its values, blank ones as null."""
    text, known = f"trim({name(field)})", ", ".join(literal(word) for word in looked_for().sentinels.texts)
    point, comma = decimal_text(text, "."), decimal_text(text, ",")
    tests = {
        "int": _matches(text, _INTEGER),
        "decimal": f"({_matches(text, _INTEGER)} OR {_matches(text, _POINT)}) AND {point} IS NOT NULL",
        "point": _matches(text, _POINT),
        "parted": _matches(text, _PARTED),
        "comma": f"({_matches(text, _INTEGER)} OR {_matches(text, _COMMA)}) AND {comma} IS NOT NULL",
        "has comma": _matches(text, _COMMA),
        "iso": _matches(text, _ISO),
        **{form: _parses(text, form) for form in (*DATES, *INSTANTS)},
    }
    counted = ", ".join(f"count_if({test})" for test in tests.values())
    row = connection.execute(
        f"SELECT count(*), {counted} FROM {values} WHERE {name(field)} IS NOT NULL AND lower({text}) NOT IN ({known})"
    ).fetchone()
    assert row is not None
    all_, fits = int(row[0]), {word: int(number or 0) for word, number in zip(tests, row[1:], strict=True)}
    if not all_:
        return Guess("string")
    if fits["int"] == all_ and fits["%Y%m%d"] < all_:
        return _integer(connection, values, field)
    if fits["decimal"] == all_ and fits["%Y%m%d"] < all_:
        parted = fits["parted"] == fits["point"]
        return Guess("decimal", doubt="each point stands before three digits: it may part thousands" if parted else "")
    if fits["has comma"] and fits["comma"] == all_:
        return Guess("decimal", doubt="decimal mark: a comma, by the values", comma=True)
    for forms, kind in ((DATES, "date"), (INSTANTS, "datetime")):
        if whole := [form for form in forms if fits[form] == all_]:
            doubts = [f"the values fit {' and '.join(whole)} alike"] if len(whole) > 1 else []
            doubts += [_CENTURY] if "%y" in whole[0] else []
            return Guess(kind, (whole[0],), "; ".join(doubts))
        best = max(forms, key=lambda form: fits[form])
        if fits[best] >= 0.98 * all_:
            return Guess(kind, (best,), f"{all_ - fits[best]:,} of {all_:,} values are not of the format {best}")
    if fits["iso"] == all_:
        return Guess("datetime")
    return _two_formats(
        connection, f"{values} WHERE {name(field)} IS NOT NULL AND lower({text}) NOT IN ({known})", text, all_, fits
    )


def _two_formats(connection: duckdb.DuckDBPyConnection, values: str, text: str, all_: int, fits: dict[str, int]) -> Guess:
    """A column of dates in two formats: files of several years, or two programs that wrote them."""
    best = max(DATES, key=lambda form: fits[form])
    others = [form for form in DATES if form != best and fits[form]]
    if fits[best] < 0.2 * all_ or not others:
        return Guess("string")
    either = ", ".join(f"count_if({_parses(text, best)} OR {_parses(text, form)})" for form in others)
    row = connection.execute(f"SELECT {either} FROM {values}").fetchone()
    assert row is not None
    most, other = max(zip(row, others, strict=True))
    if most < 0.98 * all_:
        return Guess("string")
    return Guess("date", (best, other), f"two formats, by the values; {all_ - most:,} of {all_:,} are of neither")


def _integer(connection: duckdb.DuckDBPyConnection, values: str, field: str) -> Guess:
    number = f"TRY_CAST({name(field)} AS BIGINT)"
    row = connection.execute(
        f"SELECT count(*), count_if({number} IN (0, 1)), "
        f"count_if({number} = 0 OR {number} BETWEEN {_EARLIEST} AND {_LATEST}), count_if({number} > 1) "
        f"FROM {values} WHERE {name(field)} IS NOT NULL"
    ).fetchone()
    assert row is not None
    if row[1] == row[0]:
        return Guess("flag", doubt="only 0 and 1 occur")
    if row[2] == row[0] and row[3] and any(word in field.lower() for word in looked_for().columns["time"]):
        return Guess("epoch", doubt="numbers that are instants since 1970, by name and range")
    return Guess("int")


def is_epoch(connection: duckdb.DuckDBPyConnection, values: str, field: str) -> bool:
    """Does a column of numbers hold instants, by its name and range?"""
    return _integer(connection, values, field).type == "epoch"


def _matches(text: str, pattern: str) -> str:
    return f"regexp_full_match({text}, {literal(pattern)})"


def _parses(text: str, form: str) -> str:
    reading = f"try_strptime({text}, {literal(form)}) IS NOT NULL"
    if form in _SHAPES:
        return f"(regexp_full_match({text}, {literal(_SHAPES[form])}) AND {reading})"
    return f"({reading} AND regexp_matches({text}, '[0-9]{{4}}'))"
