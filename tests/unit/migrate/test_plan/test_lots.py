"""Which run a test plan is written of."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from migrate.errors import ConfigurationError
from migrate.test_plan.lots import find_run


def test_people_with_pseudonyms_are_looked_up_by_nobody(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "r1"
    folder.mkdir(parents=True)
    (folder / "summary.json").write_text("{}", "utf-8")
    (folder / "dispositions.parquet").touch()
    (folder / "run.json").write_text(json.dumps({"pseudonyms": True}), "utf-8")
    with pytest.raises(ConfigurationError, match="pseudonyms"):
        find_run(tmp_path, None)
    (folder / "run.json").write_text(json.dumps({"pseudonyms": False}), "utf-8")
    assert find_run(tmp_path, "r1") == folder
