"""What every chart becomes: shapes with places and classes, and the table of the same numbers. Templates only write it down."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from reports.parts import Count
from reports.visible import plain

Tag = Literal["rect", "path", "circle", "line", "text"]
Cell = str | int | float | Count | None
LONGEST_LABEL = 22
"""Characters of a label in a chart; the table behind it has all."""


@dataclass(frozen=True)
class Mark:
    """One shape. ``at`` are its attributes; colours come from its class, so that they follow the reader's scheme."""

    tag: Tag
    at: tuple[tuple[str, str | int | float], ...]
    text: str = ""
    href: str | None = None
    """The address of the rows behind it."""
    name: str = ""
    """What a screen reader says of the link, and a pointer shows."""

    @property
    def attributes(self) -> dict[str, str | int | float]:
        """``at`` as a mapping, coordinates cut to hundredths."""
        return {name: round(value, 2) if isinstance(value, float) else value for name, value in self.at}


@dataclass(frozen=True)
class Behind:
    """The table behind a chart."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Drawing:
    """A chart, ready to be written down. ``width`` and ``height`` in pixels."""

    title: str
    description: str
    width: int
    height: int
    marks: tuple[Mark, ...]
    behind: Behind
    legend: tuple[tuple[str, str], ...] = ()
    """(class of the fill, what it stands for)."""
    note: str = ""

    @property
    def linked(self) -> bool:
        """Does any shape lead to rows?"""
        return any(mark.href for mark in self.marks)


@dataclass
class Pen:
    """Collects shapes."""

    marks: list[Mark] = field(default_factory=list)

    def rect(self, x: float, y: float, width: float, height: float, style: str, href: str | None = None, name: str = "") -> None:
        """A rectangle; nothing where it has no area."""
        if width > 0 and height > 0:
            at = (("x", x), ("y", y), ("width", width), ("height", height), ("class", style))
            self.marks.append(Mark("rect", at, "", href, name))

    def path(self, d: str, style: str, href: str | None = None, name: str = "") -> None:
        """A path."""
        self.marks.append(Mark("path", (("d", d), ("class", style)), "", href, name))

    def line(self, x1: float, y1: float, x2: float, y2: float, style: str) -> None:
        """A straight line."""
        self.marks.append(Mark("line", (("x1", x1), ("y1", y1), ("x2", x2), ("y2", y2), ("class", style))))

    def circle(self, x: float, y: float, radius: float, style: str, name: str = "") -> None:
        """A point."""
        self.marks.append(Mark("circle", (("cx", x), ("cy", y), ("r", radius), ("class", style)), "", None, name))

    def text(self, x: float, y: float, text: str, style: str = "", anchor: str = "start") -> None:
        """A label: what cannot be seen in it is made visible, and what is too long is cut."""
        shown = plain(text)
        shown = shown if len(shown) <= LONGEST_LABEL else shown[: LONGEST_LABEL - 1] + "…"
        self.marks.append(Mark("text", (("x", x), ("y", y), ("text-anchor", anchor), ("class", f"label {style}".strip())), shown))

    def number(
        self, x: float, y: float, n: float, style: str = "", anchor: str = "start", href: str | None = None, name: str = ""
    ) -> None:
        """A number, which the page writes as the reader's language does."""
        shown = f"{n:,}" if isinstance(n, int) else f"{n:,.1f}"
        at = (("x", x), ("y", y), ("text-anchor", anchor), ("class", f"label {style}".strip()), ("data-number", n))
        self.marks.append(Mark("text", at, shown, href, name))


def each_number(drawing: Drawing) -> Iterator[float]:
    """All numbers that stand in the picture, for those who check them."""
    for mark in drawing.marks:
        for name, value in mark.at:
            if name == "data-number" and not isinstance(value, str):
                yield value


def path(points: Sequence[tuple[float, float]]) -> str:
    """A line through points, as the ``d`` of a path."""
    return "M" + "L".join(f"{x:.2f} {y:.2f}" for x, y in points)
