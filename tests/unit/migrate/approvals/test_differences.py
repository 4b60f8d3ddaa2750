"""What differs between a signed file and the file that is there."""

from __future__ import annotations

import pytest

from migrate.approvals.differences import entries, keys


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("a: 1", "a: 1 # why", []),
        ("a: 1\nb: 2", "b: 2\na: 1", []),
        ("a: 1", "a: 2", [("a",)]),
        ("a: 1", "a: 1\nb: 2", [("b",)]),
        ("a: {b: {c: 1}}", "a: {b: {c: 2}}", [("a", "b")]),
        ("a: {b: 1, c: 1}", "a: {b: 2}", [("a", "b"), ("a", "c")]),
        ("a: {b: 1}", "a: text", [("a",)]),
        ("a: null", "{}", [("a",)]),
        ("a: '1'", "a: 1", [("a",)]),
        ("", "a: 1", [("a",)]),
    ],
)
def test_keys(old: str, new: str, found: list[tuple[str, ...]]) -> None:
    assert keys(old.encode(), new.encode()) == found


@pytest.mark.parametrize("broken", [b"a: [", b"\xff\xfe"])
def test_a_file_that_cannot_be_read_says_nothing(broken: bytes) -> None:
    assert keys(b"a: 1", broken) is None
    assert keys(broken, b"a: 1") is None


def test_entries() -> None:
    old = b"source,label,target\n1,one,a\n2,two,b\n3,three,c\n"
    new = b"source,label,target\n1,ONE,a\n2,two,x\n4,four,d\n"
    found = entries(old, new, "source", ("target",))
    assert found is not None
    assert {key: [row["target"] for row in rows] for key, rows in found.items()} == {"2": ["b", "x"], "3": ["c"], "4": ["d"]}
    assert entries(old, b"other\n1\n", "source", ("target",)) is None
    assert entries(old, b"source,target\n\xff\n", "source", ("target",)) is None
