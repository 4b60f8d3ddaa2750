"""Where the time of a run went: by stage, by entity, and by statement of the engine."""

from __future__ import annotations

import re
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import PurePath

import duckdb

from migrate.defects import without_values
from migrate.observing import Observer
from migrate.progress import Progress, Task

MOST_TASKS = 12
MOST_STATEMENTS = 8
MOST_TEXT = 90
"""Characters of a statement that are shown."""
_WRITES = re.compile(r"^COPY .* TO '([^']+)' \([^()]*\)$", re.DOTALL)


@dataclass(frozen=True)
class Spent:
    """What a stage, or an entity in one, took: seconds of the clock and of the processor, and its rows."""

    stage: str
    entity: str
    wall: float
    cpu: float
    rows: int


@dataclass
class Stopwatch:
    """Passes progress on to ``inner`` and notes what each task and each statement took."""

    inner: Progress
    tasks: list[Spent] = field(default_factory=list)
    statements: dict[tuple[str, str], tuple[int, float]] = field(default_factory=dict)
    """``{(task, what the statement does): (how often, seconds)}``."""
    start: tuple[float, float] = field(default_factory=lambda: (time.monotonic(), time.process_time()))
    _doing: str = ""

    @contextmanager
    def task(self, stage: str, entity: str, total: int | None = None) -> Iterator[Task]:
        wall, cpu = time.monotonic(), time.process_time()
        counted, self._doing = 0, f"{stage} {entity}"
        with self.inner.task(stage, entity, total) as task:

            class _Counting:
                def advance(self, rows: int) -> None:
                    nonlocal counted
                    counted += rows
                    task.advance(rows)

            try:
                yield _Counting()
            finally:
                self._doing = ""
        self.tasks.append(Spent(stage, entity, time.monotonic() - wall, time.process_time() - cpu, counted))

    def opened(self, connection: duckdb.DuckDBPyConnection) -> None:
        if (looking := self._looking()) is not None:
            looking.opened(connection)

    def closed(self) -> None:
        if (looking := self._looking()) is not None:
            looking.closed()

    def ran(self, statement: str, seconds: float) -> None:
        known = self._doing, _said(statement)
        times, spent = self.statements.get(known, (0, 0.0))
        self.statements[known] = (times + 1, spent + seconds)

    def _looking(self) -> Observer | None:
        return self.inner if isinstance(self.inner, Observer) else None

    def lines(self, timings: dict[str, float]) -> Iterator[str]:
        """What to print, with the seconds of each stage as the run's summary has them."""
        wall, cpu = time.monotonic() - self.start[0], time.process_time() - self.start[1]
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform == "darwin" else 1) / 1024
        yield f"Where the time went: {wall:.1f} s, {cpu:.1f} s of the processor, {peak:,.0f} MB at most"
        beside = wall - sum(timings.values())
        for stage, seconds in (*timings.items(), ("the rest", beside)):
            yield f"  {stage:<12} {seconds:9.2f} s {seconds / wall:6.1%}"
        yield "Longest tasks (wall clock, processor, rows)"
        for spent in sorted(self.tasks, key=lambda one: -one.wall)[:MOST_TASKS]:
            rate = f"{spent.rows / spent.wall:12,.0f} rows/s" if spent.rows and spent.wall > 0.01 else ""
            what = f"{spent.stage:<12} {spent.entity:<34} {spent.wall:9.2f} s {spent.cpu:9.2f} s {spent.rows:>12,}"
            yield f"  {what} {rate}".rstrip()
        number, total = sum(n for n, _ in self.statements.values()), sum(s for _, s in self.statements.values())
        yield f"Longest statements of the engine ({number:,} in {total:.1f} s)"
        longest = sorted(self.statements.items(), key=lambda one: -one[1][1])[:MOST_STATEMENTS]
        for (task, said), (times, seconds) in longest:
            yield f"  {seconds:9.2f} s {times:>5} x  {task or 'between tasks'}: {said}"


def _said(statement: str) -> str:
    """What a statement does, on one short line and without the values in it."""
    if (written := _WRITES.search(statement)) is not None:
        return f"write {PurePath(written[1]).name}"
    text = without_values(" ".join(statement.split()))
    return text if len(text) <= MOST_TEXT else f"{text[: MOST_TEXT - 3]}..."
