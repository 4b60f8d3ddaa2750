"""What is decided about each item of a worklist now: in ``decisions.csv``, or in the crosswalk that an item is about."""

from __future__ import annotations

from dataclasses import dataclass

from migrate.crosswalks.census import expired_entries, newest_census
from migrate.crosswalks.file import Crosswalk
from migrate.crosswalks.targets import targets_of
from migrate.decisions.model import Verb
from migrate.errors import ConfigurationError
from migrate.worklist.current import Worklist
from migrate.workspace import Workspace

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


def in_force(workspace: Workspace, worklist: Worklist) -> dict[str, InForce]:
    """By item. A decision that expired, and was not taken again since, is in force no more: for entries of crosswalks that is
    judged by what the run of the worklist counted, as the run itself does."""
    entries = {name: _entries(crosswalk) for name, crosswalk in workspace.crosswalks.items()}
    gone = _gone(workspace, worklist)
    found: dict[str, InForce] = {}
    for item_id, item in worklist.items.items():
        decision = workspace.decisions.get(item_id)
        if decision is not None:
            told = (item["decision"], item["new_value"], item["reason"], item["by"], item["at"])
            now = (decision.decision, decision.new_value, decision.reason, decision.by, decision.at)
            if now != told or item["state"] != "expired":
                found[item_id] = InForce(*now, since=now != told)
        if item["kind"] == "crosswalk":
            entry = entries.get(item["about"] or "", {}).get(item["value"] or "")
            if entry is not None and entry["status"] in OF_STATUS and (item["about"], item["value"] or "") not in gone:
                verb = OF_STATUS[entry["status"]]
                since = item["state"] != "closed"
                found[item_id] = InForce(
                    verb, entry["target"] if verb == "confirm" else "", entry["reason"], entry["by"], entry["at"], since
                )
    return found


def _gone(workspace: Workspace, worklist: Worklist) -> set[tuple[str, str]]:
    """(crosswalk, source value) of confirmed entries that hold no more."""
    try:
        taken = newest_census(workspace.runs, workspace.pair, worklist.run)
    except ConfigurationError:
        return _gone_by_rows(workspace, worklist)
    assert taken is not None, "it is named, or there is none"
    drift = workspace.settings.decisions.row_drift
    return {
        (name, source)
        for name, crosswalk in workspace.crosswalks.items()
        for source in expired_entries(crosswalk, taken[1], targets_of(workspace.pair, name), drift)
    }


def _gone_by_rows(workspace: Workspace, worklist: Worklist) -> set[tuple[str, str]]:
    """The same where the run's files are not there any more: by the numbers of the worklist alone."""
    counted = {
        (item["about"], item["value"] or ""): str(item["basis_rows"])
        for item in worklist.items.values()
        if item["kind"] == "crosswalk"
    }
    return {
        (name, entry["source"])
        for name, crosswalk in workspace.crosswalks.items()
        for entry in crosswalk.lines()
        if entry["rows"] and counted.get((name, entry["source"]), entry["rows"]) != entry["rows"]
    }


def _entries(crosswalk: Crosswalk) -> dict[str, dict[str, str]]:
    rows: list[dict[str, str]] = crosswalk.entries.to_dict("records")  # type: ignore[assignment]
    return {row["source"]: row for row in rows}
