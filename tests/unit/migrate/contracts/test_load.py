"""Contracts: the names in them have to exist, and their values have to be usable."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from migrate.contracts.load import load_contract
from migrate.errors import ConfigurationError
from migrate.resources import Role, contract_file, known_systems

GOOD = """\
system: s
label: S
source: {kind: database}
entities:
  a:
    key: [x, y]
    fields:
      x: {type: int}
      y: {references: {entity: b}}
      z: {references: {entity: b, field: k}}
  b: {key: k, fields: {k: {}}}
  v:
    key: k
    sql: select b.k as k from b as b
    covers: {b: k}
    fields: {k: {}}
"""


def load(folder: Path, text: str) -> object:
    file = folder / "s.yaml"
    file.write_text(text, "utf-8")
    return load_contract(file)


def test_a_contract_loads(tmp_path: Path) -> None:
    loaded = load(tmp_path, GOOD)
    assert loaded.system == "s"
    assert loaded.entity("a").key == ("x", "y")
    assert loaded.entity("b").key == ("k",)
    assert loaded.model.internal == {}


@pytest.mark.parametrize(
    ("old", "new", "line", "message", "value"),
    [
        ("key: [x, y]", "key: [x, q]", 6, "the key of a is not one of its fields", "q"),
        ("entity: b}}\n      z", "entity: q}}\n      z", 9, "refers to no entity", "q"),
        ("field: k}", "field: q}", 10, "refers to no field of b", "q"),
        ("covers: {b: k}", "covers: {q: k}", 15, "covers no entity", "q"),
        ("covers: {b: k}", "covers: {b: q}", 15, "by no field of its own", "q"),
        ("covers: {b: k}", "newest_first: [k]", 15, "newest_first of v names no date", "k"),
        (
            "    fields: {k: {}}\n",
            "    fields: {k: {column: q}}\n",
            16,
            "column is for tables and delimited files of a source",
            "q",
        ),
        ("covers: {b: k}", "table: t", 12, "more than one of table, file, sql", None),
        ("source: {kind: database}\n", "", 1, "needs source or target", None),
        ("key: k, fields", "key: [], fields", 11, "key", None),
        ("key: k, fields", "key: 5, fields", 11, "key", None),
        ("key: k, fields", "key: null, fields", 11, "key", None),
        ("key: k, fields", "key: {k: x}, fields", 11, "key", None),
        ("    fields: {k: {}}\n", "    fields: {k: {}}\nconventions: {userid: q}\n", 17, "names no entity", "q"),
        ("k: {}}}", "k: {pattern: '('}}}", 11, "pattern", "("),
        ("k: {}}}", "k: {type: date, min: abc}}}", 11, "min", "abc"),
        ("kind: database", "kind: files, format: {encoding: utf-99}", 3, "encoding", "utf-99"),
        ("kind: database", "kind: files, format: {delimiter: '::'}", 3, "delimiter", "::"),
        ("kind: database", "kind: files, format: {quote: '<>'}", 3, "quote", "<>"),
        ("source: {kind: database}", "target: {kind: files, max_rows: 0}", 3, "max_rows", 0),
    ],
)
def test_what_cannot_work_is_refused_with_its_line(
    tmp_path: Path, refused: Callable, old: str, new: str, line: int, message: str, value: object
) -> None:
    assert old in GOOD
    found = [p for p in refused(load, tmp_path, GOOD.replace(old, new, 1)) if message in p.message]
    assert len(found) == 1
    assert found[0].place is not None
    assert abs(found[0].place.line - line) <= (1 if "\n" not in old else 0)
    if value is not None:
        assert found[0].value == value


ONLY_LIVE = """\
system: t
label: T
target: {kind: files}
entities:
  a: {key: k, file: a.csv, fields: {k: {}}}
  b: {key: k, only_live: true, fields: {k: {}, a: {references: {entity: a}}}, write: {by: rest}}
"""


def test_an_entity_may_go_by_a_live_run_only(tmp_path: Path) -> None:
    loaded = load(tmp_path, ONLY_LIVE)
    assert (loaded.entity("a").only_live, loaded.entity("b").only_live) == (False, True)


@pytest.mark.parametrize(
    ("old", "new", "message", "line"),
    [
        ("only_live: true", "only_live: true, file: b.csv", "goes without a live run too", 6),
        (", write: {by: rest}", "", "nothing that says how a live run writes it", 6),
        ("target: {kind: files}", "source: {kind: files}", "not written", 6),
        ("a.csv, fields: {k: {}}", "a.csv, fields: {k: {}, b: {references: {entity: b}}}", "delivered in files, and b is not", 5),
    ],
)
def test_what_contradicts_only_live_is_refused(
    tmp_path: Path, refused: Callable, old: str, new: str, message: str, line: int
) -> None:
    assert old in ONLY_LIVE
    (problem,) = refused(load, tmp_path, ONLY_LIVE.replace(old, new, 1))
    assert message in problem.message
    assert problem.place is not None
    assert problem.place.line == line


def test_the_names_that_could_stand_there_are_listed(tmp_path: Path, refused: Callable) -> None:
    (problem,) = refused(load, tmp_path, GOOD.replace("references: {entity: b}", "references: {entity: bb}"))
    assert problem.allowed == ("a", "b", "v")


def test_every_problem_is_listed(tmp_path: Path) -> None:
    text = GOOD.replace("key: [x, y]", "key: [p, q]").replace("field: k}", "field: q}")
    with pytest.raises(ConfigurationError, match="3 problem") as caught:
        load(tmp_path, text)
    assert len(caught.value.problems) == 3


@pytest.mark.parametrize("role", ["source", "target"])
@pytest.mark.parametrize("system", known_systems())
def test_contracts_that_ship_load(system: str, role: Role) -> None:
    assert load_contract(contract_file(system, role)).system == system


SCOPE = """
system: old
label: Old
source: {kind: files}
entities:
  course: {file: c.csv, key: id, fields: {id: {}, shown: {}}}
  mark: {file: m.xlsx, sheet: Marks, key: id, fields: {id: {}, course: {}, day: {type: date}}}
scope:
  unused:
    label: Unused
    entity: course
    among: shown = '1'
    years: 2
    activity: select course as record, day as at from mark
"""


def test_rules_of_scope_and_sheets_are_read(bench: Any) -> None:
    contract = bench.contract(SCOPE).model
    assert contract.scope["unused"].years == 2
    assert contract.entities["mark"].sheet == "Marks"


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("entity: course", "entity: courses", 10, "the rule unused is about no entity"),
        ("shown = '1'", "hidden = '1'", 11, "course has no such field"),
        ("shown = '1'", "pg_sleep(1)", 11, "unused: "),
        ("from mark", "from marks", 13, "only entities of the contract can be read"),
        ("select course as record, day as at", "drop table", 13, "unused: "),
        ("years: 2", "years: 0", 12, ""),
        ("file: m.xlsx", "file: m.csv", 6, "sheet is for files that end in .xlsx"),
    ],
)
def test_rules_of_scope_that_say_nothing_are_refused(
    bench: Any, refused: Callable, old: str, new: str, line: int, said: str
) -> None:
    assert old in SCOPE
    problem = refused(bench.contract, SCOPE.replace(old, new))[0]
    assert problem.place is not None
    assert problem.place.line == line
    assert problem.message.startswith(said)
