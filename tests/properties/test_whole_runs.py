"""What holds for every source, whatever stands in it: shown by whole runs over made-up schools."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from made_up_rows import SCHOOLS, TEXT, WRECKS
from run_reading import assert_balances, dispositions, findings, load_files, table
from small_pair import GOOD_ROWS, MAPPING_OF, Bench, write_workspace

from migrate.pipeline import RunResult

KINDS = pytest.mark.parametrize("kind", ["database", pytest.param("files", marks=pytest.mark.long)])
TWINS = {
    "user": [{"id": 1, "login": "a", "active": 1}, {"id": 1, "login": "b", "active": 1}],
    "course": [],
    "enrol": [],
}


@pytest.fixture(scope="session")
def benches(database: Bench, files: Bench) -> dict[str, Bench]:
    return {"database": database, "files": files}


@dataclass(frozen=True)
class Left:
    """What a run says and writes, without times and names of runs."""

    dispositions: list[dict[str, Any]]
    findings: list[dict[str, Any]]
    files: dict[str, bytes]


def left(result: RunResult) -> Left:
    return Left(dispositions(result.folder), findings(result.folder), load_files(result.folder / "4_load"))


def counted(rows: dict[str, list[dict[str, Any]]]) -> dict[str, int]:
    return {mapping: len(rows[entity]) for entity, mapping in MAPPING_OF.items()}


@KINDS
@given(rows=SCHOOLS)
@example(rows=GOOD_ROWS)
def test_every_record_has_one_disposition_and_the_sums_balance(benches: dict[str, Bench], kind: str, rows: Any) -> None:
    result = benches[kind].run(rows)
    assert result.failure is None
    assert result.exit_code in (0, 1)
    assert_balances(result.folder, counted(rows))
    keys = {entity: {str(row["id"]) for row in rows[entity]} for entity in rows}
    for entity, mapping in MAPPING_OF.items():
        assert {row["key"] for row in dispositions(result.folder) if row["entity"] == mapping} == keys[entity]


@pytest.mark.long
@KINDS
@given(rows=WRECKS)
@example(rows=TWINS)
def test_records_with_missing_or_repeated_keys_are_counted_too(benches: dict[str, Bench], kind: str, rows: Any) -> None:
    result = benches[kind].run(rows)
    assert result.failure is None
    assert_balances(result.folder, counted(rows))


@KINDS
@given(rows=SCHOOLS)
@example(rows=GOOD_ROWS)
def test_what_is_written_is_read_back_equal(benches: dict[str, Bench], kind: str, rows: Any) -> None:
    result = benches[kind].run(rows)
    entities = result.summary["entities"].values()
    assert [entity for entity in entities if entity["missing"] or entity["extra"] or entity["differences"]] == []
    assert table(result.folder / "6_reconcile" / "differences.parquet") == []


@pytest.mark.long
@given(rows=SCHOOLS)
def test_a_target_that_strips_differs_in_blanks_only(stripping: Bench, rows: Any) -> None:
    result = stripping.run(rows)
    assert_balances(result.folder, counted(rows))
    for row in table(result.folder / "6_reconcile" / "differences.parquet"):
        if row["kind"] == "different":
            assert (row["expected"].strip() or None) == row["actual"] != row["expected"], row
        else:  # a title of blanks only, which the importer then misses
            assert row["kind"] == "missing", row
            assert any(f["code"] == "REC-MISSING" and f["key"] == row["key"] for f in findings(result.folder)), row


@KINDS
@given(rows=SCHOOLS)
@example(rows=GOOD_ROWS)
def test_two_runs_give_the_same(benches: dict[str, Bench], kind: str, rows: Any) -> None:
    assert left(benches[kind].run(rows)) == left(benches[kind].run(rows))


@KINDS
@given(rows=SCHOOLS, seed=st.integers(0, 99))
@example(rows=GOOD_ROWS, seed=1)
def test_the_order_of_the_rows_does_not_matter(benches: dict[str, Bench], kind: str, rows: Any, seed: int) -> None:
    shuffled = {entity: random.Random(seed).sample(list(listed), len(listed)) for entity, listed in rows.items()}
    assert left(benches[kind].run(rows)) == left(benches[kind].run(shuffled))


@pytest.mark.long
def test_many_rows_in_any_order_give_the_same(database: Bench) -> None:
    """More rows than one thread of the engine takes at a time."""
    count = 6000
    people = [
        {"id": n, "login": f"u{n % 5900}", "name": f"Name {n}", "email": f"u{n % 5000}@x.org", "active": n % 7 != 0,
         "boss": n // 10 or None}
        for n in range(1, count + 1)
    ]  # fmt: skip
    courses = [{"id": n, "title": f"Course {n}", "level": "1", "teacher": n} for n in range(1, 200)]
    enrolments = [{"id": n, "userid": n % count, "courseid": n % 211, "role": "student", "timestart": n} for n in range(1, 9000)]
    rows = {"user": people, "course": courses, "enrol": enrolments}
    first = database.run(rows)
    assert_balances(first.folder, counted(rows))
    before = left(first)
    shuffled = {entity: random.Random(7).sample(listed, len(listed)) for entity, listed in rows.items()}
    assert left(database.run(shuffled)) == before


@pytest.fixture(scope="session")
def text_keys(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """Users are known by text, which may look like the keys a run makes up for rows without one of their own."""
    folder = write_workspace(tmp_path_factory.mktemp("properties") / "text-keys")
    contract = folder / "systems" / "school.yaml"
    text = contract.read_text("utf-8")
    contract.write_text(text.replace("id: {type: int, required: true}", "id: {required: true}", 1), "utf-8")
    return Bench.of(folder)


LOOKALIKES = st.sampled_from((None, "", "a", "a#2", "a#2#2", "a#3", "row:1", "row:2", "row:3", "A", " a", "\x00", "a|b"))


@pytest.mark.long
@given(keys=st.lists(st.one_of(LOOKALIKES, LOOKALIKES, TEXT), max_size=9))
@example(keys=["a", "a", "a#2", "a#2", None, None, "row:5", "row:6"])
def test_keys_that_look_like_made_up_ones_stay_apart(text_keys: Bench, keys: list[str | None]) -> None:
    people = [{"id": key, "login": f"u{number}", "active": 1} for number, key in enumerate(keys)]
    result = text_keys.run({"user": people})
    assert result.failure is None
    assert_balances(result.folder, {"people": len(keys), "courses": 0, "enrolments": 0})
