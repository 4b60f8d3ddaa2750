"""YAML the 1.2 way, with a place for every value."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrate.errors import ConfigurationError, Problem
from migrate.located_yaml import Document, parse, read

FILE = Path("f.yaml")


def refusal(text: str) -> Problem:
    with pytest.raises(ConfigurationError) as caught:
        parse(text, FILE)
    (problem,) = caught.value.problems
    return problem


def where(problem: Problem) -> tuple[int, int]:
    assert problem.place is not None
    return problem.place.line, problem.place.column


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on", "on"), ("off", "off"), ("yes", "yes"), ("No", "No"), ("y", "y"),
        ("true", True), ("TRUE", True), ("False", False), ("'true'", "true"),
        ("null", None), ("~", None), ("", None), ("'null'", "null"), ("''", ""),
        ("0", 0), ("-7", -7), ("+7", 7), ("1.5", 1.5), (".5", 0.5), ("1e3", 1000.0), ("'7'", "7"),
        ("1_000", "1_000"), ("1:30", "1:30"), ("0x1f", "0x1f"), ("1.2.3", "1.2.3"),
        ("2024-02-29", "2024-02-29"), ("2024-02-29 10:00:00", "2024-02-29 10:00:00"),
        ("Ana # nobody", "Ana"), ("\t7", 7), ("a#b", "a#b"), ("名前", "名前"), ('"\\u00e9"', "é"),
    ],
)  # fmt: skip
def test_scalars_follow_yaml_1_2(text: str, value: object) -> None:
    found = parse(f"a: {text}", FILE).data["a"]
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize("text", ["007", "00042", "-01"])
def test_leading_zeros_are_not_lost(text: str) -> None:
    assert parse(f"a: {text}", FILE).data["a"] == text


@pytest.mark.parametrize("tag", ["!!str 5", "!!int '5'", "!!python/object:os.system x", "!own x", "!!binary aGk="])
def test_tags_are_refused(tag: str) -> None:
    assert where(refusal(f"a: {tag}"))[0] == 1


def test_keys_are_always_text() -> None:
    assert list(parse("{0: a, true: b, 1.5: c, null: d, on: e}", FILE).data) == ["0", "true", "1.5", "null", "on"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: >\n  x\n  y\n", "x y\n"), ("a: >-\n  x\n  y\n", "x y"), ("a: >-\n  x\n\n  y\n", "x\ny"),
        ("a: |\n  x\n  y\n", "x\ny\n"), ("a: |-\n  x\n", "x"), ("a: x\n  y\n", "x y"), ("a: 'x\n  y'\n", "x y"),
        ("a: >-\n  12\n", "12"), ("a: |-\n  true\n", "true"),
    ],
)  # fmt: skip
def test_blocks_and_folds(text: str, value: str) -> None:
    assert parse(text, FILE).data["a"] == value


def test_every_value_has_its_place() -> None:
    document = parse("a: 1\nb:\n  - x\n  - c: 2\n    d: {e: 3}\n", FILE)
    assert str(document.place("a")) == "f.yaml:1:1"
    assert str(document.place("b", 1, "d", "e")) == "f.yaml:5:9"
    assert str(document.place("b", 0)) == "f.yaml:3:5"


def test_the_place_of_what_is_missing_is_its_parents() -> None:
    document = parse("a:\n  b:\n    c: 1\n", FILE)
    assert document.place("a", "b", "x", "y") == document.place("a", "b")
    assert str(document.place("z")) == "f.yaml:1:1"


@pytest.mark.parametrize(
    ("text", "place", "word"),
    [
        ("a: 1\nb: 2\na: 3\n", (3, 1), "'a' stands twice"),
        ("a:\n  b: 1\n  'b': 2\n", (3, 3), "'b' stands twice"),
        ("{true: 1, true: 2}", (1, 11), "'true' stands twice"),
        ("a: &x 1\nb: *x\n", (1, 4), "anchors"),
        ("a: 1\n? [1]\n: 2\n", (2, 3), "plain word"),
        ("a: 1\n b: 2\n", (2, 3), "not valid YAML"),
        ("a: [1,\nb: 2", (2, 1), "not valid YAML"),
        ("a: *x\n", (1, 4), "anchors"),
        ("a: 1\n---\nb: 2\n", (2, 1), "not valid YAML"),
        ("a: -\n", (1, 4), "not valid YAML"),
        ("a: 1\nb: 2\nc: 'x\x01y'\n", (3, 6), "may not stand"),
        ('a: 1\nb: "x\\0y"\n', (2, 4), "U+0000 may not stand"),
        ('a: 1\nb: "\\ud800"\n', (2, 7), "not valid YAML"),
        ('a: 1\n"x\\0": 2\n', (2, 1), "may not stand in a key"),
        ("a: 1\nb: 1e400\n", (2, 4), "too large"),
        (f"a: 1\nb: {'9' * 5000}\n", (2, 4), "too large"),
    ],
)
def test_what_is_not_ours_is_refused_with_its_place(text: str, place: tuple[int, int], word: str) -> None:
    problem = refusal(text)
    assert word in problem.message
    assert where(problem)[0] == place[0]
    if "valid" not in problem.message:
        assert where(problem) == place


def test_a_duplicate_key_names_the_line_of_the_first() -> None:
    problem = refusal("a: 1\n\nb: 1\na: 2\n")
    assert "line 1" in problem.hint
    assert problem.value == "a"


def test_nesting_without_end_is_refused() -> None:
    assert refusal("a: " + "[" * 600)


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing\n", "---\n"])
def test_an_empty_file_is_nothing(text: str) -> None:
    assert parse(text, FILE).data is None


def test_read_names_the_line_of_a_byte_that_is_not_utf_8(tmp_path: Path) -> None:
    file = tmp_path / "f.yaml"
    file.write_bytes("a: 1\nb: é\n".encode() + b"c: caf\xe9\n")
    with pytest.raises(ConfigurationError) as caught:
        read(file)
    (problem,) = caught.value.problems
    assert where(problem)[0] == 3
    assert "0xe9" in problem.message


def test_read_drops_a_byte_order_mark_and_takes_windows_line_ends(tmp_path: Path) -> None:
    file = tmp_path / "f.yaml"
    file.write_bytes(b"\xef\xbb\xbfa: 1\r\nb: 'x'\r\n")
    document = read(file)
    assert isinstance(document, Document)
    assert document.data == {"a": 1, "b": "x"}
    assert document.place("b").line == 2


def test_read_refuses_what_cannot_be_read(tmp_path: Path) -> None:
    for path, word in ((tmp_path / "none.yaml", "does not exist"), (tmp_path, "cannot be read")):
        with pytest.raises(ConfigurationError, match=word):
            read(path)
