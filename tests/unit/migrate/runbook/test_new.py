"""A first runbook follows from what the workspace has, for every pair that ships."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import click
import pytest

from migrate.cli import COMMANDS, cli
from migrate.errors import ConfigurationError
from migrate.resources import known_pairs
from migrate.runbook.load import load_runbook
from migrate.runbook.new import new_runbook
from migrate.runbook.placed import Loaded
from migrate.scaffold import new_workspace

LIVE = "  url: https://target.example.org\n  token: ${TARGET_TOKEN}\n"


def written(folder: Path, pair: tuple[str, str], *, live: bool, **words: Any) -> Loaded:
    new_workspace(folder, *pair)
    if live:
        settings = folder / "migration.yaml"
        text = settings.read_text("utf-8")
        settings.write_text(text.replace(f"target:\n  system: {pair[1]}\n", f"target:\n  system: {pair[1]}\n{LIVE}"), "utf-8")
    new_runbook(folder, **words)
    return load_runbook(folder)


@pytest.mark.parametrize("pair", known_pairs(), ids="-".join)
def test_every_pair_gets_one_whose_commands_exist(tmp_path: Path, pair: tuple[str, str]) -> None:
    loaded = written(tmp_path / "w", pair, live=False)
    assert {"deliver", "import-files", "remove-delivery"} <= {p.id for p in (*loaded.steps, *loaded.rollback)}
    assert [p.id for p in loaded.steps if p.step.point_of_no_return] == ["open-target"]
    named = [p.step.command for p in (*loaded.steps, *loaded.rollback) if p.step.command]
    context = click.Context(cli)
    for name, *arguments in (shlex.split(c)[1:] for c in named if c.startswith("lms-migrate")):
        assert name in COMMANDS
        command = cli.get_command(context, name)
        assert command is not None
        options = {option for parameter in command.params for option in parameter.opts}
        assert {a for a in arguments if a.startswith("--")} <= options


def test_a_live_target_brings_its_side_effects_and_what_a_person_hands_over(tmp_path: Path) -> None:
    loaded = written(tmp_path / "w", ("moodle", "moodle"), live=True, cutover="2027-01-09 20:00", zone="Europe/Berlin")
    steps = {p.id: p for p in (*loaded.steps, *loaded.rollback)}
    effect = steps["avoid-moodle-mail-welcome"]
    assert "welcome message to No" in (effect.step.check or "")
    assert "avoid-moodle-cron" in steps["ready"].after
    assert {"load-live", "hand-over", "find-handed-over", "take-back"} <= set(steps)
    assert not {"deliver", "import-files", "remove-delivery"} & set(steps)
    assert loaded.cutover is not None
    assert loaded.zone.key == "Europe/Berlin"


def test_acceptance_tests_are_judged_before_anybody_signs(tmp_path: Path) -> None:
    steps = {p.id: p for p in written(tmp_path / "w", ("moodle", "moodle"), live=True).steps}
    assert "judge-rehearsal" in steps["approve-quality"].after
    assert "judge-target" in steps["go-open"].after
    assert "judge-target" not in {p.id for p in written(tmp_path / "files", ("moodle", "canvas"), live=False).steps}
    settings = tmp_path / "w" / "migration.yaml"
    settings.write_text(settings.read_text("utf-8") + "\nacceptance: {when: after_run}\n", "utf-8")
    (tmp_path / "w" / "runbook.yaml").unlink()
    new_runbook(tmp_path / "w")
    assert "lms-migrate acceptance ." not in {p.step.command for p in load_runbook(tmp_path / "w").steps}


def test_gates_ask_for_every_crosswalk_entry_that_a_live_run_does_not_use(tmp_path: Path) -> None:
    loaded = written(tmp_path / "w", ("moodle", "canvas"), live=False)
    steps = {p.id: p.step for p in loaded.steps}
    for gate in ("ready", "go-load"):
        asked = steps[gate].gate
        assert asked is not None
        assert {one.code for one in asked.criteria if one.code} == {"XWALK-PROPOSED", "XWALK-EXPIRED"}


def test_a_source_of_files_is_exported_again(tmp_path: Path) -> None:
    loaded = written(tmp_path / "w", ("csv_history", "totara"), live=False)
    assert "export-source" in {p.id for p in loaded.steps}


def test_one_that_is_there_is_not_overwritten(desk: Any) -> None:
    before = (desk.folder / "runbook.yaml").read_bytes()
    with pytest.raises(ConfigurationError, match="not overwritten"):
        new_runbook(desk.folder)
    assert (desk.folder / "runbook.yaml").read_bytes() == before


@pytest.mark.parametrize("words", [{"zone": "Mars"}, {"cutover": "soon"}, {"zone": 'UTC"\nx: 1'}])
def test_nothing_is_written_for_a_wrong_instant_or_zone(desk: Any, words: dict[str, str]) -> None:
    (desk.folder / "runbook.yaml").unlink()
    with pytest.raises(ConfigurationError):
        new_runbook(desk.folder, **words)
    assert not (desk.folder / "runbook.yaml").exists()


def test_a_label_of_any_text_stays_text(desk: Any) -> None:
    settings = desk.folder / "migration.yaml"
    label = 'a "b": {c} # d \\ e\n  <script>'
    settings.write_text(settings.read_text("utf-8").replace("label: test", "label: " + repr(label).replace("\\n", " ")), "utf-8")
    (desk.folder / "runbook.yaml").unlink()
    new_runbook(desk.folder)
    assert "<script>" in load_runbook(desk.folder).model.title
