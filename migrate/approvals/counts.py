"""What the gates are judged on: counted from the rows of a run folder, not taken from its summary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from migrate.engine import scan, session


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
    """Count a run. Files that a run which stopped did not come to write count nothing. Raises RunFailed where one is damaged."""
    counted = Counts(records={name: Records(entity["source"]) for name, entity in summary["entities"].items()})
    with session() as connection:

        def rows(file: str, select: str) -> list[tuple[Any, ...]]:
            path = run_folder / file
            return connection.execute(select.format(scan(path))).fetchall() if path.is_file() else []

        for code, severity, number in rows("findings.parquet", "SELECT code, severity, count(*) FROM {} GROUP BY ALL"):
            counted.findings.setdefault(code, {})[severity] = number
        for name, word, number in rows("dispositions.parquet", "SELECT entity, disposition, count(*) FROM {} GROUP BY ALL"):
            counted.records.setdefault(name, Records()).dispositions[word] = number
        select = "SELECT entity, kind, count(DISTINCT coalesce(target_key, key)) FROM {} GROUP BY ALL"
        for name, kind, number in rows("6_reconcile/differences.parquet", select):
            word = {"missing": "missing", "extra": "extra"}.get(kind, "differences")
            setattr(counted.records.setdefault(name, Records()), word, number)
    return counted
