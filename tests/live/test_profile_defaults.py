"""Defaults of profile fields: a Moodle shows them of everybody, and they are nobody's value."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from live_school import dispositions, findings
from moodle_school import TOKEN, stand_in, write_moodle_school
from small_pair import CLEAN_ROWS, write_rows

from migrate.connectors.target import Ability
from migrate.live.load import LiveLoad
from migrate.pipeline import RunResult, run

OPTIONS = {"batch": 7, "find_batch": 20, "first_pause": 0.01, "longest_pause": 0.05, "wait": 5}
VALUES = """\
from: school.user
to: moodle.profile_values
fields:
  user: {ref: users, by: id}
  field: {const: campus}
  value: {expr: "case when id % 2 = 0 then 'Main' else 'North' end"}
"""


def unforeseen(result: RunResult) -> dict[str, int]:
    """Results of the values, as the last rehearsal gave them."""
    facts = json.loads((result.folder / "run.json").read_text("utf-8"))
    return {word: number for word, number in facts["predicted"]["entities"]["profile_values"].items() if number}


def test_a_default_is_written_over_for_whom_the_run_created_and_held_for_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with stand_in() as site:
        monkeypatch.setenv(TOKEN, site.token)
        school = write_moodle_school(tmp_path / "school", site.url, CLEAN_ROWS, OPTIONS)
        everybody = len(CLEAN_ROWS["user"])
        run(school, live=True)  # people alone: their accounts are there before anybody asks for their values
        (school / "mapping/profile_values.yaml").write_text(VALUES, "utf-8")
        more = {**CLEAN_ROWS["user"][0], "id": 91, "login": "late", "email": "late@x.org"}, {
            **CLEAN_ROWS["user"][0], "id": 92, "login": "later", "email": "later@x.org",
        }  # fmt: skip
        write_rows(school, {**CLEAN_ROWS, "user": [*CLEAN_ROWS["user"], *more]})
        run(school)
        second = run(school, live=True)
        odd = sum(row["id"] % 2 for row in CLEAN_ROWS["user"])
        assert dispositions(second)["profile_values"] == {"created": 2, "unchanged": everybody - odd, "held": odd}
        assert unforeseen(second) == {"created": everybody + 2}
        assert {code for code, entity, _ in findings(second) if entity == "profile_values"} == {"LIVE-EXISTS"}
        values = {row[0]: row[-1] for row in site.state()["profile_values"]}
        assert {login: values.get(login) for login in ("late", "later")} == {"late": "North", "later": "Main"}
        third = run(school, live=True)
        assert dispositions(third)["profile_values"] == {"unchanged": everybody - odd + 2, "held": odd}


def test_a_run_that_was_cut_off_before_the_values_is_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare = LiveLoad.prepare

    def interrupted(self: LiveLoad, entity: str, ability: Ability) -> bool:
        if entity == "profile_values":
            raise KeyboardInterrupt
        return prepare(self, entity, ability)

    with stand_in() as site:
        monkeypatch.setenv(TOKEN, site.token)
        school = write_moodle_school(tmp_path / "school", site.url, CLEAN_ROWS, OPTIONS)
        (school / "mapping/profile_values.yaml").write_text(VALUES, "utf-8")
        for _ in range(2):
            with monkeypatch.context() as patched:
                patched.setattr(LiveLoad, "prepare", interrupted)
                with pytest.raises(KeyboardInterrupt):
                    run(school, live=True)
        went_on = run(school, live=True)
        assert dispositions(went_on)["profile_values"] == {"created": len(CLEAN_ROWS["user"])}
        assert [one for one in findings(went_on) if one[1] == "profile_values"] == []
        assert dispositions(run(school, live=True))["profile_values"] == {"unchanged": len(CLEAN_ROWS["user"])}
