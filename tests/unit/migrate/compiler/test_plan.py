"""The plan: what runs in which order, what has to be extracted, and circles that cannot be run."""

from __future__ import annotations

from typing import Any

import pytest

from migrate.compiler.plan import make_plan
from migrate.errors import ConfigurationError

AS_OF = "2025-01-01 00:00:00"
SOURCE = """
system: old
label: Old
source: {kind: database}
entities:
  person: {key: id, fields: {id: {type: int}, name: {}, boss: {type: int}, secret: {pii: secret}}}
  mark: {key: id, fields: {id: {type: int}, who: {type: int}, points: {}, note: {}}}
  unused: {key: id, fields: {id: {}, x: {}}}
  named:
    key: id
    sql: select p.id, p.name from person as p
    covers: {person: id}
    fields: {id: {type: int}, name: {}}
  marked: {key: id, sql: "select n.id, m.points from named as n join mark as m on m.who = n.id", covers: {unused: id},
           fields: {id: {type: int}, points: {}}}
"""
TARGET = """
system: new
label: New
target: {kind: files}
entities:
  a: {key: id, file: a.csv, fields: {id: {}, x: {}, y: {}}}
  b: {key: id, file: b.csv, fields: {id: {}, x: {}, y: {}}}
"""
HEAD = "from: old.%s\nto: new.%s\nfields: {id: {from: id}, "


def pair(bench: Any, extra: str = "", **mappings: str) -> Any:
    return bench.pair(source=SOURCE, target=TARGET, pair="{from: old, to: new, label: x" + extra + "}", **mappings)


def test_only_what_is_needed_is_extracted(bench: Any) -> None:
    plan = make_plan(pair(bench, a=HEAD % ("marked", "a") + "x: {from: points}}\n"), AS_OF)
    assert plan.physical == {"person": ["id", "name"], "mark": ["id", "who", "points"], "unused": ["id"]}
    assert plan.views == ["named", "marked"]
    assert plan.names == ["a"]
    assert plan.identities == {}


def test_lookups_and_pivots_are_extracted(bench: Any) -> None:
    text = (
        "from: old.person\nto: new.a\nlookup: {m: {from: mark, on: {who: id}}}\n"
        "pivot: {p: {from: mark, by: who, name: note, value: points, names: [k]}}\n"
        "fields: {id: {from: id}, x: {expr: m.note}, y: {expr: p.k}}\n"
    )
    assert make_plan(pair(bench, a=text), AS_OF).physical["mark"] == ["id", "who", "points", "note"]


def test_archives_take_every_field_but_secrets(bench: Any) -> None:
    archive = ", archive: {all: {tables: ['per*', unused], code: A-R, reason: r}}"
    both = pair(bench, archive, a=HEAD % ("mark", "a") + "x: {from: note}}\n")
    plan = make_plan(both, AS_OF)
    assert plan.archives == {"all": ["person", "unused"]}
    assert plan.physical["person"] == ["id", "name", "boss"]
    assert "person" not in make_plan(both, AS_OF, with_archives=False).physical


def test_an_archive_names_no_view(bench: Any) -> None:
    """It would hold no row of it. A pattern means tables, whatever views it fits."""
    archive = ", archive: {all: {tables: ['mark*', marked], code: A-R, reason: r}}"
    with pytest.raises(ConfigurationError) as refused:
        make_plan(pair(bench, archive, a=HEAD % ("mark", "a") + "x: {from: note}}\n"), AS_OF)
    (problem,) = refused.value.problems
    assert (problem.value, problem.allowed) == ("marked", ("mark", "person"))
    assert "this is a view" in problem.message
    plan = make_plan(pair(bench, archive.replace(", marked", ""), a=HEAD % ("mark", "a") + "x: {from: note}}\n"), AS_OF)
    assert plan.archives == {"all": ["mark"]}


def test_a_choice_of_mappings_brings_those_they_refer_to(bench: Any) -> None:
    a, b = HEAD % ("person", "a") + "x: {from: name}}\n", HEAD % ("mark", "b") + "x: {ref: a, by: who}}\n"
    plan = make_plan(pair(bench, a=a, b=b), AS_OF, ["b"])
    assert (plan.names, list(plan.identities)) == (["a", "b"], ["a"])
    assert plan.identities["a"].fields == ("id",)
    assert make_plan(pair(bench, a=a, b=b), AS_OF, ["a"]).names == ["a"]


def test_identities_hold_the_fields_others_ask_for(bench: Any) -> None:
    a = HEAD % ("person", "a") + "x: {from: name}, y: {from: boss}}\n"
    b = HEAD % ("mark", "b") + "x: {ref: a, by: who, field: x}}\n"
    assert make_plan(pair(bench, a=a, b=b), AS_OF).identities["a"].fields == ("id", "x")


def test_keys_made_of_references_are_computed_in_order(bench: Any) -> None:
    a = HEAD % ("person", "a") + "x: {ref: b, by: id}}\n"
    b = "from: old.mark\nto: new.b\nfields: {id: {ref: a, by: who}, x: {ref: b, by: id}}\n"
    c = "from: old.mark\nto: new.b\nfields: {id: {ref: b, by: id}}\n"
    plan = make_plan(pair(bench, a=a, b=b, c=c, d=c.replace("ref: b", "ref: c")), AS_OF)
    assert list(plan.identities) == ["a", "b", "c"]


def test_keys_in_a_circle_are_refused(bench: Any, refused: Any) -> None:
    a = "from: old.person\nto: new.a\nfields: {id: {ref: b, by: id}}\n"
    b = "from: old.mark\nto: new.b\nfields: {id: {ref: a, by: who}}\n"
    problems = refused(make_plan, pair(bench, a=a, b=b), AS_OF)
    assert ["depend on each other" in p.message for p in problems] == [True]
    assert "a" in problems[0].message
    assert problems[0].place.line == 3
    own = "from: old.person\nto: new.a\nfields: {id: {ref: own, by: boss}}\n"
    assert any("depend on each other" in p.message for p in refused(make_plan, pair(bench, own=own), AS_OF) or [])


@pytest.mark.parametrize("view", ["select x.id from circle as x", "select x.id from other as x"])
def test_views_in_a_circle_are_refused(bench: Any, refused: Any, view: str) -> None:
    source = SOURCE + f"  circle: {{key: id, sql: {view}, fields: {{id: {{}}}}}}\n"
    source += "  other: {key: id, sql: select x.id from circle as x, fields: {id: {}}}\n"

    def plan() -> None:
        make_plan(bench.pair(source=source, target=TARGET, a=HEAD % ("circle", "a") + "x: {const: 1}}\n"), AS_OF)

    problems = refused(plan)
    assert any("circle" in str(p) for p in problems)
    assert problems[0].place.file.name == "old.yaml"


def test_a_view_outside_the_vocabulary_is_refused(bench: Any, refused: Any) -> None:
    source = SOURCE + "  bad: {key: id, sql: \"select read_text('x') as id from person\", fields: {id: {}}}\n"

    def plan() -> None:
        make_plan(bench.pair(source=source, target=TARGET, a=HEAD % ("bad", "a") + "x: {const: 1}}\n"), AS_OF)

    (problem,) = refused(plan)
    assert (problem.value, problem.place.file.name) == ("read_text", "old.yaml")


@pytest.mark.parametrize(
    ("identities", "message"),
    [
        ("{person: nobody}", "names no mapping"),
        ("{mark: a}", "not made from mark"),
        ("{nothing: a}", "not made from nothing"),
    ],
)
def test_identities_have_to_fit(bench: Any, refused: Any, identities: str, message: str) -> None:
    source = SOURCE.replace("mark: {key: id", "mark: {key: [id, who]")
    text = HEAD % ("person", "a") + "x: {from: name}}\n"
    given = bench.pair(
        source=source, target=TARGET, pair="{from: old, to: new, label: x, identities: " + identities + "}", a=text
    )
    (problem,) = refused(make_plan, given, AS_OF)
    assert message in problem.message
    assert problem.place.file.name == "pair.yaml"


def test_a_view_with_the_same_key_can_give_the_identity(bench: Any) -> None:
    given = pair(bench, ", identities: {person: a}", a=HEAD % ("named", "a") + "x: {from: name}}\n")
    assert list(make_plan(given, AS_OF).identities) == ["a"]


@pytest.mark.parametrize("others", [True, False])
def test_the_targets_key_has_to_be_mapped(bench: Any, refused: Any, others: bool) -> None:
    a = "from: old.person\nto: new.a\nfields: {x: {from: name}}\n"
    b = HEAD % ("mark", "b") + "x: {ref: a, by: who}}\n" if others else HEAD % ("mark", "b") + "x: {from: note}}\n"
    problems = refused(make_plan, pair(bench, a=a, b=b), AS_OF)
    assert any("key" in p.message and "id" in str(p) and p.place.file.name == "a.yaml" for p in problems)


def test_what_the_target_requires_has_to_be_mapped(bench: Any, refused: Any) -> None:
    target = TARGET.replace("x: {}, y: {}}}", "x: {required: true}, y: {}}}", 1)

    def plan() -> None:
        make_plan(bench.pair(source=SOURCE, target=target, a=HEAD % ("person", "a") + "y: {from: name}}\n"), AS_OF)

    assert any("x" in str(p) and p.place.file.name == "a.yaml" for p in refused(plan))


def test_secrets_are_never_extracted_by_views(bench: Any, refused: Any) -> None:
    source = SOURCE.replace("select p.id, p.name from person", "select p.id, p.secret as name from person")

    def plan() -> None:
        made = make_plan(bench.pair(source=source, target=TARGET, a=HEAD % ("named", "a") + "x: {from: name}}\n"), AS_OF)
        assert "secret" not in made.physical["person"]

    assert refused(plan)


@pytest.mark.parametrize(
    ("field", "asked"),
    [
        ("{from: id}", False),
        ("{expr: \"'old-' || id\"}", False),
        ("{from: id, do: [lower]}", True),
        ("{expr: \"lower('old-' || id)\"}", True),
        ("{from: name}", True),
        ("{from: id, values: {1: a, 2: a}}", True),
        ("{from: id, check: {max_length: {to: 1, code: A-L, severity: warn, set: x}}}", True),
    ],
)
def test_a_key_that_holds_the_sources_key_is_not_sorted(bench: Any, field: str, asked: bool) -> None:
    given = pair(bench, a="from: old.person\nto: new.a\nfields: {id: " + field + "}\n")
    assert ("row_number()" in make_plan(given, AS_OF, unique=frozenset({"person"})).rows["a"].select) is asked
    assert "row_number()" in make_plan(given, AS_OF).rows["a"].select
