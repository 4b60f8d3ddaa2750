"""privacy.yaml: every complaint says where."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrate.errors import ConfigurationError
from migrate.privacy.roles import roles_of
from migrate.scaffold import new_workspace
from migrate.workspace import open_workspace


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("privacy") / "w"
    new_workspace(folder, "moodle", "canvas")
    return folder


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("role: {}\n", "privacy.yaml:1:1: unknown word 'role'"),
        ("roles:\n  clerk: [secret]\n", "privacy.yaml:2:11: roles.clerk.0 has a value that is not allowed"),
        ("retention:\n  - {rule: a, entity: users, when: 'true', reason: r}\n", "privacy.yaml:2:6"),
        ("retention:\n  - {rule: A, entity: users, when: 'true'}\n", "retention.0.reason is missing"),
        ("regions:\n  - {rule: A, entity: nothing, when: 'true', reason: r}\n", "2:15: no mapping, and no entity"),
        (
            "regions:\n  - {rule: A, entity: users, when: 'true', reason: r}\n"
            "  - {rule: A, entity: courses, when: 'true', reason: s}\n",
            "privacy.yaml:3:6: a rule of this name has another reason",
        ),
        ("mask: {key: abc}\n", "a key stands in privacy.yaml"),
        ("suppression:\n  key: ${K}\n  kinds: {}\n", "no kind of identifier is named"),
        ("suppression:\n  key: ${K}\n  kinds: {mail: {usr: email}}\n", "the source has no such table or file"),
        ("suppression:\n  key: ${K}\n  kinds: {mail: {user: mail}}\n", "user has no such field"),
        ("suppression:\n  key: ${K}\n  kinds: {mail: {user: password}}\n", "of class secret is never read"),
        ("suppression:\n  key: ${K}\n  kinds: {mail: {person: email}}\n", "the source has no such table or file"),
    ],
)
def test_a_wrong_word_is_named_with_its_place(folder: Path, text: str, said: str) -> None:
    (folder / "privacy.yaml").write_text(text, "utf-8")
    with pytest.raises(ConfigurationError) as caught:
        open_workspace(folder)
    assert said in str(caught.value)
    (folder / "privacy.yaml").unlink()


def test_an_empty_file_asks_for_nothing(folder: Path) -> None:
    (folder / "privacy.yaml").write_text("# nothing yet\n", "utf-8")
    assert open_workspace(folder).pair.policies == ()
    assert roles_of(folder) == {}
    (folder / "privacy.yaml").unlink()


def test_rules_that_leave_nothing_go_first(folder: Path) -> None:
    one = "{rule: A, entity: users, when: 'true', reason: r}"
    other = "{rule: B, entity: users, when: 'true', reason: r, treatment: leave}"
    (folder / "privacy.yaml").write_text(f"retention:\n  - {one}\n  - {other}\n", "utf-8")
    assert [rule.code for rule in open_workspace(folder).pair.policies] == ["RET-B", "RET-A"]
    (folder / "privacy.yaml").unlink()
