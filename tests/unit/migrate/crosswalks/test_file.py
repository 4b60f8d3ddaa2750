"""Crosswalks: every wrong row is named with its line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from migrate.crosswalks.file import COLUMNS, read_crosswalk, register, usable
from migrate.engine import session

HEADER = ",".join(COLUMNS) + "\n"
GOOD = "student,Student,9,Learner,equal,1,confirmed,ana,2025-01-01,same\n"


def read(folder: Path, text: str | bytes) -> tuple[Any, list[tuple[str, int, object]]]:
    file = folder / "roles.csv"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    crosswalk, problems = read_crosswalk("roles", file)
    return crosswalk, [(p.message, p.place.line if p.place else 0, p.value) for p in problems]


def row(source: str = "a", target: str = "b", equivalence: str = "equal", status: str = "confirmed") -> str:
    return f"{source},,,{target},{equivalence},,{status},,,\n"


def test_a_good_one(tmp_path: Path) -> None:
    crosswalk, problems = read(tmp_path, HEADER + GOOD + row("007", "7") + row("NA", "null") + row("it's", "x"))
    assert problems == []
    assert usable(crosswalk, False) == [
        ("student", "Learner", "confirmed"),
        ("007", "7", "confirmed"),
        ("NA", "null", "confirmed"),
        ("it's", "x", "confirmed"),
    ]


def test_a_byte_order_mark_and_windows_line_ends(tmp_path: Path) -> None:
    crosswalk, problems = read(tmp_path, b"\xef\xbb\xbf" + (HEADER + GOOD).replace("\n", "\r\n").encode())
    assert problems == []
    assert usable(crosswalk, False) == [("student", "Learner", "confirmed")]


def test_only_the_header(tmp_path: Path) -> None:
    crosswalk, problems = read(tmp_path, HEADER)
    assert (problems, usable(crosswalk, False)) == ([], [])


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (row(source=""), [("source is blank", 2, None)]),
        (row() + row("c", status="sure"), [("status is not allowed", 3, "sure")]),
        (row() + row("c", status=""), [("status is not allowed", 3, "")]),
        (row(equivalence="same"), [("equivalence is not allowed", 2, "same")]),
        (row(target=""), [("'a' has no target", 2, None)]),
        (row(target="", status="proposed"), [("'a' has no target", 2, None)]),
        (row(target="", status="rejected") + row("b", "", status="waived"), []),
        (row() + row("b") + row("a") + row("a"), [("this source value stands twice", n, "a") for n in (4, 5)]),
        (row() + "\n" + row("c", status="sure"), [("status is not allowed", 4, "sure")]),
        ('a,"two\nlines",,b,equal,,confirmed,,,\n' + row("c", status="sure"), [("status is not allowed", 4, "sure")]),
        (row() + "\n\n" + row("a"), [("this source value stands twice", 5, "a")]),
    ],
)
def test_wrong_rows(tmp_path: Path, rows: str, expected: list[tuple[str, int, object]]) -> None:
    assert read(tmp_path, HEADER + rows)[1] == expected


def test_several_faults_of_one_row(tmp_path: Path) -> None:
    assert len(read(tmp_path, HEADER + row("", "", "x", "proposed"))[1]) == 3


@pytest.mark.parametrize(
    "text",
    [
        "",
        "source,target\na,b\n",
        HEADER.replace(",", ";") + "a;;;b;equal;;confirmed;;;\n",
        HEADER.replace("label,", ""),
        HEADER.replace("\n", ",more\n"),
        HEADER.replace("source", "Source"),
        HEADER.replace("label", "source"),
        b"source,\xff\n",
        HEADER.encode("utf-16"),
        HEADER + 'a,"open,,b\n',
    ],
)
def test_what_is_no_crosswalk(tmp_path: Path, text: str | bytes) -> None:
    crosswalk, problems = read(tmp_path, text)
    assert crosswalk is None
    assert len(problems) == 1


@pytest.mark.parametrize("bad", ["a,,,b,equal,,confirmed,,,,\n", "a\n"])
def test_rows_with_too_many_or_too_few_cells_are_named(tmp_path: Path, bad: str) -> None:
    _, problems = read(tmp_path, HEADER + GOOD + bad)
    assert problems


def test_a_comma_at_the_end_of_every_row_does_not_shift_the_columns(tmp_path: Path) -> None:
    crosswalk, problems = read(tmp_path, HEADER + row().replace("\n", ",\n") + row("c", "d").replace("\n", ",\n"))
    assert problems or usable(crosswalk, False) == [("a", "b", "confirmed"), ("c", "d", "confirmed")]
    assert not any(message.startswith("status") for message, _, _ in problems)


def test_a_missing_file_says_what_to_write(tmp_path: Path) -> None:
    crosswalk, (problem,) = read_crosswalk("roles", tmp_path / "roles.csv")
    assert crosswalk is None
    assert ",".join(COLUMNS) in problem.hint


def test_a_character_that_would_end_a_statement_is_named(tmp_path: Path) -> None:
    _, ((message, line, _),) = read(tmp_path, HEADER + row("a\0b", "c"))
    assert "U+0000" in message
    assert line == 2


def test_rejected_and_waived_entries_are_not_used(tmp_path: Path) -> None:
    crosswalk, _ = read(
        tmp_path,
        HEADER + row() + row("p", "q", status="proposed") + row("r", "s", status="rejected") + row("w", "x", status="waived"),
    )
    assert usable(crosswalk, False) == [("a", "b", "confirmed"), ("p", "q", "proposed")]
    assert usable(crosswalk, True) == [("a", "b", "confirmed")]


def test_entries_are_known_to_the_engine() -> None:
    with session() as connection:
        for entries in ([("it's", 'x"y', "confirmed"), ("", "z", "proposed")], []):
            register(connection, "roles", entries)
            assert connection.execute("SELECT * FROM crosswalk.roles").fetchall() == entries
