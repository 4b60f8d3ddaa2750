"""What the gates are judged on: counted from the rows of a run folder, not taken from its summary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from migrate.engine import scan, session
from migrate.worklist.history import FILE as WORKLIST


@dataclass
class Records:
    """How the records of one mapping ended."""

    source: int = 0
    dispositions: dict[str, int] = field(default_factory=dict)
    missing: int = 0
    extra: int = 0
    differences: int = 0
    """Records of which at least one field differs."""

    def of(self, *words: str) -> int:
        """Records that ended in one of these dispositions."""
        return sum(self.dispositions.get(word, 0) for word in words)


@dataclass
class Counts:
    """The numbers of a run."""

    findings: dict[str, dict[str, int]] = field(default_factory=dict)
    """``{code: {severity: number}}``."""
    records: dict[str, Records] = field(default_factory=dict)
    """By mapping."""

    def code(self, code: str) -> int:
        """Findings of a code."""
        return sum(self.findings.get(code, {}).values())

    def severity(self, severity: str, without: Mapping[str, Any]) -> int:
        """Findings of a severity, but for codes in ``without``."""
        return sum(counted.get(severity, 0) for code, counted in self.findings.items() if code not in without)


def counts(run_folder: Path, summary: Mapping[str, Any]) -> Counts:
    """Count a run. Findings that somebody waived do not count, but for fatal ones; their records count where they ended.

    Files that a run which stopped did not come to write count nothing. Raises RunFailed where one is damaged.
    """
    counted = Counts(records={name: Records(entity["source"]) for name, entity in summary["entities"].items()})
    with session() as connection:

        def rows(file: str, select: str) -> list[tuple[Any, ...]]:
            path = run_folder / file
            return connection.execute(select.format(scan(path))).fetchall() if path.is_file() else []

        select = f"SELECT code, severity, count(*) FROM {{}} WHERE {_not_waived(connection, run_folder)} GROUP BY ALL"
        for code, severity, number in rows("findings.parquet", select):
            counted.findings.setdefault(code, {})[severity] = number
        for name, word, number in rows("dispositions.parquet", "SELECT entity, disposition, count(*) FROM {} GROUP BY ALL"):
            counted.records.setdefault(name, Records()).dispositions[word] = number
        select = "SELECT entity, kind, count(DISTINCT coalesce(target_key, key)) FROM {} GROUP BY ALL"
        for name, kind, number in rows("6_reconcile/differences.parquet", select):
            word = {"missing": "missing", "extra": "extra"}.get(kind, "differences")
            setattr(counted.records.setdefault(name, Records()), word, number)
    return counted


def disagreements(run_folder: Path, summary: Mapping[str, Any]) -> list[str]:
    """Where the rows of a whole run are not as many as its summary says: rows were added or taken away since it ended.

    Raises RunFailed where a file is not there or damaged.
    """
    ended = {f"{name} {d}": n for name, entity in summary["entities"].items() for d, n in entity["dispositions"].items()}
    claims: tuple[tuple[str, str, Mapping[str, int]], ...] = (
        ("dispositions.parquet", "entity || ' ' || disposition", ended),
        ("findings.parquet", "code", summary.get("findings") or {}),
        (WORKLIST, "state", summary.get("worklist") or {}),
    )
    wrong = []
    with session() as connection:
        for file, word, claimed in claims:
            query = f"SELECT {word}, count(*) FROM {scan(run_folder / file)} GROUP BY 1"
            counted = dict(connection.execute(query).fetchall())
            wrong += [
                f"{file}: {counted.get(name, 0)} rows of {name}, and the summary says {claimed.get(name, 0)}"
                for name in sorted(counted.keys() | claimed.keys(), key=str)
                if counted.get(name, 0) != claimed.get(name, 0)
            ]
    return wrong


def _not_waived(connection: duckdb.DuckDBPyConnection, run_folder: Path) -> str:
    """The condition that a finding belongs to no item of the worklist that is waived."""
    worklist, findings = run_folder / WORKLIST, run_folder / "findings.parquet"
    if not worklist.is_file() or not findings.is_file():
        return "TRUE"
    columns = [row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM {scan(findings)}").fetchall()]
    if "item" not in columns:  # a run that stopped before its findings had items
        return "TRUE"
    return f"severity = 'fatal' OR item IS NULL OR item NOT IN (SELECT item FROM {scan(worklist)} WHERE state = 'waived')"
