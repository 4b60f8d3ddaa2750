"""A rehearsal of a sample on both engines: the same rows in every file, and the same words about them."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml
from sample_runs import PAIRS, sample_run

from migrate.pipeline import RunResult, run

VARIES = ("run", "timings")
"""Of a summary: what no two runs share."""


@pytest.mark.long
@pytest.mark.parametrize("pair", [pair for pair in PAIRS if pair in ("csv_history_to_totara", "moodle_to_canvas")])
def test_both_engines_give_the_same_run(pair: str, spark_settings: dict[str, str], tmp_path: Path) -> None:
    sample = sample_run(pair)
    workspace = tmp_path / "workspace"
    shutil.copytree(sample.workspace, workspace, ignore=shutil.ignore_patterns("runs"))
    settings = yaml.safe_load((workspace / "migration.yaml").read_text("utf-8"))
    settings["spark"] = {"settings": {k: v for k, v in spark_settings.items() if k != "spark.master"}}
    (workspace / "migration.yaml").write_text(yaml.safe_dump(settings), "utf-8")
    got = run(workspace, engine="spark")
    assert got.failure is None
    expected = run(workspace, engine="duckdb")
    assert files_that_differ(expected.folder, got.folder) == []
    assert _summary(got) == _summary(expected)
    assert got.exit_code == expected.exit_code


def files_that_differ(one: Path, other: Path) -> list[str]:
    """Parquet files whose columns or rows differ, and load files whose bytes do; the order of rows does not count."""
    names = {str(file.relative_to(run)) for run in (one, other) for file in run.rglob("*") if file.is_file()}
    differing = []
    for name in sorted(names):
        pair = (one / name, other / name)
        if not all(file.is_file() for file in pair):
            differing.append(f"{name}: only in one of them")
        elif (name.endswith(".parquet") and _rows(pair[0]) != _rows(pair[1])) or (
            name.startswith("4_load/")
            and not name.endswith((".parquet", ".json"))
            and pair[0].read_bytes() != pair[1].read_bytes()
        ):
            differing.append(name)
    return differing


def _rows(file: Path) -> tuple[list[str], list[str]]:
    table = pq.read_table(file)
    return [f"{field.name} {field.type}" for field in table.schema], sorted(repr(row) for row in table.to_pylist())


def _summary(result: RunResult) -> dict[str, Any]:
    return {word: value for word, value in result.summary.items() if word not in VARIES}
