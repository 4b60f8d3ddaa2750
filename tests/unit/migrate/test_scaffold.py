"""New workspaces: complete, checkable, and never written over something."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrate.errors import ConfigurationError
from migrate.resources import contract_file, known_pairs, known_systems, mappings_folder
from migrate.scaffold import new_workspace
from migrate.workspace import open_workspace


@pytest.mark.parametrize(("source", "target"), known_pairs())
def test_a_new_workspace_is_complete(tmp_path: Path, source: str, target: str) -> None:
    written = new_workspace(tmp_path / "ws", source, target)
    names = {str(path.relative_to(tmp_path / "ws")) for path in written}
    assert {"migration.yaml", "README.md", ".gitignore", "mapping/pair.yaml"} <= names
    opened = open_workspace(tmp_path / "ws")
    assert (opened.source.system, opened.target.system) == (source, target)
    assert opened.pair.mappings
    assert set(opened.crosswalks) == {path.stem for path in (tmp_path / "ws/crosswalks").glob("*.csv")}
    assert (tmp_path / "ws/.gitignore").read_text() == "runs/\n"
    assert "{{" not in (tmp_path / "ws/migration.yaml").read_text() + (tmp_path / "ws/README.md").read_text()


def test_a_new_workspace_may_go_into_an_empty_folder(tmp_path: Path) -> None:
    source, target = known_pairs()[0]
    assert new_workspace(tmp_path, source, target)


def test_nothing_is_written_over(tmp_path: Path) -> None:
    source, target = known_pairs()[0]
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(ConfigurationError, match="not an empty folder"):
        new_workspace(tmp_path, source, target)
    with pytest.raises(ConfigurationError, match="not an empty folder"):
        new_workspace(tmp_path / "mine.txt", source, target)
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


def test_unknown_systems_and_pairs_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        new_workspace(tmp_path / "ws", "odd", "even")
    assert [(p.value, p.allowed) for p in caught.value.problems] == [
        ("odd", (*known_systems(), "FILE.yaml")),
        ("even", (*known_systems(), "FILE.yaml")),
    ]
    for source, target, message in (("blackboard", "moodle", "cannot be read"), ("moodle", "csv_history", "cannot be written")):
        with pytest.raises(ConfigurationError) as caught:
            new_workspace(tmp_path / "ws", source, target)
        assert message in caught.value.problems[0].message
    assert not (tmp_path / "ws").exists()


def test_a_pair_without_a_mapping_is_drafted(tmp_path: Path) -> None:
    assert ("canvas", "totara") not in known_pairs()
    written = new_workspace(tmp_path / "ws", "canvas", "totara")
    names = {str(path.relative_to(tmp_path / "ws")) for path in written}
    assert {"DRAFT.md", "migration.yaml", "README.md", "mapping/pair.yaml", "mapping/users.yaml"} <= names
    opened = open_workspace(tmp_path / "ws")
    assert set(opened.crosswalks) == {path.stem for path in (tmp_path / "ws/crosswalks").glob("*.csv")}
    assert "`DRAFT.md`" in (tmp_path / "ws/README.md").read_text()
    people = (tmp_path / "ws/DRAFT.md").read_text()
    assert "| users |" in people
    assert "## Not confirmed" in people


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(ConfigurationError):
        new_workspace(tmp_path / "file" / "ws", *known_pairs()[0])


def test_the_workspaces_own_contract_comes_first(tmp_path: Path) -> None:
    assert contract_file("moodle", "source", tmp_path) == mappings_folder() / "systems/moodle.yaml"
    (tmp_path / "systems").mkdir()
    (tmp_path / "systems/moodle.yaml").write_text("x")
    assert contract_file("moodle", "source", tmp_path) == tmp_path / "systems/moodle.yaml"
    assert {source for source, _ in known_pairs()} | {target for _, target in known_pairs()} <= set(known_systems())


OWN = """\
system: house
label: House
{end}
entities:
  member:
    concept: person
    key: number
    fields:
      number: {{required: true, concept: person.number}}
      mail: {{concept: person.email}}
"""


@pytest.mark.parametrize("own", [("source",), ("target",), ("source", "target")], ids="+".join)
def test_a_contract_of_ones_own_goes_into_the_workspace(tmp_path: Path, own: tuple[str, ...]) -> None:
    """The mapping is drafted from it, and the workspace opens with it."""
    ends = {"source": "source: {kind: files}", "target": "target: {kind: files}"}
    given = {"source": "moodle", "target": "canvas"}
    for role in own:
        file = tmp_path / f"{role}.yaml"
        file.write_text(OWN.format(end=ends[role]), "utf-8")
        given[role] = str(file)
    written = new_workspace(tmp_path / "ws", given["source"], given["target"])
    names = ["house.yaml"] if len(own) == 1 else ["house.source.yaml", "house.target.yaml"]
    assert sorted(path.name for path in written if path.parent.name == "systems") == names
    assert (tmp_path / "ws" / "DRAFT.md") in written
    opened = open_workspace(tmp_path / "ws")
    assert (opened.source.system, opened.target.system) == tuple(
        "house" if role in own else given[role] for role in ("source", "target")
    )
    assert (opened.source.document.file.parent == tmp_path / "ws" / "systems") is ("source" in own)


def test_a_contract_that_is_not_there_is_named_with_what_makes_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        new_workspace(tmp_path / "ws", "house.yaml", "canvass")
    first, second = caught.value.problems
    assert "--from names no file" in str(first)
    assert "lms-migrate draft-contract" in str(first)
    assert "--to names no system" in str(second)
    assert "canvas" in second.allowed
    assert not (tmp_path / "ws").exists()


def test_a_contract_of_ones_own_goes_before_a_mapping_that_ships(tmp_path: Path) -> None:
    """Whoever changed the contract wants to see what it says, and not a mapping to another one."""
    file = tmp_path / "canvas.yaml"
    file.write_text(contract_file("canvas", "target").read_text("utf-8"), "utf-8")
    assert ("moodle", "canvas") in known_pairs()
    assert (tmp_path / "ws" / "DRAFT.md") in new_workspace(tmp_path / "ws", "moodle", str(file))
