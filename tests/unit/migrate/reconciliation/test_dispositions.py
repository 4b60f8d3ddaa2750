"""Where records ended: as the load says, whether that is said of each record or of all of a mapping at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from migrate.engine import session
from migrate.reconciliation import dispositions
from migrate.reconciliation.dispositions import count_dispositions, finish_dispositions

BEFORE = ("entity", "key", "disposition", "target_key", "code")
RESULT = ("mapping", "source_key", "key", "result", "code")
Rows = list[tuple[str | None, ...]]


def table(columns: tuple[str, ...], rows: Rows) -> pa.Table:
    schema = pa.schema([(column, pa.string()) for column in columns])
    return pa.Table.from_pylist([dict(zip(columns, row, strict=True)) for row in rows], schema)


def ended(folder: Path, before: Rows, results: Rows, missing: Rows = []) -> Rows:  # noqa: B006 - never changed
    """``(entity, key, disposition, target key, code)`` of every record, in the order of the file."""
    file = folder / "dispositions.parquet"
    with session() as connection:
        connection.register("before", table(BEFORE, before))
        connection.register("results", table(RESULT, results))
        connection.register("differences", table(("entity", "key", "kind"), missing))
        standing = {m: f"SELECT * FROM before WHERE entity = '{m}'" for m in ("users", "staff", "courses")}
        finish_dispositions(connection, standing, file, missing={str(row[0]) for row in missing})
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


def test_only_what_its_own_mapping_misses_has_failed(tmp_path: Path) -> None:
    """Not a record of another mapping with the same key, nor one that was found and differs."""
    before: Rows = [*BEFORE_LOAD, ("staff", "2", "candidate", "s2", None), ("staff", "4", "candidate", "s4", None)]
    results: Rows = [*CREATED, ("staff", "2", "s2", "created", None), ("staff", "4", "s4", "created", None)]
    differences: Rows = [
        ("users", "2", "missing"),
        ("users", "1", "different"),
        ("staff", "4", "missing"),
        ("courses", "1", "missing"),
    ]
    found = {row[:2]: row[2] for row in ended(tmp_path, before, results, differences)}
    assert found == {
        ("courses", "9"): "created",
        ("staff", "2"): "created",
        ("staff", "4"): "failed",
        ("users", "1"): "created",
        ("users", "2"): "failed",
        ("users", "3"): "quarantined",
    }


def test_a_record_that_stands_twice_is_not_made_one(tmp_path: Path) -> None:
    """Whether there is one of each is told from the file, so it must hide none; what is missing twice is one record."""
    twice: Rows = [BEFORE_LOAD[0], BEFORE_LOAD[0], *BEFORE_LOAD[1:]]
    found = ended(tmp_path, twice, CREATED, [("users", "2", "missing"), ("users", "2", "missing")])
    assert [row[:3] for row in found if row[0] == "users"] == [
        ("users", "1", "created"),
        ("users", "2", "failed"),
        ("users", "3", "quarantined"),
        ("users", "3", "quarantined"),
    ]
    assert not count_dispositions(tmp_path / "dispositions.parquet").unique


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
        ([("users", "1", "u1", "removed", None), ("users", "2", "u2", "removed", None)], *[("candidate", None)] * 2),
        ([("users", "1", None, "created", None)], *[("candidate", None)] * 2),
        ([("users", None, "u1", "created", None)], *[("candidate", None)] * 2),
        ([("users", None, None, "created", None), ("users", None, None, "held", "A")], *[("candidate", None)] * 2),
        ([("staff", "1", "u1", "created", None), ("staff", "2", "u2", "created", None)], *[("candidate", None)] * 2),
    ],
)
def test_results_that_are_not_those_of_the_candidates_are_seen(
    results: Rows, of_user_1: Any, of_user_2: Any, tmp_path: Path
) -> None:
    """A record that the load says nothing of stays a candidate, which balances in no run."""
    found = {row[1]: (row[2], row[4]) for row in ended(tmp_path, BEFORE_LOAD, [*results, CREATED[-1]])}
    assert found == {"1": of_user_1, "2": of_user_2, "3": ("quarantined", "USR-1"), "9": ("created", None)}


def test_a_result_without_keys_is_of_all_candidates_of_its_mapping(tmp_path: Path) -> None:
    found = ended(tmp_path, BEFORE_LOAD, [("users", None, None, "created", None), CREATED[-1]], [("users", "2", "missing")])
    assert [(row[:3], row[4]) for row in found] == [
        (("courses", "9", "created"), None),
        (("users", "1", "created"), None),
        (("users", "2", "failed"), "REC-MISSING"),
        (("users", "3", "quarantined"), "USR-1"),
    ]


def test_a_result_without_keys_says_nothing_where_records_have_their_own(tmp_path: Path) -> None:
    found = ended(tmp_path, BEFORE_LOAD, [("users", None, None, "created", None), ("users", "1", "u1", "updated", None)])
    assert [(row[1], row[2]) for row in found if row[0] == "users"] == [
        ("1", "updated"),
        ("2", "candidate"),
        ("3", "quarantined"),
    ]


def test_the_file_has_texts_in_the_order_of_bytes(tmp_path: Path) -> None:
    before: Rows = [(entity, key, "held", None, None) for entity in ("users", "Staff", "courses") for key in ("b", "\u00e9", "B")]
    file = tmp_path / "dispositions.parquet"
    with session() as connection:
        connection.register("before", table(BEFORE, before))
        connection.register("results", table(RESULT, []))
        standing = {m: f"SELECT * FROM before WHERE entity = '{m}'" for m in ("users", "Staff", "courses")}
        finish_dispositions(connection, standing, file, missing=())
    written = pq.read_table(file)
    assert [row["entity"] + row["key"] for row in written.to_pylist()] == sorted(entity + key for entity, key, *_ in before)  # type: ignore[operator]
    assert set(written.schema.types) == {pa.string()}


def test_a_candidate_without_a_target_key_is_no_result_s(tmp_path: Path) -> None:
    found = ended(tmp_path, [("users", "1", "candidate", None, None)], [("users", "1", None, "created", None)])
    assert found == [("users", "1", "candidate", None, None)]


@pytest.mark.parametrize("batch", [1, 2, 3, 100])
@pytest.mark.parametrize(
    ("rows", "does"),
    [
        ([], True),
        ([("a", "1"), ("a", "2"), ("a", "3"), ("a", "4")], True),
        ([("a", "1"), ("a", "2"), ("a", "3"), ("a", "3")], False),
        ([("a", "1"), ("a", "10"), ("a", "2"), ("b", "1"), ("b", "é"), ("b", "\U00020000")], True),
        ([("a", "1"), ("a", "2"), ("a", "2"), ("b", "1")], False),
        ([("a", "1"), ("b", "1"), ("a", "1")], False),
        ([("a", "2"), ("a", "1")], False),
        ([("a", "1"), ("a", None), ("b", "1")], False),
    ],
)
def test_keys_that_only_grow(batch: int, rows: Rows, does: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispositions, "_BATCH", batch)
    file = tmp_path / "rows.parquet"
    pq.write_table(table(("entity", "key", "disposition"), [(*row, "held") for row in rows]), file)
    assert count_dispositions(file).unique is does


@pytest.mark.parametrize("batch", [1, 3, 100])
def test_records_are_counted_by_how_they_ended(batch: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispositions, "_BATCH", batch)
    file = tmp_path / "rows.parquet"
    rows: Rows = [("a", "1", "held"), ("a", "2", "failed"), ("b", "1", "held"), ("b", "2", "held"), ("b", "3", "failed")]
    pq.write_table(table(("entity", "key", "disposition"), rows), file)
    assert count_dispositions(file).numbers == {"a": {"held": 1, "failed": 1}, "b": {"held": 2, "failed": 1}}
