"""Where the records of each entity ended, as flow pictures, and as bars."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from reports.charts.bars import Cut, Pair, Paired, Part, Stacked, draw_paired, draw_stacked
from reports.charts.drawing import Drawing
from reports.charts.flow import Band, End, Flow, draw_flow
from reports.model import DISPOSITIONS, HELD_BACK, LOADED, SET_ASIDE, SEVERITIES, FindingRow
from reports.overview.history import History, Past, unlike
from reports.parts import Count, EntityRow

GROUPS = (("in the target", LOADED), ("left out on purpose", SET_ASIDE), ("waiting or failed", HELD_BACK))
"""Set apart from each other in the pictures: what was left out on purpose is never mixed with what failed."""


def whole_flow(entities: Sequence[EntityRow], total: EntityRow) -> Drawing | None:
    """All entities at once; None where nothing ended anywhere."""
    if not total.accounted:
        return None
    return draw_flow(
        Flow(
            "From the source to where records ended",
            "On the left each entity with its records in the source, on the right where they ended. A band is as high as its "
            "number of records, and leads to them.",
            tuple((row.name, row.source) for row in entities),
            _ends(total),
            tuple(band for row in entities for band in _bands(row)),
        )
    )


def entity_flows(entities: Iterable[EntityRow]) -> Iterator[Drawing]:
    """One picture for each entity that has records that ended."""
    for row in entities:
        if row.accounted:
            made = f"{row.made_from} to {row.target}" if row.made_from and row.target else row.name
            yield draw_flow(
                Flow(row.name, f"{row.name}, {made}: where its records ended.", ((row.name, row.source),), _ends(row),
                     tuple(_bands(row)), body=90)
            )  # fmt: skip


def ended(entities: Sequence[EntityRow]) -> Drawing | None:
    """The shares of each entity, so that a small one is seen beside a large one."""
    rows = [row for row in entities if row.accounted]
    if not rows:
        return None
    parts = tuple(Part(name, f"fill-{name}") for name in DISPOSITIONS)
    bars = tuple(Cut(row.name, tuple(row.dispositions[name] for name in DISPOSITIONS)) for row in rows)
    about = "Of each entity, the share of its records that ended in each way. The number is that of all its records."
    return draw_stacked(Stacked("Shares of each entity", about, parts, bars, "entity", shares=True))


def gravity(findings: Iterable[FindingRow]) -> Drawing | None:
    """Findings by severity."""
    counts: dict[str, int] = {}
    for row in findings:
        counts[row.severity] = counts.get(row.severity, 0) + row.count.n
    known = [severity for severity in SEVERITIES if severity in counts]
    known += sorted(counts.keys() - set(SEVERITIES))
    if not known:
        return None
    parts = (Part("findings", "fill-first"),)
    bars = tuple(Cut(severity, (Count(counts[severity]),)) for severity in known)
    about = "Findings by severity, the gravest first."
    return draw_stacked(Stacked("Findings by severity", about, parts, bars, "severity"))


def times(timings: Iterable[tuple[str, float]], history: History, mine: Past) -> Drawing | None:
    """Seconds by stage, beside those of the newest run before that can be compared."""
    now = dict(timings)
    past = next((run for run in reversed(history.runs) if not unlike(mine.summary, mine.facts, run)), None)
    before = past.summary.get("timings") if past is not None else None
    known = {str(k): float(v) for k, v in before.items() if isinstance(v, int | float)} if isinstance(before, dict) else {}
    if not now:
        return None
    pairs = tuple(Pair(stage, known.get(stage), round(seconds, 1)) for stage, seconds in now.items())
    pairs = tuple(Pair(pair.label, None if pair.first is None else round(pair.first, 1), pair.second) for pair in pairs)
    sides = (f"seconds in {past.id}" if past is not None else "no run before", "seconds in this run")
    return draw_paired(Paired("Time by stage", "Seconds that each stage took, wall clock.", sides, pairs, "stage", equal=False))


def _ends(row: EntityRow) -> tuple[End, ...]:
    return tuple(End(name, group, row.dispositions[name]) for group, names in GROUPS for name in names)


def _bands(row: EntityRow) -> Iterator[Band]:
    for _, names in GROUPS:
        for name in names:
            if row.dispositions[name].n:
                yield Band(row.name, name, row.dispositions[name])
