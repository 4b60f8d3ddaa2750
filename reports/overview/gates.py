"""The gates of a run as ``run.json`` has them, by entity and for the run as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reports.gates import Judged, judged_gates
from reports.model import LOADED, SET_ASIDE, SEVERITIES, FindingRow
from reports.overview.model import EntityVerdict, Gates
from reports.parts import EntityRow

MOST_CODES = 4
"""Codes named in the example of what to declare."""


def read_gates(run: Mapping[str, Any], entities: Iterable[EntityRow], findings: Iterable[FindingRow]) -> Gates:
    """All gates. A run of an older version has none, or does not say whether people set any."""
    judged = judged_gates(run)
    of_findings = tuple(one for one in judged if one.entity is None and one.gate.startswith("findings "))
    of_run = tuple(one for one in judged if one.entity is None and one not in of_findings)
    declared = run.get("gates_declared")
    budgets = {one.gate.removeprefix("findings ") for one in of_findings}
    order = {severity: place for place, severity in enumerate(SEVERITIES)}
    without = [row for row in findings if row.code not in budgets and row.severity != "warn"]
    without.sort(key=lambda row: (order.get(row.severity, -1), -row.count.n, row.code))
    return Gates(
        declared=declared if isinstance(declared, bool) else None,
        run=of_run,
        findings=of_findings,
        entities=tuple(_entity(row, judged) for row in entities),
        codes=tuple(dict.fromkeys(row.code for row in without))[:MOST_CODES],
    )


def _entity(row: EntityRow, judged: Iterable[Judged]) -> EntityVerdict:
    own = [one for one in judged if one.entity == row.name]
    missed = tuple(one for one in own if not one.passed)
    scope = row.source.n - row.share(SET_ASIDE)
    loaded = 100 * row.share(LOADED) / scope if scope > 0 else None
    known = None if not own else False if missed else own[0].reached
    return EntityVerdict(row, known, missed, loaded)
