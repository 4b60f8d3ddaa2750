"""What people decided, applied by the compiled mapping: each decision on rows, and when it does not hold any more."""

from __future__ import annotations

from typing import Any

import pytest

from migrate.decisions.model import Decision

CHECKED = "email: {from: mail, check: {email: {code: U-MAIL, severity: hold}}}"
PEOPLE = {
    "person": [
        {"id": 1, "name": "Ana", "mail": "ana@x.org", "boss": 0, "active": 1},
        {"id": 2, "name": "Bo", "mail": "bo at x", "boss": 1, "active": 1},
        {"id": 3, "name": "Cy", "mail": "cy at x", "boss": 1, "active": 0},
    ]
}
MERGED = (
    "merge: {by: mail, when: \"mail <> ''\", keep: id, code: U-MERGE, reason: one address, confirm: true}",
    "name: {from: name}\nemail: {from: mail}",
)
TWINS = {"person": [{"id": n, "name": f"P{n}", "mail": "x@x.org" if n < 4 else f"p{n}@x.org"} for n in range(1, 6)]}


def again(bench: Any, pair: Any, given: Any, *decisions: Decision, **words: Any) -> Any:
    return bench.settle(pair, given, decisions, run_id="second", **words)


# One record ----------------------------------------------------------------------------------------------------------


def test_an_accepted_record_loads_and_keeps_its_finding_as_a_warning(bench: Any) -> None:
    pair = bench.users("", CHECKED)
    first = bench.settle(pair, PEOPLE)
    assert first.dispositions() == {"1": "candidate", "2": "held", "3": "held"}
    second = again(bench, pair, PEOPLE, bench.answer(first.item("U-MAIL", "2"), "accept"))
    assert second.dispositions() == {"1": "candidate", "2": "candidate", "3": "held"}
    assert sorted((f["key"], f["severity"], f["message"]) for f in second.findings("U-MAIL")) == [
        ("2", "warn", "the value fails the check email; accepted"),
        ("3", "hold", "the value fails the check email"),
    ]
    assert second.states() == {("U-MAIL", "2"): "decided", ("U-MAIL", "3"): "open"}


def test_accept_takes_the_default_of_a_rule_that_has_one(bench: Any) -> None:
    pair = bench.users("", "email: {from: mail, check: {email: {code: U-MAIL, severity: hold, set: none@x.org}}}")
    item = bench.settle(pair, PEOPLE).item("U-MAIL", "2")
    second = again(bench, pair, PEOPLE, bench.answer(item, "accept"))
    assert {row["user_id"]: row["email"] for row in second.loading["users"]} == {"1": "ana@x.org", "2": "none@x.org"}


def test_an_overriding_value_is_loaded_and_the_item_stays_listed(bench: Any) -> None:
    pair = bench.users("", CHECKED)
    first = bench.settle(pair, PEOPLE)
    second = again(bench, pair, PEOPLE, bench.answer(first.item("U-MAIL", "2"), "override", "bo@x.org"))
    assert {row["user_id"]: row["email"] for row in second.loading["users"]} == {"1": "ana@x.org", "2": "bo@x.org"}
    decided = second.item("U-MAIL", "2")
    assert (decided["state"], decided["decision"], decided["new_value"]) == ("decided", "override", "bo@x.org")
    assert (decided["by"], decided["reason"], decided["times"]) == ("registrar", "because", 2)


def test_an_overriding_value_is_checked_like_any_other(bench: Any) -> None:
    pair = bench.users("", CHECKED)
    item = bench.settle(pair, PEOPLE).item("U-MAIL", "2")
    second = again(bench, pair, PEOPLE, bench.answer(item, "override", "still none"))
    assert second.dispositions()["2"] == "held"
    assert (second.item("U-MAIL", "2")["state"], second.item("U-MAIL", "2")["why"]) == (
        "open", "the decision (override) was applied, and the finding is still there",
    )  # fmt: skip


def test_null_takes_a_value_away(bench: Any) -> None:
    pair = bench.users("", CHECKED)
    item = bench.settle(pair, PEOPLE).item("U-MAIL", "2")
    second = again(bench, pair, PEOPLE, bench.answer(item, "override", "NULL"))
    assert {row["user_id"]: row["email"] for row in second.loading["users"]} == {"1": "ana@x.org", "2": None}


def test_an_overridden_value_is_of_the_targets_type(bench: Any) -> None:
    pair = bench.users("", "age: {from: age, check: {between: {code: U-AGE, severity: hold, to: [0, 120]}}}")
    given = {"person": [{"id": 1, "age": 300}, {"id": 2, "age": 301}]}
    first = bench.settle(pair, given)
    answers = [bench.answer(first.item("U-AGE", "1"), "override", "30"), bench.answer(first.item("U-AGE", "2"), "override", "x")]
    second = again(bench, pair, given, *answers)
    assert [row["age"] for row in second.loading["users"]] == [30]
    assert second.raised() == [("GATE-TYPE", "2")]


def test_text_that_a_step_cannot_read_is_overridden_by_a_value(bench: Any) -> None:
    pair = bench.users("", "score: {from: name, do: [number]}")
    given = {"person": [{"id": 1, "name": "88%"}, {"id": 2, "name": "none"}]}
    first = bench.settle(pair, given)
    answers = [
        bench.answer(first.item("GATE-TYPE", "1"), "override", "88"),
        bench.answer(first.item("GATE-TYPE", "2"), "exclude"),
    ]
    second = again(bench, pair, given, *answers)
    assert [row["score"] for row in second.loading["users"]] == [88]
    assert second.raised() == []


def test_cut_text_is_overridden_by_a_shorter_one(bench: Any) -> None:
    pair = bench.users("", "name: {from: name, do: [{truncate: 5}]}")
    given = {"person": [{"id": 1, "name": "Alexandra"}]}
    item = bench.settle(pair, given).item("MAP-CUT", "1")
    second = again(bench, pair, given, bench.answer(item, "override", "Alexa"))
    assert [row["name"] for row in second.loading["users"]] == ["Alexa"]
    assert second.raised() == []


def test_an_excluded_record_ends_excluded_with_the_reason_given(bench: Any) -> None:
    pair = bench.users("", CHECKED)
    first = bench.settle(pair, PEOPLE)
    second = again(bench, pair, PEOPLE, bench.answer(first.item("U-MAIL", "3"), "exclude", reason="left in 2019"))
    assert second.dispositions()["3"] == "excluded"
    assert second.codes()["3"] == "DEC-EXCLUDED"
    assert second.run.facts["entities"]["users"]["left_out"] == {"DEC-EXCLUDED": "left in 2019"}
    assert second.item("U-MAIL", "3")["state"] == "decided"


def test_also_a_row_that_cannot_be_read_is_excluded_when_a_person_says_so(bench: Any) -> None:
    pair = bench.users("", "name: {from: name}")
    given = {"person": [{"id": 1, "name": "x", "_fault": "SRC-SHAPE", "_fault_value": "1,x,y"}, {"id": 2, "name": "y"}]}
    item = bench.settle(pair, given).item("SRC-SHAPE", "1")
    assert "override" not in item["choices"]
    assert again(bench, pair, given, bench.answer(item, "exclude")).dispositions() == {"1": "excluded", "2": "candidate"}


def test_a_source_value_that_cannot_be_read_is_corrected(bench: Any) -> None:
    pair = bench.users("", "name: {from: name}\nage: {from: age}")
    given = {"person": [{"id": "1", "name": "x", "age": "ten"}, {"id": "2", "name": "y", "age": "11"}]}
    item = bench.settle(pair, given).item("SRC-TYPE", "1")
    second = again(bench, pair, given, bench.answer(item, "override", "10"))
    assert [row["age"] for row in second.loading["users"]] == [10, 11]
    assert second.findings() == []


def test_a_waived_record_stays_where_it_is_and_needs_nobody(bench: Any) -> None:
    pair = bench.users("", CHECKED)
    first = bench.settle(pair, PEOPLE)
    waived = [bench.answer(first.item("U-MAIL", key), "waive") for key in ("2", "3")]
    second = again(bench, pair, PEOPLE, *waived)
    assert second.dispositions() == first.dispositions()
    assert second.run.summary["worklist"] == {"waived": 2}


def test_what_was_sent_back_stays_open_for_the_owner(bench: Any) -> None:
    pair = bench.users("", CHECKED)
    item = bench.settle(pair, PEOPLE).item("U-MAIL", "2")
    second = again(bench, pair, PEOPLE, bench.answer(item, "return"))
    assert second.states() == {("U-MAIL", "2"): "returned", ("U-MAIL", "3"): "open"}


def test_a_record_that_the_target_has_gets_its_key(bench: Any) -> None:
    pair = bench.users("", CHECKED)
    item = bench.settle(pair, PEOPLE).item("U-MAIL", "2")
    answers = [bench.answer(item, "map", "known-2")]
    second = again(bench, pair, PEOPLE, *answers)
    assert second.item("U-MAIL", "2")["state"] == "open"  # who it is does not mend its address


def test_of_two_records_with_one_key_the_later_gets_the_key_of_a_record_that_is_there(bench: Any) -> None:
    pair = bench.pair(users="from: old.person\nto: new.users\nfields: {user_id: {from: name}}\n")
    item = bench.settle(pair, NAMES).item("KEY-DUPLICATE")
    second = again(bench, pair, NAMES, bench.answer(item, "map", "bo-the-second"))
    assert sorted(row["user_id"] for row in second.loading["users"]) == ["Ana", "Bo", "Cy", "bo-the-second"]


# Values --------------------------------------------------------------------------------------------------------------

VALUES = "status: {from: name, values: {Ana: active}, unmapped: {code: U-STATUS, severity: hold}}"
NAMES = {"person": [{"id": 1, "name": "Ana"}, {"id": 2, "name": "Bo"}, {"id": 3, "name": "Bo"}, {"id": 4, "name": "Cy"}]}


def test_all_records_of_a_value_are_one_item(bench: Any) -> None:
    first = bench.settle(bench.users("", VALUES), NAMES)
    found = {item["value"]: (item["kind"], item["rows"]) for item in first.items}
    assert found == {"Bo": ("value", 2), "Cy": ("value", 1)}


def test_a_value_is_mapped_by_a_decision(bench: Any) -> None:
    pair = bench.users("", VALUES)
    item = bench.settle(pair, NAMES).item("U-STATUS", value="Bo")
    second = again(bench, pair, NAMES, bench.answer(item, "override", "retired"))
    assert {row["user_id"]: row["status"] for row in second.loading["users"]} == {"1": "active", "2": "retired", "3": "retired"}


def test_all_records_of_a_value_are_excluded_or_accepted(bench: Any) -> None:
    pair = bench.users("", VALUES)
    first = bench.settle(pair, NAMES)
    bo, cy = (first.item("U-STATUS", value=value) for value in ("Bo", "Cy"))
    second = again(bench, pair, NAMES, bench.answer(bo, "exclude"), bench.answer(cy, "accept"))
    assert second.dispositions() == {"1": "candidate", "2": "excluded", "3": "excluded", "4": "candidate"}


def test_one_more_record_of_the_value_opens_the_item_again(bench: Any) -> None:
    pair = bench.users("", VALUES)
    decision = bench.answer(bench.settle(pair, NAMES).item("U-STATUS", value="Bo"), "override", "retired")
    more = {"person": [*NAMES["person"], {"id": 5, "name": "Bo"}]}
    second = again(bench, pair, more, decision)
    item = second.item("U-STATUS", value="Bo")
    assert (item["state"], item["why"], item["rows"]) == ("expired", "it was about 2 records, and there are 3 now", 3)
    assert second.dispositions()["2"] == "held"
    assert again(bench, pair, more, decision, row_drift=50).item("U-STATUS", value="Bo")["state"] == "decided"


def test_a_key_that_refers_to_nothing_is_one_item_and_can_refer_to_another(bench: Any) -> None:
    pair = bench.users("", "manager: {ref: users, by: boss}")
    given = {"person": [{"id": 1}, {"id": 2, "boss": 99}, {"id": 3, "boss": 99}]}
    first = bench.settle(pair, given)
    item = first.item("REF-ORPHAN")
    assert (item["kind"], item["value"], item["rows"]) == ("value", "99", 2)
    second = again(bench, pair, given, bench.answer(item, "override", "1"))
    assert {row["user_id"]: row["manager"] for row in second.loading["users"]} == {"1": None, "2": "1", "3": "1"}
    assert second.references["users"]["manager"] == {"resolved": 2, "empty": 1, "blocked": 0}
    third = again(bench, pair, given, bench.answer(item, "override", "NULL"))
    assert third.references["users"]["manager"] == {"resolved": 0, "empty": 3, "blocked": 0}
    excluded = again(bench, pair, given, bench.answer(item, "exclude"))
    assert excluded.dispositions() == {"1": "candidate", "2": "excluded", "3": "excluded"}


# Merges --------------------------------------------------------------------------------------------------------------


def test_the_survivor_of_a_merge_is_chosen(bench: Any) -> None:
    pair = bench.users(*MERGED)
    first = bench.settle(pair, TWINS)
    item = first.item("U-MERGE")
    assert (item["kind"], item["members"], item["rows"]) == ("merge", "2, 3", 2)
    second = again(bench, pair, TWINS, bench.answer(item, "survivor", "3"))
    assert second.dispositions() == {"1": "merged", "2": "merged", "3": "candidate", "4": "candidate", "5": "candidate"}
    assert second.item("U-MERGE")["item"] == item["item"]
    assert second.item("U-MERGE")["state"] == "decided"


def test_records_are_taken_apart_again(bench: Any) -> None:
    pair = bench.users(*MERGED)
    item = bench.settle(pair, TWINS).item("U-MERGE")
    alone = again(bench, pair, TWINS, bench.answer(item, "separate", "2"))
    assert alone.dispositions() == {"1": "candidate", "2": "candidate", "3": "merged", "4": "candidate", "5": "candidate"}
    apart = again(bench, pair, TWINS, bench.answer(item, "separate"))
    assert set(apart.dispositions().values()) == {"candidate"}
    assert alone.item("U-MERGE")["state"] == apart.item("U-MERGE")["state"] == "decided"


def test_one_more_member_is_another_question(bench: Any) -> None:
    pair = bench.users(*MERGED)
    item = bench.settle(pair, TWINS).item("U-MERGE")
    more = {"person": [*TWINS["person"], {"id": 6, "name": "P6", "mail": "x@x.org"}]}
    second = again(bench, pair, more, bench.answer(item, "accept"))
    assert second.item("U-MERGE")["state"] == "open"
    assert second.item("U-MERGE")["item"] != item["item"]


# What refers to a record that is not there ---------------------------------------------------------------------------


def test_what_waits_for_a_record_counts_for_the_item_of_that_record(bench: Any) -> None:
    pair = bench.users("", CHECKED + "\nmanager: {ref: users, by: boss}")
    given = {
        "person": [{"id": 1, "mail": "none"}, {"id": 2, "mail": "b@x.org", "boss": 1}, {"id": 3, "mail": "c@x.org", "boss": 2}]
    }
    first = bench.settle(pair, given)
    (item,) = first.items
    assert (item["code"], item["key"], item["rows"], item["waiting"]) == ("U-MAIL", "1", 1, 2)


def test_what_refers_to_an_excluded_record_is_an_item_of_its_own(bench: Any) -> None:
    pair = bench.users("exclude: [{code: U-OUT, when: \"name = 'Ana'\", reason: r}]", "manager: {ref: users, by: boss}")
    first = bench.settle(pair, PEOPLE)
    item = first.item("REF-BLOCKED")
    assert (item["kind"], item["root_cause"], item["rows"]) == ("root", "users/1", 2)
    second = again(bench, pair, PEOPLE, bench.answer(item, "exclude"))
    assert second.dispositions() == {"1": "excluded", "2": "excluded", "3": "excluded"}
    assert second.item("REF-BLOCKED")["state"] == "decided"


# When a decision holds no more ---------------------------------------------------------------------------------------


def test_another_source_value_opens_the_item_again(bench: Any) -> None:
    pair = bench.users("", CHECKED)
    decision = bench.answer(bench.settle(pair, PEOPLE).item("U-MAIL", "2"), "override", "bo@x.org")
    changed = {"person": [{**row, "mail": "bo[at]x"} if row["id"] == 2 else row for row in PEOPLE["person"]]}
    second = again(bench, pair, changed, decision)
    assert (second.item("U-MAIL", "2")["state"], second.item("U-MAIL", "2")["why"]) == (
        "expired", "the source value is another one now",
    )  # fmt: skip
    assert second.dispositions()["2"] == "held"


def test_a_value_that_was_mended_at_the_source_is_taken_from_there(bench: Any) -> None:
    pair = bench.users("", CHECKED)
    decision = bench.answer(bench.settle(pair, PEOPLE).item("U-MAIL", "2"), "override", "bo@old.org")
    mended = {"person": [{**row, "mail": "bo@new.org"} if row["id"] == 2 else row for row in PEOPLE["person"]]}
    second = again(bench, pair, mended, decision)
    assert {row["user_id"]: row["email"] for row in second.loading["users"]}["2"] == "bo@new.org"
    assert second.states()["U-MAIL", "2"] == "closed"


def test_decisions_about_a_record_do_not_change_what_others_are_based_on(bench: Any) -> None:
    """Excluding one record of a value leaves the basis of the value as it was: else each decision would end another."""
    pair = bench.users("", CHECKED + "\n" + VALUES)
    given = {"person": [{**row, "mail": "none" if row["id"] == 2 else "x@x.org"} for row in NAMES["person"]]}
    first = bench.settle(pair, given)
    answers = [
        bench.answer(first.item("U-MAIL", "2"), "exclude"),
        bench.answer(first.item("U-STATUS", value="Bo"), "override", "retired"),
    ]
    second = again(bench, pair, given, *answers)
    assert second.dispositions() == {"1": "candidate", "2": "excluded", "3": "candidate", "4": "held"}
    third = again(bench, pair, given, answers[0])
    item = third.item("U-STATUS", value="Bo")
    assert (item["rows"], item["basis_rows"]) == (1, 2)
    fourth = again(bench, pair, given, answers[0], bench.answer(item, "override", "retired"))
    assert fourth.item("U-STATUS", value="Bo")["state"] == "decided"


def test_a_decision_taken_back_is_open_again(bench: Any) -> None:
    pair = bench.users("", CHECKED)
    item = bench.settle(pair, PEOPLE).item("U-MAIL", "2")
    answers = [bench.answer(item, "exclude"), bench.answer(item, "reopen")]
    second = again(bench, pair, PEOPLE, *answers)
    assert second.dispositions()["2"] == "held"
    assert second.states()["U-MAIL", "2"] == "open"


def test_decisions_about_one_mapping_are_seen_by_those_that_refer_to_it(bench: Any) -> None:
    courses = "from: old.person\nto: new.users\nentity: others\nfields:\n  user_id: {expr: \"'o' || id\"}\n" \
        "  manager: {ref: users, by: id, excluded: {code: O-GONE, reason: gone}}\n"  # fmt: skip
    users = "from: old.person\nto: new.users\nfields:\n  user_id: {from: id}\n  " + CHECKED + "\n"
    pair = bench.pair(users=users, others=courses)
    item = bench.settle(pair, PEOPLE).item("U-MAIL", "2")
    second = again(bench, pair, PEOPLE, bench.answer(item, "exclude"))
    assert second.dispositions("others") == {"1": "candidate", "2": "excluded", "3": "blocked"}
    # Who goes with somebody whom people left behind does not go by the mapping's rule, which says something else of them.
    assert second.codes("others")["2"] == "DEC-EXCLUDED"
    assert second.run.facts["entities"]["others"]["left_out"] == {
        "DEC-EXCLUDED": "refers to a record that people decided to leave behind",
    }  # fmt: skip


def test_what_follows_those_that_follow_is_left_behind_by_people_too(bench: Any) -> None:
    courses = "from: old.person\nto: new.users\nentity: others\nfields:\n  user_id: {expr: \"'o' || id\"}\n" \
        "  manager: {ref: users, by: id, excluded: {code: O-GONE, reason: gone}}\n"  # fmt: skip
    more = courses.replace("entity: others", "entity: more").replace("'o'", "'m'").replace("ref: users", "ref: others")
    users = "from: old.person\nto: new.users\nexclude: [{code: U-OUT, when: \"name = 'Cy'\", reason: r}]\nfields:\n" \
        "  user_id: {from: id}\n  " + CHECKED + "\n"  # fmt: skip
    pair = bench.pair(users=users, others=courses, more=more)
    item = bench.settle(pair, PEOPLE).item("U-MAIL", "2")
    second = again(bench, pair, PEOPLE, bench.answer(item, "exclude"))
    assert second.codes("others") == {"1": None, "2": "DEC-EXCLUDED", "3": "O-GONE"}
    assert second.codes("more") == {"1": None, "2": "DEC-EXCLUDED", "3": "O-GONE"}


@pytest.mark.parametrize("verb", ["waive", "return", "accept"])
def test_a_mapping_whose_rows_no_decision_changes_compiles_to_the_sql_it_had(bench: Any, verb: str) -> None:
    pair = bench.users("", CHECKED)
    first = bench.settle(pair, PEOPLE)
    second = again(bench, pair, PEOPLE, bench.answer(first.item("U-MAIL", "2"), verb))
    assert (second.plan.rows["users"].select == first.plan.rows["users"].select) is True
    assert (first.run.stage("map") / "undecided.parquet").is_file() is False
    assert (second.run.stage("map") / "undecided.parquet").is_file() is (verb == "accept")
