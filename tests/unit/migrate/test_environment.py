"""The commit of a workspace, read from the files of its repository and not by running anything of it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from migrate.environment import account, commit_of, machine

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def git(folder: Path, *words: str) -> str:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    return subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one commit, and a workspace inside of it."""
    git(tmp_path, "init", "-q", "-b", "main")
    (tmp_path / "acme").mkdir()
    git(tmp_path, "commit", "-q", "--allow-empty", "-m", "first")
    return tmp_path


def test_the_commit_is_found_from_a_folder_inside(repository: Path) -> None:
    assert commit_of(repository / "acme") == git(repository, "rev-parse", "HEAD")


def test_packed_detached_and_other_worktrees(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    head = git(repository, "rev-parse", "HEAD")
    git(repository, "pack-refs", "--all")
    assert not (repository / ".git" / "refs" / "heads" / "main").exists()
    assert commit_of(repository) == head
    other = tmp_path_factory.mktemp("trees") / "other"
    git(repository, "worktree", "add", "-q", "-b", "other", str(other))
    assert commit_of(other) == head
    git(repository, "checkout", "-q", "--detach")
    assert commit_of(repository) == head


@pytest.mark.parametrize("head", ["", "ref: refs/heads/none", "ref: refs/../../secret", "ref: /etc/passwd", "x" * 40, "\xff"])
def test_what_cannot_be_read_is_no_commit(tmp_path: Path, head: str) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "secret").write_text(COMMIT)
    (tmp_path / ".git" / "HEAD").write_bytes(head.encode("latin-1"))
    assert commit_of(tmp_path) is None


def test_a_folder_without_repository_has_none(tmp_path: Path) -> None:
    assert commit_of(tmp_path) is None
    (tmp_path / ".git").write_text("gitdir: nowhere")
    assert commit_of(tmp_path) is None


def test_the_machine_has_a_kind_and_the_account_a_name() -> None:
    found = machine()
    assert set(found) == {"machine", "system", "processors", "python"}
    assert all(found.values())
    assert account()
