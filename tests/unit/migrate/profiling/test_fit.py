"""What `check` makes of a profile: only what is sure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from migrate.cli import cli
from migrate.compiler.plan import make_plan
from migrate.lineage import views
from migrate.profiling.fit import misfits, plain_source
from migrate.profiling.run import profile
from migrate.workspace import open_workspace

SOURCE = """
system: old
label: Old
source: {kind: files}
entities:
  person:
    file: person.csv
    key: id
    fields: {id: {}, name: {}, status: {}, kind: {}, mail: {}, nick: {}}
  person_view:
    key: pid
    sql: select p.id as pid, p.status as status, lower(p.kind) as kind from person p
    fields: {pid: {}, status: {}, kind: {}}
"""
TARGET = """
system: new
label: New
target: {kind: files}
entities:
  users:
    key: user_id
    file: users.csv
    fields:
      user_id: {required: true}
      name: {max_length: 10}
      short: {max_length: 10}
      state: {}
      kind: {}
      mail: {required: true}
      nick: {required: true}
"""
MAPPING = """
from: old.person
to: new.users
fields:
  user_id: {from: id}
  name: {from: name, do: [trim]}
  short: {from: name, do: [{truncate: 10}]}
  state: {from: status, do: [lower], values: {on: active, off: gone}}
  kind: {from: kind, crosswalk: kinds}
  mail: {from: mail}
  nick: {from: nick, do: [{default: none}]}
drop: {}
tests:
  - name: plain
    given: {person: [{id: 1, name: Ana, status: on, kind: a, mail: m, nick: n}]}
    crosswalks: {kinds: {a: A}}
    expect: [{user_id: '1'}]
"""
ROWS = "id,name,status,kind,mail,nick\n1,Ana,On,a,x@example.org,n\n2,A rather long name,paused,b,,\n3,Bo,OFF,a,y@example.org,\n"


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    files = {
        "migration.yaml": "label: L\nsource: {system: old, folder: source}\ntarget: {system: new}\nas_of: 2026-01-01 00:00:00\n",
        "systems/old.yaml": SOURCE, "systems/new.yaml": TARGET, "source/person.csv": ROWS,
    }  # fmt: skip
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


def mapped(workspace: Path) -> Path:
    files = {
        "mapping/users.yaml": MAPPING, "mapping/pair.yaml": "{from: old, to: new, label: Old to new, crosswalks: [kinds]}",
        "crosswalks/kinds.csv": "source,label,rows,target,equivalence,confidence,status,by,at,reason\n"
        "a,,,A,equal,,confirmed,x,2026-01-01,y\n",
    }  # fmt: skip
    for name, text in files.items():
        (workspace / name).parent.mkdir(exist_ok=True)
        (workspace / name).write_text(text, "utf-8")
    return workspace


def test_a_source_is_profiled_before_there_is_a_mapping(workspace: Path) -> None:
    done = CliRunner().invoke(cli, ["profile", str(workspace)], catch_exceptions=False, standalone_mode=False)
    assert done.exit_code == 0
    (folder,) = [path for path in (workspace / "profiles").iterdir() if path.is_dir()]
    assert sorted(path.name for path in folder.iterdir()) == ["profile.html", "profile.json"]
    assert "Old: 1 tables, 3 rows" in done.output
    assert (workspace / "profiles" / ".gitignore").read_text() == "*\n"


def test_check_tells_what_the_mapping_does_not_provide_for(workspace: Path) -> None:
    profile(workspace)
    done = CliRunner().invoke(cli, ["check", str(mapped(workspace))], catch_exceptions=False, standalone_mode=False)
    assert done.return_value == 0
    told = [line.strip().partition("PRF-")[2] for line in done.output.splitlines() if "PRF-" in line]
    others = "not listed (with rows, those that the mapping leaves out among them)"
    assert told == [
        "LONGER: users.name: person.name has values of 18 characters, and the target takes 10",
        f"UNLISTED: users.state: person.status holds 'paused' (1), {others}",
        f"UNLISTED: users.kind: person.kind holds 'b' (1), {others}",
        "MISSING: users.mail: person.mail has no value in 1 rows, and the target requires one",
    ]
    assert f"{workspace / 'mapping' / 'users.yaml'}:6:10: PRF-LONGER" in done.output


def test_without_a_profile_nothing_is_told(workspace: Path) -> None:
    done = CliRunner().invoke(cli, ["check", str(mapped(workspace))], catch_exceptions=False, standalone_mode=False)
    assert "PRF-" not in done.output
    assert "  profile " not in done.output


def test_of_another_system_nothing_is_told(workspace: Path) -> None:
    profile(workspace)
    text = next((workspace / "profiles").glob("*/profile.json"))
    text.write_text(text.read_text().replace('"system": "old"', '"system": "other"'), "utf-8")
    opened = open_workspace(mapped(workspace))
    assert misfits(opened, None) == (None, [])  # type: ignore[arg-type]


def test_fields_are_followed_through_views_that_pass_them_on(workspace: Path) -> None:
    contract = open_workspace(mapped(workspace)).source.model
    made_of = views.view_lineage(contract)
    assert plain_source(contract, made_of, "person_view", "status") == ("person", "status")
    assert plain_source(contract, made_of, "person_view", "kind") is None
    assert plain_source(contract, made_of, "person", "kind") == ("person", "kind")


def test_a_view_is_looked_at_once_for_all_its_fields(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    profile(workspace)
    mapped(workspace)
    fields = "{user_id: {from: pid}, name: {from: status}, mail: {from: status}, nick: {from: status}}"
    (workspace / "mapping/users.yaml").write_text(f"from: old.person_view\nto: new.users\nfields: {fields}\n", "utf-8")
    asked, real = list[str](), views.view_columns
    monkeypatch.setattr(views, "view_columns", lambda contract, view: (asked.append(view), real(contract, view))[1])
    opened = open_workspace(workspace)
    _, found = misfits(opened, make_plan(opened.pair, "2026-01-01 00:00:00"))
    assert [(one.code, one.field) for one in found] == []
    assert asked == ["person_view"]


def test_a_run_can_be_profiled_and_a_profile_says_what_it_is_of(workspace: Path, refused: Any) -> None:
    from migrate.pipeline import run

    done = run(mapped(workspace), stop_after="extract")
    made, _ = profile(workspace, run=done.folder.name)
    assert made.from_run == done.folder.name
    assert made.entities[0].rows == 3
    assert refused(profile, workspace, run="never") == ()


def test_the_next_profile_says_what_changed(workspace: Path) -> None:
    first, _ = profile(workspace)
    (workspace / "source" / "person.csv").write_text(ROWS.replace("nick", "alias"), "utf-8")
    second, _ = profile(workspace)
    assert second.before == first.profile
    assert [(c.field, c.what) for c in second.changes if c.schema] == [("alias", "column"), ("nick", "column")]
    assert {(r.code, r.field) for r in second.remarks} - {(r.code, r.field) for r in first.remarks} == {
        ("PRF-ABSENT", "nick"), ("PRF-DRIFT", "alias"), ("PRF-DRIFT", "nick"), ("PRF-UNKNOWN", "alias"),
    }  # fmt: skip
