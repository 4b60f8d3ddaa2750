"""Which rows have to be held side by side: those that do not stand on both sides as they are.

A row is told by its target key and one hash of all values that are compared. Rows of both sides that have the same two are the
same, and none of them is looked at again; what the others differ in is told by their values, never by a hash. Where the keys
of one side do not fit into memory, buckets of rows are told by sums of hashes in place of single rows.
docs/adr/0034-rows-told-by-hash.md says how sure both are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from migrate.compiler.text import name, row_hash
from migrate.engine import Engine, number
from migrate.reconciliation.sides import Sides

BUCKETS = 131_072
ROW = 128
"""Bytes that a key and its hash take while they are joined, with what the engine needs to find them."""


@dataclass(frozen=True)
class Apart:
    """Rows that may differ, as SQL. All others stand on both sides as they are."""

    expected: tuple[str, ...]
    """Per mapping the rows that are expected, in the columns of :attr:`Sides.expected`."""
    actual: str
    """The rows that were read back, in the columns of :attr:`Sides.actual`."""
    awaited: str
    """``k``: the keys that rows of ``actual`` have to have, each as often as it is expected."""


def find_apart(
    connection: Engine, sides: Sequence[Sides], refused: str, *, meant: int, held: int, memory: int | None = None
) -> Apart | None:
    """The rows of a target entity that may differ; None where all are the same, and the target refused nothing.

    ``sides``: of all mappings of the entity. ``refused``: SQL of keys ``k`` that were written, and that the target would not
    take. ``meant`` and ``held`` are the numbers of rows on the two sides, ``memory`` the bytes that the engine may use; None:
    as many as it takes.
    """
    if not summable(connection, sides):
        return _everything(sides)
    if memory is not None and meant * ROW > memory:
        return _uneven(connection, sides, refused)
    alone, awaited = _join(connection, sides)
    if held - alone != meant - awaited:  # one row stands for several of the other side
        return _everything(sides)
    if not alone and not awaited and not number(connection, f"SELECT count(*) FROM ({refused})"):
        return None
    keys = "SELECT _target_key AS k FROM _apart WHERE _held UNION SELECT _awaited FROM _apart WHERE NOT _held"
    among = f"SEMI JOIN ({keys}) AS o ON o.k IS NOT DISTINCT FROM t._target_key"
    return Apart(
        tuple(f"(SELECT t.* FROM {side.expected} AS t {among})" for side in sides),
        "(SELECT * FROM _apart WHERE _held)",
        "SELECT _awaited AS k FROM _apart WHERE NOT _held",
    )  # fmt: skip


def _join(connection: Engine, sides: Sequence[Sides]) -> tuple[int, int]:
    """Fill the table ``_apart`` with the rows that were read back (``_held``) and have no equal among those expected, and with
    the keys (``_awaited``) of those that are expected and have none among what was read back. Gives the numbers of both."""
    expected = " UNION ALL ".join(map(_hashes, sides))
    fields = [name(field) for field in sides[0].fields]
    read = ", ".join(["t._target_key", *(f"t.{field}" for field in fields), f"{_hash(sides[0])} AS _hash"])
    kept = ", ".join(["a._target_key", *(f"a.{field}" for field in fields)])
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE _apart AS SELECT {kept}, e._target_key AS _awaited, a._hash IS NOT NULL AS _held "
        f"FROM (SELECT {read} FROM {sides[0].actual} AS t) AS a FULL JOIN ({expected}) AS e "
        "ON e._target_key = a._target_key AND e._hash = a._hash WHERE a._hash IS NULL OR e._hash IS NULL"
    )
    counted = "SELECT count(*) FROM _apart WHERE"
    return number(connection, f"{counted} _held"), number(connection, f"{counted} NOT _held")


def _everything(sides: Sequence[Sides]) -> Apart:
    return _where(sides, "TRUE")


def _where(sides: Sequence[Sides], condition: str) -> Apart:
    """The rows whose key, ``{0}``, fulfils a condition."""
    condition = condition.format("t._target_key")
    expected = tuple(f"(SELECT * FROM {side.expected} AS t WHERE {condition})" for side in sides)
    actual = f"(SELECT * FROM {sides[0].actual} AS t WHERE {condition})"
    return Apart(expected, actual, " UNION ALL ".join(f"SELECT _target_key AS k FROM {rows}" for rows in expected))


def _uneven(connection: Engine, sides: Sequence[Sides], refused: str) -> Apart | None:
    """The rows of the buckets of keys in which the two sides do not come to the same sums.

    Each row goes by the hash of its target key into one of many buckets, and counts there by the hash of what is compared of it:
    for what was read back, against what is expected. A bucket that comes to nothing holds the same rows on both sides.
    """
    # Nothing evens out a refused record, so that its bucket is looked at.
    read = f"SELECT t._target_key, {_hash(sides[0])} AS _hash FROM {sides[0].actual} AS t"
    counted = [_counted(read, "1"), _counted(f"SELECT k AS _target_key, hash('refused') AS _hash FROM ({refused})", "1")]
    # Nothing is equal to a key that is null: what is expected of it counts with what was read back, and nothing evens it out.
    against = "CASE WHEN t._target_key IS NULL THEN 1 ELSE -1 END"
    counted += [_counted(_hashes(side), against) for side in sides]
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE _uneven AS SELECT bucket FROM ({' UNION ALL '.join(counted)}) GROUP BY bucket "
        "HAVING sum(h) <> 0"
    )
    if not number(connection, "SELECT count(*) FROM _uneven"):
        return None
    return _where(sides, f"{_bucket('hash({0})')} IN (SELECT bucket FROM _uneven)")


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


def _hashes(side: Sides) -> str:
    """A SELECT of ``_target_key`` and ``_hash`` of the rows that are expected."""
    return side.hashes or f"SELECT t._target_key, {_hash(side)} AS _hash FROM {side.expected} AS t"


def _hash(side: Sides) -> str:
    """The hash of all that is compared of a row ``t``."""
    return row_hash(side.value(field, "t") for field in side.fields)


def _counted(rows: str, sign: str) -> str:
    """A SELECT of ``bucket`` and ``h``, what a row counts, for a SELECT of ``_target_key`` and ``_hash``."""
    # Hashed once more: the engine joins the hashes of several values in a way that sums can undo.
    hashed = "CAST(hash(hash(t._of_key, t._hash)) >> 1 AS BIGINT)"
    keyed = f"SELECT *, hash(_target_key) AS _of_key FROM ({rows})"
    return f"SELECT {_bucket('t._of_key')} AS bucket, {sign} * {hashed} AS h FROM ({keyed}) AS t"


def _bucket(hashed: str) -> str:
    return f"CAST({hashed} % {BUCKETS} AS INTEGER)"
