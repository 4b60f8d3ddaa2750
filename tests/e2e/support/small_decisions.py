"""Decisions about the worklist of the small pair, and runs in which they are in force."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from run_reading import table
from small_pair import Bench

from migrate.decisions.model import Decision
from migrate.pipeline import RunResult


def answered(result: RunResult, picks: Iterable[tuple[int, int, str]]) -> dict[str, Decision]:
    """Decisions about items of a run, each one that the item takes."""
    items = [item for item in table(result.folder / "worklist.parquet") if item["kind"] != "crosswalk"]
    decisions = {}
    for which, verb, value in picks:
        if not items:
            break
        item = items[which % len(items)]
        choices = item["choices"].split()
        decisions[item["item"]] = answered_with(item, choices[verb % len(choices)], value)
    return decisions


def answered_with(item: dict[str, Any], verb: str, value: str = "") -> Decision:
    return Decision(
        item["item"], item["kind"], verb, value, "because", "registrar", "2026-01-01T00:00:00+00:00", item["entity"] or "",
        item["code"], item["field"] or "", str(item["basis_rows"]), item["source"], item["contract"], "r",
    )  # type: ignore[arg-type]  # fmt: skip


def decided(bench: Bench, decisions: Mapping[str, Decision], **options: Any) -> RunResult:
    """A run with these decisions."""
    before = bench.checked
    bench.checked = replace(before, workspace=replace(before.workspace, decisions=dict(decisions)))
    try:
        return bench.run(**options)
    finally:
        bench.checked = before
