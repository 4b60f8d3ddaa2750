"""What the run whose worklist was answered said of an item, against what there is now."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from migrate.errors import ConfigurationError
from migrate.said import records
from migrate.worklist.current import Worklist, read_worklist, runs_with_worklists
from migrate.worklist.states import NEEDS_A_PERSON
from migrate.workspace import Workspace

Item = Mapping[str, Any]
_COLUMNS = ("item", "cause", "state", "value", "source", "contract", "basis_rows", "last_run")


@dataclass(frozen=True)
class Changed:
    """Why an answer is not about what there is now. ``of_item``: the item changed; otherwise the run is at fault."""

    why: str
    of_item: bool


@dataclass
class Earlier:
    """The worklists of the runs before, read when they are asked for."""

    workspace: Workspace
    worklist: Worklist
    shown: Callable[[str | None, str | None, str | None], str | None]
    _read: dict[str, Mapping[str, Item] | None] = field(default_factory=dict)

    def unknown(self, item: str) -> tuple[str, str]:
        """What to say of an id that the worklist does not have, and the id."""
        what = "cause" if item.startswith("C-") else "item"
        if not item.startswith(("W-", "C-")):
            return "this is no id of an item or a cause", item
        for run in reversed(self._runs()):
            items = self._of(run) or {}
            if item in items or (what == "cause" and any(each["cause"] == item for each in items.values())):
                return f"the {what} was in the worklist of run {run}, and is not in that of {self.worklist.run}", item
        return f"no run of this workspace has such a {what}: the file may be of another workspace", item

    def changed(self, run: str, item: Item) -> Changed | None:
        """What changed about an item since ``run``; None where nothing did that a decision would depend on."""
        if run == self.worklist.run:
            return None
        if run == "":
            return Changed("run is blank: it says which worklist was answered", of_item=False)
        items = self._of(run)
        if items is None:
            why = f"there is no worklist of run {run}: the file is of another workspace, or the run was removed"
            return Changed(f"{why}; export again", of_item=False)
        was = items.get(item["item"])
        if was is None:
            return Changed(f"{item['item']} was not in the worklist of run {run}", of_item=True)
        why = self._difference(was, item)
        return Changed(f"{item['item']} changed since run {run}: {why}; export again", of_item=True) if why else None

    def joined(self, run: str, cause: str, items: Iterable[Item]) -> str | None:
        """What to say where items came to a cause after ``run``; None where none did."""
        before = None if run == self.worklist.run else self._of(run)
        if before is None:
            return None
        then = {i for i, item in before.items() if item["cause"] == cause and item["state"] in NEEDS_A_PERSON}
        new = [item["item"] for item in items if item["item"] not in then]
        if not new:
            return None
        return f"{len(new):,} items came to this cause since run {run}, which had {len(then):,}: {new[0]} is one of them"

    def _difference(self, was: Item, now: Item) -> str:
        rows, then = int(now["basis_rows"] or 0), int(was["basis_rows"] or 0)
        if abs(rows - then) * 100 > self.workspace.settings.decisions.row_drift * then:
            return f"it was about {records(then)}, and is about {rows:,} now"
        if was["source"] != now["source"]:
            old, new = (self.shown(now["entity"], now["field"], item["value"]) for item in (was, now))
            return f"the source value was {old!r}, and is {new!r} now"
        if was["contract"] != now["contract"]:
            return f"the target's contract says something else of it ({was['contract']} then, {now['contract']} now)"
        return ""

    def _runs(self) -> list[str]:
        return [run for run in runs_with_worklists(self.workspace.runs) if run != self.worklist.run]

    def _of(self, run: str) -> Mapping[str, Item] | None:
        if run not in self._read:
            try:
                found = read_worklist(self.workspace.runs / run, _COLUMNS).items if run in self._runs() else None
            except ConfigurationError:
                found = None
            self._read[run] = found
        return self._read[run]
