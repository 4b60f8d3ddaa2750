"""Complaints about words: where, what stands there, what could stand there."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrate.contracts.model import Contract
from migrate.errors import ConfigurationError, Problem
from migrate.located_yaml import parse
from migrate.mapping.model import Mapping
from migrate.models import build

HEAD = "from: a.b\nto: c.d\nfields:\n  x: {from: y}\n"


def problems(model: type, text: str) -> tuple[Problem, ...]:
    with pytest.raises(ConfigurationError) as caught:
        build(model, parse(text, Path("f.yaml")))
    return caught.value.problems


def test_an_unknown_word_is_named_with_its_place_and_the_words_there_are() -> None:
    (problem,) = problems(Mapping, HEAD + "exlude: []\n")
    assert "unknown word 'exlude'" in problem.message
    assert str(problem.place) == "f.yaml:5:1"
    assert {"exclude", "from", "to", "fields"} <= set(problem.allowed)
    assert "source" not in problem.allowed


@pytest.mark.parametrize(
    ("text", "place", "allowed"),
    [
        ("from: a.b\nto: c.d\nfields:\n  x:\n    from: y\n    requird: 1\n", "6:5", "crosswalk"),
        (HEAD + "merge: {by: a, keep: a, code: A-B, reason: r, wen: x}\n", "5:47", "confirm"),
        (
            HEAD + "exclude:\n  - {code: A-B, when: x, reason: r}\n  - {code: A-B, when: x, reasn: r}\n",
            "7:26",
            "reason",
        ),
        (HEAD + "lookup:\n  l: {from: e, on: {}, cardinal: one}\n", "6:24", "cardinality"),
    ],
)
def test_unknown_words_deep_inside(text: str, place: str, allowed: str) -> None:
    found = [p for p in problems(Mapping, text) if p.message.startswith("unknown word")]
    assert [str(p.place) for p in found] == [f"f.yaml:{place}"]
    assert allowed in found[0].allowed


def test_a_value_outside_the_choice_lists_the_choice() -> None:
    (problem,) = problems(Mapping, HEAD + "  z: {from: y, compare: fuzzy}\n")
    assert problem.value == "fuzzy"
    assert problem.allowed == ("exact", "trim", "case", "unicode", "day", "seconds", "number")
    assert str(problem.place) == "f.yaml:5:16"


def test_what_is_missing_is_named() -> None:
    found = {p.message: str(p.place) for p in problems(Mapping, "from: a.b\nexclude:\n  - {code: A-B}\n")}
    assert found == {
        "to is missing": "f.yaml:1:1",
        "fields is missing": "f.yaml:1:1",
        "exclude.0.when is missing": "f.yaml:3:5",
        "exclude.0.reason is missing": "f.yaml:3:5",
    }


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("{}", "none of them"),
        ("{from: a, expr: b}", "from and expr"),
        ("{const: null, from: a}", "from and const"),
        ("{ref: a}", "ref and by"),
        ("{from: a, by: b}", "ref and by"),
        ("{from: a, values: {x: y}, crosswalk: c}", "exclude each other"),
    ],
)
def test_a_field_has_one_base(rule: str, words: str) -> None:
    (problem,) = problems(Mapping, f"from: a.b\nto: c.d\nfields:\n  x: {rule}\n")
    assert words in problem.message
    assert not problem.message.startswith("fields.x: Value error")
    assert str(problem.place) == "f.yaml:4:3"


@pytest.mark.parametrize("rule", ["{const: null}", "{const: ''}", "{const: 0}", "{from: a}", "{ref: a, by: b}"])
def test_bases_that_are_fine(rule: str) -> None:
    assert build(Mapping, parse(f"from: a.b\nto: c.d\nfields:\n  x: {rule}\n", Path("f.yaml"))).fields["x"]


@pytest.mark.parametrize(
    "rule",
    [
        "{from: a, missing: {code: A-B}}",
        "{from: a, field: b}",
        "{from: a, excluded: {code: A-B, when: 'true', reason: r}}",
        "{from: a, unmapped: {code: A-B}}",
        "{expr: a, malformed: {code: A-B}}",
    ],
)
def test_words_without_effect_are_refused(rule: str) -> None:
    assert problems(Mapping, f"from: a.b\nto: c.d\nfields:\n  x: {rule}\n")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("label: 5\n", "2:1"),
        ("label: x\nnote: [a]\n", "3:1"),
        ("label: x\ntarget: {kind: files, strip: yes}\n", "3:23"),
        ("label: x\ntarget: {kind: files, max_rows: '5'}\n", "3:23"),
    ],
)
def test_values_are_not_coerced(text: str, place: str) -> None:
    found = problems(Contract, "system: s\n" + text + "entities: {}\n")
    assert f"f.yaml:{place}" in [str(p.place) for p in found]


@pytest.mark.parametrize(
    ("text", "word"),
    [("entities: {1x: {key: id, fields: {}}}", "1x"), ("entities: {x: {key: id, fields: {'a-b': {}}}}", "a-b")],
)
def test_names_have_a_form(text: str, word: str) -> None:
    assert any(word in p.message for p in problems(Contract, f"system: s\nlabel: l\n{text}\n"))


@pytest.mark.parametrize("code", ["USR", "usr-1", "USR_1", "USR-", "-1", ""])
def test_codes_have_a_form(code: str) -> None:
    assert problems(Mapping, HEAD + f"exclude:\n  - {{code: '{code}', when: x, reason: r}}\n")


@pytest.mark.parametrize("text", ["", "- a\n", "just text\n", "5\n"])
def test_a_file_has_to_be_a_mapping(text: str) -> None:
    (problem,) = problems(Contract, text)
    assert "not a mapping" in problem.message


def test_all_problems_come_at_once() -> None:
    assert len(problems(Mapping, "from: 1\nto: 2\nfields: {x: {from: 3, colour: red}}\nsurprise: 1\n")) == 5
