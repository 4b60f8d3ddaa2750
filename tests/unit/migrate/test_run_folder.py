"""Run folders: named by the instant, written in one step, readable at any time."""

from __future__ import annotations

import datetime as dt
import json
import os
from pathlib import Path

from migrate.run_folder import SPARE_BYTES, STAGES, latest_run, new_run

NOON = dt.datetime(2025, 6, 30, 12, 0, 5, tzinfo=dt.UTC)


def test_runs_of_one_second_get_names_of_their_own(tmp_path: Path) -> None:
    ids = [new_run(tmp_path / "runs", lambda: NOON).id for _ in range(3)]
    assert ids == ["20250630-120005", "20250630-120005-2", "20250630-120005-3"]


def test_stages_are_numbered_folders(tmp_path: Path) -> None:
    run = new_run(tmp_path, lambda: NOON)
    assert [run.stage(stage).name for stage in STAGES] == [
        "1_extract",
        "2_map",
        "3_validate",
        "4_load",
        "5_read_back",
        "6_reconcile",
    ]
    assert run.stage("map").is_dir()


def test_both_files_are_saved_whole(tmp_path: Path) -> None:
    run = new_run(tmp_path, lambda: NOON)
    run.summary, run.facts = {"label": "Núñez 名"}, {"when": NOON, "path": tmp_path}
    run.save()
    assert json.loads((run.path / "summary.json").read_text("utf-8")) == {"label": "Núñez 名"}
    assert "Núñez 名" in (run.path / "summary.json").read_text("utf-8")
    assert json.loads((run.path / "run.json").read_text("utf-8"))["path"] == str(tmp_path)
    assert not list(run.path.glob("*.part"))
    assert not list(run.path.glob(".*.part"))
    run.summary["label"] = "again"
    run.save()
    assert json.loads((run.path / "summary.json").read_text("utf-8")) == {"label": "again"}


def test_space_is_kept_aside_and_given_back(tmp_path: Path) -> None:
    run = new_run(tmp_path, lambda: NOON)
    assert (run.path / ".spare").stat().st_size == SPARE_BYTES
    run.scratch.mkdir()
    (run.scratch / "spill").write_text("x")
    run.give_back()
    run.give_back()
    assert not list(run.path.iterdir())


def test_the_latest_run_holds_a_summary(tmp_path: Path) -> None:
    assert latest_run(tmp_path / "none") is None
    assert latest_run(tmp_path) is None
    for number, name in enumerate(("b", "a", "c")):
        folder = tmp_path / name
        folder.mkdir()
        if name != "c":
            (folder / "summary.json").write_text("{}")
            os.utime(folder / "summary.json", (1000 + number, 1000 + number))
    assert latest_run(tmp_path) == tmp_path / "a"
    (tmp_path / "b" / "approvals.json").write_text("{}")  # a signature makes a run no newer
    assert latest_run(tmp_path) == tmp_path / "a"
