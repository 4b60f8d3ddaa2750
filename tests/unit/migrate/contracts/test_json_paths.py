"""Paths of fields in JSON objects: what cannot stand together is said with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrate.contracts.load import load_contract
from migrate.errors import ConfigurationError

CONTRACT = """
system: s
label: S
target: {{kind: files, {target}}}
entities:
  things:
    key: id
    fields:
      id: {{required: true}}
      one: {{{one}}}
      two: {{{two}}}
"""


def load(folder: Path, one: str = "", two: str = "", target: str = "format: {json: lines}") -> None:
    file = folder / "s.yaml"
    file.write_text(CONTRACT.format(one=one, two=two, target=target), "utf-8")
    load_contract(file)


def test_paths_that_stand_apart_are_fine(tmp_path: Path) -> None:
    load(tmp_path, "path: a.b.0.c", "path: [a, b, 1, 'https://example.org/x.y']")
    load(tmp_path, "path: []", "path: a.1x")


@pytest.mark.parametrize(
    ("one", "two", "says"),
    [
        ("path: a.b", "path: a.b", "two stands where one does"),
        ("path: a", "path: a.b", "two stands where one does"),
        ("path: a.b", "path: a", "two stands where one does"),
        ("path: two", "", "two stands where one does"),
        ("path: a.0", "path: a.b", "takes for a list"),
        ("path: '0.a'", "", "a record is an object"),
        ("path: [a, -1]", "", "count from 0"),
    ],
)
def test_paths_that_cannot_be_are_named(tmp_path: Path, one: str, two: str, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says) as caught:
        load(tmp_path, one, two)
    place = caught.value.problems[0].place
    assert place is not None
    assert place.line in (10, 11)


@pytest.mark.parametrize(
    ("target", "one", "says"),
    [
        ("format: {delimiter: ';'}", "path: a.b", "is no file of JSON objects"),
        ("identify: header, format: {json: lines}", "", "no header"),
        ("format: {json: rows}", "", "not allowed"),
    ],
)
def test_words_that_do_not_go_together_are_named(tmp_path: Path, target: str, one: str, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        load(tmp_path, one, target=target)
