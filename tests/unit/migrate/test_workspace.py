"""Workspaces: settings, connections without secrets in files, and systems of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import make_url

from migrate.errors import ConfigurationError
from migrate.workspace import open_workspace

SOURCE = "system: old\nlabel: Old\nsource: {kind: database}\nentities: {person: {key: id, fields: {id: {}}}}\n"
TARGET = "system: new\nlabel: New\ntarget: {kind: files}\nentities: {users: {key: id, file: u.csv, fields: {id: {}}}}\n"
SETTINGS = "label: test\nsource: {system: old, url: '%s'}\ntarget: {system: new}\n"


@pytest.fixture
def folder(bench: Any) -> Path:
    for path, text in {
        "migration.yaml": SETTINGS % "sqlite:///x.sqlite", "systems/old.yaml": SOURCE, "systems/new.yaml": TARGET,
        "mapping/users.yaml": "from: old.person\nto: new.users\nfields: {id: {from: id}}\n",
        "mapping/pair.yaml": "from: old\nto: new\nlabel: x\n",
    }.items():  # fmt: skip
        bench.file(path, text)
    return bench.folder


def rewrite(folder: Path, text: str) -> None:
    (folder / "migration.yaml").write_text(text, "utf-8")


def problems(folder: Path) -> tuple[Any, ...]:
    with pytest.raises(ConfigurationError) as caught:
        open_workspace(folder)
    return caught.value.problems


def test_a_workspace_opens_with_its_own_systems(folder: Path) -> None:
    opened = open_workspace(folder)
    assert (opened.source.system, opened.target.system, list(opened.pair.mappings)) == ("old", "new", ["users"])
    assert opened.settings.report.mask
    assert opened.runs == folder / "runs"
    assert opened.source_url() == "sqlite:///x.sqlite"


def test_a_folder_without_settings_names_the_next_command(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"holds no migration\.yaml") as caught:
        open_workspace(tmp_path)
    assert "lms-migrate new" in caught.value.hint


@pytest.mark.parametrize(
    "url",
    [
        "mysql://reader:secret@host/moodle",
        "mysql://reader:secret@host:3306/moodle",
        "postgresql://u:p@ss@h/d",
        "mysql://u:${P}x@h/d",
        "mysql://u:[x@h/d",
        "postgresql://h/d?user=u&password=secret",
        "mysql://u:x${P}@h/d",
        "postgresql://u:p%40ss@h/d",
    ],
)
def test_a_password_in_the_file_is_refused(folder: Path, url: str) -> None:
    rewrite(folder, SETTINGS % url)
    (problem,) = problems(folder)
    assert "password" in problem.message
    assert problem.place.line == 2
    assert "secret" not in str(problem)


@pytest.mark.parametrize(
    "url",
    ["mysql://reader:${MOODLE_PW}@host/moodle", "mysql://reader@host/moodle", "${MOODLE_PW}", "sqlite:////a/b.sqlite"],
)
def test_urls_without_a_secret_are_fine(folder: Path, url: str) -> None:
    rewrite(folder, SETTINGS % url)
    assert open_workspace(folder).settings.source.url == url


def test_variables_are_filled_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rewrite(folder, SETTINGS % "mysql://${WHO}:${MOODLE_PW}@${WHERE}:3306/moodle")
    for name, value in (("WHO", "reader"), ("WHERE", "host"), ("MOODLE_PW", "secret")):
        monkeypatch.setenv(name, value)
    assert open_workspace(folder).source_url() == "mysql://reader:secret@host:3306/moodle"


@pytest.mark.parametrize("password", ["p@ss", "a/b", "a:b", "100%", "a b", "%40", "#?&=", "ñ", "[x]"])
def test_any_password_reaches_the_driver_as_it_is(folder: Path, monkeypatch: pytest.MonkeyPatch, password: str) -> None:
    rewrite(folder, SETTINGS % "mysql://reader:${MOODLE_PW}@host/moodle")
    monkeypatch.setenv("MOODLE_PW", password)
    url = make_url(open_workspace(folder).source_url())
    assert (url.username, url.password, url.host, url.database) == ("reader", password, "host", "moodle")


def test_a_whole_url_in_a_variable(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rewrite(folder, SETTINGS % "${MOODLE_URL}")
    monkeypatch.setenv("MOODLE_URL", "mysql://reader:p%40ss@host/moodle")
    assert open_workspace(folder).source_url() == "mysql://reader:p%40ss@host/moodle"


def test_a_variable_that_is_not_set_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rewrite(folder, SETTINGS % "mysql://reader:${MOODLE_PW}@host/moodle")
    monkeypatch.delenv("MOODLE_PW", raising=False)
    with pytest.raises(ConfigurationError) as caught:
        open_workspace(folder).source_url()
    (problem,) = caught.value.problems
    assert (problem.value, problem.place.line, problem.hint) == (
        "MOODLE_PW",
        2,
        "export MOODLE_PW=..., or write it to the file that migration.yaml names under secrets",
    )


def test_a_database_needs_a_url(folder: Path) -> None:
    rewrite(folder, "label: x\nsource: {system: old}\ntarget: {system: new}\n")
    with pytest.raises(ConfigurationError, match="no url"):
        open_workspace(folder).source_url()


@pytest.mark.parametrize("given", [None, "source", "in/put"])
def test_the_folder_of_a_source_is_the_workspaces(folder: Path, given: str | None) -> None:
    rewrite(folder, f"label: x\nsource: {{system: old{f', folder: {given}' if given else ''}}}\ntarget: {{system: new}}\n")
    assert open_workspace(folder).source_folder() == (folder / (given or "source")).resolve()


@pytest.mark.parametrize(
    "as_of",
    [
        "2026-01-01",
        "2026-01-01T00:00:00",
        "now",
        "'20260101'",
        "2026-13-45 99:99:99",
        "2026-02-30 00:00:00",
        "2026-01-01 00:00:00Z",
    ],
)
def test_as_of_is_an_instant(folder: Path, as_of: str) -> None:
    rewrite(folder, SETTINGS % "sqlite:///x" + f"as_of: {as_of}\n")
    (problem,) = problems(folder)
    assert "as_of" in problem.message
    assert problem.allowed == ("YYYY-MM-DD HH:MM:SS",)
    assert problem.place.line == 4


def test_a_good_as_of(folder: Path) -> None:
    rewrite(folder, SETTINGS % "sqlite:///x" + "as_of: 2024-02-29 23:59:59\n")
    assert open_workspace(folder).settings.as_of == "2024-02-29 23:59:59"


@pytest.mark.parametrize("memory", ["lots", "-1GB", "''"])
def test_memory_is_a_size(folder: Path, memory: str) -> None:
    rewrite(folder, SETTINGS % "sqlite:///x" + f"memory: {memory}\n")
    assert any("memory" in p.message for p in problems(folder))


@pytest.mark.parametrize("word", ["source", "target"])
def test_an_unknown_system_is_named_with_those_there_are(folder: Path, word: str) -> None:
    name = {"source": "old", "target": "new"}[word]
    rewrite(folder, (SETTINGS % "x").replace(f"system: {name}", "system: odd"))
    (problem,) = problems(folder)
    assert (problem.value, problem.place.line) == ("odd", {"source": 2, "target": 3}[word])
    assert {"moodle", "canvas"} <= set(problem.allowed)
    assert "systems/odd.yaml" in problem.hint


def test_a_system_that_cannot_be_what_it_is_asked_for(folder: Path) -> None:
    (folder / "systems/new.yaml").write_text(SOURCE.replace("old", "new"))
    (problem,) = problems(folder)
    assert "new cannot be a target" in problem.message


def test_problems_of_all_crosswalks_come_at_once(folder: Path) -> None:
    (folder / "mapping/pair.yaml").write_text("from: old\nto: new\nlabel: x\ncrosswalks: [a, b]\n")
    assert {p.place.file.name for p in problems(folder)} == {"a.csv", "b.csv"}


def test_unknown_settings_are_refused(folder: Path) -> None:
    rewrite(folder, SETTINGS % "x" + "colour: red\n")
    (problem,) = problems(folder)
    assert "memory" in problem.allowed


def test_parameters_reach_the_pair_and_unknown_ones_are_refused(folder: Path) -> None:
    pair = "from: old\nto: new\nlabel: x\nparameters: {site: {about: which site, default: a}}\n"
    (folder / "mapping/pair.yaml").write_text(pair)
    assert open_workspace(folder).pair.parameter("site") == "a"
    settings = (folder / "migration.yaml").read_text()
    rewrite(folder, settings + "parameters: {site: b}\n")
    assert open_workspace(folder).pair.parameter("site") == "b"
    rewrite(folder, settings + "parameters: {side: b}\n")
    (problem,) = problems(folder)
    assert (problem.value, problem.allowed) == ("side", ("site",))


def test_spark_has_settings_of_its_own(folder: Path) -> None:
    rewrite(folder, SETTINGS % "sqlite:///x" + "spark: {master: 'local[1]', settings: {spark.executor.memory: 1g}}\n")
    spark = open_workspace(folder).settings.spark
    assert (spark.master, spark.settings) == ("local[1]", {"spark.executor.memory": "1g"})


@pytest.mark.parametrize("name", ["spark.sql.ansi.enabled", "executor.memory"])
def test_a_setting_that_would_change_answers_is_refused(folder: Path, name: str) -> None:
    rewrite(folder, SETTINGS % "sqlite:///x" + f"spark: {{settings: {{{name}: 'false'}}}}\n")
    (problem,) = problems(folder)
    assert problem.value == name
