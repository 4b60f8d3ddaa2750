"""How often each value of a field stands: all of them where that is affordable, the most frequent and a sample where not."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from migrate.compiler.text import name
from migrate.profiling.columns import Column, shown_text

EXACT = 1_000_000
"""Fields of at most as many distinct values, by the estimate, are counted value by value."""
LISTED = 5_000
"""Distinct values that are looked at one by one; of more, as many are drawn by their hash."""
TOP = 10
ALL = 200
"""Fields of at most as many values have all of them in the profile."""
_SAMPLE_ROWS = 200_000


@dataclass(frozen=True)
class Frequencies:
    """``top``: the most frequent values. ``sample``: values to look at, with the rows that hold each."""

    distinct: int
    exact: bool
    """Was every row counted?"""
    top: tuple[tuple[str, int], ...]
    sample: tuple[tuple[str, int], ...]
    table: str | None
    """Where all values are (``v``, ``n``); None where only some are."""

    @property
    def complete(self) -> bool:
        """Are the values of the sample all there are?"""
        return self.exact and len(self.sample) == self.distinct


NONE = Frequencies(0, True, (), (), None)


def count_values(
    connection: duckdb.DuckDBPyConnection, values: str, column: Column, estimate: int, holding: int, unique: int | None = None
) -> Frequencies:
    """The frequencies of a column. ``unique``: the number of its distinct values, where a key that was counted says it."""
    if not holding:
        return NONE
    field, text = name(column.field), shown_text("v", column)
    if estimate <= EXACT:
        source = f"SELECT {field} AS v, count(*) AS n FROM {values} WHERE {field} IS NOT NULL GROUP BY 1"
        connection.execute(f"CREATE OR REPLACE TEMP TABLE frequencies AS {source}")
        counted = connection.execute("SELECT count(*) FROM frequencies").fetchone()
        assert counted is not None
        top = connection.execute(f"SELECT {text}, n FROM frequencies ORDER BY n DESC, v LIMIT {LISTED}").fetchall()
        sample = top
        if counted[0] > LISTED:
            sample = connection.execute(f"SELECT {text}, n FROM frequencies ORDER BY hash(v), v LIMIT {LISTED}").fetchall()
        return Frequencies(int(counted[0]), True, tuple(top[:ALL]), tuple(sample), "frequencies")
    step = max(holding // _SAMPLE_ROWS, 1)
    rows = f"SELECT {field} AS v FROM {values} WHERE {field} IS NOT NULL AND hash(_row) % {step} = 0"
    drawn = connection.execute(
        f"SELECT {text}, n FROM (SELECT v, count(*) AS n FROM ({rows}) GROUP BY 1) ORDER BY hash(v), v LIMIT {LISTED}"
    ).fetchall()
    top = []
    if unique != holding:
        likely = f"SELECT unnest(approx_top_k({field}, {TOP})) FROM {values}"
        counts = f"SELECT {field} AS v, count(*) AS n FROM {values} WHERE {field} IN ({likely}) GROUP BY 1"
        top = connection.execute(f"SELECT {text}, n FROM ({counts}) WHERE n > 1 ORDER BY n DESC, v").fetchall()
    return Frequencies(estimate if unique is None else unique, unique is not None, tuple(top), tuple(drawn), None)
