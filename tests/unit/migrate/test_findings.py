"""Findings about tables and files, as Parquet in the columns every stage uses."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq

from migrate.findings import SCHEMA, Finding, write_findings


def test_the_columns_are_those_of_every_stage() -> None:
    told = ("code", "severity", "entity", "key", "field", "value", "message", "root_cause")
    assert tuple(SCHEMA.names) == told


def test_findings_are_written_as_they_are(tmp_path: Path) -> None:
    findings = [
        Finding("SRC-MOVED", "warn", "user", None, None, None, "moved"),
        Finding("SRC-TYPE", "hold", "user", "7", "age", "<b>名</b>", 'it\'s "odd"', "user/7"),
    ]
    write_findings((f for f in findings), tmp_path / "f.parquet")
    found = pq.read_table(tmp_path / "f.parquet")
    assert found.schema.equals(SCHEMA)
    assert [Finding(**row) for row in found.to_pylist()] == findings


def test_no_findings_are_an_empty_table(tmp_path: Path) -> None:
    write_findings([], tmp_path / "f.parquet")
    found = pq.read_table(tmp_path / "f.parquet")
    assert (found.num_rows, found.schema.equals(SCHEMA)) == (0, True)
