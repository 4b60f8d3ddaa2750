"""Matches in the inline tests of mappings."""

from __future__ import annotations

from typing import Any

from migrate.inline_tests.run import run_inline_tests

MAPPING = """
match:
  against: people
  tiers: [{name: e-mail, on: {mail: mail}}, {name: name, on: {name: name}, confirm: true}]
  normalise: {mail: [lower]}
  several: SEVERAL
  code: USR-SAME
  reason: the same person
tests:
  - name: somebody is there already
    given: {person: [{id: 1, mail: BO@x.org}, {id: 2, name: Ana}, {id: 3, mail: new@x.org}]}
    matches: [{key: t1, mail: bo@x.org}, {key: t2, name: Ana}]
    expect: [{user_id: t1}, {user_id: 3}]
    dispositions: {'2': held}
    findings: [MATCH-CONFIRM]
"""


def test_a_list_is_given_to_a_test(bench: Any) -> None:
    outcome = run_inline_tests(bench.users(MAPPING.replace("SEVERAL", "confirm")).with_lists([]))
    assert (outcome.ran, outcome.problems) == (1, ())
    assert outcome.unexercised == {}, "records become one by a decision alone, and tests have none"
    assert run_inline_tests(bench.users(MAPPING.replace("SEVERAL", "merge"))).unexercised == {"users": ["USR-SAME"]}


def test_a_test_that_expects_something_else_fails(bench: Any) -> None:
    text = MAPPING.replace("SEVERAL", "confirm")
    for old, new, message in (
        ("user_id: t1", "user_id: t2", "user_id is 't1'"),
        ("findings: [MATCH-CONFIRM]", "findings: []", "unexpected finding"),
        ("mail: bo@x.org}", "post: bo@x.org}", "no tier compares this field"),
    ):
        assert old in text
        found = run_inline_tests(bench.users(text.replace(old, new, 1))).problems
        assert any(message in p.message for p in found), (old, found)


def test_a_list_without_a_match_is_refused(bench: Any) -> None:
    text = "tests:\n  - {name: a, given: {person: [{id: 1}]}, matches: [{key: a}], expect: [{user_id: 1}]}\n"
    (problem,) = run_inline_tests(bench.users(text)).problems
    assert "has no match to give a list to" in problem.message
