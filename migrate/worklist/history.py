"""What earlier runs knew of items: since when, how often. What does not come up any more is kept, as closed."""

from __future__ import annotations

import json
from collections.abc import Container, Iterable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

FILE = "worklist.parquet"
Item = dict[str, Any]
_CLOSED: Item = {"state": "closed", "why": "", "rows": 0, "waiting": 0, "value": None, "members": None}
"""Whose data it was may have been erased since: what does not come up any more is kept without it."""


def previous(runs: Path, run: str, *, pseudonyms: bool = False) -> dict[str, Item]:
    """The items of the newest worklist before ``run``, by id; none where there is none that can be read.

    Rehearsals with ``pseudonyms`` have a history of their own: items about values that are personal have other ids there.
    """
    found = [path for path in runs.iterdir() if path.name != run and (path / FILE).is_file()] if runs.is_dir() else []
    for folder in sorted(found, key=lambda path: ((path / FILE).stat().st_mtime_ns, path.name), reverse=True):
        if has_pseudonyms(folder) != pseudonyms:
            continue
        try:
            return {item["item"]: item for item in pq.read_table(folder / FILE).to_pylist()}
        except (OSError, ValueError):
            continue
    return {}


def has_pseudonyms(folder: Path) -> bool:
    """Is it the folder of a rehearsal with pseudonyms?"""
    try:
        return bool(json.loads((folder / "run.json").read_text("utf-8")).get("pseudonyms"))
    except (OSError, ValueError):
        return False


def carry_over(
    now: Iterable[Item],
    before: dict[str, Item],
    run: str,
    looked_at: frozenset[str] | None,
    unasked: Container[str] = frozenset(),
) -> list[Item]:
    """The items of this run with their history, then those of earlier ones that did not come up.

    ``unasked`` are items that the run did not look for: they did not come up once more. ``looked_at`` are the mappings of the
    run, where it had not all of them: items of others stay as they were.
    """
    items = []
    for item in now:
        was = before.get(item["item"])
        if was and item["item"] in unasked:
            items.append({**item, **{word: was[word] for word in ("first_run", "last_run", "times")}})
            continue
        first = was["first_run"] if was else run
        items.append({**item, "first_run": first, "last_run": run, "times": (was["times"] if was else 0) + 1})
    known = {item["item"] for item in items}
    for item_id, was in before.items():
        if item_id not in known:
            partly = looked_at is not None and was["entity"] not in looked_at
            items.append(was if partly else {**was, **_CLOSED})
    return items
