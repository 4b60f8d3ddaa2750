from __future__ import annotations

from pathlib import Path

import pytest

from migrate.decisions.model import COLUMNS
from migrate.fingerprints import fingerprints
from migrate.scaffold import new_workspace
from migrate.workspace import open_workspace


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    new_workspace(tmp_path / "w", "moodle", "canvas")
    return tmp_path / "w"


def changed(folder: Path, before: dict[str, str]) -> set[str]:
    return {name for name, part in fingerprints(open_workspace(folder)).items() if part.hash != before[name]}


@pytest.mark.parametrize(
    ("file", "part"),
    [
        ("migration.yaml", "settings"),
        ("mapping/users.yaml", "mapping"),
        ("crosswalks/auth.csv", "crosswalks"),
        ("decisions.csv", "decisions"),
        ("privacy.yaml", "privacy"),
        ("suppressed.csv", "suppression"),
    ],
)
def test_a_change_of_a_file_changes_the_hash_of_its_part_alone(folder: Path, file: str, part: str) -> None:
    before = {name: each.hash for name, each in fingerprints(open_workspace(folder)).items()}
    text = (folder / file).read_text("utf-8") if (folder / file).is_file() else ""
    assert changed(folder, before) == set()
    added = {"cross": "a,b,,c,equal,1.0,confirmed,x,2026-01-01,\n", "decis": ",".join(COLUMNS) + "\n"}
    new = text + added.get(file[:5], "# seen\n")
    (folder / file).write_text(new, "utf-8")
    assert changed(folder, before) == {part}
    (folder / file).write_text(text, "utf-8")
    if text:
        assert changed(folder, before) == set()


def test_contracts_of_both_sides_are_told_apart(folder: Path) -> None:
    assert {name.partition("/")[0] for name in fingerprints(open_workspace(folder))["contracts"].files} == {"source", "target"}


def test_a_run_notes_what_it_was_made_of(folder: Path) -> None:
    files = {name for part in fingerprints(open_workspace(folder)).values() for name in part.files}
    assert {"migration.yaml", "pair.yaml", "users.yaml", "auth.csv"} <= files
