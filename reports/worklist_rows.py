"""The worklist as tables for people: masked before it reaches a file or a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from migrate.worklist.causes import Cause, by_cause
from migrate.worklist.cells import MOST, encoded
from migrate.worklist.columns import KEPT
from migrate.worklist.current import Worklist
from migrate.worklist.groups import group_keys
from migrate.worklist.in_force import InForce, in_force
from migrate.workspace import Workspace
from reports.masking import Masker

Item = Mapping[str, Any]
Cell = str | int


@dataclass(frozen=True)
class WorklistRows:
    """What is shown of a worklist. ``states``: of the items listed, None for all but those that are closed."""

    workspace: Workspace
    worklist: Worklist
    masker: Masker
    states: frozenset[str] | None = None

    @cached_property
    def causes(self) -> list[Cause]:
        """All causes that have an item listed, the largest blast radius first."""
        return [cause for cause in by_cause(self.worklist.items.values(), self.worklist.titles) if any(self.listed(cause))]

    def listed(self, cause: Cause) -> Iterator[Item]:
        """The items of a cause that are listed."""
        for item in cause.items:
            if item["state"] in self.states if self.states is not None else item["state"] != "closed":
                yield item

    @cached_property
    def standing(self) -> dict[str, InForce]:
        """What is in force, by item."""
        return in_force(self.workspace, self.worklist)

    @cached_property
    def groups(self) -> dict[str, list[str]]:
        """Keys of the groups, by item."""
        return group_keys(self.worklist, (i for i, item in self.worklist.items.items() if item["kind"] == "merge"))

    def cause_row(self, cause: Cause) -> dict[str, Cell]:
        """A row with the columns CAUSES."""
        return {
            "cause": cause.id, "severity": cause.severity, "code": cause.code, "title": encoded(self.title(cause)),
            "entity": cause.entity, "field": cause.field, "items": len(cause.open), "records": cause.rows,
            "waiting": cause.waiting, "states": self.states_of(cause), "choices": " ".join(cause.choices),
            "decision": "", "new_value": "", "reason": "", "decided_by": "", "run": self.worklist.run,
        }  # fmt: skip

    def item_row(self, item: Item) -> dict[str, Cell]:
        """A row with the columns ITEMS."""
        shown = self.shown(item)
        row: dict[str, Cell] = {
            "item": item["item"], "kind": item["kind"], "cause": item["cause"], "state": item["state"],
            "severity": item["severity"] or "", "code": item["code"] or "", "entity": item["entity"] or "",
            "field": item["field"] or "", **{word: encoded(text) for word, text in shown.items()},
            "records": item["rows"], "waiting": item["waiting"], "since": item["first_run"], "times": item["times"],
            "note": encoded(self.note(item)), "choices": item["choices"] or "", "run": self.worklist.run,
        }  # fmt: skip
        row |= self._answer(item)
        return row

    def shown(self, item: Item) -> dict[str, str]:
        """Key, about, value and message of an item, masked."""
        entity, field = item["entity"], item["field"]
        value, key = self.masker.value(entity, field, item["value"]), self.masker.key(entity, item["key"])
        keys = self.groups.get(item["item"])
        about = ", ".join(self.masker.key(entity, key) or "" for key in keys) if keys else item["about"] or ""
        if not keys and item["members"]:
            about = ", ".join(self.masker.key(entity, key) or "" for key in item["members"].split(", "))
        message = self.masker.message(entity, field, item["message"], (item["value"], value), (item["key"], key))
        return {"key": key or "", "about": about, "value": value or "", "message": message or ""}

    def title(self, cause: Cause) -> str:
        """What is wrong, in words."""
        return self.masker.message(cause.entity, cause.field, cause.title) or cause.code

    def note(self, item: Item) -> str:
        """Why an item has its state; what was decided about it after the run."""
        why = item["why"] or ""
        if item["state"] == "expired":
            why += f" (it was: {item['decision']})"
        standing = self.standing.get(item["item"])
        if standing is not None and standing.since:
            return f"decided since: {standing.decision}, which the next run applies" + (f"; {why}" if why else "")
        return why

    @staticmethod
    def states_of(cause: Cause) -> str:
        return ", ".join(f"{number:,} {state}" for state, number in cause.states.items())

    def _answer(self, item: Item) -> dict[str, Cell]:
        """The decision in force, so that it can be corrected; what must not be shown is KEPT."""
        standing = self.standing.get(item["item"])
        if standing is None:
            return {"decision": "", "new_value": "", "reason": "", "decided_by": ""}
        value = self.shown_answer(item, standing.decision, standing.new_value)
        return {
            "decision": standing.decision,
            "new_value": self._or_kept(value, standing.new_value),
            "reason": self._or_kept(self.masker.free(standing.reason) or "", standing.reason),
            "decided_by": encoded(standing.by),
        }

    def shown_answer(self, item: Item, decision: str, value: str) -> str:
        """The new value of a decision, masked: it is a key, or what the field holds."""
        if item["kind"] == "merge":
            return self.masker.key(item["entity"], value) or ""
        if decision == "map":
            return self.masker.target_key(item["entity"], value) or ""
        return self.masker.value(item["entity"], item["field"], value) or ""

    @staticmethod
    def _or_kept(shown: str, meant: str) -> str:
        """As a cell; what is masked, or longer than a cell can be, is not to be taken in as it is shown."""
        cell = encoded(shown, most=10 * MOST)
        return cell if shown == meant and len(cell) <= MOST else KEPT
