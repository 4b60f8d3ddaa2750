"""Two runs with any findings: what is new and what recurs is all there is, what is fixed and what recurs is all there was."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.overview.changes import COLUMNS, compare
from reports.overview.history import Past

SIGNS = st.one_of(st.none(), st.sampled_from(["", " ", "a", "A", "7", "∅"]))
FINDINGS = st.lists(st.tuples(*(SIGNS for _ in COLUMNS)), max_size=12)


class Rows:
    """The findings of a run, in an engine."""

    def __init__(self, told: list[tuple[str | None, ...]]) -> None:
        self.db = duckdb.connect()
        self.db.register("given", table(told))
        self.db.execute("CREATE TABLE findings AS SELECT row_number() OVER () AS row, * FROM given")
        self.db.execute("CREATE TABLE news (row BIGINT, history VARCHAR)")

    def do(self, sql: str) -> None:
        self.db.execute(sql)

    def ask(self, sql: str) -> list[Any]:
        return self.db.execute(sql).fetchall()


def table(told: list[tuple[str | None, ...]]) -> pa.Table:
    return pa.table({name: pa.array([row[at] for row in told], pa.string()) for at, name in enumerate(COLUMNS)})


def prints(told: list[tuple[str | None, ...]]) -> Counter[tuple[str | None, ...]]:
    place = [COLUMNS.index(name) for name in ("entity", "key", "field", "code", "value")]
    return Counter(tuple(row[at] for at in place) for row in told)


@settings(max_examples=30)
@given(before=FINDINGS, now=FINDINGS)
def test_the_sums_come_out(before: list[tuple[str | None, ...]], now: list[tuple[str | None, ...]]) -> None:
    with TemporaryDirectory() as folder:
        pq.write_table(table(before), Path(folder) / "findings.parquet")
        rows = Rows(now)
        assert compare(rows, Past(Path(folder), {}, {})) == ""
    counted = dict(rows.ask("SELECT history, count(*) FROM news GROUP BY ALL"))
    ((fixed,),) = rows.ask("SELECT count(*) FROM fixed")
    new, recurring = counted.get("new", 0), counted.get("recurring", 0)
    assert new + recurring == len(now)
    assert fixed + recurring == len(before)
    assert recurring == (prints(now) & prints(before)).total()
