"""From the run folder to :class:`~reports.certifications.model.Certifications`."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb

from migrate.reconciliation.certification_asking import FINDINGS
from migrate.reconciliation.certification_judging import OUTCOMES
from migrate.stages.certifications import COUNTS_FILE, DIFFERENCES_FILE
from reports import links
from reports.certifications.model import STATES, Certifications, OnDay, Side, Why, together
from reports.evidence import Evidence
from reports.parts import Count

LISTED = 40
"""Certifications that the page lists, those with most differences first. The file has all of them."""
COUNTS, DIFFERENCES = f"6_reconcile/{COUNTS_FILE}", f"6_reconcile/{DIFFERENCES_FILE}"
Json = Mapping[str, Any]


def read_certifications(
    folder: Path, summary: Json, run: Json, titles: Mapping[str, str], evidence: Evidence, *, listed: int | None = LISTED
) -> Certifications | None:
    """None where the source tells no states, and of a run that did not come that far. ``listed`` is the most certifications that
    it has, None all of them."""
    told: Json = (summary.get("reconciliation") or {}).get("certifications") or {}
    if not told:
        return None
    about: Json = run.get("certifications") or {}
    rows, more, wrong = list[OnDay](), 0, list[str]()
    reasons: tuple[Why, ...] = ()
    if told.get("verdict") != "not asked":
        days = _days(folder)
        if days is None:
            wrong.append(f"the summary says what became of certifications, and {COUNTS} is not there or cannot be read.")
        rows, more = _listed(days or [], listed)
        if told.get("verdict") != "not carried":
            found = _ask(folder, DIFFERENCES, _GROUPED)
            reasons = tuple(_reasons(found or [], about, run, titles, evidence))
            wrong += _wrong(told, found)
    target: Json | None = about.get("target")
    return Certifications(
        verdict=str(told.get("verdict") or ""),
        why=str(told.get("why") or ""),
        cutover=str(about.get("cutover") or ""),
        source=_side(about.get("source") or {}),
        target=_side(target) if target else None,
        windows=bool(about.get("windows", True)),
        people=int(told.get("people") or 0),
        equal=int(told.get("equal") or 0),
        outcomes={outcome: int(told.get(outcome) or 0) for outcome in OUTCOMES},
        unnamed=int(told.get("unnamed") or 0),
        days=tuple(rows),
        more=more,
        reasons=reasons,
        wrong=tuple(wrong),
    )


_SIDES = [f"{side}_{state.replace(' ', '_')}" for side in ("source", "target") for state in STATES]
DAYS = f"SELECT certification, CAST(day AS VARCHAR), {', '.join([*_SIDES, *OUTCOMES])} FROM {{file}} ORDER BY certification, day"
"""A row for each certification and day of ``{file}``."""
_GROUPED = (
    "SELECT outcome, kind, code, count(*), CAST(min(first) AS VARCHAR), "
    "CASE WHEN bool_or(days IS NULL) THEN NULL ELSE max(days) END FROM {file} GROUP BY ALL"
)


def _side(about: Json) -> Side:
    return Side(str(about.get("entity") or ""), str(about.get("zone") or ""), str(about.get("unconfirmed") or ""))


def _ask(folder: Path, file: str, sql: str) -> list[tuple[Any, ...]] | None:
    """The rows of a query over a file of the run; None where it is not there or broken."""
    path = folder / file
    if not path.is_file():
        return None
    with duckdb.connect(config={"autoinstall_known_extensions": "false"}) as db:
        try:
            return db.execute(sql.format(file="read_parquet(?)"), [glob.escape(str(path))]).fetchall()
        except duckdb.Error:
            return None


def _days(folder: Path) -> list[OnDay] | None:
    rows = _ask(folder, COUNTS, DAYS)
    return None if rows is None else [on_day(row) for row in rows]


def on_day(row: tuple[Any, ...]) -> OnDay:
    """A row of DAYS."""
    certification, day, *numbers = row
    n = len(STATES)
    source, target, outcomes = (
        dict(zip(words, map(int, part), strict=True))
        for words, part in ((STATES, numbers[:n]), (STATES, numbers[n : 2 * n]), (OUTCOMES, numbers[2 * n :]))
    )
    return OnDay(certification, day, source, target, outcomes)


def _listed(days: list[OnDay], most: int | None) -> tuple[list[OnDay], int]:
    by_name: dict[str | None, list[OnDay]] = {}
    for each in days:
        by_name.setdefault(each.certification, []).append(each)
    first = sorted(by_name.values(), key=lambda rows: -max(row.different for row in rows))
    shown = [row for rows in first[:most] for row in rows]
    return [*(together(days) if len(by_name) > 1 else ()), *shown], len(first[most:]) if most is not None else 0


def _reasons(
    found: list[tuple[Any, ...]], about: Json, run: Json, titles: Mapping[str, str], evidence: Evidence
) -> Iterator[Why]:
    explained: Json = about.get("explained") or {}
    raised = evidence.counts("SELECT code, count(*) FROM findings GROUP BY code")
    order = {outcome: number for number, outcome in enumerate(OUTCOMES)}
    for outcome, kind, code, people, first, days in sorted(found, key=lambda row: (order.get(row[0], 9), -row[3], str(row[2]))):
        if outcome == "different":
            code, reason = FINDINGS[kind]
            number = links.counted("findings", int(people), shown=raised.get(code) == people, code=code)
        else:
            reason = str((explained.get(code) or {}).get("reason") or _left_out(run, code) or titles.get(code, ""))
            number = Count(int(people))
        yield Why(outcome, kind, code, reason, number, first, None if days is None else int(days))


def _left_out(run: Json, code: str | None) -> str:
    """The reason for which a mapping leaves records out by this code."""
    for described in (run.get("entities") or {}).values():
        if reason := (described.get("left_out") or {}).get(code):
            return str(reason)
    return ""


def _wrong(told: Json, found: list[tuple[Any, ...]] | None) -> Iterator[str]:
    if found is None:
        yield f"the summary says what became of certifications, and {DIFFERENCES} is not there or cannot be read."
        return
    for outcome in OUTCOMES:
        there, said = sum(row[3] for row in found if row[0] == outcome), int(told.get(outcome) or 0)
        if there != said:
            yield f"certifications: the summary says {said:,} {outcome}, {DIFFERENCES} has {there:,}."
    people, parts = int(told.get("people") or 0), sum(int(told.get(word) or 0) for word in ("equal", *OUTCOMES))
    if people != parts:
        yield f"certifications: {people:,} people are not the {parts:,} that are equal or differ."
