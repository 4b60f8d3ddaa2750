"""Checking a workspace: each kind of error comes with file, line and column."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from migrate.check import check
from migrate.errors import ConfigurationError
from migrate.losses import Loss

SETTINGS = "label: test\nsource: {system: old, url: 'sqlite:///x.sqlite'}\ntarget: {system: new}\n"
SOURCE = """
system: old
label: Old
source: {kind: database}
entities:
  person: {key: id, fields: {id: {type: int}, name: {}, boss: {type: int}, age: {type: int}}}
  named: {key: id, sql: "select p.id, lower(p.name) as name from person as p", fields: {id: {type: int}, name: {}}}
"""
TARGET = """
system: new
label: New
target: {kind: files}
entities:
  users: {key: id, file: u.csv, fields: {id: {required: true}, name: {}, boss: {}, age: {type: int}}}
"""
USERS = """\
from: old.person
to: new.users
fields:
  id: {from: id}
  name: {from: name, crosswalk: kinds, unmapped: {code: U-K, severity: hold}}
  boss: {ref: users, by: boss}
drop:
  age: not needed
tests:
  - name: one
    given: {person: [{id: 1}]}
    expect: [{id: 1}]
lookup: {n: {from: named, on: {id: id}}}
"""
PAIR = "from: old\nto: new\nlabel: Old to new\ncrosswalks: [kinds]\n"
KINDS = "source,label,rows,target,equivalence,confidence,status,by,at,reason\na,,,b,equal,,confirmed,,,\n"


@pytest.fixture
def workspace(bench: Any) -> Path:
    for path, text in {
        "migration.yaml": SETTINGS, "systems/old.yaml": SOURCE, "systems/new.yaml": TARGET,
        "mapping/users.yaml": USERS, "mapping/pair.yaml": PAIR, "crosswalks/kinds.csv": KINDS,
    }.items():  # fmt: skip
        bench.file(path, text)
    return bench.folder


def test_a_good_workspace(workspace: Path) -> None:
    result = check(workspace)
    assert result.tests == 1
    assert result.losses == [Loss("person", "age", "dropped", "not needed")]
    assert result.plan.names == ["users"]


@pytest.mark.parametrize(
    ("file", "old", "new", "place", "message"),
    [
        ("migration.yaml", "label: test", "labell: test", "1:1", "unknown word"),
        ("migration.yaml", "system: old", "system: odd", "2:10", "no contract"),
        ("migration.yaml", "'sqlite:///x.sqlite'", "'mysql://u:pw@h/d'", "2:23", "password"),
        ("migration.yaml", "label: test", "label: test\nas_of: soon", "2:1", "as_of"),
        (
            "systems/old.yaml",
            "key: id, fields: {id: {type: int}, name: {}, boss",
            "key: idd, fields: {id: {type: int}, name: {}, boss",
            "5:12",
            "key of person",
        ),
        ("systems/old.yaml", "type: int}, age", "type: integer}, age", "5:", "not allowed"),
        ("systems/old.yaml", "lower(p.name)", "getenv(p.name)", "6:", "unknown function"),
        ("systems/old.yaml", "lower(p.name)", "p.nome", "6:", "does not fit"),
        (
            "systems/old.yaml",
            "select p.id, lower",
            "select p.id / 2 as id, lower",
            "6:",
            "gives DOUBLE for id, of which a field of",
        ),
        ("systems/old.yaml", "select p.id, lower", "select cast(p.id / 2 as bigint) as id, lower", None, ""),
        ("systems/old.yaml", "select p.id, lower", "select null as id, lower", None, ""),
        ("systems/old.yaml", "from person as p", "from people as p", "6:", "only entities of the contract"),
        ("mapping/pair.yaml", "crosswalks: [kinds]", "crosswalks: [kinds]\ndrop: [x]", "5:1", "drop"),
        (
            "mapping/pair.yaml",
            "crosswalks: [kinds]",
            "crosswalks: [kinds]\nidentities: {person: nobody}",
            "5:14",
            "names no mapping",
        ),
        ("mapping/users.yaml", "from: old.person", "from: old.people", "1:1", "names no entity"),
        ("mapping/users.yaml", "{from: name, cross", "{from: nam, cross", "5:", "unknown field"),
        ("mapping/users.yaml", "age: not needed", "agee: not needed", "8:3", "no such field"),
        ("mapping/users.yaml", "age: not needed", "age: not needed\n  name: twice", "9:3", "dropped and mapped"),
        ("mapping/users.yaml", "drop:\n  age: not needed\n", "", "", "neither mapped nor dropped"),
        ("mapping/users.yaml", "boss: {ref: users, by: boss}", 'boss: {expr: "name + 1"}', "", "does not fit"),
        (
            "mapping/users.yaml",
            "boss: {ref: users, by: boss}",
            "boss: {ref: users, by: boss, missing: {code: U-B, severity: warn, set: 5}}",
            None,
            "",
        ),
        ("mapping/users.yaml", "expect: [{id: 1}]", "expect: [{id: 2}]", "12:15", "id is '1'"),
        ("mapping/users.yaml", "name: {from", "name: {from: x, from", "5:", "stands twice"),
        ("mapping/users.yaml", "fields:", "fields: [", "", "not valid YAML"),
        ("crosswalks/kinds.csv", ",confirmed,", ",sure,", "2:1", "status is not allowed"),
    ],
    ids=lambda v: str(v)[:30],
)
def test_each_error_has_its_place(workspace: Path, file: str, old: str, new: str, place: str | None, message: str) -> None:
    path = workspace / file
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    if place is None:
        check(workspace)
        return
    with pytest.raises(ConfigurationError) as caught:
        check(workspace)
    found = [p for p in caught.value.problems if message in p.message]
    assert found, str(caught.value)
    assert found[0].place is not None
    assert found[0].place.file == path
    assert str(found[0].place).startswith(f"{path}:{place}")


@pytest.mark.parametrize("file", ["migration.yaml", "mapping/pair.yaml", "crosswalks/kinds.csv"])
def test_missing_files_are_named(workspace: Path, file: str) -> None:
    (workspace / file).unlink()
    with pytest.raises(ConfigurationError, match=Path(file).name.replace(".", r"\.")):
        check(workspace)


def test_problems_of_one_level_come_together(workspace: Path) -> None:
    path = workspace / "mapping/users.yaml"
    path.write_text(path.read_text().replace("  age: not needed", "  agee: x").replace("expect: [{id: 1}]", "expect: [{id: 2}]"))
    with pytest.raises(ConfigurationError) as caught:
        check(workspace)
    assert len(caught.value.problems) == 3
    assert f"lms-migrate check {workspace}" in caught.value.hint


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("boss: {ref: users, by: boss}", "boss: {from: name, do: [{regex: {find: '('}}]}", "regex"),
        ("boss: {ref: users, by: boss}", "boss: {from: name, check: {matches: {to: '(?=x)', code: U-M}}}", "matches"),
        (
            "boss: {ref: users, by: boss}",
            "age: {from: boss, check: {between: {to: [0, 5], code: U-M, severity: warn, set: abc}}}",
            "abc",
        ),
    ],
)
def test_what_the_engine_would_stumble_over_is_found(workspace: Path, old: str, new: str, word: str) -> None:
    path = workspace / "mapping/users.yaml"
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(ConfigurationError) as caught:
        check(workspace)
    assert all(p.place is not None for p in caught.value.problems), word


@pytest.fixture
def times_run(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by one each time that inline tests run."""
    import migrate.check as module

    runs: list[int] = []
    real = module.run_inline_tests
    monkeypatch.setattr(module, "run_inline_tests", lambda pair: runs.append(1) or real(pair))
    return runs


def test_tests_that_passed_are_not_run_again_unless_asked_for(workspace: Path, own_cache: Path, times_run: list[int]) -> None:
    first, second = check(workspace), check(workspace)
    assert (first.tests, first.unexercised) == (second.tests, second.unexercised) == (1, first.unexercised)
    assert len(times_run) == 1
    check(workspace, anew=True)
    assert len(times_run) == 2
    file = workspace / "mapping/users.yaml"
    file.write_text(file.read_text().replace("name: one", "name: another"))
    check(workspace)
    assert len(times_run) == 3


def test_tests_that_failed_are_run_and_fail_again(workspace: Path, own_cache: Path, times_run: list[int]) -> None:
    file = workspace / "mapping/users.yaml"
    file.write_text(file.read_text().replace("expect: [{id: 1}]", "expect: [{id: 2}]"))
    for _ in range(2):
        with pytest.raises(ConfigurationError, match="1 problem"):
            check(workspace)
    assert len(times_run) == 2
