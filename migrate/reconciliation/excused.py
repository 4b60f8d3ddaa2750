"""Rules of ``compare`` that excuse nothing, or much more than before: either the rule or the target is not what people think."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from migrate.compiler.plan import Plan
from migrate.findings import Finding
from migrate.run_folder import RunFolder

COLUMNS = "entity VARCHAR, key VARCHAR, target_key VARCHAR, field VARCHAR, rule VARCHAR, expected VARCHAR, actual VARCHAR"
MATCHED = "matched"
"""Counted beside the rules, and none itself: differences of records that were matched with what the target has."""
TIMES = 2
"""By how much the share of excused pairs has to grow to be told."""
LEAST = 10
"""Fewer pairs more than before are not told."""


def unusual(plan: Plan, run: RunFolder) -> Iterator[Finding]:
    """A finding of severity ``warn`` for each such rule, by what ``run`` and the run before it say of themselves."""
    before, live = previous(run), run.facts.get("live") is not None
    for mapping in plan.names:
        compared = int(run.summary["entities"][mapping]["compared"])
        excused: Mapping[str, Mapping[str, int]] = run.facts["entities"][mapping].get("excused") or {}
        if not compared:
            continue
        for field, rules in excused.items():
            used = {part for label, n in rules.items() if n for part in label.split(" + ")}
            for label, n in rules.items():
                if label == MATCHED:
                    continue
                # Files are read back as they were written: what a live target does to values is not seen in a rehearsal.
                if live and not n and label not in used:
                    message = f"the rule excused nothing in {compared} compared records: declare it no longer, or find out why"
                    yield Finding("REC-RULE-IDLE", "warn", mapping, None, field, label, message)
                was = before.excused(mapping, field, label) if before else None
                if was and _much_more(n, compared, *was):
                    message = f"the rule excused {n} of {compared} pairs; in run {before.run} it was {was[0]} of {was[1]}"  # type: ignore[union-attr]
                    yield Finding("REC-RULE-MORE", "warn", mapping, None, field, label, message)


def _much_more(n: int, compared: int, n_before: int, compared_before: int) -> bool:
    return n - n_before >= LEAST and n * compared_before > TIMES * n_before * compared


class Previous:
    """An earlier run, as far as its rules go."""

    def __init__(self, run: str, summary: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
        self.run, self._summary, self._facts = run, summary, facts

    def excused(self, mapping: str, field: str, rule: str) -> tuple[int, int] | None:
        """``(pairs that the rule excused, records compared)``; None where that run did not compare by the rule."""
        entity = (self._facts.get("entities") or {}).get(mapping) or {}
        n = ((entity.get("excused") or {}).get(field) or {}).get(rule)
        compared = ((self._summary.get("entities") or {}).get(mapping) or {}).get("compared")
        return (int(n), int(compared)) if n is not None and compared else None


def previous(run: RunFolder) -> Previous | None:
    """The newest run of the same mode, beside this one, that came to its end."""
    found = []
    for folder in run.path.parent.iterdir():
        file = folder / "summary.json"
        if folder != run.path and file.is_file():
            found.append((file.stat().st_mtime_ns, folder.name, folder))
    for _, name, folder in sorted(found, reverse=True):
        told = _read(folder)
        if told is not None and told[0].get("mode") == run.summary.get("mode") and told[1].get("stopped_at", "") is None:
            return Previous(name, *told)
    return None


def _read(folder: Path) -> tuple[dict[str, Any], dict[str, Any]] | None:
    try:
        summary, facts = (json.loads((folder / name).read_text("utf-8")) for name in ("summary.json", "run.json"))
    except (OSError, ValueError):
        return None
    return (summary, facts) if isinstance(summary, dict) and isinstance(facts, dict) else None
