"""What students do not see waits, unless the workspace says that Canvas shows it to nobody either."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from sample_runs import write_sample_workspace

from migrate.pipeline import run

HIDDEN = {"assignments": "ITEM-HIDDEN", "grades": "GRD-HIDDEN"}


def hidden(folder: Path, name: str) -> int:
    rows = pq.read_table(folder / "2_map" / f"{name}.parquet", columns=["_code"]).to_pylist()
    return Counter(row["_code"] for row in rows)[HIDDEN[name]]


@pytest.mark.long
def test_a_workspace_may_let_go_what_is_held(tmp_path: Path) -> None:
    workspace = write_sample_workspace(tmp_path / "sample", "moodle_to_canvas")
    settings = workspace / "migration.yaml"
    held = run(workspace, only="grades", stop_after="map")
    assert {name: hidden(held.folder, name) for name in HIDDEN} == {"assignments": 1, "grades": 64}
    assert 'hidden_grades: "hold"' in settings.read_text("utf-8")
    settings.write_text(settings.read_text("utf-8").replace('hidden_grades: "hold"', "hidden_grades: load"), "utf-8")
    let_go = run(workspace, only="grades", stop_after="map")
    assert {name: hidden(let_go.folder, name) for name in HIDDEN} == {"assignments": 0, "grades": 0}
