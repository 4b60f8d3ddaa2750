"""Where items of kind ``crosswalk`` stand: what people decided about them is in the crosswalk itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from migrate.crosswalks.census import Used
from migrate.decisions.model import Verb
from migrate.worklist.identity import item_id

Item = dict[str, Any]
_VERBS: dict[str, Verb] = {"confirmed": "confirm", "expired": "confirm", "rejected": "reject", "waived": "waive"}


def count_uses(item: Item, used: Mapping[tuple[str, str], Used]) -> None:
    """Put the rows that use a value in place of those that findings tell of: an answer about it is based on these."""
    entry = used.get((item["about"], item["value"])) if item["kind"] == "crosswalk" else None
    if entry is not None:
        item["basis_rows"] = entry.rows


def by_entry(item: Item, used: Mapping[tuple[str, str], Used]) -> None:
    """Give an item that came up the state of its crosswalk's entry. ``used`` is by crosswalk and source value."""
    entry = used.get((item["about"], item["value"])) if item["kind"] == "crosswalk" else None
    if entry is None:
        return
    if entry.status in _VERBS and not (entry.status == "rejected" and item["decision"]):
        _decided(item, entry)
    if entry.status == "waived":
        item["state"], item["why"] = "waived", ""
    elif entry.status == "expired":
        item["state"], item["why"] = "expired", entry.why or ""
    elif entry.status == "rejected" and item["state"] == "open":
        item["why"] = "the entry was rejected: the value needs another target, or is waived"


def confirmed_since(items: Iterable[Item], used: Mapping[tuple[str, str], Used]) -> None:
    """An item that does not come up any more because its entry is confirmed now is decided, not only closed."""
    by_id = {item_id("crosswalk", *about): entry for about, entry in used.items() if entry.status == "confirmed"}
    for item in items:
        entry = by_id.get(item["item"])
        if entry is not None and item["state"] == "closed":
            item |= {"state": "decided", "value": entry.source, "rows": entry.rows, "basis_rows": entry.rows}
            _decided(item, entry)


def _decided(item: Item, entry: Used) -> None:
    item["decision"], item["new_value"] = _VERBS[entry.status or ""], entry.target or ""
    item["reason"], item["by"], item["at"] = entry.reason, entry.by, entry.at
