"""What identifies records: the declared key, single fields, and pairs or triples of fields that nearly do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import duckdb

from migrate.compiler.text import name
from migrate.contracts.model import Entity
from migrate.profiling.columns import Column
from migrate.profiling.measuring import Measured
from migrate.profiling.model import Frequency, KeyProfile

NEARLY = 0.01
"""Several fields nearly identify records where at most this share of the rows is surplus."""
ALONE = 0.05
"""The same of one field: a mailbox that some people share is worth knowing of."""
FEWEST = 30
"""Rows below which what is unique may be so by chance."""
MEANT = 5
"""Rows that chance alone would have to make surplus, or being unique means nothing."""
CHANCE = 0.1
"""Fields that identify records have at most this part of the surplus that chance would give."""
_CANDIDATES = 8
_SAMPLE = 100_000
_MOST = 6
_LONGEST = 100


def keys(
    connection: duckdb.DuckDBPyConnection, values: str, model: Entity, columns: Sequence[Column],
    measured: Mapping[str, Measured], rows: int,
) -> tuple[KeyProfile, ...]:  # fmt: skip
    """The declared key, and what else is unique or nearly so. Counts are exact."""
    there = {column.field: column for column in columns}
    found = []
    declared = tuple(model.key)
    if set(declared) <= there.keys():
        key = _profile(connection, values, declared, rows)
        assert key is not None
        found.append(key)
    if rows < FEWEST:
        return tuple(found)
    single = [
        c for c in columns
        if declared != (c.field,) and _may_identify(c) and measured[c.field].holding >= max(FEWEST, rows / 2)
        and measured[c.field].estimate >= 0.9 * measured[c.field].holding
    ]  # fmt: skip
    taken: list[frozenset[str]] = [frozenset(declared)]
    for column in single:
        most = ALONE * measured[column.field].holding
        if (key := _profile(connection, values, (column.field,), rows, most)) is not None:
            found.append(key)
            taken.append(frozenset(key.fields))
    found += _combinations(connection, values, there, measured, rows, taken)
    return tuple(found)


def _combinations(
    connection: duckdb.DuckDBPyConnection, values: str, columns: Mapping[str, Column], measured: Mapping[str, Measured],
    rows: int, taken: list[frozenset[str]],
) -> list[KeyProfile]:  # fmt: skip
    """Pairs, and triples where there is no pair. What a sample refutes is not counted."""
    candidates = [
        field for field, column in columns.items()
        if _may_identify(column) and measured[field].holding >= 0.95 * rows and 2 <= measured[field].estimate <= 0.9 * rows
    ]  # fmt: skip
    # References go first, then what tells most records apart.
    candidates.sort(key=lambda field: (columns[field].rule.references is None, -measured[field].estimate))
    candidates = candidates[:_CANDIDATES]
    found: list[KeyProfile] = []
    for size in (2, 3):
        sets = [c for c in combinations(candidates, size) if not any(known <= set(c) for known in taken)]
        sets = [c for c in sets if _by_chance(measured, c, rows) >= MEANT]
        for fields in _unrefuted(connection, values, sets, measured, rows):
            most = min(NEARLY * rows, CHANCE * _by_chance(measured, fields, rows))
            if (key := _profile(connection, values, fields, rows, most)) is not None:
                found.append(key)
                taken.append(frozenset(fields))
        if found:
            break
    return sorted(found, key=lambda key: key.surplus)[:_MOST]


def _may_identify(column: Column) -> bool:
    """Instants and fractions tell nearly all rows apart by themselves, flags none."""
    return column.rule.type in ("string", "int", "date")


def _by_chance(measured: Mapping[str, Measured], fields: Sequence[str], rows: int) -> float:
    """Surplus rows to expect where the fields have nothing to do with each other: pairs of rows over pairs of values."""
    different = 1.0
    for field in fields:
        different *= measured[field].estimate
    return rows * rows / 2 / different


def _unrefuted(
    connection: duckdb.DuckDBPyConnection,
    values: str,
    sets: Sequence[tuple[str, ...]],
    measured: Mapping[str, Measured],
    rows: int,
) -> list[tuple[str, ...]]:
    """Those that may be keys by a part of the rows. The part has all rows of some values of the first field, so that no two rows
    that are alike in all fields are torn apart."""
    kept = []
    step = max(rows // _SAMPLE, 1)
    for first in dict.fromkeys(fields[0] for fields in sets):
        asked = [fields for fields in sets if fields[0] == first]
        if step == 1:
            kept += asked
            continue
        listed = ", ".join(name(field) for field in dict.fromkeys(field for fields in asked for field in fields))
        part = f"SELECT {listed} FROM {values} WHERE hash({name(first)}) % {step} = 0"
        connection.execute(f"CREATE OR REPLACE TEMP TABLE sampled AS {part}")
        counts = ", ".join(f"count(DISTINCT hash({', '.join(map(name, fields))}))" for fields in asked)
        row = connection.execute(f"SELECT count(*), {counts} FROM sampled").fetchone()
        assert row is not None
        for fields, different in zip(asked, row[1:], strict=True):
            by_chance = CHANCE * _by_chance(measured, fields, rows) * row[0] / rows
            if row[0] - different <= 2 * min(NEARLY * row[0], by_chance) + MEANT:
                kept.append(fields)
    return kept


def _profile(
    connection: duckdb.DuckDBPyConnection, values: str, fields: tuple[str, ...], rows: int, most: float | None = None
) -> KeyProfile | None:
    """What can be said of fields as a key, with exact counts; None where more than ``most`` rows are surplus. Without ``most`` it
    is the declared key."""
    listed = ", ".join(name(field) for field in fields)
    whole = " AND ".join(f"{name(field)} IS NOT NULL" for field in fields)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE repeated AS SELECT {listed}, count(*) AS n FROM {values} WHERE {whole} GROUP BY ALL "
        "HAVING count(*) > 1"
    )
    row = connection.execute(
        f"SELECT (SELECT count(*) FROM {values} WHERE {whole}), count(*), coalesce(sum(n - 1), 0) FROM repeated"
    ).fetchone()
    assert row is not None
    complete, repeated, surplus = map(int, row)
    if most is not None and surplus > most:
        return None
    examples: list[Frequency] = []
    if repeated:
        text = " || ' | ' || ".join(f"CAST({name(field)} AS VARCHAR)" for field in fields)
        some = connection.execute(f"SELECT {text}, n FROM repeated ORDER BY n DESC, 1 LIMIT 5").fetchall()
        examples = [Frequency(str(value)[:_LONGEST], int(number)) for value, number in some]
    return KeyProfile(fields, most is None, rows - complete, repeated, surplus, tuple(examples))
