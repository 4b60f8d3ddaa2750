"""Whatever people decide: each record ends once, what holds goes on holding, and what nobody decided about stays as it was."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up_rows import SCHOOLS
from run_reading import assert_balances, dispositions, table
from small_decisions import answered, answered_with, decided
from small_pair import GOOD_ROWS, MAPPING_OF, Bench

from migrate.pipeline import RunResult

NEW_VALUES = st.sampled_from(["NULL", "new@example.org", "1", "2", "", "x"])
PICKS = st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 1000), NEW_VALUES), max_size=6)


def states(result: RunResult) -> dict[str, tuple[str, int]]:
    return {item["item"]: (item["state"], item["basis_rows"]) for item in table(result.folder / "worklist.parquet")}


PICKED = [(0, 0, "NULL"), (1, 1, "x"), (2, 2, "1"), (3, 0, "2")]


def go_on_holding(bench: Bench, rows: Any, picks: list[tuple[int, int, str]]) -> None:
    """Rehearse, decide, rehearse twice: sums balance, and the second time nothing changes."""
    first = bench.run(rows)
    decisions = answered(first, picks)
    second = decided(bench, decisions)
    assert second.failure is None
    assert_balances(second.folder, {mapping: len(rows[entity]) for entity, mapping in MAPPING_OF.items()})
    told = states(second)
    quiet = {item for item, decision in decisions.items() if decision.decision in ("waive", "return")}
    assert {told[item][0] for item in decisions} <= {"open", "decided", "waived", "returned", "closed"}, "one ended at once"
    # What another decision made go away needs nobody, and stands there all the same.
    assert {item for item in decisions if told[item][0] == "closed"} <= quiet
    third = decided(bench, decisions)
    assert states(third) == told
    assert dispositions(third.folder) == dispositions(second.folder)
    assert table(third.folder / "findings.parquet") == table(second.folder / "findings.parquet")


def test_decisions_of_one_school_go_on_holding(database: Bench) -> None:
    go_on_holding(database, GOOD_ROWS, PICKED)


def test_an_item_that_another_decision_made_go_away_is_listed(database: Bench) -> None:
    rows = {**GOOD_ROWS, "enrol": [*GOOD_ROWS["enrol"], {"id": 7, "userid": 5, "courseid": 9, "role": "student"}]}
    rows["user"] = [{**row, "login": " " if row["id"] == 5 else row["login"]} for row in rows["user"]]
    first = database.run(rows)
    found = {(item["code"], item["field"]): item for item in table(first.folder / "worklist.parquet")}
    orphan, blank = found["REF-ORPHAN", "course_id"], found["GATE-REQUIRED", "login"]
    decisions = {item["item"]: answered_with(item, verb) for item, verb in ((orphan, "return"), (blank, "exclude"))}
    second = decided(database, decisions)
    assert {item: states(second)[item][0] for item in decisions} == {orphan["item"]: "closed", blank["item"]: "decided"}


@pytest.mark.long
@pytest.mark.parametrize("kind", ["database", "files"])
@given(rows=SCHOOLS, picks=PICKS)
def test_sums_balance_and_decisions_go_on_holding(
    database: Bench, files: Bench, kind: str, rows: Any, picks: list[tuple[int, int, str]]
) -> None:
    go_on_holding({"database": database, "files": files}[kind], rows, picks)


@given(rows=SCHOOLS, picks=PICKS)
@pytest.mark.long
def test_waived_and_returned_items_change_no_record(database: Bench, rows: Any, picks: list[tuple[int, int, str]]) -> None:
    first = database.run(rows)
    ended = dispositions(first.folder)
    decisions = {
        item: replace(decision, decision=verb)
        for number, (item, decision) in enumerate(answered(first, picks).items())
        for verb in [("waive", "return")[number % 2]]
    }
    second = decided(database, decisions)
    assert dispositions(second.folder) == ended
    assert {states(second)[item][0] for item in decisions} <= {"waived", "returned"}
