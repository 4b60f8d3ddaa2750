from __future__ import annotations

import csv
import io
from dataclasses import astuple, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrate.decisions.file import FILE, append_decisions, in_force, read_decisions
from migrate.decisions.model import COLUMNS, VERBS, Decision
from migrate.errors import ConfigurationError
from migrate.worklist.identity import KINDS

DECISION = Decision(
    "W-0123456789abcdef", "record", "override", "x", "the register says so", "registrar", "2026-01-31T17:05:00+00:00",
    "users", "USR-EMAIL", "email", "1", "aa", "bb", "20260131-120000",
)  # fmt: skip
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=20)
SAID = TEXT.filter(lambda text: text.strip() != "")


def written(folder: Path, *rows: list[str]) -> Path:
    text = io.StringIO()
    csv.writer(text).writerows([list(COLUMNS), *rows])
    (folder / FILE).write_text(text.getvalue(), "utf-8")
    return folder


def row(**changes: str) -> list[str]:
    return [str(value) for value in astuple(replace(DECISION, **changes))[: len(COLUMNS)]]  # type: ignore[arg-type]


def test_no_file_is_no_decisions(tmp_path: Path) -> None:
    assert read_decisions(tmp_path) == []


def test_the_last_line_about_an_item_counts_and_reopen_takes_it_back(tmp_path: Path) -> None:
    other = replace(DECISION, item="W-ffffffffffffffff")
    append_decisions(tmp_path, [DECISION, other])
    append_decisions(tmp_path, [replace(DECISION, new_value="y"), replace(other, decision="reopen", new_value="")])
    lines = read_decisions(tmp_path)
    assert [line.line for line in lines] == [2, 3, 4, 5]
    assert {item: decision.new_value for item, decision in in_force(lines).items()} == {DECISION.item: "y"}


def test_a_file_without_a_last_line_end_is_gone_on_with(tmp_path: Path) -> None:
    append_decisions(tmp_path, [DECISION])
    file = tmp_path / FILE
    file.write_text(file.read_text("utf-8").rstrip("\n"), "utf-8")
    append_decisions(tmp_path, [DECISION])
    assert len(read_decisions(tmp_path)) == 2


@pytest.mark.parametrize(
    ("changes", "message", "value"),
    [
        ({"decision": "maybe"}, "decision is not allowed", "maybe"),
        ({"kind": "thing"}, "kind is not allowed", "thing"),
        ({"reason": " "}, "reason is blank: a decision says what, why and who", None),
        ({"by": ""}, "by is blank: a decision says what, why and who", None),
        ({"at": "yesterday"}, "at is not an instant", "yesterday"),
        ({"at": "2026-01-31T17:05:00"}, "at is not an instant", "2026-01-31T17:05:00"),
        ({"new_value": ""}, "override needs a new value", None),
        ({"rows": "-1"}, "rows is not a number", "-1"),
    ],
)
def test_each_fault_is_told_with_its_line(tmp_path: Path, changes: dict[str, str], message: str, value: str | None) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_decisions(written(tmp_path, row(), row(**changes)))
    (problem,) = caught.value.problems
    assert (problem.message, problem.value, problem.place and problem.place.line) == (message, value, 3)


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_decisions(written(tmp_path, row(by=""), ["short"], row(decision="x", kind="y")))
    assert [problem.place and problem.place.line for problem in caught.value.problems] == [2, 3, 4, 4]


def test_another_header_and_what_is_no_text_are_refused(tmp_path: Path) -> None:
    for content in (b"item,decision\n", b"\xff\xfe\n", b'"open\n'):
        (tmp_path / FILE).write_bytes(content)
        with pytest.raises(ConfigurationError):
            read_decisions(tmp_path)


@given(
    st.lists(
        st.builds(
            Decision, SAID, st.sampled_from(KINDS), st.sampled_from(VERBS), SAID, SAID, SAID,
            st.just("2026-01-31T17:05:00+00:00"), TEXT, TEXT, TEXT, st.integers(0).map(str), TEXT, TEXT, TEXT,
        ),
        max_size=5,
    )
)  # fmt: skip
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, decisions: list[Decision]) -> None:
    folder = tmp_path_factory.mktemp("workspace")
    append_decisions(folder, decisions)
    assert [replace(read, line=0) for read in read_decisions(folder)] == decisions
