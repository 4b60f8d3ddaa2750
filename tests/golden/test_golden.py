"""The samples give what people have looked at and committed. `python tests/golden/update.py` writes it anew."""

from __future__ import annotations

import difflib
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from golden_files import golden_form, read_golden
from sample_runs import PAIRS, sample_run

from migrate.artefacts import Mapped
from migrate.compiler.text import name, row_hash
from migrate.engine import scan

GOLDEN = Path(__file__).parent
SHOWN = 40
NEXT = "look at the change; if it is meant: python tests/golden/update.py"


@pytest.mark.parametrize("pair", list(PAIRS))
def test_the_rehearsal_gives_the_golden_files(pair: str) -> None:
    golden = read_golden(GOLDEN / pair)
    assert golden, f"there are no golden files in {pair}; a test never writes them. {NEXT}"
    got = golden_form(sample_run(pair).folder)
    assert sorted(got) == sorted(golden), NEXT
    changed = [name for name in got if got[name] != golden[name]]
    assert not changed, "\n".join([NEXT, *[line for name in changed for line in _diff(name, golden[name], got[name])]])


@pytest.mark.parametrize("pair", list(PAIRS))
def test_golden_files_hold_nothing_of_the_machine(pair: str) -> None:
    for file, content in read_golden(GOLDEN / pair).items():
        assert str(sample_run(pair).workspace).encode() not in content, file
        assert str(Path.home()).encode() + b"/" not in content, file


@pytest.mark.parametrize("pair", list(PAIRS))
def test_stored_hashes_are_those_of_the_stored_values(pair: str) -> None:
    """Comparing believes them, and does not read the values."""
    stored = Mapped(sample_run(pair).folder / "2_map")
    manifest = stored.manifest["hashed"]
    assert isinstance(manifest, dict)
    told = 0
    for mapping, fields in manifest.items():
        columns = pq.read_schema(stored.parquet(mapping)).names
        values = row_hash(name("to:" + field) if "to:" + field in columns else "NULL" for field in fields)
        rows = f"FROM {scan(stored.parquet(mapping))}"
        assert duckdb.sql(f"SELECT count(*) {rows} WHERE _hash IS DISTINCT FROM {values}").fetchall() == [(0,)], mapping
        told += len(duckdb.sql(f"SELECT DISTINCT _hash {rows}").fetchall())
    assert told > len(manifest)


def test_golden_files_stay_small() -> None:
    assert sum(file.stat().st_size for file in GOLDEN.rglob("*") if file.is_file()) < 5_000_000


def _diff(name: str, before: bytes, after: bytes) -> list[str]:
    lines = [text.decode("utf-8", "replace").splitlines() for text in (before, after)]
    return list(difflib.unified_diff(*lines, f"golden/{name}", name, lineterm="", n=0))[:SHOWN]
