"""What the verdict says of a live run that no rehearsal has: what was written, taken back, and came otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from migrate.said import listed, number_of, records
from reports.instants import instant
from reports.model import LiveRun
from reports.parts import EntityRow
from reports.visible import spelled

CUT_OFF = (
    "It stopped while it wrote the target. What it had written until then stands there and is not counted in this page; "
    "the next live run asks the target and goes on from it."
)
"""Of a run that died in the middle of its load."""


def taken_back(live: LiveRun) -> list[str]:
    """That the target is no longer as the run left it, before all else."""
    found = []
    for each in live.taken_back:
        moment = instant(each.ended)
        when = f" on {moment[1]}" if moment else ""
        left = f", {each.left:,} left as {'it was' if each.left == 1 else 'they were'}" if each.left else ""
        found.append(
            f"This run was taken back{when} (rollback {each.run}: {records(each.done)} taken back{left}). "
            "The target is no longer as this page says."
        )
    return found


def written(live: LiveRun, total: EntityRow) -> list[str]:
    """Which target was written, and how much of it."""
    numbers = {"created": total.dispositions["created"].n, "updated": total.dispositions["updated"].n, "removed": live.removed}
    done = [f"{n:,} {word}" for word, n in numbers.items() if n]
    where = spelled(live.address) or "the target"
    if not done:
        return [f"Nothing was written to {where}."]
    first, _, word = done[0].partition(" ")
    what = "record" if first == "1" and len(done) == 1 else "records"
    return [f"Written to {where}: {listed([f'{first} {what} {word}', *done[1:]])}."]


def otherwise(live: LiveRun, summary: Mapping[str, Any]) -> list[str]:
    """What of the target stands for no source record, and whether it came as rehearsed."""
    found = []
    if vanished := (summary.get("findings") or {}).get("LIVE-VANISHED"):
        of = "has no source record any more, and was" if vanished == 1 else "have no source record any more, and were"
        found.append(f"{records(vanished)} of the target {of} left there.")
    if not live.rehearsal:
        found.append("There was no rehearsal of this workspace before this run, so nothing was predicted.")
    elif live.surprises and (live.since_counted or not live.since):
        came = number_of(len(live.surprises), "number")
        found.append(f"{came} of {len(live.predictions):,} came otherwise than rehearsal {live.rehearsal} said: see Live run.")
    elif not live.surprises:
        found.append(f"Every number came as rehearsal {live.rehearsal} said.")
    return found
