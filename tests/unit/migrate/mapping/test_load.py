"""Pairs and mappings: reading a folder, the order of mappings, and what refers to what."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from migrate.errors import ConfigurationError
from migrate.mapping.load import load_pair

TARGET = """
system: new
label: New
target: {kind: files}
entities:
  orgs: {key: id, file: o.csv, fields: {id: {}, parent: {}}}
  users: {key: id, file: u.csv, fields: {id: {}, org: {}, boss: {}}}
  links: {key: id, file: l.csv, fields: {id: {}, a: {}, b: {}}}
"""
ORGS = "from: old.person\nto: new.orgs\nfields: {id: {from: id}, parent: {ref: orgs, by: boss}}\n"
USERS = "from: old.person\nto: new.users\nfields: {id: {from: id}, org: {ref: orgs, by: id}}\n"
LINKS = "from: old.person\nto: new.links\nfields: {id: {from: id}, a: {ref: users, by: id}, b: {ref: orgs, by: id}}\n"


def test_mappings_are_in_the_targets_order(bench: Any) -> None:
    pair = bench.pair(target=TARGET, links=LINKS, users=USERS, orgs=ORGS, also=USERS)
    assert list(pair.mappings) == ["orgs", "also", "users", "links"]
    assert pair.mappings["links"].references() == ["orgs", "users"]
    assert pair.mappings["orgs"].references() == ["orgs"]
    assert pair.mappings["users"].target.key == ("id",)
    assert pair.mappings["users"].source_name == "person"


def test_a_mapping_can_be_named(bench: Any) -> None:
    assert "people" in bench.pair(target=TARGET, orgs=ORGS, users=USERS + "entity: people\n").mappings


def test_two_files_of_one_name_are_refused(bench: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        bench.pair(target=TARGET, orgs=ORGS, users=USERS, other=USERS + "entity: users\n")
    assert any("users" in str(p) for p in caught.value.problems)


def test_a_mapping_with_another_ending_is_not_overlooked(bench: Any) -> None:
    bench.file("mapping/users.yml", USERS)
    with pytest.raises(ConfigurationError, match=r"users\.yml"):
        bench.pair(target=TARGET, orgs=ORGS)


def test_closure_holds_all_that_is_referred_to(bench: Any) -> None:
    pair = bench.pair(target=TARGET, links=LINKS, users=USERS, orgs=ORGS)
    assert pair.closure(["orgs"]) == ["orgs"]
    assert pair.closure(["users"]) == ["orgs", "users"]
    assert pair.closure(["links"]) == ["orgs", "users", "links"]


def test_closure_follows_only(bench: Any) -> None:
    only = "from: old.person\nto: new.links\nonly: {mapping: users, disposition: merged, code: A-B, reason: r}\n"
    pair = bench.pair(target=TARGET, links=only + "fields: {id: {from: id}}\n", users=USERS, orgs=ORGS)
    assert pair.closure(["links"]) == ["orgs", "users", "links"]


def test_by_dependency_puts_those_referred_to_first(bench: Any) -> None:
    pair = bench.pair(target=TARGET, links=LINKS, users=USERS, orgs=ORGS)
    assert pair.by_dependency == ["orgs", "users", "links"]


def test_by_dependency_breaks_circles_at_a_fixed_place(bench: Any) -> None:
    mappings = {
        name: f"from: old.person\nto: new.users\nfields: {{id: {{from: id}}, org: {{ref: {a}, by: id}}, "
        f"boss: {{ref: {b}, by: id}}}}\n"
        for name, a, b in (("m1", "m2", "m3"), ("m2", "m3", "m4"), ("m3", "m4", "m1"), ("m4", "m1", "m2"))
    }
    assert sorted(bench.pair(target=TARGET, **mappings).by_dependency) == ["m1", "m2", "m3", "m4"]
    program = (
        "import sys; from pathlib import Path; from migrate.contracts.load import load_contract as c; "
        "from migrate.mapping.load import load_pair; f = Path(sys.argv[1]); "
        "print(load_pair(f / 'mapping', c(f / 'systems/old.yaml'), c(f / 'systems/new.yaml')).by_dependency)"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", program, str(bench.folder)],
            capture_output=True, text=True, check=True, env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2", "3")
    }  # fmt: skip
    assert len(seen) == 1


def test_a_folder_without_pair_yaml_is_refused(bench: Any, tmp_path: Path) -> None:
    pair = bench.pair(target=TARGET, orgs=ORGS)
    with pytest.raises(ConfigurationError, match=r"holds no pair\.yaml"):
        load_pair(tmp_path / "systems", pair.source, pair.target)


def test_a_pair_of_other_systems_is_refused(bench: Any, refused: Callable) -> None:
    problems = refused(bench.pair, target=TARGET, pair="from: new\nto: old\nlabel: x\n", orgs=ORGS)
    assert [(str(p.place).split("/")[-1], p.value, p.allowed) for p in problems] == [
        ("pair.yaml:1:1", "new", ("old",)),
        ("pair.yaml:2:1", "old", ("new",)),
    ]


@pytest.mark.parametrize(
    ("old", "new", "line", "value"),
    [
        ("from: old.person", "from: old.people", 1, "old.people"),
        ("from: old.person", "from: new.users", 1, "new.users"),
        ("to: new.users", "to: users", 2, "users"),
        ("to: new.users", "to: new.", 2, "new."),
    ],
)
def test_entities_have_to_exist(bench: Any, refused: Callable, old: str, new: str, line: int, value: str) -> None:
    (problem,) = refused(bench.pair, target=TARGET, orgs=ORGS, users=USERS.replace(old, new))
    assert (problem.place.line, problem.value) == (line, value)
    assert problem.place.file.name == "users.yaml"
    assert set(problem.allowed) <= {"old.person", "new.orgs", "new.users", "new.links"}
    assert problem.allowed


def test_problems_of_all_files_come_at_once(bench: Any, refused: Callable) -> None:
    problems = refused(bench.pair, target=TARGET, orgs="from: [\n", users=USERS.replace("old.", "odd."), links="x: 1\n")
    assert {p.place.file.name for p in problems} == {"orgs.yaml", "users.yaml", "links.yaml"}
