"""Telling a person how far a stage is: bars on a terminal, one line per entity when the output is piped."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING, Protocol, TextIO

if TYPE_CHECKING:
    import duckdb
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

ASKED_EVERY = 0.25
"""Seconds between two looks at how far the engine is in a statement."""


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
    """Rich bars with rows, rate and the time still needed.

    A task that is one statement of the engine has nothing to count before the end: as an observer of the engine
    (:class:`migrate.observing.Observer`) the bars ask it how far it is, and show the rows that makes, as an estimate.
    """

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
        self._connection: duckdb.DuckDBPyConnection | None = None

    def opened(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def closed(self) -> None:
        self._connection = None

    def ran(self, statement: str, seconds: float) -> None:
        """Nothing to show."""

    @contextmanager
    def task(self, stage: str, entity: str, total: int | None = None) -> Iterator[Task]:
        bars = self._bars
        bars.start()
        bar = _Bar(bars, bars.add_task(entity, total=total, stage=stage, rate=""), total)
        done = Event()
        asking = Thread(target=self._ask, args=(bar, done), daemon=True)
        asking.start()
        try:
            yield bar
        finally:
            done.set()
            asking.join()
            bars.stop()
            bars.remove_task(bar.identity)
        seconds = time.monotonic() - bar.start
        bars.console.print(f"[dim]{stage:<10}[/dim] {entity:<34} {bar.rows:>12,} rows {seconds:8.1f} s", highlight=False)

    def _ask(self, bar: _Bar, done: Event) -> None:
        import duckdb

        while not done.wait(ASKED_EVERY):
            connection = self._connection
            if connection is not None and bar.total and not bar.rows:
                try:
                    bar.estimate(connection.query_progress())
                except duckdb.Error:  # it was closed in this moment
                    continue


class _Bar:
    def __init__(self, bars: RichProgress, identity: TaskID, total: int | None) -> None:
        self._bars, self.identity, self.total = bars, identity, total
        self.rows, self.start = 0, time.monotonic()
        self._shown = 0

    def advance(self, rows: int) -> None:
        self.rows += rows
        self._show(self.rows)

    def estimate(self, percent: float) -> None:
        """The engine is ``percent`` of the way; below zero it does not know. Never goes back, and never says that all is done."""
        if self.total is not None and percent > 0:
            self._show(max(self._shown, int(self.total * min(percent, 99) / 100)))

    def _show(self, rows: int) -> None:
        self._shown = rows
        seconds = max(time.monotonic() - self.start, 0.001)
        self._bars.update(self.identity, completed=rows, rate=f"{rows / seconds:,.0f} rows/s")
