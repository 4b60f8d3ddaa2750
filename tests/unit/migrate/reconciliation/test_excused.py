"""Rules that excuse nothing, or suddenly much more than the run before."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from migrate.reconciliation.balance import Balance, uneven
from migrate.reconciliation.excused import unusual
from migrate.run_folder import RunFolder

PLAN: Any = SimpleNamespace(names=["users"])


def run(
    folder: Path, rules: dict[str, int], compared: int = 1000, mode: str = "rehearsal", stopped: str | None = None, *,
    live: bool = False,
) -> RunFolder:  # fmt: skip
    folder.mkdir(parents=True)
    made = RunFolder(folder)
    made.summary = {"mode": mode, "entities": {"users": {"compared": compared}}}
    made.facts = {"stopped_at": stopped, "entities": {"users": {"excused": {"name": rules}}}}
    made.facts |= {"live": {"target": {}}} if live else {}
    made.save()
    return made


def told(made: RunFolder) -> list[tuple[str, str | None, str | None]]:
    return [(found.code, found.field, found.value) for found in unusual(PLAN, made)]


def test_a_rule_that_excuses_nothing_is_told_once_records_were_compared(tmp_path: Path) -> None:
    assert told(run(tmp_path / "a", {"trim": 0, "case": 3}, live=True)) == [("REC-RULE-IDLE", "name", "trim")]
    assert told(run(tmp_path / "b", {"trim": 0, "case": 0}, compared=0, live=True)) == []


def test_in_files_that_are_read_back_as_written_no_rule_is_idle(tmp_path: Path) -> None:
    assert told(run(tmp_path / "a", {"trim": 0})) == []


def test_a_rule_is_not_idle_that_excuses_together_with_another(tmp_path: Path) -> None:
    assert told(run(tmp_path / "a", {"trim": 0, "case": 0, "trim + case": 1}, live=True)) == []


def test_what_was_matched_is_no_rule(tmp_path: Path) -> None:
    run(tmp_path / "a", {"matched": 1})
    assert told(run(tmp_path / "b", {"matched": 900})) == []


@pytest.mark.parametrize(
    ("before", "now", "compared", "much"),
    [(20, 60, 1000, True), (20, 40, 1000, False), (1, 9, 1000, False), (0, 10, 1000, True), (20, 60, 3000, False)],
)
def test_much_more_than_in_the_run_before_is_told(tmp_path: Path, before: int, now: int, compared: int, much: bool) -> None:
    run(tmp_path / "a", {"trim": before})
    assert told(run(tmp_path / "b", {"trim": now}, compared)) == ([("REC-RULE-MORE", "name", "trim")] if much else [])


def test_only_a_whole_run_of_the_same_mode_is_compared_with(tmp_path: Path) -> None:
    run(tmp_path / "a", {"trim": 20}, mode="live")
    run(tmp_path / "b", {"trim": 20}, stopped="load")
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "summary.json").write_text("[", "utf-8")
    assert told(run(tmp_path / "d", {"trim": 900})) == []


def test_a_rule_that_is_new_has_nothing_before_it(tmp_path: Path) -> None:
    before = run(tmp_path / "a", {"case": 1})
    file = before.path / "run.json"
    assert "trim" not in json.loads(file.read_text("utf-8"))["entities"]["users"]["excused"]["name"]
    assert told(run(tmp_path / "b", {"trim": 900})) == []


def test_rows_that_are_not_accounted_for_are_told() -> None:
    balances = {"people": Balance(rows=5, identical=3, transformed=1, extra=1), "courses": Balance(rows=2, identical=1)}
    (found,) = uneven(balances, {"people": "users", "courses": "courses"})
    assert (found.code, found.entity, found.value) == ("REC-UNEVEN", "courses", "1")
