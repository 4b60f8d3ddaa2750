"""When steps begin and end: forward through what they wait for, and back again for how late they may be. Pure arithmetic.

Times are whole minutes from T.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Task:
    """A step as the arithmetic sees it."""

    id: str
    minutes: int
    after: tuple[str, ...] = ()
    at: int | None = None
    """Not before; with neither this nor anything to wait for, it begins at T."""


@dataclass(frozen=True)
class Actual:
    """What a clock said. Without an end the step is under way."""

    start: int | None
    end: int | None


@dataclass(frozen=True)
class Slot:
    """When a step begins and ends, and by how much it may slip before the end of everything does."""

    start: int
    end: int
    slack: int | None
    """None for a step outside of what is counted."""

    @property
    def critical(self) -> bool:
        return self.slack == 0


class Circle(Exception):
    """Steps that wait for one another."""

    def __init__(self, ids: list[str]) -> None:
        super().__init__(" -> ".join(ids))
        self.ids = ids


def ordered(tasks: Iterable[Task]) -> list[Task]:
    """What is waited for first; otherwise as given. Raises Circle."""
    left = {task.id: task for task in tasks}
    done: list[Task] = []
    placed: set[str] = set()
    while left:
        ready = next((t for t in left.values() if all(a in placed or a not in left for a in t.after)), None)
        if ready is None:
            raise Circle(_circle(left))
        done.append(left.pop(ready.id))
        placed.add(ready.id)
    return done


def schedule(
    tasks: Iterable[Task],
    actual: Mapping[str, Actual] | None = None,
    now: int | None = None,
    counted: Container[str] | None = None,
) -> dict[str, Slot]:
    """The slot of each task. What has begun or ended stands as it was; what has not begun does not begin before ``now``.

    ``counted`` are the steps whose end must not slip: slack is reckoned to the last of them (all, by default). Raises Circle.
    """
    order, actual = ordered(tasks), actual or {}
    spans: dict[str, tuple[int, int]] = {}
    for task in order:
        spans[task.id] = _span(task, spans, actual.get(task.id), now)
    own = [task for task in order if counted is None or task.id in counted]
    last = max((spans[task.id][1] for task in own), default=0)
    latest: dict[str, int] = {}
    for task in reversed(own):
        start, end = spans[task.id]
        by = latest.get(task.id, last)
        for name in task.after:
            if name in spans and (counted is None or name in counted):
                latest[name] = min(latest.get(name, last), by - (end - start))
        latest[task.id] = by
    return {
        name: Slot(start, end, max(0, latest[name] - end) if name in latest else None) for name, (start, end) in spans.items()
    }


def within(tasks: Iterable[Task], chosen: Iterable[str]) -> list[Task]:
    """Only the chosen tasks; where one waited for a task that is left out, it waits for what that one waited for."""
    known, wanted = {task.id: task for task in tasks}, set(chosen)

    def waits(task: Task, seen: set[str]) -> list[str]:
        found: list[str] = []
        for name in task.after:
            if name in wanted:
                found.append(name)
            elif name in known and name not in seen:
                seen.add(name)
                found += waits(known[name], seen)
        return found

    return [
        Task(task.id, task.minutes, tuple(dict.fromkeys(waits(task, set()))), task.at)
        for task in known.values()
        if task.id in wanted
    ]


def _span(task: Task, spans: Mapping[str, tuple[int, int]], was: Actual | None, now: int | None) -> tuple[int, int]:
    if was is not None and was.end is not None:
        return min(was.start if was.start is not None else was.end, was.end), was.end
    if was is not None and was.start is not None:
        return was.start, max(was.start + task.minutes, now if now is not None else was.start)
    ends = [spans[name][1] for name in task.after if name in spans]
    earliest = [*ends, *([] if task.at is None else [task.at])] or [0]
    start = max([*earliest, *([] if now is None else [now])])
    return start, start + task.minutes


def _circle(left: Mapping[str, Task]) -> list[str]:
    """Follow what each waits for until a name comes back."""
    path = [next(iter(left))]
    while True:
        following = next(name for name in left[path[-1]].after if name in left)
        if following in path:
            return [*path[path.index(following) :], following]
        path.append(following)
