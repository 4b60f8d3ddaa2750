"""Values that stand where there is none, by the looks of them: N/A, 9999 beyond all others, 1970-01-01."""

from __future__ import annotations

import duckdb

from migrate.compiler.text import literal, name
from migrate.profiling.columns import Column, shown_text
from migrate.profiling.frequencies import Frequencies
from migrate.profiling.model import Sentinel
from migrate.profiling.words import looked_for

FILLED = "the same digit over and over"
_MOST = 10


def sentinels(
    connection: duckdb.DuckDBPyConnection, column: Column, counted: Frequencies, values: str, *, key: bool
) -> tuple[Sentinel, ...]:
    """Those of a field. Keys have none, for each of their values names a record; nor have values that the contract lists."""
    if key or counted.distinct < 2 or column.rule.type == "flag":
        return ()
    if column.dated:
        found = _dates(connection, column, counted, values)
    elif column.numeric:
        found = _numbers(connection, column, values) if column.rule.references is None else []
    else:
        found = _texts(connection, column, counted, values)
    return tuple(found[:_MOST])


def _texts(connection: duckdb.DuckDBPyConnection, column: Column, counted: Frequencies, values: str) -> list[Sentinel]:
    rule, field = column.rule, name(column.field)
    known = {word.casefold() for word in looked_for().sentinels.texts}
    declared = {str(value) for value in (*rule.enum, *rule.never)}
    rows = counted.sample
    if not counted.complete:
        words = ", ".join(literal(word) for word in sorted(known))
        # CASE, so that long texts are neither trimmed nor compared.
        listed = "lower(trim({0})) IN (" + words + ") OR (length({0}) >= 4 AND regexp_full_match({0}, '9+|0+'))"
        condition = f"CASE WHEN length({{0}}) <= {max(map(len, known)) + 4} THEN {listed} ELSE FALSE END"
        if counted.table is not None:
            rows = tuple(connection.execute(f"SELECT v, n FROM {counted.table} WHERE {condition.format('v')}").fetchall())
        else:
            rows = _counted(connection, field, condition.format(field), values, column)
    found = []
    for value, number in sorted(rows, key=lambda row: (-row[1], row[0])):
        text = value.strip()
        if value in declared:
            continue
        if text.casefold() in known:
            found.append(Sentinel(value, number, "a word for nothing"))
        elif len(text) >= 4 and set(text) in ({"9"}, {"0"}) and number > 1 and rule.references is None:
            found.append(Sentinel(value, number, FILLED))
    return found


def _numbers(connection: duckdb.DuckDBPyConnection, column: Column, values: str) -> list[Sentinel]:
    """A number of the list that is the smallest or the largest, stands more than once, and is far from all others."""
    field, listed = name(column.field), looked_for().sentinels.numbers
    row = connection.execute(f"SELECT min({field}), max({field}) FROM {values}").fetchone()
    assert row is not None
    found = []
    for edge, way in ((row[0], "min"), (row[1], "max")):
        if edge not in listed:
            continue
        asked = connection.execute(
            f"SELECT count_if({field} = {literal(edge)}), {way}(CASE WHEN {field} <> {literal(edge)} THEN {field} END) "
            f"FROM {values}"
        ).fetchone()
        assert asked is not None
        number, other = int(asked[0]), asked[1]
        if number < 2 or other is None:
            continue
        if edge < 0 and way == "min" and other >= 0:
            found.append(Sentinel(_plain(edge), number, "negative where all others are not"))
        elif edge > 0 and way == "max" and other <= edge / 2:
            found.append(Sentinel(_plain(edge), number, f"far above all others, which end at {_plain(other)}"))
    return found


def _counted(
    connection: duckdb.DuckDBPyConnection, field: str, condition: str, values: str, column: Column
) -> tuple[tuple[str, int], ...]:
    shown = shown_text(field, column)
    rows = connection.execute(f"SELECT {shown}, count(*) FROM {values} WHERE {condition} GROUP BY 1").fetchall()
    return tuple((str(value), int(number)) for value, number in rows)


def _plain(value: object) -> str:
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def _dates(connection: duckdb.DuckDBPyConnection, column: Column, counted: Frequencies, values: str) -> list[Sentinel]:
    words, field = looked_for().sentinels.dates, name(column.field)
    rows = tuple((value, number) for value, number in counted.sample if value[:10] in words)
    if not counted.complete:
        listed = ", ".join(f"DATE {literal(word)}" for word in words)
        rows = _counted(connection, field, f"CAST({field} AS DATE) IN ({listed})", values, column)
    return [Sentinel(value, number, "a day that programs write for none") for value, number in sorted(rows, key=lambda r: -r[1])]
