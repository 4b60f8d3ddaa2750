"""From the lots judged so far to the inspection of the next one: the switching rules of ISO 2859-1."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from validators.sampling.words import Inspection, Switching


@dataclass(frozen=True)
class Standing:
    """How the next lot is inspected."""

    inspection: Inspection
    stopped: bool = False
    """Too many lots were refused under tightened inspection: the cause has to be mended first."""
    why: str = "as the plan says"


def standing(history: Iterable[bool], rules: Switching, start: Inspection = "normal") -> Standing:
    """The inspection after lots that were accepted (True) or refused (False), the oldest first."""
    now = Standing(start)
    recent: list[bool] = []
    """Verdicts since the inspection last changed."""
    for accepted in history:
        recent.append(accepted)
        refused = recent.count(False)
        if now.inspection == "tightened":
            if refused >= rules.stop:
                now = Standing("tightened", True, f"{refused} lots were refused under tightened inspection")
            elif all(recent[-rules.accepted :]) and len(recent) >= rules.accepted:
                now, recent = Standing("normal", why=f"{rules.accepted} lots were accepted in a row"), []
        elif now.inspection == "reduced" and not accepted:
            now, recent = Standing("normal", why="a lot was refused under reduced inspection"), [False]
        if now.inspection == "normal" and recent[-rules.of :].count(False) >= rules.refused:
            why = f"of the last {len(recent[-rules.of :])} lots {recent[-rules.of :].count(False)} were refused"
            now, recent = Standing("tightened", why=why), []
    return now
