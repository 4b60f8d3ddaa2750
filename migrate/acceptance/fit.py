"""Which expectations a run can answer. One that it cannot is neither passed nor failed, and it says why."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from validators.expectations.load import Column, Wanted


def mappings_to(facts: Mapping[str, Any]) -> dict[str, str]:
    """``{entity of the target: a mapping of the run that makes its records}``."""
    found: dict[str, str] = {}
    for mapping, described in (facts.get("entities") or {}).items():
        found.setdefault(str(described.get("to") or "").partition(".")[2], mapping)
    return found


def hidden(wanted: Wanted, unseen: Mapping[str, Collection[str]]) -> list[Column]:
    """Fields of an expectation that a live target does not show. ``unseen``: such fields, by entity."""
    return [column for column in wanted.used if column.field in (unseen.get(column.entity) or ())]


def unfit(wanted: Wanted, facts: Mapping[str, Any], there: Mapping[str, str]) -> str | None:
    """Why the run says nothing about an expectation; None where it does. ``there``: see :func:`mappings_to`."""
    entities = dict.fromkeys((wanted.model.entity, *(column.entity for column in wanted.used)))
    if missing := [entity for entity in entities if entity not in there]:
        return f"this run made no records of {', '.join(missing)}"
    live = facts.get("live") or {}
    if live.get("lost"):
        return "the target was lost before all of it was read back"
    if columns := hidden(wanted, live.get("unseen") or {}):
        return f"the target does not show {', '.join(column.path for column in columns)}"
    if not live.get("delta"):
        return None
    if any(column.through for column in wanted.used):
        return "a delta reads back only what it wrote, which need not be all that is referred to"
    if not wanted.rule.each or wanted.rule.on == "fields" or "unique" in wanted.name:
        return "a delta reads back only what it wrote, and this is about all records together"
    return None
