"""The part of the report that only a live run has: what it set off, and whether it went as rehearsed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from reports import links
from reports.masking import Masker
from reports.model import DISPOSITIONS, LiveRun, Prediction
from reports.overview.history import read_history, total
from reports.taken_back import read_taken_back

Json = Mapping[str, Any]


def live_run(run_folder: Path, summary: Json, run: Json, masker: Masker, *, shown: bool) -> LiveRun | None:
    """None for a rehearsal, and for a live run that only delivered files."""
    live: Json | None = run.get("live")
    if live is None:
        return None
    rehearsal: Json = run.get("predicted") or {}
    target: Json = live.get("target") or {}
    unseen: Json = live.get("unseen") or {}
    written: Json = live.get("entities") or {}
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
        predictions=tuple(_predictions(summary, rehearsal, live.get("already") or {}, shown)) if rehearsal else (),
        handed_over=str(live.get("handed_over") or ""),
        removed=sum(total(numbers, ["removed"]) or 0 for numbers in written.values()),
        since=_since(run_folder, run, rehearsal.get("run")),
        since_counted="already" in live,
        taken_back=read_taken_back(run_folder),
    )


def _since(run_folder: Path, run: Json, rehearsal: str | None) -> tuple[str, ...]:
    """Live runs between the rehearsal and this run, which the target has been written by since."""
    runs = read_history(run_folder, run).runs
    ids = [past.id for past in runs]
    if rehearsal not in ids:
        return ()
    return tuple(past.id for past in runs[ids.index(rehearsal) + 1 :] if past.summary.get("mode") == "live")


def _predictions(summary: Json, rehearsal: Json, already: Json, shown: bool) -> Iterable[Prediction]:
    before: Json = rehearsal.get("entities") or {}
    for entity, numbers in (summary.get("entities") or {}).items():
        actual, predicted = numbers.get("dispositions") or {}, before.get(entity) or {}
        moved = _moved(predicted, already.get(entity) or {})
        for word in DISPOSITIONS:
            if actual.get(word) or predicted.get(word) or moved[word]:
                came = links.counted("dispositions", int(actual.get(word) or 0), shown=shown, entity=entity, disposition=word)
                yield Prediction(entity, word, int(predicted.get(word) or 0), came.n, came.href, moved[word])


def _moved(predicted: Json, already: Json) -> Counter[str]:
    """What was to be written, and was before this run came to it, is expected as it was found; more than predicted cannot be."""
    moved: Counter[str] = Counter()
    for was, ended in already.items():
        left = int(predicted.get(was) or 0)
        for word, number in ended.items():
            taken = min(int(number), left)
            left -= taken
            moved[was] -= taken
            moved[word] += taken
    return moved
