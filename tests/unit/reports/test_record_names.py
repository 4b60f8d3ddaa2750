"""Names by which records are found: the first ones of each field, and the number of all."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports import record_names
from reports.evidence import Evidence
from reports.masking import Masker
from reports.source_values import FieldReading, MappingReading, Reading

FIELDS = ("login", "title")
WORD = st.sampled_from(["ana", "k", None, "bo"])
PEOPLE = st.lists(st.tuples(WORD, WORD), max_size=15)


def reading(*entities: str) -> Reading:
    fields = {field: FieldReading(1, "", (), None, names=True) for field in FIELDS}
    return Reading({}, {entity: MappingReading("", entity, (), "", (), (), fields) for entity in entities})


def write(folder: Path, **people: list[tuple[str | None, str | None]]) -> None:
    (folder / "2_map").mkdir()
    records = []
    for entity in sorted(people):
        keys = [f"{at:02}" for at in range(len(people[entity]))]
        records += [(entity, key) for key in keys]
        columns = {"_key": keys, **{f"to:{field}": [one[at] for one in people[entity]] for at, field in enumerate(FIELDS)}}
        table = pa.table({word: pa.array(held, pa.string()) for word, held in columns.items()})
        pq.write_table(table, folder / "2_map" / f"{entity}.parquet")
    rows = [{"entity": e, "key": key, "disposition": "created", "target_key": "k", "code": None} for e, key in records]
    schema = pa.schema([(word, pa.string()) for word in ("entity", "key", "disposition", "target_key", "code")])
    pq.write_table(pa.Table.from_pylist(rows, schema), folder / "dispositions.parquet")


@pytest.fixture(autouse=True)
def blocks_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_names, "_BLOCK", 1)


@settings(max_examples=25, deadline=None)
@given(PEOPLE, PEOPLE, st.integers(1, 40))
def test_names_are_the_first_of_each_field(
    first: list[tuple[str | None, str | None]], second: list[tuple[str | None, str | None]], most: int
) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, a=first, b=second)
        with Evidence(folder, Masker({}), 0) as evidence:
            table = record_names.record_names(folder, reading("a", "b"), evidence, Masker({}), most, 1000)
    turns = []
    for start, people in ((1, first), (1 + len(first), second)):
        for at, field in enumerate(FIELDS):
            named = [(start + row, one[at]) for row, one in enumerate(people) if one[at] not in (None, "k")]
            turns += [(turn, row, field, value) for turn, (row, value) in enumerate(named)]
    assert table.total == len(turns)
    assert list(zip(*table.columns.values(), strict=True)) == [each[1:] for each in sorted(turns)[:most]]


def test_characters_are_limited(tmp_path: Path) -> None:
    write(tmp_path, a=[("ana", "bo"), ("carla", None)])
    with Evidence(tmp_path, Masker({}), 0) as evidence:
        table = record_names.record_names(tmp_path, reading("a"), evidence, Masker({}), 100, 6)
    assert table.columns["value"] == ["ana", "bo"]
    assert table.total == 3
