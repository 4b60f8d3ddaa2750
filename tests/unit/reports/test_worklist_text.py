"""The worklist on a terminal."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "support"))

from click.testing import CliRunner
from worklist_desk import RUN, SOME, Desk, decision, item

from migrate.cli.worklist import STATES, command
from migrate.errors import ConfigurationError
from migrate.worklist.states import State


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "desk", mask=True)


def show(desk: Desk, *words: str) -> str:
    done = CliRunner().invoke(command, ["show", str(desk.folder), *words], standalone_mode=False)
    if isinstance(done.exception, ConfigurationError):
        raise done.exception
    assert done.exception is None, done.output
    return done.output


def line(text: str, word: str) -> list[str]:
    (found,) = [line.split() for line in text.splitlines() if word in line]
    return found


def test_a_line_for_each_cause(desk: Desk) -> None:
    text = show(desk)
    causes = [line.split()[0] for line in text.splitlines() if line.startswith("C-")]
    assert causes[:2] == [SOME["sort"]["cause"], SOME["note"]["cause"]]
    assert line(text, "P-NAME")[1:] == ["hold", "P-NAME", "people.name", "1", "1", "0", "1", "closed,", "1", "open", "no", "name"]
    assert f"lms-migrate worklist show {desk.folder} --cause {causes[0]}" in text


def test_the_items_of_a_cause(desk: Desk) -> None:
    text = show(desk, "--cause", SOME["note"]["cause"], "--limit", "1")
    assert SOME["note2"]["item"] in text
    assert SOME["note"]["item"] not in text
    assert "and 1 more" in text


def test_all_that_is_known_of_an_item(desk: Desk) -> None:
    desk.decide(decision(SOME["mail"], "override", "bo@example.org", "bo@example.org said so"), decision(SOME["mail"], "exclude"))
    text = show(desk, SOME["mail"]["item"])
    assert "a***@***.org" in text
    assert "override b***@***.org: b***@***.org said so" in text
    assert "example.org" not in text
    assert "decided since: exclude" in text
    assert line(text, "override   ")[-5:] == ["fault", "(needs", "a", "new", "value)"]
    assert f"lms-migrate worklist import {desk.folder} worklist.xlsx" in text


def test_a_merge_names_its_group_and_a_crosswalk_its_entry(desk: Desk) -> None:
    assert "3, 1, 2" in show(desk, SOME["merge"]["item"])
    desk.take_in(desk.answers({"item": "sort", "decision": "confirm", "reason": "seen"}))
    text = show(desk, SOME["sort"]["item"])
    assert "in the crosswalk sorts" in text
    assert "confirm a: seen" in text


def test_no_control_sequence_reaches_the_terminal(tmp_path: Path) -> None:
    evil = item("record", "P-\x1b[2J", "note", "\x1b]0;x\x07", "[bold]\u202e", message="\x1b[31mred")
    desk = Desk(tmp_path / "desk", [evil])
    for words in ((), ("--cause", evil["cause"]), (evil["item"],)):
        text = show(desk, *words)
        assert not {"\x1b", "\x07", "\u202e"} & set(text)
    assert "[bold][U+202E]" in text


def test_what_is_not_there(desk: Desk) -> None:
    for words, message in ((["W-0"], "no such item"), (["C-0"], "no cause"), (["--run", "x"], "no worklist of this run")):
        with pytest.raises(ConfigurationError, match=message):
            show(desk, *words)
    assert "Nothing here needs a person." in show(desk, "--state", "expired")
    assert RUN in show(desk, "--run", RUN)


def test_a_role_sees_its_classes_and_nobody_sees_more(desk: Desk) -> None:
    assert "ana@example.org" in show(desk, SOME["mail"]["item"], "--clear")
    (desk.folder / "privacy.yaml").write_text("roles: {registrar: [email], engineer: []}\n", "utf-8")
    assert "ana@example.org" in show(desk, SOME["mail"]["item"], "--role", "registrar")
    assert "a***@***.org" in show(desk, SOME["mail"]["item"], "--role", "engineer")
    with pytest.raises(ConfigurationError, match="no such role"):
        show(desk, "--role", "anybody")
    refused = CliRunner().invoke(command, ["show", str(desk.folder), "--clear"])
    assert refused.exit_code == 2
    assert "name a --role (registrar, engineer)" in refused.output


def test_the_newest_worklist_is_that_of_real_data(desk: Desk) -> None:
    import json

    desk.run([SOME["name"]], "20260301-000000")
    facts = desk.folder / "runs" / "20260301-000000" / "run.json"
    facts.write_text(json.dumps({**json.loads(facts.read_text("utf-8")), "pseudonyms": True}), "utf-8")
    assert RUN in show(desk)
    assert "20260301-000000" in show(desk, "--run", "20260301-000000")


def test_the_states_are_those_of_the_worklist() -> None:
    from typing import get_args

    assert set(STATES) == set(get_args(State))
