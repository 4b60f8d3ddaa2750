"""Bars: pairs of them for two sides that should be equal, and single ones that are cut into parts."""

from __future__ import annotations

from dataclasses import dataclass

from reports.charts.drawing import Behind, Cell, Drawing, Pen
from reports.parts import Count

LABELS, BODY, NUMBERS = 136, 146, 90
WIDTH = LABELS + BODY + NUMBERS
THICK, SPACE = 10, 8


@dataclass(frozen=True)
class Pair:
    """One thing counted on both sides; None where a side has no such number."""

    label: str
    first: float | None
    second: float | None


@dataclass(frozen=True)
class Paired:
    """Pairs of bars. ``sides`` say what is counted; ``equal`` whether both sides are meant to be the same."""

    title: str
    description: str
    sides: tuple[str, str]
    pairs: tuple[Pair, ...]
    of: str = ""
    """What the labels are: the head of their column."""
    equal: bool = True
    note: str = ""


@dataclass(frozen=True)
class Part:
    """A part of a bar."""

    name: str
    style: str


@dataclass(frozen=True)
class Cut:
    """A bar that is cut into parts, in the order of the parts."""

    label: str
    counts: tuple[Count, ...]


@dataclass(frozen=True)
class Stacked:
    """Bars that are cut into parts. ``shares``: each bar is drawn whole, and the parts are shares of it."""

    title: str
    description: str
    parts: tuple[Part, ...]
    bars: tuple[Cut, ...]
    of: str = ""
    shares: bool = False


def draw_paired(chart: Paired) -> Drawing:
    """Two bars under each other for each label, the numbers beside them; where they differ, by how much."""
    most = max([n for pair in chart.pairs for n in (pair.first, pair.second) if n is not None] or [0]) or 1
    pen, y = Pen(), 4.0
    for pair in chart.pairs:
        pen.text(LABELS - 8, y + THICK + 4, pair.label, anchor="end")
        for at, (n, style) in enumerate(((pair.first, "fill-first edge"), (pair.second, "fill-second edge"))):
            top = y + at * (THICK + 1)
            if n is None:
                continue
            wide = BODY * n / most
            pen.rect(LABELS, top, wide, THICK, style)
            pen.number(LABELS + wide + 5, top + THICK - 0.5, n, "small")
        gap = _gap(pair)
        if chart.equal and gap:
            pen.text(WIDTH - 2, y + THICK + 4, f"{gap:+,}".replace("-", "−"), "differs", "end")
        y += 2 * THICK + 1 + SPACE
    columns = (chart.of, *chart.sides, *(("difference",) if chart.equal else ()))
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (pair.label, pair.first, pair.second, *((_gap(pair),) if chart.equal else ())) for pair in chart.pairs
    )
    # A side without any number has no bar to explain.
    held = [any(getattr(pair, side) is not None for pair in chart.pairs) for side in ("first", "second")]
    legend = tuple(
        (style, side) for style, side, has in zip(("fill-first", "fill-second"), chart.sides, held, strict=True) if has
    )
    return Drawing(
        chart.title, chart.description, WIDTH, round(y), tuple(pen.marks), Behind(columns, rows), legend, chart.note,
    )  # fmt: skip


def draw_stacked(chart: Stacked) -> Drawing:
    """One bar for each label."""
    used = [at for at in range(len(chart.parts)) if any(bar.counts[at].n for bar in chart.bars)]
    most = max([sum(count.n for count in bar.counts) for bar in chart.bars] or [0]) or 1
    pen, y, thick = Pen(), 4.0, 14
    for bar in chart.bars:
        total = sum(count.n for count in bar.counts)
        pen.text(LABELS - 8, y + thick - 3, bar.label, anchor="end")
        x, scale = float(LABELS), BODY / ((total or 1) if chart.shares else most)
        for at in used:
            count, part = bar.counts[at], chart.parts[at]
            wide = count.n * scale
            name = f"{bar.label}, {part.name}: {count.n:,}, show the rows"
            pen.rect(x, y, max(wide, 1.5) if count.n else 0, thick, f"{part.style} edge", count.href, name)
            x += wide
        pen.number(max(x, LABELS) + 6, y + thick - 3, total, "small")
        y += thick + SPACE
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (bar.label, *(bar.counts[at] for at in used), sum(count.n for count in bar.counts)) for bar in chart.bars
    )
    return Drawing(
        chart.title, chart.description, WIDTH, round(y), tuple(pen.marks),
        Behind((chart.of, *(chart.parts[at].name for at in used), "all"), rows),
        tuple((chart.parts[at].style, chart.parts[at].name) for at in used),
    )  # fmt: skip


def _gap(pair: Pair) -> float:
    return (pair.second or 0) - (pair.first or 0)
