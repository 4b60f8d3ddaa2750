"""Which rows have to be held side by side: those of the buckets of keys in which the two sides do not come to the same sums.

Each row of both sides goes by the hash of its target key into one of many buckets, and counts there by the hash of what is
compared of it: for what was read back, against what is expected. A bucket that comes to nothing holds the same rows on both
sides, and none of them is looked at again. docs/adr/0033-sums-of-rows.md says how sure that is.
"""

from __future__ import annotations

from collections.abc import Sequence

from migrate.engine import Engine, number
from migrate.reconciliation.sides import Sides

BUCKETS = 131_072


def in_uneven(key: str) -> str:
    """The condition that a key falls into a bucket which :func:`find_uneven` found."""
    return f"{_bucket(f'hash({key})')} IN (SELECT bucket FROM _uneven)"


def find_uneven(connection: Engine, sides: Sequence[Sides], refused: str, *, whole: bool) -> int:
    """Fill the table ``_uneven`` with the buckets of a target entity that do not come to nothing; gives their number.

    ``sides``: of all mappings of the entity. ``refused``: SQL of keys ``k`` that were written, and that the target would not
    take. ``whole`` says that rows count by all that is compared of them, else by their keys alone.
    """
    # With ``whole`` nothing evens out a refused record, so that its bucket is looked at.
    counted = [
        _counted(sides[0].actual, "1", _values(sides[0]) if whole else []),
        _counted(f"(SELECT k AS _target_key FROM ({refused}))", "1", ["'refused'", "'refused'"] if whole else []),
    ]
    # Nothing is equal to a key that is null: what is expected of it counts with what was read back, and nothing evens it out.
    against = "CASE WHEN t._target_key IS NULL THEN 1 ELSE -1 END"
    counted += [_counted(side.expected, against, _values(side) if whole else []) for side in sides]
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE _uneven AS SELECT bucket FROM ({' UNION ALL '.join(counted)}) GROUP BY bucket "
        "HAVING sum(h) <> 0"
    )
    return number(connection, "SELECT count(*) FROM _uneven")


def summable(connection: Engine, sides: Sequence[Sides]) -> bool:
    """Can rows be told by their hashes? Where all mappings of an entity compare the same fields, and the values are of one type
    on both sides: of two types, equal values may have different hashes, and different ones the same."""
    if len({side.forms for side in sides}) > 1:
        return False
    actual = _types(connection, sides[0].actual)
    for side in sides:
        expected = _types(connection, side.expected)
        if any(expected[field] != actual[field] for field in side.fields if field not in side.texts):
            return False
    return True


def _types(connection: Engine, rows: str) -> dict[str, str]:
    return {str(column): str(kind) for column, kind, *_ in connection.execute(f"DESCRIBE SELECT * FROM {rows}").fetchall()}


def _values(side: Sides) -> list[str]:
    return [side.value(field, "t") for field in side.fields]


def _counted(rows: str, sign: str, values: Sequence[str]) -> str:
    """A SELECT of ``bucket`` and ``h``, what a row counts."""
    # Hashed once more: the engine joins the hashes of several values in a way that sums can undo.
    hashed = f"CAST(hash(hash({', '.join(['t._hash', *values])})) >> 1 AS BIGINT)"
    keyed = f"SELECT *, hash(_target_key) AS _hash FROM {rows}"
    return f"SELECT {_bucket('t._hash')} AS bucket, {sign} * {hashed} AS h FROM ({keyed}) AS t"


def _bucket(hashed: str) -> str:
    return f"CAST({hashed} % {BUCKETS} AS INTEGER)"
