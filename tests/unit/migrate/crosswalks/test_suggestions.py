"""Proposals: what is like what, what is never touched, and what is left to people."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from migrate.cli.crosswalk import suggest as command
from migrate.crosswalks.census import Census, Use
from migrate.crosswalks.file import read_crosswalk
from migrate.crosswalks.suggestions import LEAST, Suggested, likeness, nearest, suggest
from migrate.crosswalks.targets import Targets, target_problems, targets_of

PAIR = """
from: old
to: new
label: Old to new
crosswalks: {kinds: {targets: {learner: Student, tutor: Teaching assistant}}}
"""
FIELDS = "status: {from: name, crosswalk: kinds}"
TODAY = "2025-06-30"


def run(bench: Any, uses: dict[str, Use], *lines: str, pair: str = PAIR, whole: bool = True, least: float = 0.75) -> Suggested:
    known = bench.crosswalk("kinds", *lines)
    census = Census({"kinds": uses}, frozenset({"kinds"} if whole else ()))
    return suggest(bench.users("", FIELDS, pair=pair), known, census, ["kinds"], TODAY, least)


def added(found: Suggested) -> list[tuple[str, ...]]:
    return [(e["source"], e["target"], e["equivalence"], e["confidence"]) for _, e in found.added]


@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    [
        ("Student", " student", 1, 1),
        ("e-mail", "E mail", 1, 1),
        ("saml_old", "saml", 0.85, 0.95),
        ("course creator", "creator, course", 0.99, 0.99),
        ("auditor", "student", 0, 0.6),
        ("ta", "data", 0, 0.7),
        ("", "student", 0, 0),
        ("--", "--", 0, 0),
    ],
)
def test_likeness(one: str, other: str, low: float, high: float) -> None:
    assert low <= likeness(one, other) <= high
    assert likeness(one, other) == likeness(other, one)


def test_the_nearest_of_values_labels_and_what_is_confirmed() -> None:
    targets = Targets(None, {"learner": "Student", "tutor": "Teaching assistant"})
    example = {"source": "doz", "label": "Dozent", "target": "tutor"}
    cases = {
        ("Learner", ""): ("learner", True, "target value 'learner'"),
        ("x1", "student"): ("learner", True, "'learner' (Student)"),
        ("doz_ext", ""): ("tutor", False, "'doz', which is confirmed as 'tutor'"),
        ("x2", "Dozenten"): ("tutor", False, "'Dozent', which is confirmed as 'tutor'"),
    }
    for (value, label), (target, equal, reason) in cases.items():
        match = nearest(value, label, targets, [example])
        assert match is not None
        assert (match.target, match.equal) == (target, equal)
        assert reason in match.reason


def test_targets_that_are_as_near_are_named() -> None:
    match = nearest("a c", "", Targets(None, {"a b": "", "a d": ""}), [])
    assert match is not None
    assert match.target == "a b"
    assert match.reason.endswith("; as near: a d")


def test_a_proposal_says_what_it_is_based_on(bench: Any) -> None:
    found = run(bench, {"Learners": Use("People who learn", 12)})
    ((name, entry),) = found.added
    assert name == "kinds"
    assert entry == {
        "source": "Learners", "label": "People who learn", "rows": "12", "target": "learner", "equivalence": "inexact",
        "confidence": "0.93", "status": "proposed", "by": "lms-migrate", "at": TODAY,
        "reason": "'Learners' is like the target value 'learner'",
    }  # fmt: skip
    (text,) = found.texts.values()
    assert text.splitlines()[-1].startswith("Learners,People who learn,12,learner,inexact,0.93,proposed,")


def test_what_people_said_is_left_as_it_is(bench: Any) -> None:
    lines = [f"{status},said,1,learner,wider,0.5,{status},ana,2025-01-01,why" for status in ("confirmed", "rejected", "waived")]
    uses = {status: Use("another label", 99) for status in ("confirmed", "rejected", "waived")}
    found = run(bench, uses, *lines)
    assert (found.texts, found.added, found.refreshed) == ({}, (), ())
    (left,) = found.left
    assert left.source == "rejected"
    assert "it was rejected" in left.why
    assert "'learner'" not in left.why


def test_proposed_entries_are_brought_up_to_date_and_keep_their_place(bench: Any) -> None:
    lines = ["b,old,1,tutor,inexact,0.8,proposed,lms-migrate,2025-01-01,why", "a,,,learner,equal,1,confirmed,ana,2025-01-01,why",
             "gone,keeps,5,tutor,inexact,0.8,proposed,lms-migrate,2025-01-01,why"]  # fmt: skip
    found = run(bench, {"b": Use("new", 7), "a": Use("", 3), "student": Use("", 1)}, *lines)
    (text,) = found.texts.values()
    assert [line.split(",")[:3] for line in text.splitlines()[1:]] == [
        ["b", "new", "7"], ["a", "", ""], ["gone", "keeps", "0"], ["student", "", "1"],
    ]  # fmt: skip
    assert [entry["at"] for _, entry in found.refreshed] == ["2025-01-01", "2025-01-01"]
    partly = run(bench, {"b": Use("new", 7)}, *lines, whole=False)
    assert [(e["label"], e["rows"]) for _, e in partly.refreshed] == [("new", "1")]


def test_a_second_time_finds_nothing_to_do(bench: Any) -> None:
    uses = {"Students": Use("", 9), "nobody knows": Use("", 2)}
    first = run(bench, uses, "b,old,1,tutor,inexact,0.8,proposed,lms-migrate,2025-01-01,why")
    ((file, text),) = first.texts.items()
    file.write_text(text, "utf-8")
    crosswalk, problems = read_crosswalk("kinds", file)
    assert problems == []
    assert crosswalk is not None
    pair = bench.users("", FIELDS, pair=PAIR)
    again = suggest(pair, {"kinds": crosswalk}, Census({"kinds": uses}, frozenset({"kinds"})), ["kinds"], "2030-01-01")
    assert (again.texts, again.added) == ({}, ())
    assert again.left == first.left


@pytest.mark.parametrize(
    ("value", "pair", "why"),
    [
        ("zzz", PAIR, "nearest is|no target is like it"),
        ("zzz", "{from: old, to: new, label: x, crosswalks: [kinds]}", "nothing to compare with"),
        ("", PAIR, "cannot list it"),
        ("a\0b", PAIR, "cannot list it"),
    ],
)
def test_what_is_left_to_people_says_why(bench: Any, value: str, pair: str, why: str) -> None:
    found = run(bench, {value: Use("", 4)}, pair=pair)
    assert found.texts == {}
    (left,) = found.left
    assert any(part in left.why for part in why.split("|"))
    assert left.rows == 4


def test_the_lowest_confidence_is_a_choice(bench: Any) -> None:
    (option,) = (parameter for parameter in command.params if parameter.name == "at_least")
    assert option.default == LEAST
    uses = {"Student council": Use("", 1)}
    assert [target for _, target, *_ in added(run(bench, uses, least=0.9))] == ["learner"]
    assert added(run(bench, uses, least=0.91)) == []


# Targets -------------------------------------------------------------------------------------------------------------

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
      name: {enum: [a, b, c]}
      status: {enum: [c, b, d]}
      email: {}
      active: {type: flag, enum: [true]}
"""


def test_every_field_that_uses_a_crosswalk_has_to_allow_a_target(bench: Any) -> None:
    plain = "{from: old, to: new, label: x, crosswalks: [kinds]}"
    both = FIELDS + "\nname: {from: mail, crosswalk: kinds}\nemail: {from: mail, crosswalk: kinds}"
    pair = bench.users("", both, pair=plain, target=TARGET)
    assert targets_of(pair, "kinds") == Targets(("c", "b"), {"c": "", "b": ""})
    pair = bench.users("", "active: {from: name, crosswalk: kinds}", pair=plain, target=TARGET)
    assert targets_of(pair, "kinds").allowed == ("true",)
    pair = bench.users("", "email: {from: mail, crosswalk: kinds}", pair=PAIR, target=TARGET)
    assert targets_of(pair, "kinds") == Targets(None, {"learner": "Student", "tutor": "Teaching assistant"})


def test_offering_what_the_target_does_not_take_is_refused(bench: Any) -> None:
    offers = "{from: old, to: new, label: x, crosswalks: {kinds: {targets: {d: Done, e: Else}}}}"
    (problem,) = target_problems(bench.users("", FIELDS, pair=offers, target=TARGET))
    assert (problem.value, problem.allowed) == ("e", ("c", "b", "d"))
    assert problem.place is not None


def test_an_example_is_no_way_around_the_contract() -> None:
    example = {"source": "staff", "label": "", "target": "old"}
    match = nearest("staff", "", Targets(("x",), {"x": ""}), [example])
    assert match is not None
    assert match.target == "x"


def test_a_match_is_a_value() -> None:
    match = nearest("a", "", Targets(None, {"a": ""}), [])
    assert match is not None
    assert replace(match, confidence=0.5).confidence == 0.5
    assert match.confidence == 1


def test_files_are_written_whole_or_not_at_all(tmp_path: Path) -> None:
    from migrate.crosswalks.file import write_texts
    from migrate.errors import ConfigurationError

    there = tmp_path / "a.csv"
    there.write_text("before", "utf-8")
    with pytest.raises(ConfigurationError, match="cannot be written"):
        write_texts({there: "after", tmp_path / "nowhere" / "b.csv": "x"})
    assert there.read_text("utf-8") == "before"
    assert [file.name for file in tmp_path.iterdir()] == ["a.csv"]
    write_texts({there: "after\n"})
    assert there.read_bytes() == b"after\n"
