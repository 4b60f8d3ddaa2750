"""Small line charts: some numbers over all runs. Points that cannot be compared stand alone, hollow, off the line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from reports.charts.drawing import Behind, Drawing, Pen, path

WIDTH, HEIGHT = 340, 136
LEFT, RIGHT, TOP, BOTTOM = 8, 214, 22, 108
Dash = Literal["line-1", "line-2", "line-3"]
DASHES: tuple[Dash, ...] = ("line-1", "line-2", "line-3")


@dataclass(frozen=True)
class Series:
    """One line; None where a run has no such number."""

    name: str
    values: tuple[float | None, ...]


@dataclass(frozen=True)
class Lines:
    """Up to three lines over the same points."""

    title: str
    description: str
    points: tuple[str, ...]
    """What each point is: a run."""
    alike: tuple[bool, ...]
    """Can the point be compared with the others?"""
    series: tuple[Series, ...]
    unit: str = ""


def draw_lines(chart: Lines) -> Drawing:
    """The lines, from nothing at the bottom to the most at the top; the last number of each stands beside it."""
    most = max([value for one in chart.series for value in one.values if value is not None] or [0]) or 1
    pen = Pen()
    pen.line(LEFT, BOTTOM, RIGHT, BOTTOM, "axis")
    pen.number(LEFT, TOP - 10, most, "small soft")
    step = (RIGHT - LEFT - 12) / max(len(chart.points) - 1, 1)
    places = [LEFT + 6 + at * step if len(chart.points) > 1 else (LEFT + RIGHT) / 2 for at in range(len(chart.points))]
    ends: list[tuple[float, Series, float]] = []
    for dash, one in zip(DASHES, chart.series, strict=False):
        height = [None if value is None else BOTTOM - (BOTTOM - TOP) * value / most for value in one.values]
        on_line = [(x, y) for x, y, alike in zip(places, height, chart.alike, strict=True) if alike and y is not None]
        if len(on_line) > 1:
            pen.path(path(on_line), dash)
        for x, y, alike, point, value in zip(places, height, chart.alike, chart.points, one.values, strict=True):
            if y is not None and value is not None:
                apart = "" if alike else ", not comparable"
                pen.circle(x, y, 3, f"point {dash}" if alike else f"point hollow {dash}", f"{point}: {one.name} {value:,}{apart}")
        last = one.values[-1] if one.values else None
        if last is not None:
            ends.append((BOTTOM - (BOTTOM - TOP) * last / most, one, last))
    y = -99.0
    for want, one, last in sorted(ends, key=lambda end: end[0]):
        y = max(want + 4, y + 13)
        pen.number(RIGHT + 8, y, last, "strong small")
        pen.text(RIGHT + 14 + 6.5 * len(f"{last:,}"), y, one.name, "small")
    if chart.points:
        pen.text(LEFT, BOTTOM + 16, chart.points[0], "small soft")
        if len(chart.points) > 1:
            pen.text(RIGHT, BOTTOM + 16, chart.points[-1], "small soft", "end")
    rows = tuple(
        (point + ("" if alike else " (not comparable)"), *(one.values[at] for one in chart.series))
        for at, (point, alike) in enumerate(zip(chart.points, chart.alike, strict=True))
    )
    columns = ("run", *(f"{one.name}, {chart.unit}" if chart.unit else one.name for one in chart.series))
    return Drawing(chart.title, chart.description, WIDTH, HEIGHT, tuple(pen.marks), Behind(columns, rows))
