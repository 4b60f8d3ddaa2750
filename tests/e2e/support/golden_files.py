"""The golden form of a run: what it says and writes, as text that people can compare line by line."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from pathlib import Path
from typing import Any

from run_reading import cells, dispositions, findings, load_files, summary

DISPOSITION = ("entity", "key", "disposition", "target_key", "code")
FINDING = ("code", "severity", "entity", "key", "field", "value", "message", "root_cause")
NULL = "\\N"


def golden_form(run: Path) -> dict[str, bytes]:
    """``{file name: content}``: nothing in it depends on the clock, the machine or the name of the run."""
    told = summary(run)
    for word in ("run", "timings"):
        del told[word]
    return {
        "summary.json": (json.dumps(told, indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode(),
        "dispositions.csv": _csv(DISPOSITION, dispositions(run)),
        "findings.csv": _csv(FINDING, findings(run)),
        "archive.csv": _csv(("table", "rows", "sha256"), _archive(run / "archive")),
        **{f"load/{name}": content for name, content in load_files(run / "4_load").items()},
    }


def _csv(columns: tuple[str, ...], rows: list[dict[str, Any]]) -> bytes:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(sorted([NULL if row[c] is None else row[c] for c in columns] for row in rows))
    return stream.getvalue().encode("utf-8")


def _archive(folder: Path) -> list[dict[str, Any]]:
    """Per archived table its rows and a hash of them in sorted order: an archive has no order of its own."""
    found = []
    for file in sorted(folder.glob("*.csv")):
        header, *rows = cells(file.read_bytes())
        text = json.dumps([header, *sorted(rows)], ensure_ascii=False).encode()
        found.append({"table": file.stem, "rows": str(len(rows)), "sha256": hashlib.sha256(text).hexdigest()})
    return found


def read_golden(folder: Path) -> dict[str, bytes]:
    """The committed files, empty where there are none."""
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}
