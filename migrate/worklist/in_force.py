"""What is decided about each item of a worklist now: in ``decisions.csv``, or in the crosswalk that an item is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from migrate.crosswalks import Crosswalk
from migrate.decisions.model import Verb
from migrate.workspace import Workspace

Item = Mapping[str, Any]
OF_STATUS: dict[str, Verb] = {"confirmed": "confirm", "rejected": "reject", "waived": "waive"}
"""What a person decided, by the status of a crosswalk's entry."""
IN_CROSSWALK = frozenset[Verb]({"confirm", "reject", "waive"})
"""Decisions about crosswalk items that go into the crosswalk."""


@dataclass(frozen=True)
class InForce:
    """A decision that stands. ``since``: it was taken after the run whose worklist is looked at."""

    decision: str
    new_value: str
    reason: str
    by: str
    at: str
    since: bool

    @property
    def answer(self) -> tuple[str, str, str, str]:
        return self.decision, self.new_value, self.reason, self.by


def in_force(workspace: Workspace, items: Mapping[str, Item]) -> dict[str, InForce]:
    """By item. A decision that expired, and was not taken again since, is in force no more."""
    entries = {name: _entries(crosswalk) for name, crosswalk in workspace.crosswalks.items()}
    found: dict[str, InForce] = {}
    for item_id, item in items.items():
        decision = workspace.decisions.get(item_id)
        if decision is not None:
            told = (item["decision"], item["new_value"], item["reason"], item["by"], item["at"])
            now = (decision.decision, decision.new_value, decision.reason, decision.by, decision.at)
            if now != told or item["state"] != "expired":
                found[item_id] = InForce(*now, since=now != told)
        if item["kind"] == "crosswalk":
            entry = entries.get(item["about"] or "", {}).get(item["value"] or "")
            if entry is not None and entry["status"] in OF_STATUS and entry["rows"] in ("", str(item["basis_rows"])):
                verb = OF_STATUS[entry["status"]]
                since = item["state"] != "closed"
                found[item_id] = InForce(
                    verb, entry["target"] if verb == "confirm" else "", entry["reason"], entry["by"], entry["at"], since
                )
    return found


def _entries(crosswalk: Crosswalk) -> dict[str, dict[str, str]]:
    rows: list[dict[str, str]] = crosswalk.entries.to_dict("records")  # type: ignore[assignment]
    return {row["source"]: row for row in rows}
