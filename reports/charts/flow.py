"""The flow picture: where records come from on the left, where they ended on the right, a band for each pair.

Widths are proportional to numbers. What is thinner than a hair is drawn as a hair, so that no band disappears.
"""

from __future__ import annotations

from dataclasses import dataclass

from reports.charts.drawing import Behind, Drawing, Pen
from reports.parts import Count

WIDTH = 900
LEFT, RIGHT = 210, 640
"""Where the bands begin and end."""
NODE, HAIR, LINE, GAP, GROUP_GAP = 10, 1.5, 18, 6, 26


@dataclass(frozen=True)
class End:
    """Something that a flow leads to. Ends of different groups are set apart."""

    name: str
    group: str
    count: Count


@dataclass(frozen=True)
class Band:
    """Records that came from ``source`` and ended in ``end``."""

    source: str
    end: str
    count: Count


@dataclass(frozen=True)
class Flow:
    """Sources with all their records, the ends, and the bands between them."""

    title: str
    description: str
    sources: tuple[tuple[str, Count], ...]
    ends: tuple[End, ...]
    bands: tuple[Band, ...]
    body: int = 300
    """Pixels that all records together are high."""


@dataclass
class _Side:
    top: float
    used: float = 0.0


def draw_flow(flow: Flow) -> Drawing:
    """The picture. Ends without records are left out."""
    ends = [end for end in flow.ends if end.count.n]
    most = max(sum(count.n for _, count in flow.sources), sum(end.count.n for end in ends), 1)
    scale = flow.body / most
    pen = Pen()
    lefts, bottom_left = _sources(pen, flow, scale)
    rights, bottom_right = _ends(pen, ends, scale)
    groups = {end.name: end for end in ends}
    for band in flow.bands:
        if not band.count.n or band.end not in groups or band.source not in lefts:
            continue
        left, right = lefts[band.source], rights[band.end]
        high = band.count.n * scale
        name = f"{band.source}, {band.end}: {band.count.n:,}, show the rows"
        shape = _band(left.top + left.used, right.top + right.used, max(high, HAIR))
        pen.path(shape, f"band fill-{band.end}", band.count.href, name)
        left.used, right.used = left.used + high, right.used + high
    rows = tuple((band.source, band.end, groups[band.end].group, band.count) for band in flow.bands if band.end in groups)
    return Drawing(
        flow.title, flow.description, WIDTH, round(max(bottom_left, bottom_right)) + 4, tuple(pen.marks),
        Behind(("from", "ended as", "which is", "records"), tuple(row for row in rows if row[3].n)),
    )  # fmt: skip


def _sources(pen: Pen, flow: Flow, scale: float) -> tuple[dict[str, _Side], float]:
    found: dict[str, _Side] = {}
    y = 8.0
    for name, count in flow.sources:
        high = max(count.n * scale, HAIR)
        slot = max(high, LINE)
        top = y + (slot - high) / 2
        pen.rect(LEFT, top, NODE, high, "node")
        pen.text(LEFT - 62, y + slot / 2 + 4, name, anchor="end")
        said = f"{name}, in the source: {count.n:,}, show the rows"
        pen.number(LEFT - 8, y + slot / 2 + 4, count.n, "strong", "end", count.href, said)
        found[name] = _Side(top)
        y += slot + GAP
    return found, y


def _ends(pen: Pen, ends: list[End], scale: float) -> tuple[dict[str, _Side], float]:
    found: dict[str, _Side] = {}
    y, group = 8.0, None
    for end in ends:
        if end.group != group:
            y += GROUP_GAP if group is not None else LINE
            pen.text(RIGHT, y - 6, end.group, "soft")
            group = end.group
        high = max(end.count.n * scale, HAIR)
        slot = max(high, LINE)
        top = y + (slot - high) / 2
        pen.rect(RIGHT, top, NODE, high, f"fill-{end.name} edge")
        said = f"{end.name}: {end.count.n:,}, show the rows"
        pen.number(RIGHT + 74, y + slot / 2 + 4, end.count.n, "strong", "end", end.count.href, said)
        pen.text(RIGHT + 84, y + slot / 2 + 4, end.name)
        found[end.name] = _Side(top)
        y += slot + GAP
    return found, y


def _band(y0: float, y1: float, high: float) -> str:
    x0, x1 = LEFT + NODE, RIGHT
    middle = (x0 + x1) / 2
    return (
        f"M{x0} {y0:.2f}C{middle} {y0:.2f} {middle} {y1:.2f} {x1} {y1:.2f}"
        f"L{x1} {y1 + high:.2f}C{middle} {y1 + high:.2f} {middle} {y0 + high:.2f} {x0} {y0 + high:.2f}Z"
    )
