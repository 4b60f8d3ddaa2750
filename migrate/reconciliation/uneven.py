"""Which rows have to be held side by side: those of the buckets of keys in which the two sides do not come to the same sums.

Each row of both sides goes by the hash of its target key into one of many buckets, and counts there by the hash of what is
compared of it: for what was read back, against what is expected. A bucket that comes to nothing holds the same rows on both
sides, and none of them is looked at again. docs/adr/0035-sums-of-rows.md says how sure that is.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow.parquet as pq

from migrate.artefacts import ReadBack, Validated
from migrate.engine import Engine, number
from migrate.reconciliation.sides import Sides

BUCKETS = 131_072
REFUSED = "hash(k, 'refused', 'refused')"


def bucket(key: str) -> str:
    """SQL of the bucket of a key."""
    return f"hash({key}) % {BUCKETS}"


def in_uneven(key: str) -> str:
    """The condition that a key falls into a bucket which :func:`find_uneven` found."""
    return f"{bucket(key)} IN (SELECT bucket FROM _uneven)"


def find_uneven(connection: Engine, sides: Sequence[Sides], refused: str, *, whole: bool) -> int:
    """Fill the table ``_uneven`` with the buckets of a target entity that do not come to nothing; gives their number.

    ``sides``: of all mappings of the entity. ``refused``: SQL of keys ``k`` that were written, and that the target would not
    take. ``whole`` says that rows count by all that is compared of them, else by their keys alone.
    """
    # With ``whole`` nothing evens out a refused record, so that its bucket is looked at.
    held = f"SELECT _target_key AS k, 1 AS n, {_hash(sides[0], whole)} AS h FROM {sides[0].actual} AS t"
    parts = [held, f"SELECT k, 1, {_signed(REFUSED if whole else 'hash(k)')} FROM ({refused})"]
    parts += [f"SELECT _target_key, -1, -{_hash(side, whole)} FROM {side.expected} AS t" for side in sides]
    counted = f"SELECT k, {bucket('k')} AS bucket, n, h FROM ({' UNION ALL '.join(parts)})"
    # Nothing is equal to a key that is null, so it evens out nothing.
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE _uneven AS SELECT bucket FROM ({counted}) GROUP BY bucket "
        "HAVING sum(n) <> 0 OR sum(h) <> 0 OR count(*) <> count(k)"
    )
    return number(connection, "SELECT count(*) FROM _uneven")


def summable(sides: Sequence[Sides], validated: Validated, back: ReadBack) -> bool:
    """Can rows be told by their hashes? Where all mappings of an entity compare the same fields, and the values are of one type
    on both sides: of two types, equal values may have different hashes, and different ones the same."""
    if len({side.forms for side in sides}) > 1:
        return False
    actual = pq.read_schema(back.parquet(sides[0].mapping.target_name))
    for side in sides:
        expected = pq.read_schema(validated.parquet(side.mapping.name))
        as_they_are = [f for f in side.fields if f not in side.texts and f not in side.unfilled]
        if any(expected.field(f).type != actual.field(f).type for f in as_they_are):
            return False
    return True


def _hash(side: Sides, whole: bool) -> str:
    values = ", ".join(side.value(field, "t") for field in side.fields) if whole else ""
    return _signed(f"hash(t._target_key{', ' if values else ''}{values})")


def _signed(hashed: str) -> str:
    # Hashed once more: the engine joins the hashes of several values in a way that sums can undo.
    return f"CAST(hash({hashed}) >> 1 AS BIGINT)"
