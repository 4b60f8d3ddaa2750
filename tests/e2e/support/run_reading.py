"""Reading what a run left behind, without the code that wrote it."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

WORDS = ("created", "updated", "unchanged", "merged", "excluded", "quarantined", "blocked", "held", "failed")
SUMMARY = {
    "schema", "run", "mode", "verdict", "balanced", "entities", "findings", "loss_register", "reconciliation",
    "timings", "worklist",
}  # fmt: skip
ENTITY = {"source", "dispositions", "references", "compared", "missing", "extra", "differences"}


def table(file: Path) -> list[dict[str, Any]]:
    """The rows of a Parquet file."""
    rows: list[dict[str, Any]] = pq.read_table(file).to_pylist()
    return rows


def dispositions(run: Path) -> list[dict[str, Any]]:
    return table(run / "dispositions.parquet")


def findings(run: Path) -> list[dict[str, Any]]:
    """What was found; the item of the worklist is there only when the run came to its end."""
    return [{word: value for word, value in row.items() if word != "item"} for row in table(run / "findings.parquet")]


def summary(run: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((run / "summary.json").read_text("utf-8"))
    return read


def facts(run: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((run / "run.json").read_text("utf-8"))
    return read


def load_files(folder: Path) -> dict[str, bytes]:
    """The load files by name; a zip is opened."""
    found: dict[str, bytes] = {}
    for file in sorted(folder.iterdir()):
        if file.suffix == ".zip":
            with zipfile.ZipFile(file) as package:
                found |= {name: package.read(name) for name in package.namelist()}
        elif file.name not in ("manifest.json", "results.parquet"):
            found[file.name] = file.read_bytes()
    return found


def cells(content: bytes, encoding: str = "utf-8") -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode(encoding), newline="")))


def assert_balances(run: Path, sources: dict[str, int]) -> None:
    """Every source record has exactly one disposition, and summary.json says what dispositions.parquet says.

    ``sources``: rows in the source by mapping, counted by the test.
    """
    told = summary(run)
    assert set(told) - {"acceptance"} == SUMMARY  # which is there where the pair has suites
    assert told["balanced"] is True
    ended = dispositions(run)
    counted = Counter((row["entity"], row["disposition"]) for row in ended)
    assert {row["disposition"] for row in ended} <= set(WORDS)
    assert set(told["entities"]) == set(sources)
    for entity, rows in sources.items():
        entry = told["entities"][entity]
        assert set(entry) == ENTITY
        keys = [row["key"] for row in ended if row["entity"] == entity]
        assert len(keys) == len(set(keys)) == rows == entry["source"]
        assert entry["dispositions"] == {word: counted[entity, word] for word in WORDS}
        judged = rows - counted[entity, "merged"] - counted[entity, "excluded"]
        for field, split in entry["references"].items():
            assert set(split) == {"resolved", "empty", "blocked"}, field
            assert sum(split.values()) == judged, field
        loaded = counted[entity, "created"] + counted[entity, "updated"] + counted[entity, "unchanged"]
        assert entry["compared"] == loaded
        assert entry["missing"] == counted[entity, "failed"]
    found = findings(run)
    assert told["findings"] == dict(Counter(row["code"] for row in found))
    raised = {(row["entity"], row["key"], row["code"]) for row in found}
    for row in ended:
        if row["disposition"] not in ("created", "updated", "unchanged"):
            assert row["code"], row
        if row["disposition"] in ("quarantined", "blocked", "held", "failed"):
            assert (row["entity"], row["key"], row["code"]) in raised, row
