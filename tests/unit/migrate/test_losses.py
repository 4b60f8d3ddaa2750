"""The loss register: every field of the source is mapped, archived, dropped with a reason, or complained about."""

from __future__ import annotations

from typing import Any

from migrate.compiler.plan import make_plan
from migrate.losses import register, table_treatment, undeclared

AS_OF = "2025-01-01 00:00:00"
SOURCE = """
system: old
label: Old
source: {kind: database}
internal: {cache_*: it holds nothing}
entities:
  person:
    key: id
    fields: {id: {}, name: {}, mail: {}, age: {}, born: {}, word: {pii: secret}, left: {}}
  mark: {key: id, fields: {id: {}, who: {}, points: {}, note: {}}}
  extra: {key: id, fields: {id: {}, x: {}}}
  other: {key: id, fields: {id: {}, y: {}}}
  seen: {key: id, sql: "select m.id, m.who, m.points from mark as m", fields: {id: {}, who: {}, points: {}}}
  idle: {key: id, sql: "select e.id from extra as e", fields: {id: {}}}
"""
TARGET = """
system: new
label: n
target: {kind: files}
entities:
  users: {key: id, file: u.csv, fields: {id: {}, a: {}, b: {}, c: {}}}
"""
USERS = """
from: old.person
to: new.users
exclude: [{code: U-X, when: "age > 3", reason: r}]
merge: {by: mail, keep: born, code: U-M, reason: r}
fields: {id: {from: id}, a: {from: name}}
"""
SEEN = "from: old.seen\nto: new.users\nfields: {id: {from: id}, a: {from: who}}\n"
PAIR = """
from: old
to: new
label: x
archive: {all: {tables: [extr*, ghost_*], code: ARC-ALL, reason: kept}}
drop: {"other*": not needed, "mark.note": nobody reads it, "lonely": tiny}
"""


def plan(bench: Any, users: str = USERS, pair: str = PAIR) -> Any:
    return make_plan(bench.pair(source=SOURCE, target=TARGET, pair=pair, users=users, seen=SEEN), AS_OF)


def test_each_treatment(bench: Any) -> None:
    found = {
        x.source: (x.treatment, x.reason, x.code, x.archive)
        for x in register(plan(bench, USERS + "drop: {born: 'only for merging'}\n"))
    }
    assert found == {
        "person.mail": ("undeclared", "", None, None),
        "person.born": ("dropped", "only for merging", None, None),
        "person.left": ("undeclared", "", None, None),
        "person.word": ("dropped", "a secret; it is never read", None, None),
        "mark.note": ("dropped", "nobody reads it", None, None),
        "extra": ("archived", "kept", "ARC-ALL", "all"),
        "other": ("dropped", "not needed", None, None),
        "seen.points": ("undeclared", "", None, None),
    }


def test_what_is_undeclared_is_a_problem_where_its_reason_belongs(bench: Any) -> None:
    problems = undeclared(plan(bench, USERS + "drop:\n  born: r\n  mail: r\n"))
    places = {p.value: (p.place.file.name, p.place.line) for p in problems}
    assert places == {"person.left": ("users.yaml", 6), "seen.points": ("seen.yaml", 1)}
    assert 'drop: {left: "..."}' in problems[0].hint


def test_without_a_mapping_the_reason_belongs_to_the_pair(bench: Any) -> None:
    given = plan(bench, pair=PAIR.replace('"other*": not needed, ', "").replace('"mark.note": nobody reads it, ', ""))
    found = {p.value: p for p in undeclared(given)}
    assert found["other"].place.file.name == "pair.yaml"
    assert found["mark.note"].place.file.name == "pair.yaml"
    assert 'drop: {mark.note: "..."}' in found["mark.note"].hint


def test_tables_no_contract_describes(bench: Any) -> None:
    given = plan(bench)
    assert table_treatment(given, "nobody") is None
    treated = {t: table_treatment(given, t) for t in ("ghost_1", "lonely", "cache_x")}
    assert {t: (x.treatment, x.reason, x.archive) for t, x in treated.items() if x} == {
        "ghost_1": ("archived", "kept", "all"),
        "lonely": ("dropped", "tiny", None),
        "cache_x": ("dropped", "it holds nothing", None),
    }


def test_archiving_comes_before_dropping(bench: Any) -> None:
    given = plan(bench, pair=PAIR.replace("lonely", "ghost_*"))
    treated = table_treatment(given, "ghost_1")
    assert treated is not None
    assert treated.treatment == "archived"


def test_an_archived_table_that_is_mapped_shows_its_unmapped_fields_as_archived(bench: Any) -> None:
    users = USERS + "drop: {left: 'nobody is left-handed there'}\n"
    losses = register(plan(bench, users, PAIR.replace("extr*", "person")))
    found = {x.source: x.treatment for x in losses}
    assert found["person.left"] == "archived"
    assert [x.reason for x in losses if x.treatment == "archived"] == ["kept", "kept", "nobody is left-handed there"]
    assert found["person.word"] == "dropped"
    assert "person.name" not in found
    assert found["extra"] == "undeclared"
