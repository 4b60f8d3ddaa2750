"""Expectations about what a live target does not show: gates of rehearsals, and told of a live run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from moodle_school import TOKEN, stand_in, write_moodle_school
from plain_judge import Plain, write_suite
from small_pair import CLEAN_ROWS

import migrate.acceptance.run as acceptance_run
from migrate.acceptance.run import acceptance
from migrate.pipeline import RunResult, run

OPTIONS = {"batch": 7, "find_batch": 20, "first_pause": 0.01, "longest_pause": 0.05, "wait": 5}
SUITE = """\
suite: Dates of enrolments
expectations:
  - {{code: ACC-BEGUN, entity: enrolments, expect: not_null, field: role, where: timestart is not null, gate: {0}, reason: dates}}
  - {{code: ACC-LOGIN, entity: users, expect: matches, field: username, arguments: {{regex: '^[a-z]+$'}}, reason: they sign in}}
"""


def warned(result: RunResult) -> list[str]:
    told_of = json.loads((result.folder / "run.json").read_text("utf-8"))["side_effects"]
    return [told["message"] for told in told_of if told["code"] == "TARGET-HIDES-EXPECTED"]


@pytest.mark.parametrize(("gate", "stands"), [("rehearsal", True), ("true", True), ("false", False)])
def test_who_says_rehearsal_waits_for_no_live_run(
    gate: str, stands: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acceptance_run, "Judge", Plain)
    with stand_in() as site:
        monkeypatch.setenv(TOKEN, site.token)
        school = write_moodle_school(tmp_path / "school", site.url, CLEAN_ROWS, OPTIONS)
        write_suite(school, SUITE.format(gate))
        assert warned(run(school)) == []
        judged = {result.wanted.code: (result.judged.state, result.gate) for result in acceptance(school).results}
        assert judged == {"ACC-BEGUN": ("passed", stands), "ACC-LOGIN": ("passed", True)}
        live = run(school, live=True)
        assert live.summary["acceptance"]["gates"] == (2 if gate == "true" else 1)
        about = "the target does not show enrolments.timestart, so no live run can judge ACC-BEGUN"
        assert warned(live) == ([about] if gate == "true" else [])
        told = acceptance(school)
        (begun,) = told.of("error")
        assert (begun.wanted.code, begun.judged.why, begun.gate) == (
            "ACC-BEGUN", "the target does not show timestart", gate == "true",
        )  # fmt: skip
        passed = {reached.gate: reached.passed for reached in told.gates if "acceptance" in reached.gate}
        assert passed["acceptance"] is (gate != "true")
