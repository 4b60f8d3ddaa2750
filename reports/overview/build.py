"""From a run folder, and the folders of the runs before it, to the first view."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from reports.evidence import Evidence
from reports.masking import Masker
from reports.model import FindingRow
from reports.overview import flows
from reports.overview.changes import read_changes
from reports.overview.gates import read_gates
from reports.overview.header import read_header, read_signatures
from reports.overview.history import Past, read_history
from reports.overview.model import Overview
from reports.overview.sides import read_sides
from reports.overview.trend import read_trend
from reports.parts import EntityRow, Fact

Json = Mapping[str, Any]


def read_overview(
    run_folder: Path,
    summary: Json,
    run: Json,
    evidence: Evidence,
    masker: Masker,
    entities: tuple[EntityRow, ...],
    total: EntityRow,
    findings: Iterable[FindingRow],
    timings: Iterable[tuple[str, float]],
    facts: Iterable[Fact],
) -> Overview:
    """The first view of a run. It gives findings and records of ``evidence`` their part of the history."""
    findings = tuple(findings)
    history = read_history(run_folder, run)
    mine = Past(run_folder.resolve(), summary, run)
    changes = read_changes(evidence, history, summary, run, entities, findings)
    drawn = (flows.ended(entities), flows.gravity(findings), flows.times(timings, history, mine))
    sides, sides_note = read_sides(evidence, run_folder, run, masker, entities)
    return Overview(
        gates=read_gates(run, entities, findings),
        changes=changes,
        trend=read_trend(evidence, history, mine),
        flow=flows.whole_flow(entities, total),
        flows=tuple(flows.entity_flows(entities)),
        charts=tuple(each for each in drawn if each is not None),
        sides=sides,
        sides_note=sides_note,
        header=read_header(summary, run, facts),
        signatures=read_signatures(run_folder, run),
    )
