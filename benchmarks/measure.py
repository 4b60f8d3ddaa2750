"""Whole processes, measured by the system: seconds on the clock and of the processor, and the most memory held at once."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Cost:
    """What a process took, children included."""

    wall: float
    """Seconds."""
    cpu: float
    """Seconds of the processor, in user and system mode."""
    peak: int
    """Bytes of memory resident at the most."""


def run(command: Sequence[str], environment: Mapping[str, str] | None = None, passing: Collection[int] = (0,)) -> Cost:
    """Run a command to its end. Raises RuntimeError, with what it said, when it ends with another code than those passing."""
    # An installation has its modules compiled; with this setting, they would be anew for each process.
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    start = time.monotonic()
    process = subprocess.Popen(  # noqa: S603 - our own commands
        list(command), env={**inherited, **(environment or {})}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in passing:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}: {said[-2000:]}")
    return Cost(time.monotonic() - start, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024)
