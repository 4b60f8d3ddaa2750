"""Which decisions hold: those about items that only other decisions bring up, and those about what was missing."""

from __future__ import annotations

from textwrap import dedent
from typing import Any

import pytest

SOURCE = """
system: old
label: Old
source: {kind: database}
entities:
  person: {key: id, fields: {id: {type: int}, name: {}, boss: {type: int}}}
  team: {key: id, fields: {id: {type: int}, name: {}, lead: {type: int}}}
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
      name: {required: true}
      email: {unique: true, max_length: 9}
      age: {type: int}
      status: {}
"""
MERGED = 'merge: {by: mail, when: "mail <> \'\'", keep: id, confirm: true, code: U-MERGE, reason: "one address"}'
FIELDS = "name: {from: name}\nemail: {from: mail}"
ACTIVE = "\nstatus: {from: active, values: {1: active}, unmapped: {code: U-ACTIVE, severity: hold}}"


def people(number: int, **more: Any) -> dict[str, Any]:
    return {"person": [{"id": n, "name": f"P{n}", "mail": "x", **more} for n in range(1, number + 1)]}


def test_what_was_said_of_a_missing_value_does_not_replace_one_that_came_since(bench: Any) -> None:
    pair = bench.users("", FIELDS, target=TARGET)
    first = bench.settle(pair, {"person": [{"id": 1, "name": None}]})
    unknown = bench.answer(first.item("GATE-REQUIRED"), "override", "Unknown")
    assert bench.settle(pair, {"person": [{"id": 1}]}, [unknown], run_id="2").loading["users"][0]["name"] == "Unknown"
    came = bench.settle(pair, {"person": [{"id": 1, "name": "Ana"}]}, [unknown], run_id="3")
    assert came.loading["users"][0]["name"] == "Ana"


def test_what_was_sent_back_and_mended_needs_nobody(bench: Any) -> None:
    given = {"person": [{"id": 1, "mail": "a@b"}, {"id": 2, "name": "Bo", "mail": "much too long"}]}
    pair = bench.users("", FIELDS, target=TARGET)
    first = bench.settle(pair, given)
    sent = bench.answer(first.item("GATE-REQUIRED"), "return")
    left = bench.answer(first.item("GATE-LENGTH"), "exclude")
    assert bench.settle(pair, given, [sent, left], run_id="2").states()["GATE-REQUIRED", "1"] == "returned"
    given["person"][0]["name"] = "Ana"
    mended = bench.settle(pair, given, [sent, left], run_id="3")
    assert mended.states() == {("GATE-REQUIRED", "1"): "closed", ("GATE-LENGTH", "2"): "decided"}


def test_a_survivor_is_kept_also_in_a_group_that_another_decision_made(bench: Any) -> None:
    pair = bench.users(MERGED, FIELDS + ACTIVE, target=TARGET)
    given = people(4, active=1)
    given["person"][0]["active"] = 0
    left = bench.answer(bench.settle(pair, given).item("U-ACTIVE"), "exclude")
    second = bench.settle(pair, given, [left], run_id="2")
    assert second.dispositions() == {"1": "excluded", "2": "candidate", "3": "merged", "4": "merged"}
    kept = bench.answer(second.item("U-MERGE"), "survivor", "4")
    third = bench.settle(pair, given, [left, kept], run_id="3")
    assert third.dispositions() == {"1": "excluded", "2": "merged", "3": "merged", "4": "candidate"}
    assert third.item("U-MERGE")["state"] == "decided"


def test_people_told_apart_get_addresses_of_their_own_and_these_are_corrected_again(bench: Any) -> None:
    pair, given = bench.users(MERGED, FIELDS, target=TARGET), people(2)
    decisions = [bench.answer(bench.settle(pair, given).item("U-MERGE"), "separate")]
    second = bench.settle(pair, given, decisions, run_id="2")
    assert second.dispositions() == {"1": "quarantined", "2": "quarantined"}
    decisions.append(bench.answer(second.item("GATE-UNIQUE", "1"), "override", "longer@x.org"))
    third = bench.settle(pair, given, decisions, run_id="3")
    assert third.dispositions() == {"1": "quarantined", "2": "candidate"}
    decisions.append(bench.answer(third.item("GATE-LENGTH", "1"), "override", "y@x.org"))
    fourth = bench.settle(pair, given, decisions, run_id="4")
    assert {row["_key"]: row["email"] for row in fourth.loading["users"]} == {"1": "y@x.org", "2": "x"}


@pytest.mark.parametrize("codes", [("A-FIRST", "B-LAST"), ("B-LAST", "A-FIRST")])
def test_of_two_corrections_of_one_value_the_last_counts(bench: Any, codes: tuple[str, str]) -> None:
    checks = "not_blank: {code: A-FIRST, severity: hold}, email: {code: B-LAST, severity: hold}"
    pair = bench.users("", f"email: {{from: mail, check: {{{checks}}}}}")
    given = {"person": [{"id": 1, "mail": " "}]}
    first = bench.settle(pair, given)
    decisions = [bench.answer(first.item(code), "override", f"{n}@x.org") for n, code in enumerate(codes)]
    assert bench.settle(pair, given, decisions, run_id="2").loading["users"][0]["email"] == "1@x.org"


def test_a_corrected_value_is_taken_also_where_the_rule_has_a_default(bench: Any) -> None:
    pair = bench.users("", "age: {from: age, malformed: {code: U-AGE, severity: warn, set: 99}}")
    given = {"person": [{"id": 1, "age": "thirty"}, {"id": 2, "age": "old"}]}
    thirty = bench.answer(bench.settle(pair, given).item("U-AGE", "1"), "override", "30")
    result = bench.settle(pair, given, [thirty], run_id="2")
    assert {row["_key"]: row["age"] for row in result.loading["users"]} == {"1": 30, "2": 99}


def test_a_decision_about_a_row_without_a_key_is_not_about_another_row_in_its_place(bench: Any) -> None:
    pair = bench.users("", "email: {from: mail}")
    junk, wanted = ({"id": None, "mail": mail} for mail in ("junk", "wanted"))
    left = bench.answer(bench.settle(pair, {"person": [junk]}).item("SRC-KEY-NULL"), "exclude")
    assert bench.settle(pair, {"person": [junk]}, [left], run_id="2").dispositions() == {"row:1": "excluded"}
    other = bench.settle(pair, {"person": [wanted, junk]}, [left], run_id="3")
    assert other.dispositions() == {"row:1": "quarantined", "row:2": "quarantined"}
    assert (other.item("SRC-KEY-NULL", "row:1")["state"], other.item("SRC-KEY-NULL", "row:2")["state"]) == ("expired", "open")


def test_a_decision_about_the_second_row_of_a_key_ends_where_rows_stand_in_another_order(bench: Any) -> None:
    pair, rows = bench.users("", "email: {from: mail}"), [{"id": 1, "mail": "right"}, {"id": 1, "mail": "wrong"}]
    first = bench.settle(pair, {"person": rows})
    for verb in ("exclude", "waive"):
        decided = bench.answer(first.item("SRC-KEY-DUPLICATE"), verb)
        turned = bench.settle(pair, {"person": rows[::-1]}, [decided], run_id=verb)
        assert turned.dispositions()["1#2"] == "quarantined"
        assert turned.item("SRC-KEY-DUPLICATE")["state"] == "expired"


def test_a_decision_about_what_refers_to_a_record_counts_as_it_did_when_it_was_taken(bench: Any) -> None:
    fields = "email: {from: mail, check: {email: {code: U-MAIL, severity: hold}}}\nmanager: {ref: users, by: boss}"
    pair = bench.users('exclude: [{code: U-LEFT, when: "name = \'left\'", reason: "left"}]', fields)
    given = {
        "person": [
            {"id": 1, "name": "left"}, {"id": 2, "boss": 1}, {"id": 3, "boss": 1, "mail": "wrong"}, {"id": 4, "boss": 2},
        ]
    }  # fmt: skip
    decisions = [bench.answer(bench.settle(pair, given).item("U-MAIL"), "exclude")]
    second = bench.settle(pair, given, decisions, run_id="2")
    decisions.append(bench.answer(second.item("REF-BLOCKED"), "exclude"))
    third = bench.settle(pair, given, decisions, run_id="3")
    assert third.dispositions() == {"1": "excluded", "2": "excluded", "3": "excluded", "4": "blocked"}
    decisions.append(bench.answer(third.item("REF-BLOCKED", state="open"), "exclude"))
    fourth = bench.settle(pair, given, decisions, run_id="4")
    assert set(fourth.dispositions().values()) == {"excluded"}
    assert set(fourth.states().values()) == {"decided"}


def test_mappings_that_refer_to_each_other_are_looked_at_in_the_order_of_what_excludes(bench: Any) -> None:
    target = TARGET.replace("{required: true}\n      email", "{}\n      email")
    target += (
        "      manager: {}\n  teams:\n    key: id\n    file: teams.csv\n    fields: {id: {required: true}, name: {}, lead: {}}\n"
    )
    users = """
        from: old.person
        to: new.users
        fields:
          user_id: {from: id}
          name: {from: name, check: {not_blank: {code: U-NAME, severity: hold}}}
          manager: {ref: teams, by: boss}
        """
    teams = """
        from: old.team
        to: new.teams
        fields:
          id: {from: id}
          name: {from: name, values: {ok: ok}, unmapped: {code: T-NAME, severity: hold}}
          lead: {ref: users, by: lead, excluded: {code: T-LEAD, reason: "the lead left"}}
        """
    pair = bench.pair(SOURCE, target, users=dedent(users), teams=dedent(teams))
    given = {
        "person": [{"id": 1, "name": " "}, {"id": 2, "name": "Bo"}],
        "team": [{"id": 1, "name": "odd", "lead": 1}, {"id": 2, "name": "odd", "lead": 2}],
    }
    decisions = [bench.answer(bench.settle(pair, given).item("U-NAME"), "exclude")]
    decisions.append(bench.answer(bench.settle(pair, given, decisions, run_id="2").item("T-NAME"), "accept"))
    third = bench.settle(pair, given, decisions, run_id="3")
    assert third.dispositions("teams") == {"1": "excluded", "2": "candidate"}
    assert third.item("T-NAME")["state"] == "decided"


def test_a_field_of_the_source_that_nothing_reads_does_not_stop_a_decision_about_one_of_its_name(bench: Any) -> None:
    given = {"person": [{"id": 1, "name": "old"}]}
    target = TARGET.replace("age: {type: int}", "age: {type: int}\n      active: {}")
    mapping = "name: {from: name}\nactive: {from: name, check: {in: {code: U-ACTIVE, severity: hold, to: [new]}}}"
    pair = bench.users("", mapping, target=target)
    decided = bench.answer(bench.settle(pair, given).item("U-ACTIVE"), "override", "new")
    assert bench.settle(pair, given, [decided], run_id="2").loading["users"][0]["active"] == "new"


def test_what_map_leaves_at_fault_is_said(bench: Any) -> None:
    """The record gets the key that the target has; the value that is too long is as long as before."""
    given = {"person": [{"id": 1, "name": "Ana", "mail": "much too long"}]}
    pair = bench.users("", FIELDS, target=TARGET)
    item = bench.settle(pair, given).item("GATE-LENGTH")
    mapped = bench.settle(pair, given, [bench.answer(item, "map", "theirs")], run_id="2")
    again = mapped.item("GATE-LENGTH")
    assert again["state"] == "open"
    assert again["why"].startswith("the decision (map) was applied: the record has that key. It mends no other fault")
    (ended,) = mapped.rows("users")
    assert (ended["target_key"], ended["_disposition"]) == ("theirs", "quarantined")


def test_decisions_of_one_import_do_not_end_each_other(bench: Any) -> None:
    target = TARGET.replace("{required: true}\n      email", "{}\n      email")
    target += "  teams:\n    key: id\n    file: teams.csv\n    fields: {id: {required: true}, name: {}, lead: {}}\n"
    users = """
        from: old.person
        to: new.users
        fields:
          user_id: {from: id}
          name: {from: name, check: {not_blank: {code: U-NAME, severity: hold}}}
        """
    teams = """
        from: old.team
        to: new.teams
        fields:
          id: {from: id}
          name: {from: name, values: {ok: ok}, unmapped: {code: T-NAME, severity: hold}}
          lead: {ref: users, by: lead, excluded: {code: T-LEAD, reason: "the lead left"}}
        """
    pair = bench.pair(SOURCE, target, users=dedent(users), teams=dedent(teams))
    given = {
        "person": [{"id": 1, "name": " "}, {"id": 2, "name": "Bo"}],
        "team": [{"id": 1, "name": "odd", "lead": 1}, {"id": 2, "name": "odd", "lead": 2}],
    }
    first = bench.settle(pair, given)
    decisions = [bench.answer(first.item("U-NAME"), "exclude"), bench.answer(first.item("T-NAME"), "accept")]
    second = bench.settle(pair, given, decisions, run_id="2")
    assert second.dispositions("teams") == {"1": "excluded", "2": "candidate"}
    assert second.item("T-NAME")["state"] == "decided"
    given["team"] += [{"id": 3, "name": "odd", "lead": 2}, {"id": 4, "name": "odd", "lead": 2}]
    assert bench.settle(pair, given, decisions, run_id="3").item("T-NAME")["state"] == "expired"
