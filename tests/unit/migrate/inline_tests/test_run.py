"""Inline tests of mappings: a wrong expectation fails, and says where and what stands there instead."""

from __future__ import annotations

import textwrap
from typing import Any

import pytest

from migrate.inline_tests.run import run_inline_tests

FIELDS = """
name: {from: name, do: [trim], check: {not_blank: {code: U-NAME}}}
age: {from: age}
active: {from: active}
score: {expr: "age / 2"}
born: {from: born}
seen: {expr: as_of()}
status: {from: mail, crosswalk: kinds, unmapped: {code: U-KIND, severity: hold}}
manager: {ref: users, by: boss}
email: {from: mail, check: {email: {code: U-MAIL, severity: warn, set: null}}}
"""
PAIR = "{from: old, to: new, label: x, crosswalks: [kinds]}"
GOOD = """
name: all is well
given: {person: [{id: 1, name: ' Ana ', age: 3, active: 1, born: 29/02/2000, mail: a, boss: 7},
  {id: 2, name: ''}, {id: 3, name: x}]}
identities: {users: {'7': seven, '8': {excluded: true}}}
crosswalks: {kinds: {a: x}}
expect:
  - {user_id: '1', name: Ana, age: 3, active: true, score: 1.5, born: 2000-02-29, seen: 2026-01-01, status: x,
     manager: seven, email: null}
  - {user_id: 3, name: x, age: null}
dispositions: {'2': quarantined}
findings: [U-NAME]
"""


def outcome(bench: Any, test: str, rest: str = "") -> list[Any]:
    text = (
        textwrap.dedent(rest)
        + "\ntests:\n"
        + textwrap.indent(textwrap.dedent(test).strip(), "    ").replace("    name:", "  - name:", 1)
    )
    result = run_inline_tests(bench.users(text, FIELDS, pair=PAIR))
    assert result.ran == 1
    return list(result.problems)


def line_of(bench: Any, word: str) -> int:
    lines = (bench.folder / "mapping/users.yaml").read_text().splitlines()
    return next(n for n, line in enumerate(lines, 1) if word in line)


def test_a_good_test_has_no_problems(bench: Any) -> None:
    assert [str(p) for p in outcome(bench, GOOD)] == []


@pytest.mark.parametrize(
    ("old", "new", "message", "line"),
    [
        ("name: Ana,", "name: ' Ana ',", "name is 'Ana'", "user_id: '1'"),
        ("age: 3, active: true", "age: 4, active: true", "age is '3'", "user_id: '1'"),
        ("active: true", "active: false", "active is 'true'", "user_id: '1'"),
        ("score: 1.5", "score: 1", "score is '1.5'", "user_id: '1'"),
        ("2000-02-29", "2000-03-01", "born is '2000-02-29'", "user_id: '1'"),
        ("seen: 2026-01-01", "seen: 2026-01-02", "seen is '2026-01-01'", "user_id: '1'"),
        ("status: x", "status: y", "status is 'x'", "user_id: '1'"),
        ("manager: seven", "manager: eight", "manager is 'seven'", "manager: eight"),
        ("email: null", "email: a", "email is None", "email: a"),
        ("user_id: '1'", "user_id: '01'", "user_id is '1'", "user_id: '01'"),
        ("age: null", "age: 0", "age is None", "user_id: 3"),
        ("age: null", "height: 5", "no such field", "user_id: 3"),
        ("\n  - {user_id: 3, name: x, age: null}", "", "1 row expected, 2 would load", "expect:"),
        ("'2': quarantined", "'2': held", "2 is quarantined", "dispositions:"),
        ("'2': quarantined", "'9': held", "9 is not there", "dispositions:"),
        ("'2': quarantined", "'1': excluded", "1 is created", "dispositions:"),
        ("[U-NAME]", "[]", "unexpected finding", "- name:"),
        ("[U-NAME]", "[U-NAME, U-OTHER]", "the finding is not raised", "findings:"),
        ("[{id: 1,", "[{idd: 1,", "person has no such field", "given:"),
        ("given: {person: [", "given: {people: [", "given names no entity", "given:"),
        ("identities: {users:", "identities: {userz:", "userz", "identities:"),
        ("crosswalks: {kinds:", "crosswalks: {kind:", "kind", "crosswalks:"),
    ],
)
def test_what_is_wrong_fails_with_its_place(bench: Any, old: str, new: str, message: str, line: str) -> None:
    assert old in GOOD
    problems = [p for p in outcome(bench, GOOD.replace(old, new, 1)) if message in str(p)]
    assert problems
    assert problems[0].place.file.name == "users.yaml"
    assert problems[0].place.line == line_of(bench, line)
    if "given" not in message and "person has" not in message and message not in ("userz", "kind"):
        assert "all is well" in problems[0].message


def test_a_warning_need_not_be_listed_but_can_be(bench: Any) -> None:
    for listed in ("", "\n        findings: [U-MAIL]"):
        text = f"""
        name: warn
        given: {{person: [{{id: 1, name: a, mail: bad}}]}}
        crosswalks: {{kinds: {{bad: x}}}}
        expect: [{{email: null}}]{listed}
        """
        assert outcome(bench, text) == []


def test_a_test_sees_only_its_own_crosswalks(bench: Any) -> None:
    problems = outcome(bench, "name: none\ngiven: {person: [{id: 1, name: a, mail: a}]}\nexpect: [{status: x}]\n")
    assert any("0 would load" in p.message for p in problems)
    assert any("held" in str(p.value) for p in problems)


def test_exclusions_and_merges(bench: Any) -> None:
    rest = 'exclude: [{code: U-X, when: "id = 3", reason: r}]\nmerge: {by: name, keep: id, code: U-M, reason: r}'
    test = """
    name: gone
    given: {person: [{id: 1, name: a}, {id: 2, name: a}, {id: 3, name: b}]}
    expect: [{user_id: 1}]
    dispositions: {'2': merged, '3': excluded, '1': created}
    """
    assert outcome(bench, test, rest) == []


def test_a_mapping_that_cannot_run_is_a_problem_of_the_test(bench: Any) -> None:
    from migrate.mapping.load import LoadedPair

    text = 'from: old.person\nto: new.users\nfields: {user_id: {from: id}, score: {expr: "name + 1"}}\n'
    text += "tests:\n  - name: bad\n    given: {}\n"
    pair = bench.pair(users=text)
    assert isinstance(pair, LoadedPair)
    (problem,) = run_inline_tests(pair).problems
    assert "'bad' cannot run" in problem.message


def test_without_tests_none_run(bench: Any) -> None:
    assert run_inline_tests(bench.users("")).ran == 0


BOSSES = """
from: old.person
to: new.users
exclude: [{code: U-GONE, when: "name = 'gone'", reason: they left}]
fields: {user_id: {expr: "'b-' || id"}}
"""
BELOW = """
tests:
  - name: below somebody who is excluded
    given: {person: [{id: 1, name: Ana, boss: 8}, {id: 2, name: ''}]}
    identities: {bosses: {'8': {excluded: true}}}
    expect: EXPECT
    dispositions: {'2': quarantined, '1': ENDED}
    findings: [U-NAME, CODES]
"""


@pytest.mark.parametrize(
    ("rule", "ended", "manager", "codes"),
    [
        ("", "blocked", None, ["REF-BLOCKED"]),
        (", missing: {code: U-BOSS, severity: hold}", "held", None, ["U-BOSS"]),
        (", missing: {code: U-BOSS, severity: warn}", "created", None, ["U-BOSS"]),
        (", missing: {code: U-BOSS, severity: warn, set: none}", "created", "none", ["U-BOSS"]),
        (", excluded: {code: U-BELOW, reason: r}", "excluded", None, []),
    ],
)
def test_a_reference_to_an_excluded_record_ends_as_in_a_run(
    bench: Any, rule: str, ended: str, manager: str | None, codes: list[str]
) -> None:
    expect = f"[{{user_id: 1, manager: {manager or 'null'}}}]" if ended == "created" else "[]"
    fields = f"name: {{from: name, check: {{not_blank: {{code: U-NAME}}}}}}\nmanager: {{ref: bosses, by: boss{rule}}}"
    text = BELOW.replace("EXPECT", expect).replace("ENDED", ended).replace(", CODES", "".join(f", {code}" for code in codes))
    pair = bench.users(text, fields, bosses=BOSSES)
    assert [str(problem) for problem in run_inline_tests(pair).problems] == []
    ana, nobody, gone = {"id": 1, "name": "Ana", "boss": 8}, {"id": 2, "name": ""}, {"id": 8, "name": "gone"}
    run = bench.settle(pair, {"person": [ana, nobody, gone]})
    assert run.dispositions()["1"].replace("candidate", "created") == ended
    assert {code for code, _ in run.raised("users")} == {"U-NAME", *codes}
    assert [row["manager"] for row in run.loading["users"] if row["_key"] == "1"] == ([manager] if ended == "created" else [])


def test_who_refers_to_a_row_of_the_test_that_is_kept_back_waits_for_it(bench: Any) -> None:
    text = """
        name: a chain
        given: {person: [{id: 1, name: ''}, {id: 2, name: x, boss: 1}, {id: 3, name: x, boss: 2}, {id: 4, name: x, boss: 7}]}
        identities: IDENTITIES
        expect: [{user_id: 4, manager: seven}]
        dispositions: {'1': quarantined, '2': blocked, '3': blocked}
        findings: [U-NAME, REF-BLOCKED]
    """
    given = {"'7'": "seven", **{f"'{n}'": str(n) for n in (1, 2, 3, 4)}}
    identities = "{users: {" + ", ".join(f"{key}: '{value}'" for key, value in given.items()) + "}}"
    assert [str(problem) for problem in outcome(bench, text.replace("IDENTITIES", identities))] == []


def test_who_refers_to_an_excluded_record_of_its_own_mapping_waits_for_it(bench: Any) -> None:
    """One that the test names and does not give. What the test gives ends by its own fault, whatever is said of its key."""
    text = """
        name: a chain
        given: {person: [{id: 1, name: ''}, {id: 2, name: x, boss: 8}, {id: 3, name: x, boss: 2}, {id: 4, name: x}]}
        identities: {users: {'8': {excluded: true}, '1': {excluded: true}, '2': '2', '3': '3', '4': '4'}}
        expect: [{user_id: 4, manager: null}]
        dispositions: {'1': quarantined, '2': blocked, '3': blocked}
        findings: [U-NAME, REF-BLOCKED]
    """
    assert [str(problem) for problem in outcome(bench, text)] == []
