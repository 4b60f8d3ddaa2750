"""The engine's session: bounded, without network or extensions, its errors in our words."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from migrate.engine import copy_to_parquet, scan, session, size_of, translated
from migrate.errors import OutOfSpace, RunFailed


def test_the_session_is_utc_and_has_its_schemas() -> None:
    with session() as connection:
        assert connection.execute("SELECT current_setting('TimeZone')").fetchone() == ("UTC",)
        found = {row[0] for row in connection.execute("SELECT schema_name FROM information_schema.schemata").fetchall()}
    assert {"raw", "source", "identity", "mapped", "crosswalk"} <= found


def test_its_cursors_are_utc_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    with session() as connection:
        assert connection.cursor().execute("SELECT current_setting('TimeZone')").fetchone() == ("UTC",)


def test_errors_of_the_engine_are_run_failures() -> None:
    with pytest.raises(RunFailed, match="the engine stopped"), session() as connection:
        connection.execute("SELECT * FROM nowhere")
    with pytest.raises(ValueError, match="own"), session():
        raise ValueError("own")


@pytest.mark.parametrize("text", ["IO Error: No space left on device", "disk full", "max_temp_directory_size exceeded"])
def test_a_full_disk_is_told_apart(text: str) -> None:
    assert isinstance(translated(duckdb.IOException(text)), OutOfSpace)
    assert not isinstance(translated(duckdb.IOException("other")), OutOfSpace)


def test_memory_is_bounded_and_spilled(tmp_path: Path) -> None:
    with session(tmp_path / "spill", "80MB") as connection:
        row = connection.execute("SELECT count(*) FROM (SELECT * FROM range(3000000) AS r(n) ORDER BY hash(n))").fetchone()
    assert row == (3_000_000,)


@pytest.mark.parametrize(
    ("memory", "size"),
    [("800MB", 800_000_000), ("1.5 GiB", 1536 * 1024**2), ("1GB", 10**9), ("64KiB", 65_536), ("2TB", 2 * 10**12), ("100B", 100)],
)
def test_sizes_are_those_of_the_engine(memory: str, size: int) -> None:
    assert size_of(memory) == size


def test_rows_go_to_parquet_and_back(tmp_path: Path) -> None:
    file = tmp_path / "it's.parquet"
    with session() as connection:
        assert copy_to_parquet(connection, "SELECT * FROM range(5) AS r(n)", file) == 5
        assert copy_to_parquet(connection, "SELECT 1 AS n WHERE FALSE", tmp_path / "none.parquet") == 0
        assert connection.execute(f"SELECT sum(n) FROM {scan(file, tmp_path / 'none.parquet')}").fetchone() == (10,)
