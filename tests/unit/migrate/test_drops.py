"""Names under `drop` of a pair that match nothing are refused where that is sure, and told where they look like another."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from migrate.check import check
from migrate.cli import cli
from migrate.compiler.plan import make_plan
from migrate.contracts.load import load_contract
from migrate.drops import impossible, unmatched
from migrate.errors import ConfigurationError
from migrate.inline_tests.run import AS_OF
from migrate.mapping.load import load_pair
from migrate.profiling.run import profile
from migrate.resources import contract_file, known_pairs, mappings_folder

SETTINGS = "label: test\nsource: {system: old, url: 'sqlite:///%s'}\ntarget: {system: new}\n"
SOURCE = """
system: old
label: Old
source: {kind: database}
internal: {cache_*: made anew}
entities:
  person: {key: id, fields: {id: {type: int}, name: {}, script: {}}}
  detail: {key: id, fields: {id: {type: int}, person: {type: int}, name: {}, value: {}}}
  badge: {key: id, fields: {id: {type: int}}}
  named_people: {key: id, sql: "select p.id, p.name from person as p", fields: {id: {type: int}, name: {}}}
"""
TARGET = """
system: new
label: New
target: {kind: files}
entities:
  users: {key: id, file: u.csv, fields: {id: {required: true}, name: {}, phone: {}}}
"""
USERS = """\
from: old.person
to: new.users
pivot: {d: {from: detail, by: person, name: name, value: value, names: [phone]}}
fields:
  id: {from: id}
  name: {from: name}
  phone: {expr: d.phone}
tests:
  - name: one
    given: {person: [{id: 1, name: A}]}
    expect: [{id: '1'}]
"""
PAIR = "from: old\nto: new\nlabel: Old to new\ndrop:\n  person.script: no place for it\n  badge: no badges\n"


@pytest.fixture
def folder(bench: Any, tmp_path: Path) -> Path:
    for path, text in {
        "migration.yaml": SETTINGS % (tmp_path / "x.sqlite"), "systems/old.yaml": SOURCE, "systems/new.yaml": TARGET,
        "mapping/users.yaml": USERS, "mapping/pair.yaml": PAIR,
    }.items():  # fmt: skip
        bench.file(path, text)
    return Path(bench.folder)


def drop(folder: Path, name: str, instead: str | None = None) -> None:
    """Drop something more, or ``instead`` of something."""
    line = f"  '{name}': why not\n"
    text = re.sub(rf"  {re.escape(instead)}: .*\n", line, PAIR) if instead else f"{PAIR}{line}"
    (folder / "mapping/pair.yaml").write_text(text, "utf-8")


def refused(folder: Path) -> str:
    with pytest.raises(ConfigurationError) as caught:
        check(folder)
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "said", "allowed"),
    [
        ("persn.script", "the contract of old describes no such table", "allowed: person"),
        ("pe?.script", "the contract of old describes no such table", "allowed: "),
        ("named_people.nam", "named_people has no such field", "allowed: name"),
        ("person.scr?", "person has no such field", "allowed: script"),
        ("*e.scr?", "none of badge, named_people has such a field", "allowed: id"),
    ],
)
def test_what_matches_nothing_whatever_the_source_holds_is_refused(folder: Path, name: str, said: str, allowed: str) -> None:
    drop(folder, name)
    told = refused(folder)
    assert f"mapping/pair.yaml:7:3: {said}" in told
    assert f"value:   {name}" in told
    assert allowed in told


@pytest.mark.parametrize(
    "name",
    ["plugin", "plugin_*", "cache_texts", "person.plugin", "detail.shoe_size", "detail.shoe*", "bad*", "*.name", "named_people"],
)
def test_what_the_source_may_hold_is_not_refused(folder: Path, name: str) -> None:
    drop(folder, name)
    check(folder)


def test_the_name_of_a_file_has_dots(folder: Path) -> None:
    for path, old, new in (
        ("systems/old.yaml", "kind: database", "kind: files"), ("systems/old.yaml", "{key:", "{file: x.csv, key:"),
        ("migration.yaml", "url: 'sqlite:///", "folder: '"),
    ):  # fmt: skip
        file = folder / path
        file.write_text(file.read_text("utf-8").replace(old, new), "utf-8")
    text = (folder / "systems/old.yaml").read_text("utf-8").replace('{file: x.csv, key: id, sql: "', '{key: id, sql: "')
    for number, entity in enumerate(("person", "detail", "badge")):
        text = text.replace(f"{entity}: {{file: x.csv", f"{entity}: {{file: x{number}.csv")
    (folder / "systems/old.yaml").write_text(text, "utf-8")
    drop(folder, "notes.csv")
    check(folder)


def test_a_slip_is_told_with_what_waits_for_a_reason(folder: Path) -> None:
    drop(folder, "person.scirpt", instead="person.script")
    told = refused(folder)
    assert "person.script holds data and is neither mapped nor dropped" in told
    assert "mapping/pair.yaml:5:3: nothing that the contract describes has this name, and another waits for a reason" in told
    assert "value:   person.scirpt\n    allowed: person.script\n" in told


def test_a_slip_in_the_name_of_a_view_is_told(folder: Path) -> None:
    drop(folder, "named_peple")
    told = CliRunner().invoke(cli, ["check", str(folder)]).output
    assert "drop: 1 name that may be mistyped" in told
    assert "mapping/pair.yaml:7:3: drop: nothing is known by the name 'named_peple'; near: named_people" in told


def test_a_profile_knows_which_tables_and_columns_there_are(folder: Path, tmp_path: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'x.sqlite'}")
    with engine.begin() as connection:
        for table, columns in {
            "person": "id integer primary key, name text, script text, plugin text", "badge": "id integer primary key",
            "detail": "id integer primary key, person integer, name text, value text", "mentoring": "id integer primary key",
        }.items():  # fmt: skip
            connection.execute(sa.text(f"CREATE TABLE {table} ({columns})"))
        connection.execute(sa.text("INSERT INTO person VALUES (1, 'A', 'latin', 'x')"))
    engine.dispose()
    profile(folder)
    lines = "".join(f"  '{one}': why not\n" for one in ("mentorign", "person.plugin", "person.plugni", "calendar", "wiki_*"))
    (folder / "mapping/pair.yaml").write_text(f"{PAIR}{lines}", "utf-8")
    told = CliRunner().invoke(cli, ["check", str(folder)]).output
    assert "drop: 1 name that may be mistyped" in told
    assert "mapping/pair.yaml:7:3: drop: nothing is known by the name 'mentorign'; near: mentoring" in told
    assert re.search(r"drop: 3 names of what profile \S+ does not hold: person.plugni, calendar, wiki_\*\n", told)


@pytest.mark.parametrize(("source", "target"), known_pairs())
def test_nothing_is_said_of_the_mappings_that_come_along(source: str, target: str) -> None:
    contracts = [load_contract(contract_file(source, "source")), load_contract(contract_file(target, "target"))]
    pair = load_pair(mappings_folder() / f"{source}_to_{target}", *contracts)
    assert impossible(pair) == []
    assert unmatched(make_plan(pair, AS_OF), None) == ([], [])
