"""Whom a record is: tiers, what keeps a record back until a person answers, and what becomes one."""

from __future__ import annotations

from typing import Any

import pytest

from migrate.check import _bind
from migrate.compiler.plan import make_plan
from migrate.mapping.load import LoadedPair

TIERS = """
match:
  against: people
  tiers:
    - {name: number, on: {number: age}}
    - {name: e-mail, on: {mail: mail}}
    - {name: name and birth, on: {name: name, born: born}, confirm: true}
  normalise: {mail: [lower], name: [squeeze, lower, nfc]}
  code: USR-SAME
  reason: the same person of the target
"""
MERGE = """
merge: {by: boss, when: boss is not null, keep: id desc, code: USR-MERGE, reason: one boss, confirm: true}
"""
LIST: list[dict[str, str | None]] = [
    {"key": "t1", "number": "17", "mail": "ANA@x.org ", "name": None, "born": None},
    {"key": "t2", "number": None, "mail": "bo@x.org", "name": "Bo  Li", "born": "1990-12-31"},
    {"key": "t3", "number": " ", "mail": "desk@x.org", "name": "Cy Oz", "born": "1980-12-30"},
    {"key": "t4", "number": "", "mail": "desk@x.org", "name": "cy oz", "born": "1980-12-30"},
]


def users(bench: Any, rest: str = TIERS) -> LoadedPair:
    return bench.users(rest, "name: {from: name}\nemail: {from: mail}")


def person(number: int, **more: Any) -> dict[str, Any]:
    return {"id": number, "name": None, "mail": None, "born": None, "age": None, "boss": None} | more


def matched(bench: Any, *people: dict[str, Any], rest: str = TIERS, listed: list[dict[str, str | None]] | None = None) -> Any:
    return bench.map(users(bench, rest), {"person": list(people)}, lists={"people": LIST if listed is None else listed})


def test_the_first_tier_that_finds_somebody_decides(bench: Any) -> None:
    result = matched(bench, person(1, age=17, mail="bo@x.org"), person(2, mail=" Bo@X.org"))
    assert result.values("user_id") == {"1": "t1", "2": "t2"}
    assert result.by_key("_match_tier") == {"1": "number", "2": "e-mail"}
    assert result.by_key("_match_state") == {"1": "taken", "2": "taken"}
    assert result.findings() == []


def test_who_matches_nobody_keeps_the_own_key(bench: Any) -> None:
    assert matched(bench, person(5, age=18, mail="new@x.org")).values("user_id") == {"5": "5"}


def test_a_tier_to_confirm_holds_the_record_until_then(bench: Any) -> None:
    result = matched(bench, person(1, name="BO LI", born="31/12/1990"))
    (finding,) = result.findings()
    assert (finding["code"], finding["severity"], finding["field"]) == ("MATCH-CONFIRM", "hold", "user_id")
    assert finding["value"] == "name and birth: t2"
    assert "name and birth agrees (name, born)" in finding["message"]
    assert result.dispositions() == {"1": "held"}
    assert result.values("user_id") == {"1": "1"}, "nobody is anybody before somebody said so"


def test_several_candidates_are_never_chosen_from(bench: Any) -> None:
    result = matched(bench, person(1, mail="DESK@x.org"), person(2, name="cy oz", born="30/12/1980"))
    assert {(f["code"], f["key"], f["value"]) for f in result.findings()} == {
        ("MATCH-MANY", "1", "e-mail: t3, t4"),
        ("MATCH-MANY", "2", "name and birth: t3, t4"),
    }
    assert set(result.dispositions().values()) == {"held"}


def test_one_person_listed_twice_is_one(bench: Any) -> None:
    twice = [*LIST, {"key": "t2", "number": None, "mail": "bo@x.org", "name": None, "born": None}]
    assert matched(bench, person(1, mail="bo@x.org"), listed=twice).values("user_id") == {"1": "t2"}


@pytest.mark.parametrize("nothing", [None, "", "  "])
def test_null_and_blank_match_nobody(bench: Any, nothing: str | None) -> None:
    listed = [{"key": "t9", "number": None, "mail": nothing, "name": nothing, "born": None}]
    result = matched(bench, person(1, mail=nothing, name=nothing), listed=listed)
    assert result.values("user_id") == {"1": "1"}


def test_a_part_that_is_null_matches_nobody(bench: Any) -> None:
    listed = [{"key": "t9", "number": None, "mail": None, "name": "Bo", "born": None}]
    assert matched(bench, person(1, name="Bo"), listed=listed).findings() == []


def test_numbers_are_compared_as_text(bench: Any) -> None:
    listed = [{"key": "t9", "number": "017", "mail": None, "name": None, "born": None}]
    assert matched(bench, person(1, age=17), listed=listed).values("user_id") == {"1": "1"}


def test_several_records_of_one_person_wait_for_a_person(bench: Any) -> None:
    result = matched(bench, person(1, mail="bo@x.org"), person(2, mail="BO@x.org"))
    assert result.raised() == [("MATCH-SEVERAL", "1"), ("MATCH-SEVERAL", "2")]
    assert set(result.dispositions().values()) == {"held"}


def test_or_become_one_without_asking_where_the_mapping_says_so(bench: Any) -> None:
    rest = TIERS + "  several: merge\n  keep: id desc\n"
    result = matched(bench, person(1, mail="bo@x.org"), person(2, mail="BO@x.org"), person(3), rest=rest)
    assert result.findings() == []
    assert result.dispositions() == {"1": "merged", "2": "candidate", "3": "candidate"}
    assert result.codes()["1"] == "USR-SAME"
    assert result.by_key("_into") == {"1": "2", "2": None, "3": None}
    assert {key: value for key, value in result.values("user_id").items() if key != "1"} == {"2": "t2", "3": "3"}


def test_a_merge_pools_what_its_members_give(bench: Any) -> None:
    result = matched(bench, person(1, boss=9, mail="bo@x.org"), person(2, boss=9, name="Nobody"), rest=MERGE + TIERS)
    assert result.dispositions() == {"1": "merged", "2": "candidate"}
    assert result.values("user_id")["2"] == "t2"
    assert result.codes()["1"] == "USR-MERGE", "it was merged by its own rule"


def test_members_of_a_merge_that_are_two_people_of_the_target_are_held(bench: Any) -> None:
    result = matched(bench, person(1, boss=9, mail="bo@x.org"), person(2, boss=9, mail="ana@x.org"), rest=MERGE + TIERS)
    assert ("MATCH-MANY", "2") in result.raised()
    assert result.dispositions() == {"1": "merged", "2": "held"}


def test_what_was_merged_follows_to_the_last_survivor(bench: Any) -> None:
    people = [person(1, boss=9), person(2, boss=9, mail="bo@x.org"), person(3, mail="bo@x.org")]
    result = matched(bench, *people, rest=MERGE + TIERS + "  several: merge\n")
    assert result.by_key("_into") == {"1": "3", "2": "3", "3": None}
    assert result.codes() == {"1": "USR-MERGE", "2": "USR-SAME", "3": None}
    assert result.raised() == [("USR-MERGE", "1")], "nobody has to confirm the merge of those that match"


def test_who_is_left_behind_is_nobody(bench: Any) -> None:
    rest = "exclude:\n  - {code: USR-GONE, when: id = 1, reason: gone}\n" + TIERS
    result = matched(bench, person(1, mail="bo@x.org"), person(2, mail="bo@x.org"), rest=rest)
    assert result.dispositions() == {"1": "excluded", "2": "candidate"}
    assert result.by_key("_match") == {"1": None, "2": "t2"}


def test_a_row_that_cannot_be_read_is_nobody(bench: Any) -> None:
    result = matched(bench, person(1, mail="bo@x.org", _fault="SRC-SHAPE"), person(2, mail="bo@x.org"))
    assert result.by_key("_match") == {"1": None, "2": "t2"}


def test_without_the_list_the_sql_is_what_it_was(bench: Any) -> None:
    with_match = make_plan(users(bench).with_lists([]), "2025-01-01 00:00:00")
    without = make_plan(users(bench, ""), "2025-01-01 00:00:00")
    assert with_match.rows["users"].select == without.rows["users"].select
    assert "listed" in make_plan(users(bench).with_lists(["people"]), "2025-01-01 00:00:00").rows["users"].select


# Words ---------------------------------------------------------------------------------------------------------------


def test_what_a_match_may_not_say(bench: Any, refused: Any) -> None:
    for old, new, message in (
        ("mail: mail", "mail: post", "unknown field"),
        ("mail: mail", "mail: secret", "class secret"),
        ("[lower]", "[shout]", "unknown operator"),
        ("name: e-mail", "name: number", "two tiers have one name"),
        ("mail: [lower]", "post: [lower]", "normalise names what no tier compares"),
    ):
        problems = refused(lambda text: make_plan(users(bench, text), "2025-01-01 00:00:00"), TIERS.replace(old, new, 1))
        assert any(message in p.message for p in problems), (new, problems)
        assert all(p.place is not None and p.place.line > 1 for p in problems)


def test_the_key_cannot_be_looked_up_elsewhere(bench: Any, refused: Any) -> None:
    text = "from: old.person\nto: new.users\n" + TIERS + "fields: {user_id: {from: id, values: {a: b}}}\n"
    problems = refused(lambda: make_plan(bench.pair(users=text), "2025-01-01 00:00:00"))
    assert "neither refer nor be looked up" in problems[0].message


def test_check_runs_the_statements_of_a_match_on_empty_tables(bench: Any) -> None:
    plan = make_plan(users(bench, TIERS.replace("mail: mail", "mail: \"date_part('year', mail)\"", 1)), "2025-01-01 00:00:00")
    (problem,) = _bind(plan)
    assert "does not fit" in problem.message
    assert not _bind(make_plan(users(bench), "2025-01-01 00:00:00"))


# Rights --------------------------------------------------------------------------------------------------------------

ADMINS = """
from: old.person
to: new.users
exclude: [{code: ADM-NONE, when: "not coalesce(active, false)", reason: has no rights}]
fields:
  user_id: {expr: "'admin-' || id"}
  manager:
    ref: users
    by: id
    joined: {code: ADM-JOINED, severity: hold, message: whose rights are these}
"""


def with_admins(bench: Any, rest: str = TIERS + "  several: merge\n") -> LoadedPair:
    text = "from: old.person\nto: new.users\n" + rest + "fields: {user_id: {from: id}, name: {from: name}}\n"
    return bench.pair(users=text, admins=ADMINS)


def test_rights_of_an_account_that_is_one_with_another_reach_nobody(bench: Any) -> None:
    people = [
        person(1, mail="bo@x.org", active=1),  # is one with 2, and survives
        person(2, mail="bo@x.org", active=1),
        person(3, active=1),  # is alone
        person(4, mail="ana@x.org", active=1),  # is somebody of the target
    ]
    result = bench.map(with_admins(bench), {"person": people}, lists={"people": LIST})
    assert result.dispositions("admins") == {"1": "held", "2": "held", "3": "candidate", "4": "held"}
    assert result.raised("admins") == [("ADM-JOINED", "1"), ("ADM-JOINED", "2"), ("ADM-JOINED", "4")]


def test_that_a_merge_did_it_makes_no_difference(bench: Any) -> None:
    people = [person(1, boss=9, active=1), person(2, boss=9, active=0), person(3, active=1)]
    for rest in (MERGE, MERGE + TIERS):
        result = bench.map(with_admins(bench, rest), {"person": people}, lists={"people": LIST})
        assert result.dispositions("admins") == {"1": "held", "2": "excluded", "3": "candidate"}


def test_a_person_may_let_the_rights_go_along(bench: Any) -> None:
    pair, given = with_admins(bench), {"person": [person(4, mail="ana@x.org", active=1)]}
    before = bench.settle(pair, given, lists={"people": LIST})
    assert before.dispositions("admins") == {"4": "held"}
    accepted = bench.answer(before.item("ADM-JOINED"), "accept")
    after = bench.settle(pair, given, [accepted], lists={"people": LIST})
    assert after.loading["admins"][0]["manager"] == "t1"
