"""The published schema of ``summary.json``, held against every summary that a run of this session writes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from migrate.run_folder import RunFolder
from migrate.schemas import schema_text


@cache
def validator() -> Draft202012Validator:
    return Draft202012Validator(json.loads(schema_text("summary")))


def faults(summary: Mapping[str, Any]) -> list[str]:
    """What the schema has against a summary."""
    return sorted(f"{error.json_path}: {error.message}" for error in validator().iter_errors(summary))


def keys(schema: Mapping[str, Any], at: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every key that the schema names, as ``entities.*.source``, and what it says of it."""
    whole = json.loads(schema_text("summary"))
    found = dict(schema)
    if "$ref" in found:
        found = whole["$defs"][found["$ref"].rpartition("/")[2]] | {k: v for k, v in found.items() if k != "$ref"}
    for key, about in found.get("properties", {}).items():
        yield f"{at}{key}", about
        yield from keys(about, f"{at}{key}.")
    for inner in (found.get("additionalProperties"), found.get("items")):
        if isinstance(inner, Mapping):
            yield from keys(inner, f"{at}*.")


def found_at(summary: Any, path: str) -> bool:
    """Does a summary hold something at the path of a key?"""
    here, _, rest = path.partition(".")
    if here == "*":
        inside = summary.values() if isinstance(summary, dict) else summary
        return any(found_at(each, rest) for each in inside)
    return isinstance(summary, dict) and here in summary and (not rest or found_at(summary[here], rest))


def watched(save: Callable[[RunFolder], None], last: dict[Path, str]) -> Callable[[RunFolder], None]:
    """``RunFolder.save`` that keeps the last summary of each run. Made-up summaries name no schema."""

    def saved(run: RunFolder) -> None:
        save(run)
        if "schema" in run.summary:
            last[run.path] = (run.path / "summary.json").read_text("utf-8")

    return saved
