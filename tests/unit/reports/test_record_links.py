"""Of what refers to what, the page has the links that looking at all of them would choose, and their number."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.evidence import Evidence
from reports.masking import Masker
from reports.record_fields import Asked
from reports.record_links import record_links
from reports.source_values import FieldReading, MappingReading, Reading

Link = tuple[int, str, int]
PEOPLE, COURSES = ("p0", "p1", "p10", "p2"), ("c'0", "c1")
PERSON, COURSE = (st.sampled_from([*known, None, "unknown"]) for known in (PEOPLE, COURSES))
SEATS = st.lists(st.tuples(PERSON, COURSE), max_size=12)
FIELDS = {"person": "people", "course": "courses"}


def reading() -> Reading:
    fields = {field: FieldReading(1, "", (), other, names=False) for field, other in FIELDS.items()}
    return Reading({}, {"seats": MappingReading("seats.yaml", "seats", (), "", (), (), fields)})


def write(folder: Path, seats: list[tuple[str | None, str | None]]) -> dict[tuple[str, str], int]:
    """The files of a run; gives the rows of records."""
    keys = [("people", key) for key in PEOPLE] + [("courses", key) for key in COURSES]
    records = sorted(keys + [("seats", str(at)) for at in range(len(seats))])
    entities, names = ([record[at] for record in records] for at in (0, 1))
    nothing = pa.nulls(len(records), pa.string())
    columns = {
        "entity": entities,
        "key": names,
        "disposition": ["created"] * len(records),
        "target_key": nothing,
        "code": nothing,
    }
    pq.write_table(pa.table(columns), folder / "dispositions.parquet")
    (folder / "2_map").mkdir()
    mapped = {"_key": [str(at) for at in range(len(seats))]}
    table = pa.table({word: pa.array(held, pa.string()) for word, held in mapped.items()})
    for at, field in enumerate(FIELDS):
        table = table.append_column(f"ref:{field}", pa.array([seat[at] for seat in seats], pa.string()))
    pq.write_table(table, folder / "2_map" / "seats.parquet")
    return {record: row for row, record in enumerate(records, 1)}


def chosen(every: set[Link], near: set[int], most: int) -> list[Link]:
    """In turns over the fields those near by, then the first of all."""
    turns = []
    for field in FIELDS:
        of = sorted((refers, record) for record, named, refers in every if named == field and {record, refers} & near)
        turns += [(turn, record, field, refers) for turn, (refers, record) in enumerate(of)]
    found = [(record, field, refers) for _, record, field, refers in sorted(turns)[:most]]
    first = sorted(link for link in every if link[0] <= most)[:most]
    return found + [link for link in first if link not in found][: most - len(found)]


@settings(max_examples=25, deadline=None)
@given(SEATS, st.data())
def test_links_are_those_of_a_look_at_all(seats: list[tuple[str | None, str | None]], data: st.DataObject) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        rows = write(folder, seats)
        near = data.draw(st.sets(st.sampled_from(sorted(rows)), max_size=4))
        most = data.draw(st.integers(1, 30))
        with Evidence(folder, Masker({}), 0) as evidence:
            asked = [Asked(rows[record], *record, None, "created") for record in near]
            table = record_links(folder, reading(), evidence, asked, most)
    every = {
        (rows["seats", str(at)], field, rows[other, key])
        for at, seat in enumerate(seats)
        for (field, other), key in zip(FIELDS.items(), seat, strict=True)
        if key is not None and (other, key) in rows
    }
    assert table.total == len(every)
    assert list(zip(*table.lists.values(), strict=True)) == chosen(every, {rows[record] for record in near}, most)
