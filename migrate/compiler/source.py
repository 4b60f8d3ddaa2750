"""SQL that gives a source entity its types: from raw columns as extracted to the types its contract declares."""

from __future__ import annotations

import re
from collections.abc import Mapping as Dict
from functools import cache

from sqlglot import exp

from migrate.compiler.text import key_text, literal, name, place_tables, translate
from migrate.contracts.model import Contract, Entity, Field, FileFormat
from migrate.expressions import parse_query, read_query
from migrate.expressions.numbers import carried

RAW, SOURCE = "raw", "source"
ROW, FAULT, FAULT_VALUE, BAD = "_row", "_fault", "_fault_value", "_bad"
SEPARATOR = "\x1f"
"""Between field and raw value in the entries of the ``_bad`` list."""

AMBIGUOUS = "?"
"""Before the field in a ``_bad`` entry: the value reads differently under two of the declared formats."""

SQL_TYPES = {
    "string": "VARCHAR",
    "int": "BIGINT",
    "decimal": "DOUBLE",
    "flag": "BOOLEAN",
    "date": "DATE",
    "datetime": "TIMESTAMP",
    "epoch": "TIMESTAMP",
}
_TIMED, _ZONED = re.compile("%[-]?[HIMSfgnpXcTzZ]"), re.compile("%[zZ]")
"""What reads a time of day, and an offset, in a format."""
_EARLIEST, _LATEST = -62135596800, 253402300799
"""Seconds since 1970 of the first instant of the year 1 and the last second of the year 9999."""

_INTEGERS = {
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "UTINYINT",
    "USMALLINT",
    "UINTEGER",
    "UBIGINT",
    "HUGEINT",
}


def physical_sql(entity_name: str, entity: Entity, fields: list[str], raw: Dict[str, str], format_: FileFormat) -> str:
    """A view over the extracted rows of a table or file.

    ``raw`` holds the SQL types of the columns that are there; fields without a column read as null. ``_bad`` lists
    the fields whose value cannot be read as their type, each with the raw text, so that none turns to null unseen.
    """
    columns, bad, some = [], [], []
    for field in fields:
        rule = entity.fields[field]
        if field not in raw:
            columns.append(f"CAST(NULL AS {SQL_TYPES[rule.type]}) AS {name(field)}")
            continue
        typed, fails, ambiguous = typed_sql(rule, f"r.{name(field)}", raw[field], format_)
        columns.append(f"{typed} AS {name(field)}")
        for condition, mark in ((fails, ""), (ambiguous, AMBIGUOUS)):
            if condition:
                entry = f"{literal(mark + field + SEPARATOR)} || CAST(r.{name(field)} AS VARCHAR)"
                bad.append(f"CASE WHEN {condition} THEN {entry} END")
                some.append(f"({condition})")
    listed = "CAST(NULL AS VARCHAR[])"
    if bad:  # few rows have some, and a list of nothing costs as much to make as one of something
        listed = f"CASE WHEN {' OR '.join(some)} THEN list_filter([{', '.join(bad)}], lambda x: x IS NOT NULL) END"
    columns.append(f"{listed} AS {name(BAD)}")
    columns.extend(f"r.{name(column)}" for column in (ROW, FAULT, FAULT_VALUE))
    return (
        f"CREATE OR REPLACE VIEW {name(SOURCE, entity_name)} AS\nSELECT {', '.join(columns)}\nFROM {name(RAW, entity_name)} AS r"
    )


def typed_sql(rule: Field, raw: str, raw_type: str, format_: FileFormat) -> tuple[str, str | None, str | None]:
    """``(typed expression, condition of a value that is not of the type, condition of an ambiguous one)``."""
    as_text = raw if raw_type == "VARCHAR" else f"CAST({raw} AS VARCHAR)"
    trimmed = f"trim({as_text})"
    absent = ""
    if rule.never:
        absent = f"{as_text if rule.type == 'string' else trimmed} IN ({', '.join(literal(str(v)) for v in rule.never)})"
    integer = raw_type in _INTEGERS
    if absent and integer and all(isinstance(v, int) for v in rule.never):
        absent = f"{raw} IN ({', '.join(str(v) for v in rule.never)})"
    whole = raw if integer else (
        f"CASE WHEN regexp_full_match({trimmed}, '[+-]?[0-9]+') THEN TRY_CAST({trimmed} AS BIGINT) END"
    )  # fmt: skip
    if absent and rule.type in ("int", "epoch") and not integer:
        # As text a number has more than one spelling: a YEAR column of MariaDB says 0000.
        wholes = ", ".join(str(value) for value in rule.never if isinstance(value, int))
        absent = f"({absent} OR coalesce({whole} IN ({wholes}), FALSE))" if wholes else absent
    ambiguous = None
    total = False  # is every value of the raw type one of the type?
    match rule.type:
        case "string":
            typed, total = as_text, True
        case "int":
            total = integer and raw_type not in ("UBIGINT", "HUGEINT")
            typed = f"CAST({raw} AS BIGINT)" if total else f"TRY_CAST({whole} AS BIGINT)"
        case "decimal":
            number = f"TRY_CAST({raw} AS DOUBLE)" if raw_type != "VARCHAR" else decimal_text(trimmed, format_.decimal)
            typed = number if raw_type == "VARCHAR" else f"CASE WHEN {carried(number, as_text)} THEN {number} END"
            numbers = [value for value in rule.never if isinstance(value, int | float)]
            if numbers:
                absent = f"({absent} OR coalesce({number} IN ({', '.join(map(repr, numbers))}), FALSE))"
        case "flag":
            total = raw_type == "BOOLEAN"
            typed = raw if total else _flag(raw, trimmed, format_, integer=integer)
        case "epoch":
            # Bounds keep the year within 1 to 9999: what lies outside is no date, and make_timestamp would overflow.
            within = f"{whole} BETWEEN {_EARLIEST} AND {_LATEST}"
            typed = f"CASE WHEN {within} THEN make_timestamp(CAST({whole} AS BIGINT) * 1000000) END"
            if integer and all(isinstance(v, int) and _EARLIEST <= v <= _LATEST for v in rule.never):
                return (f"CASE WHEN {absent} THEN NULL ELSE {typed} END" if absent else typed), f"NOT ({within})", None
        case "date" | "datetime":
            sql_type = SQL_TYPES[rule.type]
            whole_day = rule.type == "date"
            if raw_type in ("DATE", "TIMESTAMP"):
                total = raw_type == "DATE" or not whole_day
                typed = f"CAST({raw if total else _midnight(raw)} AS {sql_type})"
            else:
                readings = [_strptime(trimmed, f, whole_day=whole_day) for f in rule.formats]
                readings = readings or [_day(trimmed) if whole_day else _iso(trimmed)]
                typed = f"CAST(coalesce({', '.join(readings)}) AS {sql_type})"
                if len(readings) > 1:
                    found = f"list_filter([{', '.join(readings)}], lambda x: x IS NOT NULL)"
                    several = f"len(list_distinct({found})) > 1"
                    ambiguous = f"NOT coalesce({absent}, FALSE) AND {several}" if absent else several
    blank = f"{trimmed} = ''" if raw_type == "VARCHAR" else "FALSE"
    empty = f"({blank} OR {absent})" if absent else blank
    if absent:
        typed = f"CASE WHEN {absent} THEN NULL ELSE {typed} END"
    return typed, None if total else f"{raw} IS NOT NULL AND NOT {empty} AND ({typed}) IS NULL", ambiguous


def _flag(raw: str, trimmed: str, format_: FileFormat, *, integer: bool) -> str:
    own = {format_.false.lower(): False, format_.true.lower(): True}
    words = {**own, "1": True, "0": False, "true": True, "false": False}
    asked = f"lower({trimmed})"
    if integer:
        asked, words = raw, {word: means for word, means in words.items() if word.isdecimal() and word.isascii()}
    cases = " ".join(f"WHEN {word if integer else literal(word)} THEN {literal(means)}" for word, means in words.items())
    return f"CASE {asked} {cases} END"


def bad_value(entry: str) -> str:
    """The raw value in an entry of ``_bad``. It may hold the separator itself, so only the first one counts."""
    return f"substr({entry}, strpos({entry}, {literal(SEPARATOR)}) + 1)"


def decimal_text(sql: str, mark: str) -> str:
    """The number in a text with the decimal mark ``mark``; null for anything else, such as a thousands mark, and for one that has
    more digits than a DOUBLE carries."""
    point = "[.]" if mark == "." else f"[{mark}]"
    shape = f"[+-]?([0-9]+({point}[0-9]*)?|{point}[0-9]+)([eE][+-]?[0-9]+)?"
    dotted = sql if mark == "." else f"replace({sql}, {literal(mark)}, '.')"
    number = f"TRY_CAST({dotted} AS DOUBLE)"
    return f"CASE WHEN regexp_full_match({sql}, {literal(shape)}) AND {carried(number, dotted)} THEN {number} END"


def _iso(sql: str) -> str:
    """An ISO 8601 date or instant as a UTC timestamp; an offset is honoured, none means UTC."""
    shape = "[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?( ?(Z|[+-][0-9]{2}(:?[0-9]{2})?))?)?"
    reading = f"timezone('UTC', TRY_CAST({sql} AS TIMESTAMPTZ))"
    return f"CASE WHEN regexp_full_match({sql}, {literal(shape)}) AND year({reading}) BETWEEN 1000 AND 9999 THEN {reading} END"


def _day(sql: str) -> str:
    """An ISO 8601 date, alone or as its midnight. At another time of day, or with an offset, it is an instant, and which day
    that is on hangs on who asks."""
    shape = "[0-9]{4}-[0-9]{2}-[0-9]{2}([ T]00:00(:00([.]0+)?)?( ?(Z|[+-]00(:?00)?))?)?"
    reading = f"TRY_CAST(left({sql}, 10) AS DATE)"
    return f"CASE WHEN regexp_full_match({sql}, {literal(shape)}) AND year({reading}) BETWEEN 1000 AND 9999 THEN {reading} END"


def _midnight(instant: str) -> str:
    """The instant, where it is at midnight."""
    return f"CASE WHEN {instant} = date_trunc('day', {instant}) THEN {instant} END"


def _strptime(sql: str, format_: str, *, whole_day: bool = False) -> str:
    """Parse, but only text whose years have as many digits as the format says: '21' is no year 0021. ``whole_day``: and only
    midnights, of UTC where they say an offset."""
    reading = f"try_strptime({sql}, {literal(format_)})"
    if whole_day and _TIMED.search(format_):
        reading = _midnight(reading)
    if whole_day and _ZONED.search(format_):
        reading = f"CASE WHEN regexp_matches({sql}, '(Z|UTC|[+-]0[0:]*)$') THEN {reading} END"
    return f"CASE WHEN year({reading}) BETWEEN 1000 AND 9999 THEN {reading} END" if "%Y" in format_ else reading


@cache  # the same views, for every example of every mapping
def query_sql(sql: str, schema: str, as_of: str = "1970-01-01") -> str:
    """A contract's query with its tables placed in ``schema`` and its casts made total."""
    tree = parse_query(sql)
    place_tables(tree, schema)
    return translate(tree, lambda table, column: name(table, column) if table else name(column), as_of)


def view_sql(contract: Contract, entity_name: str, entity: Entity, as_of: str) -> str:
    """A contract's view, materialised: its SELECT over the typed entities, plus the engine's own columns."""
    assert entity.sql is not None
    body = query_sql(entity.sql, SOURCE, as_of)
    key = key_text(f"v.{name(part)}" for part in entity.key)
    columns = [f"CAST(v.{name(field)} AS {SQL_TYPES[rule.type]}) AS {name(field)}" for field, rule in entity.fields.items()]
    columns += [
        f"CAST(NULL AS VARCHAR[]) AS {name(BAD)}",
        # By all fields: of rows that share a key, the same one has to be the first in every run.
        f"row_number() OVER (ORDER BY {', '.join([key, *[f'v.{name(f)}' for f in entity.fields]])}) AS {name(ROW)}",
    ]
    # A row that stands for a record of a covered table is as broken as that record.
    joins, faults, values = "", ["NULL"], ["NULL"]
    for number, (covered_table, field) in enumerate(entity.covers.items()):
        alias = f"c{number}"
        covered = key_text(f"t.{name(part)}" for part in contract.entities[covered_table].key)
        joins += (
            f"\nLEFT JOIN (SELECT {covered} AS _k, t.{name(FAULT)}, t.{name(FAULT_VALUE)} FROM "
            f"{name(SOURCE, covered_table)} AS t WHERE t.{name(FAULT)} IS NOT NULL) AS {alias} "
            f"ON {alias}._k = CAST(v.{name(field)} AS VARCHAR)"
        )
        faults.append(f"{alias}.{name(FAULT)}")
        values.append(f"{alias}.{name(FAULT_VALUE)}")
    for column, parts in ((FAULT, faults), (FAULT_VALUE, values)):
        columns.append(f"CAST(coalesce({', '.join(parts)}) AS VARCHAR) AS {name(column)}")
    return f"CREATE OR REPLACE TABLE {name(SOURCE, entity_name)} AS\nSELECT {', '.join(columns)}\nFROM (\n{body}\n) AS v{joins}"


def query_needs(contract: Contract, sql: str) -> dict[str, set[str]]:
    """``{entity: fields}`` that a query reads directly. A column without qualifier counts for every table that has it."""
    tables, used = _query_reads(sql)
    aliases: dict[str, set[str]] = {}
    needs: dict[str, set[str]] = {}
    for table, alias in tables:
        if table in contract.entities:
            aliases.setdefault(alias, set()).add(table)
            needs.setdefault(table, set())
    for qualifier, column in used:
        for table in aliases.get(qualifier, set()) if qualifier else set(needs):
            if column in contract.entities[table].fields:
                needs[table].add(column)
    return needs


@cache
def _query_reads(sql: str) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
    """``((table, alias), ...)`` and ``((qualifier or '', column), ...)`` of a query."""
    tree = read_query(sql)
    tables = ((table.name, table.alias or table.name) for table in tree.find_all(exp.Table))
    used = [(column.table, column.name) for column in tree.find_all(exp.Column)]
    used += [("", part.name) for join in tree.find_all(exp.Join) for part in join.args.get("using") or ()]
    return tuple(dict.fromkeys(tables)), tuple(dict.fromkeys(used))
