"""Live runs in processes of their own that are killed at a random moment of their load, as a power cut would."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["migrate.pipeline", "migrate.live.run", "killed_runs"])


def _run(folder: str, kill_after: float | None, options: dict[str, Any], environment: dict[str, str]) -> None:
    """In the child: run live, and die ``kill_after`` seconds after the first record could be written."""
    from migrate import pipeline
    from migrate.stages import load

    os.environ.update(environment)  # the server of processes has that of the time when it was started

    write_live = load.write_live

    def armed(*args: Any, **words: Any) -> Any:
        if kill_after is not None:
            timer = threading.Timer(kill_after, os.kill, (os.getpid(), signal.SIGKILL))
            timer.daemon = True
            timer.start()
        return write_live(*args, **words)

    load.write_live = armed
    result = pipeline.run(Path(folder), live=True, **options)
    if result.failure:
        print(result.failure, flush=True)
    os._exit(3 if result.failure else 0)


def live_run(folder: Path, kill_after: float | None = None, **options: Any) -> int:
    """Exit code of a run: 0, 3 where it failed, -9 where it was killed."""
    child = CONTEXT.Process(target=_run, args=(str(folder), kill_after, options, dict(os.environ)))
    child.start()
    child.join(120)
    assert child.exitcode is not None, "a run hangs"
    return child.exitcode


def kill_until_done(folder: Path, longest: float, chance: random.Random, most: int, *, last: Callable[[], None]) -> int:
    """Kill runs at random moments, at most ``most`` times, then let one come to its end; gives the number of kills.

    ``longest`` is how long, in seconds, the load of an undisturbed run takes. ``last`` is called before the last run.
    """
    kills = 0
    while kills < most:
        code = live_run(folder, chance.uniform(0, longest))
        if code != -signal.SIGKILL:  # it was quicker, or the target was lost
            break
        kills += 1
    last()
    assert live_run(folder) == 0
    return kills
