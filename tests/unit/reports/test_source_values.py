"""Source values read again from an extract, by statements that are not trusted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reports.source_values import read_reading, source_values

VIEW = 'CREATE OR REPLACE VIEW "source"."person" AS SELECT id, upper(name) AS name FROM "raw"."person"'
SELECT = 'SELECT s._key, CAST(s.name AS VARCHAR) AS c0 FROM (SELECT id AS _key, name FROM "source"."person") AS s'


def write(folder: Path, statement: str = VIEW, select: str = SELECT, **more: Any) -> Path:
    (folder / "1_extract").mkdir(parents=True)
    (folder / "2_map").mkdir()
    rows = [{"id": "7", "name": "Ana"}, {"id": "8", "name": None}]
    pq.write_table(pa.Table.from_pylist(rows), folder / "1_extract" / "person.parquet")
    field = {"line": 3, "text": "name: {from: name}", "reads": [0], "ref": None, "names": True}
    about = {"file": "users.yaml", "target": "users", "sources": ["person"], "select": select, "fields": {"name": field}}
    about |= {"columns": [{"label": "person.name", "pii": "name"}]} | more
    (folder / "2_map" / "reading.json").write_text(
        json.dumps({"statements": {"person": statement}, "mappings": {"users": about}})
    )
    return folder


def test_values_are_read_of_the_records_that_are_asked_for(tmp_path: Path) -> None:
    folder = write(tmp_path / "run [1]")
    reading = read_reading(folder)
    assert reading.mappings["users"].labels == ("person.name",)
    assert source_values(folder, reading, {"users": ["7", "none"]}) == {"users": {"7": ("ANA",)}}
    assert source_values(folder, reading, {"users": ["8"], "others": ["1"]}) == {"users": {"8": (None,)}}
    assert source_values(folder, reading, {"users": []}) == {}


@pytest.mark.parametrize("key", ["o'neil", "a\0b", "', 'x", "", "ä"])
def test_a_key_may_hold_anything(tmp_path: Path, key: str) -> None:
    folder = write(tmp_path / "run")
    table = pa.Table.from_pylist([{"id": key, "name": "Ana"}, {"id": "x", "name": "Bo"}])
    pq.write_table(table, folder / "1_extract" / "person.parquet")
    assert source_values(folder, read_reading(folder), {"users": [key, None]}) == {"users": {key: ("ANA",)}}


@pytest.mark.parametrize(
    "statement",
    [
        "COPY (SELECT 1) TO '{outside}/written.csv'",
        VIEW + "; COPY (SELECT 1) TO '{outside}/written.csv'",
        "CREATE TABLE \"source\".\"person\" AS SELECT content AS id, '' AS name FROM read_text('{outside}/secret.txt')",
        "ATTACH '{outside}/other.db'",
        "not SQL",
    ],
)
def test_a_statement_reaches_nothing_but_the_extract(tmp_path: Path, statement: str) -> None:
    (tmp_path / "secret.txt").write_text("7")
    folder = write(tmp_path / "run", statement.format(outside=tmp_path))
    assert source_values(folder, read_reading(folder), {"users": ["7"]}) == {}
    assert {path.name for path in tmp_path.iterdir()} == {"run", "secret.txt"}


def test_a_select_reaches_nothing_but_the_extract(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("the secret")
    hostile = f"SELECT '7' AS _key, content FROM read_text('{tmp_path}/secret.txt')"
    folder = write(tmp_path / "run", select=hostile)
    assert source_values(folder, read_reading(folder), {"users": ["7"]}) == {}
    leaving = write(tmp_path / "other", select="SELECT 1) AS r; DROP VIEW source.person; SELECT * FROM (SELECT 1")
    assert source_values(leaving, read_reading(leaving), {"users": ["7"]}) == {}


def test_an_extract_that_is_gone_gives_nothing(tmp_path: Path) -> None:
    folder = write(tmp_path / "run")
    (folder / "1_extract" / "person.parquet").write_bytes(b"damaged")
    assert source_values(folder, read_reading(folder), {"users": ["7"]}) == {}
    (folder / "1_extract" / "person.parquet").unlink()
    assert source_values(folder, read_reading(folder), {"users": ["7"]}) == {}


def test_what_is_no_reading_reads_as_none(tmp_path: Path) -> None:
    assert not read_reading(tmp_path).mappings
    folder = write(tmp_path / "run", columns=[])
    assert not read_reading(folder).mappings, "a field reads a column that is not there"
    (folder / "2_map" / "reading.json").write_text("[]")
    assert not read_reading(folder).mappings
