"""What a reader could not see is spelled out."""

from __future__ import annotations

import pytest

from reports.visible import pieces, plain


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("two words", "two words"),
        (" edge ", "·edge·"),
        ("two  blanks", "two··blanks"),
        ("no\u00a0break", "no[U+00A0]break"),
        ("user\u202egnp.exe", "user[U+202E]gnp.exe"),
        ("zero\u200bwidth", "zero[U+200B]width"),
        ("a\tb\n", "a[U+0009]b[U+000A]"),
        ("\x1b[31mred", "[U+001B][31mred"),
        ("شيماء", "شيماء"),
        ("😀", "😀"),
        ("", "empty text"),
        (None, "null"),
        ("null", "null"),
    ],
)
def test_invisible_characters_are_spelled_out(value: str | None, shown: str) -> None:
    assert plain(value) == shown


def test_null_is_told_from_the_word() -> None:
    assert pieces(None)[0].kind == "nothing"
    assert pieces("null")[0].kind == "text"


def test_look_alikes_are_told_apart_when_spelled() -> None:
    composed, decomposed = pieces("José", spell=True), pieces("Jose\u0301", spell=True)
    assert [piece.text for piece in composed] == ["Jos", "U+00E9"]
    assert [piece.text for piece in decomposed] == ["Jose", "U+0301"]
