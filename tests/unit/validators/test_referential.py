"""References across rows: one root cause for all who wait, circles, lost survivors, and an end in every case."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from migrate.compiler.source import query_sql
from migrate.contracts.model import Contract
from validators.referential import TARGET as PLACE
from validators.referential import tables_of

SOURCE = """
system: old
label: Old
source: {kind: database}
entities:
  person: {key: id, fields: {id: {type: int}, name: {}, boss: {type: int}, mail: {}}}
  team: {key: id, fields: {id: {type: int}, lead: {type: int}, part: {type: int}, name: {}}}
"""
TARGET = """
system: new
label: New
target: {kind: files}
entities:
  users:
    key: id
    file: u.csv
    fields: {id: {required: true}, name: {max_length: 5}, boss: {}, org: {}}
  teams:
    key: id
    file: t.csv
    fields: {id: {required: true}, lead: {%s}, part: {}, name: {}}
  places: {key: id, file: p.csv, fields: {id: {}, name: {}}}
"""
USERS = "from: old.person\nto: new.users\n%sfields: {id: {from: id}, name: {from: name}, boss: {ref: users, by: boss%s}}\n"
TEAMS = "from: old.team\nto: new.teams\nfields: {id: {from: id}, lead: {ref: users, by: lead%s}}\n"
LONG = "far too long"
Row = dict[str, Any]


def settle(bench: Any, given: dict[str, Any], target: str = TARGET % "", **mappings: str) -> Any:
    return bench.settle(bench.pair(source=SOURCE, target=target, **mappings), given)


def person(id: int, boss: int | None = None, name: str | None = None, mail: str | None = None) -> dict[str, Any]:  # noqa: A002
    return {"id": id, "boss": boss, "name": name, "mail": mail}


def test_a_chain_waits_for_one_root_cause(bench: Any) -> None:
    people = [person(1, name=LONG), person(2, 1), person(3, 2), person(4, 3), person(5), person(6, 5)]
    teams = [{"id": 1, "lead": 4}, {"id": 2, "lead": 6}, {"id": 3, "lead": None}]
    settled = settle(bench, {"person": people, "team": teams}, users=USERS % ("", ""), teams=TEAMS % "")
    assert settled.dispositions() == {
        "1": "quarantined",
        "2": "blocked",
        "3": "blocked",
        "4": "blocked",
        "5": "candidate",
        "6": "candidate",
    }
    assert settled.dispositions("teams") == {"1": "blocked", "2": "candidate", "3": "candidate"}
    blocked = settled.findings("REF-BLOCKED")
    assert {f["root_cause"] for f in blocked} == {"users/1"}
    assert sorted((f["entity"], f["key"], f["value"], f["field"]) for f in blocked) == [
        ("teams", "1", "4", "lead"),
        ("users", "2", "1", "boss"),
        ("users", "3", "2", "boss"),
        ("users", "4", "3", "boss"),
    ]
    assert {f["severity"] for f in blocked} == {"blocked"}
    assert settled.references["users"]["boss"] == {"resolved": 1, "empty": 2, "blocked": 3}
    assert settled.references["teams"]["lead"] == {"resolved": 1, "empty": 1, "blocked": 1}


def test_a_record_that_is_not_in_the_source_blocks_with_its_name(bench: Any) -> None:
    settled = settle(bench, {"person": [person(1, 99), person(2, 1)]}, users=USERS % ("", ""))
    assert settled.dispositions() == {"1": "blocked", "2": "blocked"}
    (orphan,), (blocked,) = settled.findings("REF-ORPHAN"), settled.findings("REF-BLOCKED")
    assert (orphan["key"], orphan["root_cause"]) == ("1", "users/99")
    assert (blocked["key"], blocked["value"]) == ("2", "1")
    assert blocked["root_cause"] in ("users/1", "users/99")


@pytest.mark.parametrize(
    ("missing", "disposition", "value"),
    [
        ("", "blocked", None),
        (", missing: {code: U-R}", "quarantined", None),
        (", missing: {code: U-R, severity: hold, message: who}", "held", None),
        (", missing: {code: U-R, severity: warn, set: nobody}", "candidate", "nobody"),
        (", missing: {code: U-R, severity: warn, set: null}", "candidate", None),
        (", missing: {code: U-R, severity: warn, set: 0}", "candidate", "0"),
        (", missing: {code: U-R, severity: warn}", "candidate", None),
        (", missing: {code: U-R, severity: warn, set: true}", "candidate", "true"),
    ],
)
def test_who_is_not_loaded_is_missing(bench: Any, missing: str, disposition: str, value: str | None) -> None:
    people = [person(1, name=LONG), person(2, name="b"), person(3, name="c")]
    teams = [{"id": 1, "lead": 1}, {"id": 2, "lead": 2}, {"id": 3, "lead": 99}]
    settled = settle(bench, {"person": people, "team": teams}, users=USERS % ("", ""), teams=TEAMS % missing)
    assert settled.dispositions("teams") == {"1": disposition, "2": "candidate", "3": disposition}
    leads = {row["id"]: row["lead"] for row in settled.loading["teams"]}
    assert leads["2"] == "2"
    if disposition == "candidate":
        assert (leads["1"], leads["3"]) == (value, value)
    if missing:
        assert [(f["code"], f["key"]) for f in settled.findings(mapping="teams")] == [("U-R", "1"), ("U-R", "3")]
    if "message" in missing:
        assert {f["message"] for f in settled.findings("U-R")} == {"who"}


def test_excluded_records_block_too(bench: Any) -> None:
    users = USERS % ('exclude: [{code: U-X, when: "id = 1", reason: r}]\n', "")
    settled = settle(bench, {"person": [person(1), person(2, 1), person(3, 2)]}, users=users)
    assert settled.dispositions() == {"1": "excluded", "2": "blocked", "3": "blocked"}
    assert {f["root_cause"] for f in settled.findings("REF-BLOCKED")} == {"users/1"}


MERGE = "merge: {by: mail, keep: id, code: U-M, reason: r}\n"


def test_whoever_refers_to_a_merged_record_refers_to_the_survivor(bench: Any) -> None:
    people = [person(1, mail="a"), person(2, mail="a"), person(3, 2), person(4, 3)]
    settled = settle(bench, {"person": people}, users=USERS % (MERGE, ""))
    assert settled.dispositions() == {"1": "candidate", "2": "merged", "3": "candidate", "4": "candidate"}
    assert {row["id"]: row["boss"] for row in settled.loading["users"]} == {"1": None, "3": "1", "4": "3"}
    assert settled.by_key("target_key")["2"] == "1"
    assert settled.references["users"]["boss"] == {"resolved": 2, "empty": 1, "blocked": 0}


def test_a_survivor_that_is_lost_takes_the_merged_and_their_referrers_along(bench: Any) -> None:
    people = [person(1, mail="a", name=LONG), person(2, mail="a"), person(3, 2), person(4, 3)]
    settled = settle(bench, {"person": people}, users=USERS % (MERGE, ""))
    assert settled.dispositions() == {"1": "quarantined", "2": "blocked", "3": "blocked", "4": "blocked"}
    assert {f["root_cause"] for f in settled.findings("REF-BLOCKED")} == {"users/1"}


def test_a_folded_row_follows_its_survivor(bench: Any) -> None:
    text = "from: old.person\nto: new.users\nfold: {by: id, keep: name, code: U-F, reason: r}\n"
    text += "fields: {id: {from: mail}, name: {from: name}}\n"
    settled = settle(
        bench,
        {"person": [person(1, mail="a", name="zz"), person(2, mail="a", name=LONG), person(3, mail="b")]},
        users=text,
    )
    assert settled.dispositions() == {"1": "blocked", "2": "quarantined", "3": "candidate"}


def test_circles_of_parents(bench: Any) -> None:
    people = [
        person(1, 2),
        person(2, 3),
        person(3, 1),
        person(4, 1),
        person(5, 5),
        person(6),
        person(7, 6),
        person(8, 5),
    ]
    settled = settle(bench, {"person": people}, users=USERS % ("", ""))
    dispositions = settled.dispositions()
    assert sorted(k for k, d in dispositions.items() if d == "candidate") == ["6", "7"]
    assert {k for k, c in settled.codes().items() if c == "REF-CYCLE"} >= {"1", "2", "3", "5"}
    assert all(d in ("quarantined", "blocked") for k, d in dispositions.items() if k not in "67")
    assert {f["severity"] for f in settled.findings("REF-CYCLE")} == {"quarantine"}


def test_a_circle_can_be_cut_by_a_warning(bench: Any) -> None:
    missing = ", missing: {code: U-R, severity: warn, set: null}"
    settled = settle(bench, {"person": [person(1, 2), person(2, 1), person(3, 99)]}, users=USERS % ("", missing))
    assert set(settled.dispositions().values()) == {"candidate"}
    assert settled.raised() == [("U-R", "3")]


def test_references_the_targets_contract_states(bench: Any) -> None:
    target = TARGET % "references: {entity: users}"
    teams = "from: old.team\nto: new.teams\nfields: {id: {from: id}, lead: {from: name}}\n"
    given = {
        "person": [person(1), person(2, name=LONG)],
        "team": [{"id": n, "name": v} for n, v in ((1, "1"), (2, "2"), (3, "zz"), (4, None))],
    }
    settled = settle(bench, given, target, users=USERS % ("", ""), teams=teams)
    assert settled.dispositions("teams") == {"1": "candidate", "2": "quarantined", "3": "quarantined", "4": "candidate"}
    assert [(f["key"], f["value"], f["field"]) for f in settled.findings("GATE-REFERENCE")] == [
        ("2", "2", "lead"),
        ("3", "zz", "lead"),
    ]
    alone = settle(bench, given, target, teams=teams)
    assert set(alone.dispositions("teams").values()) == {"candidate"}


@pytest.mark.parametrize("unknown", ["keep", "refuse"])
def test_references_into_nothing_loaded_or_kept_as_text_are_not_judged(bench: Any, unknown: str) -> None:
    entity = "places" if unknown == "refuse" else "users"
    target = TARGET % f"references: {{entity: {entity}, unknown: {unknown}}}"
    teams = "from: old.team\nto: new.teams\nfields: {id: {from: id}, lead: {from: name}}\n"
    settled = settle(
        bench, {"person": [person(1)], "team": [{"id": 1, "name": "zz"}]}, target, users=USERS % ("", ""), teams=teams
    )
    assert settled.dispositions("teams") == {"1": "candidate"}


def test_a_reference_to_another_field_of_the_target(bench: Any) -> None:
    target = TARGET % "references: {entity: users, field: name}"
    teams = "from: old.team\nto: new.teams\nfields: {id: {from: id}, lead: {from: name}}\n"
    given = {"person": [person(1, name="ana")], "team": [{"id": 1, "name": "ana"}, {"id": 2, "name": "1"}]}
    assert settle(bench, given, target, users=USERS % ("", ""), teams=teams).dispositions("teams") == {
        "1": "candidate",
        "2": "quarantined",
    }


def test_what_only_a_merged_record_holds_is_not_in_the_target(bench: Any) -> None:
    """Nobody finds its values there: neither by a reference, nor as one that is wanted once."""
    target = (TARGET % "references: {entity: users, field: name}").replace("max_length: 5", "unique: true", 1)
    teams = "from: old.team\nto: new.teams\nfields: {id: {from: id}, lead: {from: name}}\n"
    other = "from: old.team\nto: new.users\nfields: {id: {expr: \"'s' || id\"}, name: {from: name}}\n"
    people = [person(1, name="kept", mail="a"), person(2, name="gone", mail="a")]
    alone = settle(bench, {"person": people, "team": [{"id": 1, "name": "kept"}, {"id": 2, "name": "gone"}]}, target,
                   users=USERS % (MERGE, ""), teams=teams)  # fmt: skip
    assert alone.codes("teams") == {"1": None, "2": "GATE-REFERENCE"}
    both = settle(
        bench, {"person": people, "team": [{"id": 2, "name": "gone"}]}, target, users=USERS % (MERGE, ""), another=other
    )
    assert (both.dispositions(), both.codes("another")) == ({"1": "candidate", "2": "merged"}, {"2": None})


REFUSES = """
    refuses:
      - code: T-LOW
        message: the name is another's
        sql: select u.id from users as u join users as o on lower(o.name) = lower(u.name) and o.id < u.id
      - code: T-TEAM
        message: no team
        severity: blocked
        sql: |-
          select u.id from users as u where u.name = 'x'
          and not exists (select 1 from teams as t where t.lead = u.id)
"""


def test_rules_of_the_target_over_several_rows(bench: Any) -> None:
    target = (TARGET % "").replace("boss: {}, org: {}}\n", "boss: {}, org: {}}" + REFUSES, 1)
    people = [person(1, name="Ana"), person(2, name="ANA"), person(3, 2), person(4, name="x"), person(5, name="x" * 2)]
    settled = settle(bench, {"person": people, "team": []}, target, users=USERS % ("", ""), teams=TEAMS % "")
    assert settled.codes() == {"1": None, "2": "T-LOW", "3": "REF-BLOCKED", "4": "T-TEAM", "5": None}
    assert settled.dispositions()["2"] == "quarantined"
    assert settled.dispositions()["4"] == "blocked"
    assert [f["message"] for f in settled.findings("T-LOW")] == ["the name is another's"]
    without = settle(bench, {"person": people}, target, users=USERS % ("", ""))
    assert without.codes()["4"] is None


def test_a_rule_refuses_rows_of_its_own_entity_alone(bench: Any) -> None:
    refuses = "refuses: [{code: T-ODD, message: m, sql: \"select t.id from teams as t where t.name = 'odd'\"}]"
    target = (TARGET % "").replace("  places:", f"    {refuses}\n  places:")
    teams = "from: old.team\nto: new.teams\nfields: {id: {from: id}, name: {from: name}}\n"
    given = {"person": [person(1), person(2)], "team": [{"id": 1, "name": "even"}, {"id": 2, "name": "odd"}]}
    settled = settle(bench, given, target, users=USERS % ("", ""), teams=teams)
    assert (settled.codes(), settled.codes("teams")) == ({"1": None, "2": None}, {"1": None, "2": "T-ODD"})


WAITS = """        waits_for: teams
        cause: select u.id, w.cause from users as u join waiting as w on w.lead = u.id
"""


def test_a_rule_of_the_target_names_what_the_row_waits_for(bench: Any) -> None:
    target = (TARGET % "").replace("boss: {}, org: {}}\n", "boss: {}, org: {}}" + REFUSES + WAITS, 1)
    target = target.replace(
        "    file: t.csv\n    fields: {id: {required: true}", "    file: t.csv\n    fields: {id: {max_length: 2}"
    )
    teams = "from: old.team\nto: new.teams\nfields: {id: {from: id}, lead: {expr: 'cast(lead as text)'}}\n"
    for team, root in (([{"id": 112, "lead": 1}, {"id": 111, "lead": 1}], "teams/111"), ([{"id": 111, "lead": 2}], None)):
        settled = settle(bench, {"person": [person(1, name="x")], "team": team}, target, users=USERS % ("", ""), teams=teams)
        assert settled.codes() == {"1": "T-TEAM"}
        assert [f["root_cause"] for f in settled.findings("T-TEAM")] == [root]


def test_two_mappings_that_give_one_key(bench: Any) -> None:
    second = "from: old.team\nto: new.users\nfields: {id: {from: id}, name: {from: name}}\n"
    given = {"person": [person(1), person(2, name=LONG)], "team": [{"id": 1}, {"id": 2}, {"id": 3}]}
    settled = settle(bench, given, users=USERS % ("", ""), ateams=second)
    assert settled.dispositions("ateams") == {"1": "candidate", "2": "candidate", "3": "candidate"}
    assert settled.dispositions() == {"1": "quarantined", "2": "quarantined"}
    assert settled.codes()["1"] == "KEY-DUPLICATE"
    assert len(settled.loading["users"]) + len(settled.loading["ateams"]) == 3


STAFF = "from: old.team\nto: new.users\nfields: {id: {expr: \"'s' || id\"}, name: {from: name%s}, boss: {ref: users, by: lead}}\n"


@pytest.mark.parametrize(
    ("rule", "disposition", "code"),
    [
        ("", "quarantined", "GATE-UNIQUE"),
        (", unique: {code: U-ONE, severity: hold}", "held", "U-ONE"),
        (", unique: {code: U-ONE, severity: warn}", "candidate", "U-ONE"),
    ],
)
def test_a_value_wanted_once_stands_in_rows_of_two_mappings(bench: Any, rule: str, disposition: str, code: str) -> None:
    """Nobody knows which is right; who refers to such a row waits for it, and what is absent is no value."""
    target = (TARGET % "").replace("name: {max_length: 5}", "name: {unique: true}", 1)
    people = [person(1, name="a"), person(2, 1, name="b"), person(3), person(4, name="c")]
    staff = [{"id": 1, "name": "a"}, {"id": 2, "name": "d"}, {"id": 3, "name": None}, {"id": 4, "name": "e", "lead": 1}]
    users = USERS.replace("{from: name}", f"{{from: name{rule}}}") % ("", "")
    settled = settle(bench, {"person": people, "team": staff}, target, users=users, staff=STAFF % rule)
    waits = "blocked" if disposition != "candidate" else "candidate"
    assert settled.dispositions() == {"1": disposition, "2": waits, "3": "candidate", "4": "candidate"}
    assert settled.dispositions("staff") == {"1": disposition, "2": "candidate", "3": "candidate", "4": waits}
    assert sorted((f["entity"], f["key"], f["value"]) for f in settled.findings(code)) == [
        ("staff", "1", "a"),
        ("users", "1", "a"),
    ]


REFUSED = "refuses: [{code: T-X, message: m, sql: \"select u.id from users as u where u.name = 'x'\"}]"


@pytest.mark.parametrize(
    ("code", "first", "staff"),
    [
        ("KEY-DUPLICATE", {}, "'1'"),
        ("GATE-UNIQUE", {"mail": "a"}, "'s1'"),
        ("REF-CYCLE", {"boss": 1}, "'s1'"),
        ("GATE-REFERENCE", {"name": "n"}, "'s1'"),
        ("T-X", {"name": "x"}, "'s1'"),
    ],
)
def test_who_refers_to_a_row_that_falls_waits_for_it_and_has_no_fault(bench: Any, code: str, first: Row, staff: str) -> None:
    """Whatever the target's rules would say of it without that row: its chain ends nowhere, and its value names no user."""
    target = (TARGET % "references: {entity: users}").replace("max_length: 5", "references: {entity: teams}", 1)
    target = target.replace("org: {}}\n", f"org: {{unique: true}}}}\n    {REFUSED}\n", 1)
    if code == "T-X":
        target = target.replace("name: {references: {entity: teams}}", "name: {}", 1)
    users = (USERS % ("", "")).replace("fields: {", "fields: {org: {from: mail}, ")
    other = f'from: old.team\nto: new.users\nfields: {{id: {{expr: "{staff}"}}, org: {{from: name}}}}\n'
    people = [person(1) | first, person(2, 1)]
    given = {"person": people, "team": [{"id": 1, "lead": 1, "name": "a"}]}
    settled = settle(bench, given, target, another=other, users=users, teams=TEAMS % "")
    assert settled.codes()["1"] == code
    waiting = [("teams", "1"), ("users", "2")] if code != "REF-CYCLE" else [("teams", "1")]
    found = settled.findings("REF-BLOCKED")
    assert sorted((f["entity"], f["key"]) for f in found) == waiting
    assert {f["root_cause"] for f in found} == {"users/1"}
    assert {settled.dispositions(mapping)[key] for mapping, key in waiting} == {"blocked"}


def test_a_long_chain_ends(bench: Any) -> None:
    people = [person(1, name=LONG)] + [person(n, n - 1) for n in range(2, 60)]
    settled = settle(bench, {"person": people}, users=USERS % ("", ""))
    assert set(settled.dispositions().values()) == {"quarantined", "blocked"}
    assert {f["root_cause"] for f in settled.findings("REF-BLOCKED")} == {"users/1"}


@pytest.mark.parametrize("seed", range(4))
def test_any_web_of_references_settles_and_balances(bench: Any, seed: int) -> None:
    choose = random.Random(seed)
    people = [
        person(
            n,
            choose.choice([None, choose.randint(1, 45)]),
            choose.choice(["a", "b", LONG]),
            choose.choice([None, None, "m1", "m2"]),
        )
        for n in range(1, 41)
    ]
    teams = [
        {
            "id": n,
            "lead": choose.choice([None, choose.randint(1, 45)]),
            "part": choose.choice([None, choose.randint(1, 20)]),
        }
        for n in range(1, 21)
    ]
    users = USERS % (MERGE + 'exclude: [{code: U-X, when: "id % 11 = 0", reason: r}]\n', "")
    text = TEAMS.replace("}}\n", "}, part: {ref: teams, by: part}}\n") % ", missing: {code: T-R, severity: warn, set: null}"
    target = TARGET % "references: {entity: users}"
    settled = settle(bench, {"person": people, "team": teams}, target, users=users, teams=text)
    assert settled.findings("GATE-REFERENCE") == [], "who refers to a lost record waits for it"
    loaded = {row["id"] for row in settled.loading["users"]}
    assert {row["boss"] for row in settled.loading["users"]} <= loaded | {None}
    assert {row["lead"] for row in settled.loading["teams"]} <= loaded | {None}
    parts = {row["id"] for row in settled.loading["teams"]}
    assert {row["part"] for row in settled.loading["teams"]} <= parts | {None}
    for mapping, count in (("users", 40), ("teams", 20)):
        dispositions = settled.dispositions(mapping)
        assert len(dispositions) == count
        considered = sum(1 for d in dispositions.values() if d not in ("excluded", "merged"))
        for sums in settled.references[mapping].values():
            assert sum(sums.values()) == considered
        held_back = {k for k, d in dispositions.items() if d in ("quarantined", "blocked", "held")}
        assert held_back <= {f["key"] for f in settled.findings(mapping=mapping)}
    roots = {f["root_cause"] for f in settled.findings("REF-BLOCKED")}
    assert None not in roots


def test_queries_of_the_target_are_placed_in_their_schema() -> None:
    sql = "with c as (select a.id from users as a) select cast(c.id as bigint) as id from c join teams on teams.id = c.id"
    placed = query_sql(sql, PLACE)
    assert '"target"."users"' in placed
    assert '"target"."teams" AS teams' in placed
    assert '"target"."c"' not in placed
    assert "TRY_CAST" in placed
    contract = Contract.model_validate_json(
        json.dumps(
            {
                "system": "s",
                "label": "s",
                "entities": {n: {"key": "id", "fields": {"id": {}}} for n in ("users", "teams", "places")},
            }
        )
    )
    assert sorted(tables_of(sql, contract)) == ["teams", "users"]
