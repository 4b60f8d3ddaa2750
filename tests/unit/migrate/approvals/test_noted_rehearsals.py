"""The newest rehearsal that the audit trail knows, beside the folders that are there."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from migrate.approvals.noted_rehearsals import lost_rehearsal
from migrate.fingerprints import described

PARTS = {"mapping": "a"}


def entry(run: str, *missed: str, parts: dict[str, str] = PARTS, detail: str | None = None) -> Any:
    told = detail or json.dumps({"verdict": "pass", "parts": described(parts), "missed": missed})
    return SimpleNamespace(id=1, event="rehearsed", run=run, at="2026-03-01T10:00:00.000+00:00", detail=told)


def lost(tmp_path: Path, *entries: Any) -> str | None:
    found = lost_rehearsal(tmp_path, tmp_path / "runs", entries, PARTS)
    return None if found is None else str(found)


def test_only_the_newest_of_these_parts_that_missed_a_gate_is_missed(tmp_path: Path) -> None:
    said = lost(tmp_path, entry("a"), entry("b", "findings X", "held"), entry("c", "held", parts={"mapping": "other"}))
    assert said is not None
    assert "the newest rehearsal, b of 2026-03-01T10:00:00, missed gates (findings X, held)" in said
    assert f"lms-migrate run {tmp_path}" in said
    assert lost(tmp_path, entry("b", "held"), entry("d")) is None
    assert lost(tmp_path) is None


def test_it_is_not_missed_where_its_folder_is_there(tmp_path: Path) -> None:
    folder = tmp_path / "runs/b"
    folder.mkdir(parents=True)
    assert lost(tmp_path, entry("b", "held")) is not None, "a folder without a run is none"
    words = ("mode", "entities", "verdict", "balanced", "loss_register")
    (folder / "summary.json").write_text(json.dumps(dict.fromkeys(words)), "utf-8")
    (folder / "run.json").write_text(json.dumps({"failure": None, "stopped_at": None}), "utf-8")
    assert lost(tmp_path, entry("b", "held")) is None


@pytest.mark.parametrize("detail", ["no json", "[]", "{}", '{"parts": 1, "missed": 2}'])
def test_an_entry_that_somebody_else_wrote_lets_nothing_through(tmp_path: Path, detail: str) -> None:
    assert "no rehearsal as lms-migrate writes it" in str(lost(tmp_path, entry("b", detail=detail)))
