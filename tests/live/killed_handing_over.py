"""A live run into the target in memory that dies at a given step of what it does with the ledger and the connector."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import memory_target
from killed_runs import CONTEXT
from memory_target import Site

from migrate.connectors import opening
from migrate.ledger import Ledger


def live_run_that_dies(folder: Path, by_hand: tuple[str, ...], records: Mapping[str, Any], step: int) -> bool:
    """Run over a target that holds ``records``; did the run die before its ``step``-th step (and not end before that)?"""
    child = CONTEXT.Process(target=_run, args=(str(folder), by_hand, dict(records), step))
    child.start()
    child.join(120)
    assert child.exitcode is not None, "the run hangs"
    return child.exitcode == -signal.SIGKILL


def _run(folder: str, by_hand: tuple[str, ...], records: dict[str, Any], step: int) -> None:
    from migrate.pipeline import run

    site = memory_target.SITE = Site(by_hand=by_hand, records=records)
    opening.TARGETS["memory"] = "memory_target:MemoryTarget"
    left = iter(range(step))

    def count() -> None:
        if next(left, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)

    site.before = lambda action, *_: count() if action == "hand_over" else None
    site.after = site.before
    for name in ("intend", "settle", "void"):
        setattr(Ledger, name, _counted(getattr(Ledger, name), count))
    run(Path(folder), live=True)
    os._exit(0)


def _counted(method: Callable[..., Any], count: Callable[[], None]) -> Callable[..., Any]:
    def counted(*arguments: Any, **words: Any) -> Any:
        count()
        return method(*arguments, **words)

    return counted
