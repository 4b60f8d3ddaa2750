"""The shipped suites judged on the samples: they hold, but for faults that the samples plant and the mappings let through."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from sample_runs import PAIRS, sample_run

from migrate.acceptance.results import FAILING
from migrate.acceptance.run import acceptance

PLANTED = {
    "canvas_to_moodle": {"ACC-GRADE-MOST": ["canvas-final-915|u925"]},
    "cornerstone_to_totara": {"ACC-USER-LEFT": ["000920"]},
    "moodle_to_xapi": {
        "ACC-STATEMENT-START": ["848f0206-f444-5eef-b872-bc2bc35f8718", "dfd07e5f-60c4-53b1-bd8d-897180982d55"],
    },
}
"""A score above 100 percent, a person who left before they came, an attempt that ended before it began, a completion before its
enrolment: the mappings warn of them and load them."""


@pytest.mark.long
@pytest.mark.parametrize("pair", list(PAIRS))
def test_the_shipped_suites_hold_on_the_samples_but_for_planted_faults(pair: str, tmp_path: Path) -> None:
    workspace = tmp_path / pair
    shutil.copytree(sample_run(pair).workspace, workspace)
    found = acceptance(workspace)
    assert found.of("error") == []
    rows = pq.read_table(found.folder / FAILING).to_pylist()
    codes = {result.wanted.code for result in found.of("failed")}
    told: dict[str, list[str]] = {}
    for row in rows:
        if row["code"] in codes and row["target_key"] not in told.setdefault(row["code"], []):
            told[row["code"]].append(row["target_key"])
    assert told == PLANTED.get(pair, {})
