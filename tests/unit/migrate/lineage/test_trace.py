"""Lineage of small mappings, and its completeness for those that ship."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from migrate.compiler.plan import Plan, make_plan
from migrate.contracts.load import load_contract
from migrate.lineage import Lineage, trace
from migrate.lineage.views import view_columns
from migrate.mapping.load import LoadedPair, load_pair
from migrate.resources import contract_file, known_pairs, mappings_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

AS_OF = "2025-06-30 12:00:00"
SOURCE = """
system: old
label: Old
source: {kind: database}
entities:
  person:
    key: id
    fields:
      id: {type: int}
      name: {}
      mail: {}
      boss: {type: int}
      unit: {type: int}
      hidden: {type: flag}
      spare: {}
  unit:
    key: id
    fields: {id: {type: int}, title: {}, code: {}}
  extra:
    key: id
    fields: {id: {type: int}, person: {type: int}, label: {}, text: {}}
  active:
    key: id
    covers: {person: id}
    sql: >
      select p.id, p.name, coalesce(u.title, p.name) as shown, p.spare as unused
      from person p left join unit u on u.id = p.unit where p.hidden = false
    fields: {id: {type: int}, name: {}, shown: {}, unused: {}}
  bosses:
    key: id
    sql: select a.id, upper(a.shown) as loud from active a where exists (select 1 from person q where q.boss = a.id)
    fields: {id: {type: int}, loud: {}}
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
      name: {}
      boss: {references: {entity: users}}
      team: {}
      phone: {}
      kind: {}
"""
PAIR = "from: old\nto: new\nlabel: Old to New\n"


@pytest.fixture
def lineage(bench: Any) -> Any:
    def of(**mappings: str) -> Lineage:
        return trace(make_plan(bench.pair(SOURCE, TARGET, PAIR, **mappings), AS_OF, with_archives=False))

    return of


def reached(lineage: Lineage, mapping: str, field: str | None) -> set[tuple[str, str]]:
    found = lineage.of_target(mapping, field) if field else lineage.of_records(mapping)
    return {(link.from_, link.kind) for link in found}


USERS = """
from: old.person
to: new.users
let: {full: "trim(name)", tag: "full || '/' || mail"}
lookup:
  place: {from: unit, on: {id: unit}}
pivot:
  more: {from: extra, by: person, name: label, value: text, names: [phone]}
exclude: [{code: USR-HIDDEN, when: hidden, reason: hidden}]
merge: {by: lower(mail), keep: "spare desc", code: USR-MERGE, reason: one person}
fields:
  user_id: {expr: "'u' || cast(id as text)"}
  name: {expr: tag, check: {expr: {to: "value <> spare", code: USR-NAME, severity: warn}}}
  boss: {ref: users, by: boss}
  team: {expr: place.title}
  phone: {expr: more.phone}
  kind: {const: person}
"""


def test_lets_are_followed_to_the_fields_they_read(lineage: Any) -> None:
    found = lineage(users=USERS)
    assert reached(found, "users", "name") == {("person.name", "value"), ("person.mail", "value"), ("person.spare", "check")}
    (link,) = [k for k in found.of_target("users", "name") if k.from_ == "person.name"]
    assert link.path == ("let tag", "let full")


def test_a_lookup_reaches_by_value_and_by_what_it_is_joined_on(lineage: Any) -> None:
    assert reached(lineage(users=USERS), "users", "team") == {
        ("unit.title", "value"),
        ("unit.id", "join"),
        ("person.unit", "join"),
    }


def test_a_pivot_reaches_by_value_name_and_key(lineage: Any) -> None:
    assert reached(lineage(users=USERS), "users", "phone") == {
        ("extra.text", "value"),
        ("extra.label", "join"),
        ("extra.person", "join"),
        ("person.id", "join"),
    }


def test_a_reference_reaches_what_the_key_of_the_other_record_is_made_of_and_ends_in_a_circle(lineage: Any) -> None:
    found = lineage(users=USERS)
    assert reached(found, "users", "boss") == {("person.boss", "reference"), ("person.id", "reference")}
    (link,) = [k for k in found.of_target("users", "boss") if k.from_ == "person.id"]
    assert link.path == ("reference users.user_id",)


def test_exclusions_and_merges_decide_about_records(lineage: Any) -> None:
    records = reached(lineage(users=USERS), "users", None)
    assert {("person.hidden", "record"), ("person.mail", "record"), ("person.spare", "record")} <= records
    assert ("person.name", "record") not in records


def test_a_constant_comes_from_nothing(lineage: Any) -> None:
    assert lineage(users=USERS).of_target("users", "kind") == ()


def test_views_are_followed_down_to_tables(lineage: Any) -> None:
    found = lineage(users="from: old.bosses\nto: new.users\nfields: {user_id: {from: id}, name: {from: loud}}\n")
    assert reached(found, "users", "name") == {
        (field, "value") for field in ("bosses.loud", "active.shown", "person.name", "unit.title")
    }
    assert {("person.hidden", "record"), ("person.boss", "record"), ("unit.id", "record"), ("person.unit", "record")} <= reached(
        found, "users", None
    )
    assert found.idle == (("person", "spare"),)


def test_a_fold_depends_on_what_its_fields_are_made_of(lineage: Any) -> None:
    fold = "fold: {by: user_id, keep: team, code: USR-FOLD, reason: one}\n"
    found = lineage(users=f"from: old.person\nto: new.users\n{fold}fields: {{user_id: {{from: mail}}, team: {{from: name}}}}\n")
    assert {("person.mail", "record"), ("person.name", "record")} <= reached(found, "users", None)


def test_views_keep_conditions_apart_from_values(bench: Any) -> None:
    contract = bench.pair(SOURCE, TARGET, PAIR, users=USERS).source.model
    found = view_columns(contract, "active")
    assert found.values["shown"] == {("unit", "title"), ("person", "name")}
    assert found.rows == {("person", "unit"), ("unit", "id"), ("person", "hidden")}


# Completeness --------------------------------------------------------------------------------------------------------


def missing(plan: Plan, lineage: Lineage) -> Iterator[tuple[str, str, str]]:
    """What a compiled mapping reads and its lineage does not name."""
    for name, compiled in plan.rows.items():
        mine = {(link.entity, link.source) for link in lineage.of_target(name)}
        source = compiled.mapping.source_name
        read = {(e, f) for e, fields in compiled.needs.items() for f in fields}
        read |= {(source, f) for f in (*compiled.carried, *compiled.consulted)}
        yield from ((name, e, f) for e, f in sorted(read - mine))


def shipped(source: str, target: str) -> LoadedPair:
    contracts = [load_contract(contract_file(source, "source")), load_contract(contract_file(target, "target"))]
    return load_pair(mappings_folder() / f"{source}_to_{target}", *contracts)


@pytest.mark.parametrize(("source", "target"), known_pairs())
def test_all_that_a_mapping_reads_stands_in_its_lineage(source: str, target: str) -> None:
    plan = make_plan(shipped(source, target), AS_OF)
    found = trace(plan)
    assert not list(missing(plan, found))
    linked = {(link.entity, link.source) for link in found.links} | set(found.idle)
    read_by_views = {column for view in plan.views for column in view_columns(plan.pair.source.model, view).all}
    archived_only = {entity for listed in plan.archives.values() for entity in listed}
    assert {column for column in read_by_views if column[0] not in archived_only} <= linked


def test_the_check_for_completeness_can_fail(bench: Any) -> None:
    plan = make_plan(bench.pair(SOURCE, TARGET, PAIR, users=USERS), AS_OF, with_archives=False)
    whole = trace(plan)
    assert not list(missing(plan, whole))
    cut = Lineage(tuple(link for link in whole.links if link.from_ != "unit.title"), whole.idle)
    assert list(missing(plan, cut)) == [("users", "unit", "title")]


def test_both_directions_tell_the_same(bench: Any) -> None:
    plan = make_plan(bench.pair(SOURCE, TARGET, PAIR, users=USERS), AS_OF, with_archives=False)
    found = trace(plan)
    forward = {link for entity in plan.pair.source.model.entities for link in found.of_source(entity)}
    assert forward == set(found.of_target("users")) == set(found.links)


# Truth ---------------------------------------------------------------------------------------------------------------

ROWS: dict[str, list[dict[str, Any]]] = {
    "person": [
        {"id": 1, "name": "Ana", "mail": "a@x.org", "boss": 2, "unit": 10, "hidden": 0, "spare": "s"},
        {"id": 2, "name": "Bo", "mail": "b@x.org", "boss": None, "unit": 11, "hidden": 0, "spare": "t"},
    ],
    "unit": [{"id": 10, "title": "North", "code": "N"}, {"id": 11, "title": "South", "code": "S"}],
    "extra": [{"id": 1, "person": 1, "label": "phone", "text": "123"}],
}
OTHER = {"id": 0, "boss": 1, "unit": 11, "hidden": 1, "person": 2}


@pytest.mark.parametrize(("entity", "field"), [(e, f) for e, rows in ROWS.items() for f in rows[0]], ids=lambda value: str(value))
def test_a_value_that_changes_changes_only_what_its_lineage_names(bench: Any, entity: str, field: str) -> None:
    """One source value is changed, and the mapping is run before and after."""
    pair = bench.pair(SOURCE, TARGET, PAIR, users=USERS)
    found = trace(make_plan(pair, AS_OF, with_archives=False))
    before = bench.map(pair, ROWS).rows("users")
    changed = {e: [dict(row) for row in rows] for e, rows in ROWS.items()}
    changed[entity][0][field] = OTHER.get(field, "other")
    after = bench.map(pair, changed).rows("users")
    touched: set[str | None] = set()
    if [(r["_key"], r["_disposition"]) for r in before] != [(r["_key"], r["_disposition"]) for r in after]:
        touched.add(None)
    for old, new in zip(before, after, strict=True):
        touched |= {c.removeprefix("to:") for c in old if c.startswith("to:") and old[c] != new[c]}
    reach = {link.field for link in found.of_source(entity, field) if link.kind != "check"}
    assert touched <= reach
    if field == "code" or (entity, field) == ("extra", "id"):
        assert not touched
