"""What a run comes to, in a word."""

from __future__ import annotations

from typing import Any

from migrate.worklist.states import NEEDS_A_PERSON


def verdict(summary: dict[str, Any], facts: dict[str, Any], failure: str | None) -> str:
    """What the two JSON files say of a run, in a word."""
    if failure:
        return "fail"
    if facts["stopped_at"] is not None:
        return "attention"
    if not summary["balanced"]:
        return "fail"
    open_ends = any(summary["worklist"].get(state) for state in NEEDS_A_PERSON) or any(
        entity["missing"] or entity["extra"] or entity["differences"] for entity in summary["entities"].values()
    )
    undeclared = any(entry["treatment"] == "undeclared" for entry in summary["loss_register"])
    accepted = summary.get("acceptance") or {}
    unaccepted = bool(accepted.get("failed") or accepted.get("error"))
    return "attention" if open_ends or undeclared or unaccepted else "pass"
