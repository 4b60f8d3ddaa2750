"""Columns of each type that a source or a contract can give, full of values on which two engines may part."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
from hypothesis import strategies as st

ZONES = {
    "Europe/Berlin": (2024, 3, 31, 1, 0), "America/New_York": (2024, 11, 3, 6, 0), "Asia/Kolkata": (1945, 10, 14, 17, 30),
    "Australia/Lord_Howe": (2024, 4, 6, 15, 0), "America/Sao_Paulo": (2018, 11, 4, 3, 0),
    "Asia/Kathmandu": (1985, 12, 31, 18, 30), "Pacific/Apia": (2011, 12, 30, 10, 0), "Europe/Dublin": (2024, 10, 27, 1, 0),
}  # fmt: skip
"""Time zones, and an instant in UTC at which their clocks change: by an hour, half an hour, a quarter and a day."""
EPOCH = dt.datetime(1970, 1, 1)
FOREVER = 2**63 - 1
"""Microseconds: DuckDB's ``infinity``; with the other sign ``-infinity``."""


def _micros(year: int, *rest: int) -> int:
    return (dt.datetime(year, *rest) - EPOCH) // dt.timedelta(microseconds=1)  # type: ignore[arg-type]


def _changes() -> list[int]:
    """Around each change, as UTC and as what the clocks showed then."""
    found = []
    for zone, moment in ZONES.items():
        at = _micros(*moment)
        shown = dt.datetime(*moment, tzinfo=dt.UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)  # type: ignore[misc]
        local = (shown - EPOCH) // dt.timedelta(microseconds=1)
        found += [at - 1, at, local - 1, local, local + 30 * 60 * 10**6, local - 30 * 60 * 10**6]
    return found


TEXTS = (
    "", " ", "  ", "a ", "a", " a", "\t", "é", "e\u0301", "q\u0323\u0307", "q\u0307\u0323", "\u212b", "\u1100\u1161", "ǅ", "ß",
    "ẞ", "straße", "STRASSE", "İ", "I", "i", "ı", "i\u0307", "Σας", "ﬁ", "ﬃ", "ŉ", "👩‍👩‍👧", "🇩🇪", "\U0001d4b3y",
    "\U0010ffff", "\uffff",
    "\u00a0x\u2003", "x\u202f", "\u1680x\u3000", "a\u200bb", "\ufeffx", "\u180e", "\u202eabc", "שלום", "\u200fa\u0661b",
    "\x0b x\n",
    "\r\n", "x\u2028y", "\x85", "\x1f", "١٢٣", "007", "7", "7.0", "1,234.5", "1.234,5", "-1e5", "1_000", "NaN", "inf",
    "-inf", "+7",
    " 7 ", ".5", "5.", "-0", "-0.0", "0x1F", "1e400", "1e-400", "0.1", "2.675", "9223372036854775807", "9223372036854775808",
    "-9223372036854775808", "9007199254740993", "12345678901234567890123456789012345678", "99999999999999.99995",
    "true", "TRUE",
    "t", "yes", "0", "null", "NULL", "2024-02-29", "2023-02-29", "2024-03-31 02:30:00", "2024-03-31T02:30:00+02:00",
    "2024-11-03 01:30:00-05", "1582-10-10", "0001-01-01", "0044-03-15 (BC)", "99999-01-01", "infinity", "-infinity", "epoch",
    "2024-01-01 24:00:00", "2024-12-31 23:59:60", "<b>x</b> & y", "a < b", "&amp;lt;", "&#39;", "&nbsp;&#039;",
    '<span lang="en" class="multilang">Hi</span>x', "{mlang en}Hi{mlang}{mlang es}Hola{mlang}", "x-y", "a|b", "a\\|b", "\\",
    "\\u0041\\n", "O'Neill", '"', "$0\\1", "${spark.master}", "%_", "x" * 300,
)  # fmt: skip
INTEGERS = (
    0,
    1,
    -1,
    2,
    7,
    10,
    10**6,
    *(s * 2**p + d for s in (1, -1) for p in (31, 53) for d in (-1, 0, 1)),
    2**63 - 1,
    -(2**63),
)
WHOLES = (*INTEGERS, 253402300799, -62135596800, 1711846800, 100, 12, 3)
PARTS = (0, 1, -1, 2, 7, 365, 2**31 - 1, -(2**31))
UNSIGNED = (0, 1, 7, 2**31, 2**53 + 1, 2**63 - 1, 2**63, 2**64 - 1)
NUMBERS = (
    0.0, -0.0, 0.1, 0.5, 1.5, 2.5, -2.5, 1.005, 2.675, 1e7, 1e-7, 1e15, 1e16, 1e21, 1e22, 1 / 3, float("nan"), float("inf"),
    float("-inf"), 5e-324, 1.7976931348623157e308, 2.0**31, 2.0**53, 2.0**53 + 2, 2.0**63, -(2.0**63), 86400.0, 100.0,
)  # fmt: skip
SMALL_DECIMALS = tuple(map(Decimal, ("0", "0.0001", "-0.0001", "0.0050", "1.0050", "2.5", "-2.5", "12.34", "99999999999999.9999",
                                     "-99999999999999.9999", "2147483647.5", "9007199254740.9930")))  # fmt: skip
LARGE_DECIMALS = (*SMALL_DECIMALS, *map(Decimal, ("9" * 28 + "." + "9" * 10, "-" + "9" * 28 + "." + "9" * 10, "1e-10",
                                                  "9223372036854775807.5", "9223372036854775808", "0.3333333333")))  # fmt: skip
MOMENTS = (
    *_changes(), 0, -1, 1, _micros(2024, 2, 29, 12), _micros(2024, 12, 31, 23, 59, 59, 999999), _micros(1900, 2, 28),
    _micros(1883, 11, 18, 12), *(_micros(1582, 10, day, 12) for day in (4, 5, 14, 15)), _micros(1, 1, 1), _micros(1, 1, 1) - 1,
    _micros(9999, 12, 31, 23, 59, 59, 999999), _micros(9999, 12, 31, 23, 59, 59, 999999) + 1,
    3093527980800 * 10**6, FOREVER, -FOREVER,
)  # fmt: skip
DAYS = (
    0, -1, 1, 19782, 19813, -141428, -141427, -141438, -719162, -719163, 2932896, 2932897, 35804721, 2**31 - 1, -(2**31) + 1,
)  # fmt: skip
"""Days since 1970: the ends of February, 1582, the year 1 and the day before, the year 9999 and the day after, and infinities."""

_words = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)
KINDS: dict[str, tuple[str, pa.DataType, tuple[Any, ...], st.SearchStrategy[Any]]] = {
    "text": ("other", pa.string(), TEXTS, _words),
    "whole": ("count", pa.int64(), WHOLES, st.integers(-(2**63), 2**63 - 1)),
    "part": ("rest", pa.int32(), PARTS, st.integers(-(2**31), 2**31 - 1)),
    "natural": ("size", pa.uint64(), UNSIGNED, st.integers(0, 2**64 - 1)),
    "number": ("ratio", pa.float64(), NUMBERS, st.floats(width=64)),
    "money": ("price", pa.decimal128(18, 4), SMALL_DECIMALS, st.decimals(-(10**14) + 1, 10**14 - 1, places=4)),
    "vast": ("vaster", pa.decimal128(38, 10), LARGE_DECIMALS, st.decimals(-(10**28) + 1, 10**28 - 1, places=10)),
    "instant": ("later", pa.timestamp("us"), MOMENTS, st.integers(_micros(1, 1, 1), _micros(9999, 12, 31))),
    "day": ("next_day", pa.date32(), DAYS, st.integers(-800_000, 3_000_000)),
    "flag": ("mark", pa.bool_(), (True, False), st.booleans()),
}
"""For each type of column: the name of a second one, the type, odd values, and any."""


@st.composite
def tables(draw: st.DrawFn) -> pa.Table:
    """A table with two columns of each type: odd values, made-up ones and nulls, and each time other pairs of them."""
    made_up = {kind: [*odd, None, *draw(st.lists(any_, max_size=12))] for kind, (_, _, odd, any_) in KINDS.items()}
    return table(made_up, draw(st.integers(0, 10**6)))


def table(values: dict[str, list[Any]], shift: int) -> pa.Table:
    """As many rows as the longest list; shorter ones begin again. The second column has them in another order."""
    rows = max(map(len, values.values()))
    columns: dict[str, pa.Array] = {"id": pa.array(range(rows), pa.int64())}
    for kind, (second, type_, _, _) in KINDS.items():
        there = values[kind]
        step = next(s for s in (7, 11, 13) if len(there) % s)
        columns[kind] = _array([there[at % len(there)] for at in range(rows)], type_)
        # The shift grows from turn to turn, so that short lists meet in all pairs.
        columns[second] = _array([there[(at * step + shift + at // len(there)) % len(there)] for at in range(rows)], type_)
    return pa.table(columns)


def _array(values: list[Any], type_: pa.DataType) -> pa.Array:
    """Instants and days are counted: Python has no infinite ones."""
    if pa.types.is_timestamp(type_):
        return pa.array(values, pa.int64()).cast(type_)
    return pa.array(values, pa.int32()).cast(type_) if pa.types.is_date(type_) else pa.array(values, type_)
