"""All runs of the workspace up to this one, as small line charts. A run that cannot be compared is a hollow point."""

from __future__ import annotations

import glob
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import duckdb

from migrate.compiler.text import literal
from reports.charts.lines import Lines, Series, draw_lines
from reports.evidence import Evidence
from reports.model import HELD_BACK, LOADED, NEEDS_A_PERSON, SET_ASIDE
from reports.overview.history import History, Past, total, unfit, unlike
from reports.overview.model import Trend

MOST_RUNS = 40
"""Runs that are drawn; older ones are counted and left out."""
_CAUSES = (
    "SELECT count(DISTINCT cause) FROM read_parquet({file}) WHERE state IN ("
    + ", ".join(literal(state) for state in NEEDS_A_PERSON)
    + ")"
)
Number = float | None


def read_trend(evidence: Evidence, history: History, mine: Past) -> Trend:
    """The charts; none where there is no run before."""
    every = (*history.runs, mine)
    runs = every[-MOST_RUNS:]
    told = tuple(run.earlier(_why(run, mine)) for run in runs)
    if len(runs) < 2:
        return Trend(told, (), history.unreadable)
    alike = tuple(not each.why for each in told)
    points = tuple(run.id for run in runs)

    def lines(title: str, description: str, unit: str, **series: Callable[[Past], Number]) -> Lines:
        drawn = (Series(name.replace("_", " "), tuple(read(run) for run in runs)) for name, read in series.items())
        return Lines(title, description, points, alike, tuple(drawn), unit)

    charts = (
        lines("Findings", "Findings of each run, and those of them that are no warnings.", "", all=_findings, no_warnings=_grave),
        lines("Causes that need a person", "Rules and fields with at least one item that needs a person.", "",
              causes=lambda run: _causes(evidence, run)),
        lines("Worklist items that need a person", "Items open, expired or returned at the end of each run.", "", items=_items),
        lines("Where records ended", "Records in the target, left out on purpose, and waiting or failed.", "records",
              in_the_target=_ended(LOADED), left_out=_ended(SET_ASIDE), waiting=_ended(HELD_BACK)),
        lines("Time", "Seconds that all stages of each run took together.", "seconds", seconds=_seconds),
    )  # fmt: skip
    return Trend(told, tuple(draw_lines(chart) for chart in charts), history.unreadable, len(every) - len(runs))


def _why(run: Past, mine: Past) -> str:
    if run is mine:
        return unfit(run.summary, run.facts)
    return unlike(mine.summary, mine.facts, run)


def _findings(run: Past) -> Number:
    return total(run.summary.get("findings"))


def _grave(run: Past) -> Number:
    """Findings of codes whose gravest finding is more than a warning."""
    codes, findings = run.facts.get("codes"), run.summary.get("findings")
    if not isinstance(codes, Mapping) or not isinstance(findings, Mapping):
        return None
    grave = [code for code in findings if not (isinstance(about := codes.get(code), Mapping) and about.get("severity") == "warn")]
    return total(findings, grave)


def _items(run: Past) -> Number:
    said = run.summary.get("worklist")
    return total(said, NEEDS_A_PERSON) if isinstance(said, Mapping) and (said or not unfit(run.summary, run.facts)) else None


def _causes(evidence: Evidence, run: Past) -> Number:
    file = run.folder / "worklist.parquet"
    if not file.is_file():
        return None
    try:
        ((found,),) = evidence.ask(_CAUSES.format(file=literal(glob.escape(str(file)))))
    except duckdb.Error:
        return None
    return int(found)


def _ended(words: Sequence[str]) -> Callable[[Past], Number]:
    def read(run: Past) -> Number:
        entities: Any = run.summary.get("entities")
        if not isinstance(entities, Mapping):
            return None
        sums = [total(each.get("dispositions"), words) if isinstance(each, Mapping) else None for each in entities.values()]
        return None if None in sums else sum(each for each in sums if each is not None)

    return read


def _seconds(run: Past) -> Number:
    timings: Any = run.summary.get("timings")
    if not isinstance(timings, Mapping) or not all(isinstance(each, int | float) for each in timings.values()):
        return None
    return round(float(sum(timings.values())), 1)
