"""Decisions about values of crosswalks, as new texts of the crosswalks' files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from migrate.crosswalks import COLUMNS
from migrate.csv_line import csv_line
from migrate.workspace import Workspace

STATUS = {"confirm": "confirmed", "reject": "rejected", "waive": "waived"}


class CrosswalkAnswer(NamedTuple):
    """What a person decided about one value of a crosswalk."""

    crosswalk: str
    source_value: str
    verb: str
    """``confirm``, ``reject`` or ``waive``."""
    new_value: str
    """The target; blank: the one that is proposed."""
    reason: str
    by: str
    at: str
    rows: str


def decide(workspace: Workspace, answers: Iterable[CrosswalkAnswer]) -> dict[Path, str]:
    """``{file: new text}`` of the crosswalks that the answers are about. Other entries, and the order of all, stay."""
    by_crosswalk: dict[str, list[CrosswalkAnswer]] = {}
    for answer in answers:
        by_crosswalk.setdefault(answer.crosswalk, []).append(answer)
    texts: dict[Path, str] = {}
    for crosswalk, own in by_crosswalk.items():
        known = workspace.crosswalks[crosswalk]
        entries = {str(row["source"]): {str(c): str(v) for c, v in row.items()} for row in known.entries.to_dict("records")}
        for answer in own:
            entry = entries.setdefault(answer.source_value, dict.fromkeys(COLUMNS, "") | {"source": answer.source_value})
            confirmed = answer.verb == "confirm"
            changed = confirmed and answer.new_value not in ("", entry["target"])
            entry |= {
                "rows": answer.rows,
                "target": (answer.new_value or entry["target"]) if confirmed else entry["target"],
                "equivalence": "equal" if changed or not entry["equivalence"] else entry["equivalence"],
                "confidence": "1.0" if confirmed else entry["confidence"],
                "status": STATUS[answer.verb],
                "by": answer.by,
                "at": answer.at,
                "reason": answer.reason,
            }
            lines = [csv_line(COLUMNS), *(csv_line(entry[column] for column in COLUMNS) for entry in entries.values())]
        texts[known.file] = "".join(lines)
    return texts
