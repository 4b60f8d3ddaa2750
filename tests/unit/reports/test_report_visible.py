"""What a reader could not see is spelled out."""

from __future__ import annotations

import pytest

from reports.visible import pieces, plain, where_they_differ


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


def test_of_long_values_the_part_is_shown_in_which_they_differ() -> None:
    long = "x" * 9000
    one, other = where_they_differ(f"{long}Ana{long}", f"{long}Eva{long}", 1000)
    assert one is not None
    assert other is not None
    assert one[0] == other[0] == one[-1] == other[-1] == "…"
    assert ("Ana" in one, "Eva" in other) == (True, True)
    assert len(one) < 1000
    assert where_they_differ("a", "b") == ("a", "b")
    assert where_they_differ(long, None, 10) == ("x" * 10 + "…", None)
    assert where_they_differ(long, f"{long}!", 1000)[1] == f"…{'x' * 100}!"
