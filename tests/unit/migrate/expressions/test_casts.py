"""Which text a cast lost, asked of the engine and of a plain reading of the same expression."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrate.compiler.text import name, translate
from migrate.expressions import unread_casts

Row = dict[str, str | None]


def lost(text: str, row: Row, lets: tuple[str, ...] = ()) -> str | None:
    tree = unread_casts(text, lets)
    if tree is None:
        return None
    sql = translate(tree, lambda _, column: name(column), "2026-01-01 00:00:00")
    columns = ", ".join(f"CAST(? AS VARCHAR) AS {name(column)}" for column in row)
    with duckdb.connect() as engine:
        found = engine.execute(f"SELECT {sql} FROM (SELECT {columns})", list(row.values())).fetchone()
    assert found is not None
    return found[0]


@pytest.mark.parametrize(
    "text", ["a", "cast(a as text)", "cast('1970-01-01' as date)", "cast(null as bigint)", "try_cast(a as bigint)"]
)
def test_nothing_is_lost_where_nothing_is_cast_that_may_fail(text: str) -> None:
    assert unread_casts(text) is None


@pytest.mark.parametrize(
    ("text", "a", "told"),
    [
        ("cast(a as bigint)", "12", None),
        ("cast(a as bigint)", None, None),
        ("cast(a as bigint)", " \u00a0", None),
        ("cast(a as bigint)", "12 h", "12 h"),
        ("cast(a as bigint)", " 12.0 ", None),
        ("cast(a as bigint)", "1.5", "1.5"),
        ("cast(a as bigint)", "9223372036854775807", None),
        ("cast(cast(a as double) as bigint)", "1.5", None),
        ("cast(a as double)", "1.5e3", None),
        ("cast(a as double)", "0.1", None),
        ("cast(a as double)", "9007199254740993", "9007199254740993"),
        ("cast(a as double)", "nan", "nan"),
        ("try_cast(a as double)", "9007199254740993", None),
        ("cast(a as timestamp)", "2020-12-31 13:00:00.5", None),
        ("cast(a as timestamp)", "2020-12-31", None),
        ("cast(a as timestamp)", "2020-12-31T13:00:00Z", None),
        ("cast(a as timestamp)", "2020-12-31T13:00:00+00:00", None),
        ("cast(a as timestamp)", "2020-12-31T13:00:00+01:00", "2020-12-31T13:00:00+01:00"),
        ("cast(a as timestamp)", "2020-12-31 13:00-0500", "2020-12-31 13:00-0500"),
        ("cast(trim(a) as date)", " 31.12.2020 ", "31.12.2020"),
        ("cast(a as date)", "2020-12-31", None),
        ("cast(a as date)", " 2020-12-31 13:00:00.5", None),
        ("cast(a as date)", "2020-12-31T13:00:00+01:00", None),
        ("cast(a as date)", "2020-12-31 or so", "2020-12-31 or so"),
        ("cast(floor(cast(a as double) / 2) as bigint)", "x", "x"),
        ("concat('n-', cast(a as bigint))", "x", "x"),
        ("coalesce(cast(a as bigint), 0)", "x", None),
        ("coalesce(cast(a as bigint), null)", "x", "x"),
        ("cast(a as bigint) is not null", "x", None),
        ("cast(a as bigint) > 3", "x", "x"),
        ("nullif(cast(a as bigint), 0)", "x", "x"),
        ("case when a = 'none' then null else cast(a as bigint) end", "none", None),
        ("case when a = 'none' then null else cast(a as bigint) end", "x", "x"),
        ("case a when 'none' then null else cast(a as bigint) end", "none", None),
        ("case when cast(a as bigint) > 50 then 'passed' else 'failed' end", "x", "x"),
        ("case when try_cast(a as bigint) > 50 then 'passed' else 'failed' end", "x", None),
        ("case when a is null then 1 when cast(a as bigint) is null then 2 end", "x", None),
    ],
)
def test_what_is_lost(text: str, a: str | None, told: str | None) -> None:
    assert lost(text, {"a": a}) == told


def test_a_let_tells_its_own() -> None:
    row = {"n": None, "unread:n": "x", "m": "1", "unread:m": None}
    assert lost("n || ' h'", row, ("n", "m")) == "x"
    assert lost("coalesce(n, m)", row, ("n", "m")) is None
    assert lost("m", row, ("n", "m")) is None


@dataclass(frozen=True)
class Part:
    """An expression, and what it comes to: its value, and the texts that it lost on the way."""

    text: str
    value: int | bool | None
    lost: tuple[str, ...]


def _read(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdigit() else None


@st.composite
def parts(draw: st.DrawFn, row: Row) -> Part:
    def number(depth: int) -> Part:
        kind = draw(st.sampled_from(["cast", "try"] if depth == 0 else ["cast", "try", "sum", "coalesce", "case"]))
        if kind in ("cast", "try"):
            column = draw(st.sampled_from(sorted(row)))
            given, value = row[column], _read(row[column])
            gone = kind == "cast" and given is not None and given.strip() != "" and value is None
            return Part(f"{'cast' if kind == 'cast' else 'try_cast'}({column} as bigint)", value, (str(given),) if gone else ())
        first, second = number(depth - 1), number(depth - 1)
        if kind == "sum":
            known = first.value is not None and second.value is not None
            return Part(
                f"({first.text} + {second.text})", first.value + second.value if known else None, first.lost + second.lost
            )
        if kind == "coalesce":
            value = first.value if first.value is not None else second.value
            return Part(f"coalesce({first.text}, {second.text})", value, first.lost + second.lost if value is None else ())
        asked = condition(depth - 1)
        taken = first if asked.value else second
        gone_by_asking = asked.lost if asked.value is None else ()
        return Part(f"case when {asked.text} then {first.text} else {second.text} end", taken.value, gone_by_asking + taken.lost)

    def condition(depth: int) -> Part:
        kind = draw(st.sampled_from(["more", "null"] if depth <= 0 else ["more", "null", "and", "or"]))
        if kind == "null":
            first = number(max(depth, 0))
            return Part(f"({first.text} is null)", first.value is None, ())
        if kind == "more":
            first = number(max(depth, 0))
            return Part(f"({first.text} > 1)", None if first.value is None else first.value > 1, first.lost)
        left, right = condition(depth - 1), condition(depth - 1)
        decisive = kind == "or"
        if decisive in (left.value, right.value):
            return Part(f"({left.text} {kind} {right.text})", decisive, ())
        value = None if None in (left.value, right.value) else not decisive
        return Part(f"({left.text} {kind} {right.text})", value, left.lost + right.lost if value is None else ())

    return number(3)


@given(st.data())
def test_the_engine_says_what_a_plain_reading_says(data: st.DataObject) -> None:
    row: Row = {column: data.draw(st.sampled_from([None, "", " ", "1", "2", "x", "y"]), column) for column in "ab"}
    part = data.draw(parts(row))
    assert lost(part.text, row) == (part.lost[0] if part.lost else None)


def test_a_column_of_any_name_is_told() -> None:
    assert lost("cast(x as date)", {"x": "soon"}) == "soon"
