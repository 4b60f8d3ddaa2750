"""Telling a person how far a stage is: bars on a terminal, one line per entity when the output is piped."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol, TextIO


class Task(Protocol):
    """One entity in one stage."""

    def advance(self, rows: int) -> None:
        """``rows`` more are done."""
        ...


class Progress(Protocol):
    """Where stages report to."""

    def task(self, stage: str, entity: str, total: int | None = None) -> AbstractContextManager[Task]:
        """Open a task; ``total`` rows are expected, when that is known."""
        ...


class _Counter:
    def __init__(self) -> None:
        self.rows = 0

    def advance(self, rows: int) -> None:
        self.rows += rows


class Silent:
    """No output; for tests and for use as a library."""

    @contextmanager
    def task(self, stage: str, entity: str, total: int | None = None) -> Iterator[Task]:
        yield _Counter()


class Lines:
    """One line when an entity is done: ``extract   user   312 rows   0.1 s   3120 rows/s``."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    @contextmanager
    def task(self, stage: str, entity: str, total: int | None = None) -> Iterator[Task]:
        counter, start = _Counter(), time.monotonic()
        yield counter
        seconds = time.monotonic() - start
        rate = f"{counter.rows / seconds:12,.0f} rows/s" if seconds > 0.01 else ""
        self._stream.write(f"{stage:<10} {entity:<34} {counter.rows:>12,} rows {seconds:8.1f} s {rate}\n")
        self._stream.flush()


class Bars:
    """Rich bars with rows, rate and the time still needed."""

    def __init__(self, stream: TextIO | None = None) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress

        self._bars = RichProgress(
            TextColumn("{task.fields[stage]:<10} {task.description:<28}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=Console(file=stream or sys.stderr),
            transient=True,
        )

    @contextmanager
    def task(self, stage: str, entity: str, total: int | None = None) -> Iterator[Task]:
        bars = self._bars
        bars.start()
        identity = bars.add_task(entity, total=total, stage=stage, rate="")
        start = time.monotonic()
        done = 0

        class _Bar:
            def advance(self, rows: int) -> None:
                nonlocal done
                done += rows
                seconds = max(time.monotonic() - start, 0.001)
                bars.update(identity, advance=rows, rate=f"{done / seconds:,.0f} rows/s")

        try:
            yield _Bar()
        finally:
            bars.stop()
            bars.remove_task(identity)
        seconds = time.monotonic() - start
        bars.console.print(f"[dim]{stage:<10}[/dim] {entity:<34} {done:>12,} rows {seconds:8.1f} s", highlight=False)
