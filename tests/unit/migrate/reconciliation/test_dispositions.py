"""Where records ended: as the load says, whether that is said of each record or of all of a mapping at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from migrate.artefacts import Foreseen
from migrate.engine import session
from migrate.reconciliation import dispositions
from migrate.reconciliation.dispositions import finish_dispositions, grows

BEFORE = ("entity", "key", "disposition", "target_key", "code")
RESULT = ("mapping", "source_key", "key", "result", "code")
Rows = list[tuple[str | None, ...]]


def table(columns: tuple[str, ...], rows: Rows) -> pa.Table:
    schema = pa.schema([(column, pa.string()) for column in columns])
    return pa.Table.from_pylist([dict(zip(columns, row, strict=True)) for row in rows], schema)


def ended(
    folder: Path, before: Rows, results: Rows, missing: Rows = [], foreseen: dict[str, Foreseen] = {}  # noqa: B006 - never changed
) -> Rows:  # fmt: skip
    """``(entity, key, disposition, target key, code)`` of every record, in the order of the file."""
    file = folder / "dispositions.parquet"
    with session() as connection:
        connection.register("before", table(BEFORE, before))
        connection.register("results", table(RESULT, results))
        connection.register("differences", table(("entity", "key", "kind"), missing))
        finish_dispositions(connection, "before", file, foreseen, missing=bool(missing))
        assert connection.execute("SELECT count(*) FROM dispositions").fetchone() == (len(before),)
    return [tuple(row.values()) for row in pq.read_table(file).to_pylist()]


BEFORE_LOAD: Rows = [
    ("users", "3", "quarantined", "u3", "USR-1"),
    ("users", "2", "candidate", "u2", None),
    ("users", "1", "candidate", "u1", None),
    ("courses", "9", "candidate", "c9", None),
]
CREATED: Rows = [
    ("users", "1", "u1", "created", None),
    ("users", "2", "u2", "created", None),
    ("courses", "9", "c9", "created", None),
]


def test_candidates_end_as_the_load_says_and_all_others_stay(tmp_path: Path) -> None:
    assert ended(tmp_path, BEFORE_LOAD, CREATED) == [
        ("courses", "9", "created", "c9", None),
        ("users", "1", "created", "u1", None),
        ("users", "2", "created", "u2", None),
        ("users", "3", "quarantined", "u3", "USR-1"),
    ]


def test_what_was_not_found_again_failed(tmp_path: Path) -> None:
    found = ended(tmp_path, BEFORE_LOAD, CREATED, [("users", "2", "missing")])
    assert found[2] == ("users", "2", "failed", "u2", "REC-MISSING")
    assert [row[2] for row in found] == ["created", "created", "failed", "quarantined"]


@pytest.mark.parametrize(
    ("results", "of_user_1", "of_user_2"),
    [
        ([("users", "1", "u1", "created", None), ("users", "2", "u2", "updated", None)], ("created", None), ("updated", None)),
        ([("users", "1", "u1", "held", "LIVE-ONLY"), ("users", "2", "u2", "held", "LIVE-ONLY")], *[("held", "LIVE-ONLY")] * 2),
        ([("users", "1", "u1", "held", "A"), ("users", "2", "u2", "held", "B")], ("held", "A"), ("held", "B")),
        ([("users", "1", "u1", "created", None)], ("created", None), ("candidate", None)),
        ([("users", "1", "u2", "created", None), ("users", "2", "u1", "created", None)], *[("candidate", None)] * 2),
        ([("users", "1", "u1", "created", None), ("users", "7", "u7", "created", None)], ("created", None), ("candidate", None)),
        ([("users", "1", "u1", "removed", None), ("users", "2", "u2", "created", None)], ("candidate", None), ("created", None)),
        ([("staff", "1", "u1", "created", None), ("staff", "2", "u2", "created", None)], *[("candidate", None)] * 2),
    ],
)
def test_results_that_are_not_those_of_the_candidates_are_seen(
    results: Rows, of_user_1: Any, of_user_2: Any, tmp_path: Path
) -> None:
    """A record that the load says nothing of stays a candidate, which balances in no run."""
    found = {row[1]: (row[2], row[4]) for row in ended(tmp_path, BEFORE_LOAD, [*results, CREATED[-1]])}
    assert found == {"1": of_user_1, "2": of_user_2, "3": ("quarantined", "USR-1"), "9": ("created", None)}


def test_a_candidate_without_a_target_key_is_no_result_s(tmp_path: Path) -> None:
    found = ended(tmp_path, [("users", "1", "candidate", None, None)], [("users", "1", None, "created", None)])
    assert found == [("users", "1", "candidate", None, None)]


def test_what_is_foreseen_of_a_mapping_is_said_of_its_candidates_alone(tmp_path: Path) -> None:
    said = {"users": Foreseen("people", "created"), "courses": Foreseen("courses", "held", "LIVE-ONLY", "waits")}
    before = [*BEFORE_LOAD, ("users", "4", "candidate", None, None), ("staff", "1", "candidate", "s1", None)]
    found = {row[:2]: (row[2], row[4]) for row in ended(tmp_path, before, [], [("users", "2", "missing")], said)}
    assert found == {
        ("courses", "9"): ("held", "LIVE-ONLY"),
        ("staff", "1"): ("candidate", None),
        ("users", "1"): ("created", None),
        ("users", "2"): ("failed", "REC-MISSING"),
        ("users", "3"): ("quarantined", "USR-1"),
        ("users", "4"): ("candidate", None),
    }


@pytest.mark.parametrize("batch", [1, 2, 3, 100])
@pytest.mark.parametrize(
    ("rows", "does"),
    [
        ([], True),
        ([("a", "1"), ("a", "10"), ("a", "2"), ("b", "1"), ("b", "é"), ("b", "\U00020000")], True),
        ([("a", "1"), ("a", "2"), ("a", "2"), ("b", "1")], False),
        ([("a", "1"), ("b", "1"), ("a", "1")], False),
        ([("a", "2"), ("a", "1")], False),
        ([("a", "1"), ("a", None), ("b", "1")], False),
    ],
)
def test_keys_that_only_grow(batch: int, rows: Rows, does: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispositions, "_BATCH", batch)
    pq.write_table(table(("entity", "key"), rows), tmp_path / "rows.parquet")
    assert grows(tmp_path / "rows.parquet") is does
