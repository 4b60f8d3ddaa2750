"""Gates and approvals in ``migration.yaml``: what would limit nothing, or can never be signed, is refused where it stands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from migrate.approvals.settings import GateSettings
from migrate.errors import ConfigurationError
from migrate.workspace import open_workspace

SOURCE = "system: old\nlabel: Old\nsource: {kind: database}\nentities: {person: {key: id, fields: {id: {}, name: {}}}}\n"
TARGET = """
system: new
label: New
target: {kind: files}
entities:
  users:
    key: id
    file: u.csv
    fields: {id: {}}
    refuses: [{code: NEW-CIRCLE, message: a circle, sql: "select id from users"}]
"""
USERS = "from: old.person\nto: new.users\nexclude: [{code: USR-GUEST, when: 'id = 1', reason: r}]\nfields: {id: {from: id}}\n"
SETTINGS = "label: test\nsource: {system: old, url: 'sqlite:///x.sqlite'}\ntarget: {system: new}\n"


@pytest.fixture
def folder(bench: Any) -> Path:
    for path, text in {
        "systems/old.yaml": SOURCE, "mapping/users.yaml": USERS, "mapping/pair.yaml": "from: old\nto: new\nlabel: x\n",
    }.items():  # fmt: skip
        bench.file(path, text)
    bench.file("systems/new.yaml", TARGET)
    return bench.folder


def opened(folder: Path, text: str = "") -> Any:
    (folder / "migration.yaml").write_text(SETTINGS + text, "utf-8")
    return open_workspace(folder).settings


def test_two_roles_sign_where_nobody_says_otherwise(folder: Path) -> None:
    settings = opened(folder)
    assert settings.approvals.roles == ("data_owner", "quality")
    assert (settings.approvals.valid_days, settings.approvals.separate_people) == (14, True)
    assert settings.gates == GateSettings()
    assert opened(folder, "approvals: {roles: []}\n").approvals.roles == ()


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("gates: {findings: {USR-GUST: 1}}", "4:20", "nothing raises this code"),
        ("gates: {entities: {user: {held: 1}}}", "4:20", "no mapping has this name"),
        ("gates: {findings: {USR-GUEST: -1}}", "4:20", "greater than or equal to 0"),
        ("gates: {findings: {USR-GUEST: 1.5}}", "4:20", "integer"),
        ("gates: {every: {loaded: 101}}", "4:17", "less than or equal to 100"),
        ("gates: {verdict: fail}", "4:9", "not allowed"),
        ("gates: {severities: {fatal: 1}}", "4:22", "fatal"),
        ("gates: {every: {lost: 1}}", "4:17", "unknown word"),
        ("approvals: {roles: [quality, Quality]}", "4:30", "stands twice"),
        ("approvals: {roles: [the boss]}", "4:21", "pattern"),
        ("approvals: {valid_days: 0}", "4:13", "greater than or equal to 1"),
        ("approvals: {valid_days: 366}", "4:13", "less than or equal to 365"),
    ],
)
def test_what_cannot_be_meant_is_refused_where_it_stands(folder: Path, text: str, place: str, message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        opened(folder, text + "\n")
    (problem,) = caught.value.problems
    assert str(problem.place).endswith(f"migration.yaml:{place}"), problem
    assert message in str(problem)


def test_a_code_that_was_nearly_right_is_offered(folder: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        opened(folder, "gates: {findings: {USR-GUST: 1}}\n")
    assert "USR-GUEST" in caught.value.problems[0].allowed


@pytest.mark.parametrize("code", ["USR-GUEST", "NEW-CIRCLE", "GATE-LENGTH", "REC-MISSING"])
def test_codes_of_mappings_contracts_and_the_engine_have_budgets(folder: Path, code: str) -> None:
    assert opened(folder, f"gates: {{findings: {{{code}: 3}}}}\n").gates.findings == {code: 3}


def test_what_stands_for_one_mapping_goes_before_every(folder: Path) -> None:
    settings = opened(folder, "gates: {every: {held: 5, extra: 1}, entities: {users: {extra: null, loaded: 50}}}\n")
    gates = settings.gates.of("users")
    assert (gates.held, gates.extra, gates.loaded, gates.missing) == (5, None, 50, 0)
    assert settings.gates.of("other") == settings.gates.every
