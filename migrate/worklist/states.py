"""Where each item stands: what was decided about it, and whether that holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from migrate.decisions.basis import Found, Standing, standing
from migrate.decisions.model import SETTLES, SHAPES, Decision
from migrate.mapping.load import LoadedPair

State = Literal["open", "expired", "returned", "waived", "decided", "closed"]
"""``open``, ``expired`` and ``returned`` need a person; ``closed``: it does not come up any more."""
NEEDS_A_PERSON: tuple[State, ...] = ("open", "expired", "returned")
_OF_TARGET = ("REC-", "LIVE-")
"""Codes of what is found in the target: what such a finding shows is not known before."""

STILL_AT_FAULT = (
    "the decision (map) was applied: the record has that key. It mends no other fault, and this one is still there: "
    "mend it in the source or the mapping, or decide otherwise"
)


def state_of(
    item: Mapping[str, Any],
    decision: Decision | None,
    settled: Mapping[str, Standing],
    pair: LoadedPair,
    row_drift: float,
) -> tuple[State, str]:
    """State of an item that came up in this run, and why. ``settled`` are the standings that the map stage found, by item."""
    if decision is None:
        return "open", ""
    mapping = pair.mappings.get(decision.entity)
    found = Found(item["basis_rows"], item["source"])
    holds = settled.get(decision.item)
    unseen = holds is not None and holds.state == "moot" and item["present"]
    if holds is None or unseen:
        holds = standing(decision, found, mapping.target if mapping else None, row_drift)
    if holds.state == "current" and item["present"] and item["code"].startswith(_OF_TARGET) and decision.source != item["source"]:
        return "expired", "what the target holds is another thing now"
    if holds.state == "expired":
        return "expired", holds.why
    if unseen and decision.decision in SHAPES:
        return "open", f"the decision ({decision.decision}) was not applied: the item comes up only because of others"
    if decision.decision == "return":
        return "returned", ""
    if decision.decision == "waive":
        return "waived", ""
    if decision.decision in SETTLES and (not item["present"] or item["severity"] == "warn"):
        return "decided", ""
    if decision.decision == "map":
        return "open", STILL_AT_FAULT
    return "open", f"the decision ({decision.decision}) was applied, and the finding is still there"
