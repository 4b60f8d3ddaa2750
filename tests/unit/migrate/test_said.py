"""Numbers of things in sentences."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from migrate.said import number_of

ROOT = Path(__file__).parents[3]
SPEAKING = ("migrate", "mappings", "reports", "validators")
ENDINGS = ("*.py", "*.yaml", "*.j2", "*.js")


@pytest.mark.parametrize(
    ("number", "words", "text"),
    [
        (0, ("record",), "0 records"),
        (1, ("record",), "1 record"),
        (1_200, ("record",), "1,200 records"),
        (1, ("entry", "entries"), "1 entry"),
        (2, ("entry", "entries"), "2 entries"),
    ],
)
def test_amount(number: int, words: tuple[str, ...], text: str) -> None:
    assert number_of(number, *words) == text


def spoken(file: Path) -> list[str]:
    """Texts of a file that people may read: those of the program without its code, other files as they are."""
    text = file.read_text("utf-8")
    if file.suffix != ".py":
        return [text]
    return [each.value for each in ast.walk(ast.parse(text)) if isinstance(each, ast.Constant) and isinstance(each.value, str)]


def test_no_text_leaves_the_number_of_a_noun_to_the_reader() -> None:
    left_open = re.compile(r"[A-Za-z]+\((?:s|es|ies)\)")
    files = [file for folder in SPEAKING for ending in ENDINGS for file in (ROOT / folder).rglob(ending)]
    assert len(files) > 500
    assert {(file.name, found[0]) for file in files for text in spoken(file) if (found := left_open.search(text))} == set()
