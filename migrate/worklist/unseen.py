"""Items about the target that a run could not find again, because it did not look there."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from migrate.engine import scan, session
from migrate.live.decisions import CODES
from migrate.run_folder import RunFolder

Item = dict[str, Any]
_NOT_WRITTEN = ("excluded", "merged")
_MET = (*CODES, "LIVE-TWICE", "LIVE-REFUSED")
"""Questions that only a live run meets. What was lost on the way (LIVE-FAILED, LIVE-UNKNOWN) is none: it is tried again."""


def unseen(before: Mapping[str, Item], run: RunFolder, mappings: Iterable[str]) -> list[Item]:
    """Items of earlier runs that are not closed by this one, although nothing of it speaks of them.

    A rehearsal does not meet what a live run met in the target, nor read what that holds; a run that stopped early compares
    nothing, and a delta only what it wrote. Records that the run leaves out are asked about no more.
    """
    ended = run.path / "dispositions.parquet"
    reached, met = ended.is_file(), run.facts.get("live") is not None
    of_run = set(mappings)
    unread = _unread(run, before.values())

    @cache
    def of_target(earlier: str) -> bool:
        return _facts(run.path.parent / earlier).get("live") is not None

    def looked(item: Item) -> bool:
        if item["code"] in _MET:
            return met
        if not item["code"].startswith("REC-"):
            return True
        return reached and (item["entity"], item["key"]) not in unread and (met or not of_target(str(item["last_run"])))

    found = [i for i in before.values() if i["state"] != "closed" and i["entity"] in of_run and i["code"] and not looked(i)]
    if not found or not reached:
        return found
    with session() as connection:
        left = f"SELECT entity, key FROM {scan(ended)} WHERE list_contains($1, disposition)"
        gone = set(connection.execute(left, [list(_NOT_WRITTEN)]).fetchall())
    return [item for item in found if (item["entity"], item["key"]) not in gone]


def _facts(folder: Path) -> Mapping[str, Any]:
    """``run.json`` of an earlier run; empty where it is gone."""
    try:
        facts = json.loads((folder / "run.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return facts if isinstance(facts, dict) else {}


def _unread(run: RunFolder, items: Iterable[Item]) -> set[tuple[str, str]]:
    """Records with a difference in an earlier run that this one did not read back."""
    file = run.path / "6_reconcile" / "unread.parquet"
    asked = [item["key"] for item in items if item["code"] and item["code"].startswith("REC-") and item["key"]]
    if not asked or not file.is_file():
        return set()
    with session() as connection:
        sql = f"SELECT entity, key FROM {scan(file)} WHERE key IN (SELECT unnest($1))"
        return set(connection.execute(sql, [asked]).fetchall())
