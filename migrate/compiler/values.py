"""Values on their way into a target's types: what fits, and the SQL that says so."""

from __future__ import annotations

import datetime as dt

from migrate.compiler.source import SQL_TYPES
from migrate.compiler.text import literal
from migrate.expressions.numbers import carried

_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT")
_READY = {
    "int": (_WHOLE, "TRY_CAST({0} AS BIGINT)"),
    "flag": (("BOOLEAN",), "TRY_CAST({0} AS BOOLEAN)"),
    "decimal": (
        (*_WHOLE, "FLOAT", "DOUBLE"),
        f"CASE WHEN {carried('TRY_CAST({0} AS DOUBLE)', 'CAST({0} AS VARCHAR)')} THEN TRY_CAST({{0}} AS DOUBLE) END",
    ),
    "date": (
        ("DATE", "TIMESTAMP"),
        "CASE WHEN year({1}) <= 9999 AND {1} = date_trunc('day', {1}) THEN TRY_CAST({0} AS DATE) END",
    ),
    "datetime": (("DATE", "TIMESTAMP"), "CASE WHEN year({1}) <= 9999 THEN {1} END"),
    "epoch": (("DATE", "TIMESTAMP"), "CASE WHEN year({1}) <= 9999 THEN {1} END"),
}
"""Per target type the engine's types whose values need not be read from their text, and how they are taken. The engine knows the
type of an expression when it plans the statement, and so asks this of no row."""


def target_value(sql: str, field_type: str) -> str:
    """``sql`` as the target's type, or null where it is not of it: a fraction is no int, 'yes' is no flag, no time of day is a
    date, and what has more digits than a DOUBLE carries is no decimal."""
    if field_type == "string":
        return f"CAST({sql} AS VARCHAR)"
    types, ready = _READY[field_type]
    taken = ready.format(sql, f"TRY_CAST({sql} AS TIMESTAMP)")
    return f"CASE WHEN typeof({sql}) IN ({', '.join(map(literal, types))}) THEN {taken} ELSE {_from_text(sql, field_type)} END"


def _from_text(sql: str, field_type: str) -> str:
    text = f"trim(CAST({sql} AS VARCHAR))"
    match field_type:
        case "int":
            whole = f"regexp_full_match({text}, '[+-]?[0-9]+([.]0+)?')"
            return f"CASE WHEN {whole} THEN TRY_CAST({text} AS BIGINT) END"
        case "flag":
            return f"CASE lower({text}) WHEN 'true' THEN TRUE WHEN '1' THEN TRUE WHEN 'false' THEN FALSE WHEN '0' THEN FALSE END"
        case "decimal":
            # The engine reads '1_000' as a number, and more than that.
            number = f"TRY_CAST({sql} AS DOUBLE)"
            shape = "[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)?"
            return f"CASE WHEN regexp_full_match({text}, {literal(shape)}) AND {carried(number, text)} THEN {number} END"
    moment = f"TRY_CAST({sql} AS {SQL_TYPES[field_type]})"
    if field_type == "date":
        # A plain cast passes over whatever stands behind the day.
        shape = "[0-9]{4}-[0-9]{2}-[0-9]{2}([ T]00:00(:00([.]0+)?)?)?"
        return f"CASE WHEN regexp_full_match({text}, {literal(shape)}) THEN {moment} END"
    # A plain cast of text passes over the offset, and would move the instant by it.
    shifted = f"timezone('UTC', TRY_CAST({text} AS TIMESTAMPTZ))"
    moment = f"CASE WHEN regexp_matches({text}, ':.*[0-9] ?[+-][0-9]') THEN {shifted} ELSE {moment} END"
    return f"CASE WHEN regexp_matches({text}, '^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}') THEN {moment} END"


def typed_literal(value: object, field_type: str) -> str:
    """A YAML scalar as a literal of a target's type."""
    if value is None:
        return f"CAST(NULL AS {SQL_TYPES[field_type]})"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"CAST({literal(text)} AS {SQL_TYPES[field_type]})"


def fits(value: object, field_type: str) -> bool:
    """Is a YAML scalar of a target's type?"""
    if value is None or field_type == "string":
        return True
    if field_type == "flag":
        return isinstance(value, bool)
    if field_type == "int":
        return isinstance(value, int) and not isinstance(value, bool)
    if field_type == "decimal":
        return isinstance(value, int | float) and not isinstance(value, bool)
    try:
        dt.datetime.fromisoformat(str(value))
    except ValueError:
        return False
    return True


def spellings(key: str) -> tuple[str, ...]:
    """A value map's key as text and, for booleans, as the 1 or 0 that databases export."""
    return {"true": ("1", "true"), "false": ("0", "false")}.get(key, (key,))
