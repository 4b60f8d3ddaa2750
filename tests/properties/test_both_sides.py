"""Whatever the source holds: rules over both sides raise no alarm about a sound load, and every record is accounted for."""

from __future__ import annotations

from typing import Any

import pytest
from both_sides_rules import ruled_bench
from hypothesis import example, given
from made_up_rows import SCHOOLS, WRECKS
from run_reading import table
from small_pair import GOOD_ROWS, Bench

from migrate.reconciliation.asking import PARTS

TWINS = {
    "user": [
        {"id": 1, "login": "a", "active": 1, "score": 1, "born": 86400},
        {"id": 1, "login": "b", "active": 0, "score": 2, "born": 172800},
        {"id": 2, "login": "c", "active": 1, "score": 3},
    ],
    "course": [{"id": 2, "title": "A"}],
    "enrol": [{"id": 1, "userid": 1, "courseid": 2, "role": "student"}, {"id": 1, "userid": 2, "courseid": 2, "role": "teacher"}],
}


@pytest.fixture(scope="module")
def ruled(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return ruled_bench(tmp_path_factory.mktemp("ruled") / "school")


def assert_accounted(bench: Bench, rows: Any) -> None:
    result = bench.run(rows)
    assert result.failure is None
    told = result.summary["reconciliation"]
    for entity, parts in told["rows"].items():
        assert parts["rows"] == sum(n for word, n in parts.items() if word != "rows"), entity
    sides = table(result.folder / "6_reconcile" / "both_sides.parquet")
    accounting = table(result.folder / "6_reconcile" / "accounting.parquet")
    for name, check in told["checks"].items():
        assert check["verdict"] in ("equal", "empty"), (name, [r for r in sides if r["rule"] == name and r["verdict"] != "equal"])
        assert check["source"] == check["expected"] + sum(check["parts"].values())
        measures = {r["measure"] for r in accounting if r["rule"] == name}
        for measure in measures:
            assert sum(r["records"] for r in accounting if (r["rule"], r["measure"]) == (name, measure)) == check["source"]
        for row in (r for r in sides if r["rule"] == name and r["how"] in ("count", "sum")):
            parts_sum = sum(row[part] for part in PARTS)
            assert float(row["source"] or 0) == pytest.approx(float(row["expected"]) + parts_sum)
            assert float(row["target"]) == pytest.approx(float(row["expected"]) + row["remainder"])
    assert told["dangling"] == 0


@given(rows=SCHOOLS)
@example(rows=GOOD_ROWS)
def test_a_sound_load_of_any_school_raises_no_alarm(ruled: Bench, rows: Any) -> None:
    assert_accounted(ruled, rows)


def test_second_rows_of_a_key_raise_none_either(ruled: Bench) -> None:
    assert_accounted(ruled, TWINS)


@pytest.mark.long
@given(rows=WRECKS)
def test_records_with_missing_or_repeated_keys_raise_none_either(ruled: Bench, rows: Any) -> None:
    assert_accounted(ruled, rows)
