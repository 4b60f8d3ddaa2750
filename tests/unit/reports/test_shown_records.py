"""The records of a page are those that a sort of all of them by urgency would begin with."""

from __future__ import annotations

import duckdb
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.model import DISPOSITIONS, HELD_BACK, SET_ASIDE
from reports.shown_records import choose_records

ENDED = st.lists(st.sampled_from([*DISPOSITIONS, None]), min_size=1, max_size=25)


def urgency(disposition: str | None, told: bool) -> int:
    if disposition in HELD_BACK:
        return 0
    return 1 if told else 2 if disposition in SET_ASIDE else 3 if disposition == "updated" else 4


@settings(max_examples=60)
@given(ENDED, st.data())
def test_the_most_urgent_are_shown(ended: list[str | None], data: st.DataObject) -> None:
    rows = range(1, len(ended) + 1)
    told, differs = (data.draw(st.sets(st.sampled_from(rows), max_size=5)) for _ in range(2))
    limit = data.draw(st.integers(1, len(ended) + 2))
    with duckdb.connect() as database:
        database.register("given", pa.table({"row": pa.array(rows, pa.int64()), "disposition": pa.array(ended, pa.string())}))
        database.execute("CREATE TABLE d AS FROM given")
        for table, records in (("f", told), ("x", differs)):
            database.register("records", pa.table({"record": pa.array([*records, None], pa.int64())}))
            database.execute(f"CREATE TABLE {table} AS FROM records")
        choose_records(database, limit)
        shown = [row for (row,) in database.execute("FROM shown ORDER BY row").fetchall()]
    order = sorted(rows, key=lambda row: (urgency(ended[row - 1], row in told | differs), row))
    assert shown == sorted(order[:limit])
