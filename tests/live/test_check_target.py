"""``check --target``: what a live run would refuse to start with is known before anybody signs for one."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from live_school import LiveSchool
from moodle_school import TOKEN, stand_in, write_moodle_school
from small_pair import CLEAN_ROWS, write_workspace

from migrate.cli import cli
from migrate.errors import ConfigurationError
from migrate.live.preflight import OTHER_TARGET
from migrate.pipeline import run

OPTIONS = {"batch": 7, "find_batch": 20, "first_pause": 0.01, "longest_pause": 0.05, "wait": 5}


def checked(workspace: Path) -> Result:
    return CliRunner().invoke(cli, ["check", str(workspace), "--target"], standalone_mode=False)


def test_what_is_not_acknowledged_is_what_a_live_run_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with stand_in() as site:
        monkeypatch.setenv(TOKEN, site.token)
        school = write_moodle_school(tmp_path / "school", site.url, CLEAN_ROWS, OPTIONS)
        before, there = site.state(), sorted(school.rglob("*"))
        shown = checked(school)
        assert shown.return_value == 0, shown.output
        assert f"target {site.url}, 4.5" in shown.output
        assert "MOODLE-IDS-ASSUMED: " in shown.output
        assert "; acknowledged: a stand-in" in shown.output
        file = school / "migration.yaml"
        file.write_text(file.read_text("utf-8").replace('"MOODLE-IDS-ASSUMED"', '"MOODLE-IDS-GUESSED"'), "utf-8")
        refused = checked(school)
        assert isinstance(refused.exception, ConfigurationError)
        assert sorted(school.rglob("*")) == there
        with pytest.raises(ConfigurationError) as live:
            run(school, live=True)
        assert str(refused.exception) == str(live.value)
        assert "MOODLE-IDS-ASSUMED" in str(live.value)
        assert site.token not in refused.output + shown.output
        assert site.state() == before


def test_another_target_than_the_ledger_knows_is_told(tmp_path: Path) -> None:
    school = LiveSchool(tmp_path / "school", f"sqlite:///{tmp_path / 'hub.sqlite'}", CLEAN_ROWS)
    school.live()
    assert checked(school.folder).return_value == 0
    other = LiveSchool(tmp_path / "other", f"sqlite:///{tmp_path / 'other.sqlite'}", CLEAN_ROWS)
    (other.folder / "ledger.sqlite").write_bytes((school.folder / "ledger.sqlite").read_bytes())
    refused = checked(other.folder)
    assert isinstance(refused.exception, ConfigurationError)
    assert OTHER_TARGET in str(refused.exception)


def test_a_workspace_without_a_live_target_has_none_to_look_at(tmp_path: Path) -> None:
    refused = checked(write_workspace(tmp_path / "school"))
    assert isinstance(refused.exception, ConfigurationError)
    assert "no live target is named" in str(refused.exception)
