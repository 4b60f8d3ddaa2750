"""The part of the report that only a live run has: what it set off, and whether it went as rehearsed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reports.masking import Masker
from reports.model import DISPOSITIONS, LiveRun, Prediction

Json = Mapping[str, Any]


def live_run(summary: Json, run: Json, masker: Masker) -> LiveRun | None:
    """None for a rehearsal, and for a live run that only delivered files."""
    live: Json | None = run.get("live")
    if live is None:
        return None
    rehearsal: Json = run.get("predicted") or {}
    target: Json = live.get("target") or {}
    unseen: Json = live.get("unseen") or {}
    return LiveRun(
        address=" ".join(str(target[word]) for word in ("address", "version") if target.get(word)),
        delta=bool(live.get("delta")),
        lost=masker.free(live.get("lost")),
        effects=tuple(
            (str(each["code"]), str(each["message"]), str(each.get("acknowledged") or ""))
            for each in run.get("side_effects") or ()
        ),
        unseen=(
            *(f"{entity}.{field}" for entity, fields in unseen.items() for field in fields),
            *(f"{field} of {n:,} records" for field, n in (live.get("unshown") or {}).items()),
        ),
        rehearsal=rehearsal.get("run"),
        changed_inputs=tuple(rehearsal.get("changed_inputs") or ()),
        predictions=tuple(_predictions(summary, rehearsal)) if rehearsal else (),
        handed_over=str(live.get("handed_over") or ""),
    )


def _predictions(summary: Json, rehearsal: Json) -> Iterable[Prediction]:
    before: Json = rehearsal.get("entities") or {}
    for entity, numbers in (summary.get("entities") or {}).items():
        actual, predicted = numbers.get("dispositions") or {}, before.get(entity) or {}
        for word in DISPOSITIONS:
            if actual.get(word) or predicted.get(word):
                yield Prediction(entity, word, int(predicted.get(word) or 0), int(actual.get(word) or 0))
