"""A crosswalk as rows of text: its entries beside what rows use."""

from __future__ import annotations

from migrate.crosswalks.census import Census, expired_entries
from migrate.crosswalks.targets import targets_of
from migrate.workspace import Workspace

HEAD = ("value", "label", "rows", "target", "status", "by", "remark")
NOT_LISTED = "not listed"


def rows_of(workspace: Workspace, name: str, census: Census | None) -> list[tuple[str, ...]]:
    """Rows with the columns of HEAD. Without a census nothing is known of rows, and nothing has expired."""
    crosswalk, targets = workspace.crosswalks[name], targets_of(workspace.pair, name)
    uses = census.uses.get(name, {}) if census is not None else {}
    drift = workspace.settings.decisions.row_drift
    expired = expired_entries(crosswalk, census, targets, drift) if census is not None else {}
    rows: list[tuple[str, ...]] = []
    entries = crosswalk.lines()
    for entry in entries:
        use, gone = uses.get(entry["source"]), expired.get(entry["source"])
        remark = "" if use is not None or census is None else "unused"
        if gone is not None:
            remark = gone.why
        elif entry["target"] and not targets.allows(entry["target"]):
            remark = "the target's contract does not allow this target"
        label = use.label if use is not None and use.label else entry["label"]
        number = f"{use.rows:,}" if use is not None else ""
        status = "expired" if gone is not None else entry["status"]
        rows.append((entry["source"], label, number, entry["target"], status, entry["by"], remark))
    listed = {entry["source"] for entry in entries}
    for value, use in sorted(uses.items(), key=lambda item: (-item[1].rows, item[0])):
        if value not in listed:
            rows.append((value or "(blank)", use.label, f"{use.rows:,}", "", NOT_LISTED, "", ""))
    return rows
