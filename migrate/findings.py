"""Findings that are not made row by row in the engine: about tables, files and the run itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from migrate.codes import TITLES
from migrate.compiler.rules import WORST_FIRST
from migrate.contracts.model import Severity
from migrate.engine import Engine, copy_to_parquet
from migrate.run_folder import RunFolder


@dataclass(frozen=True)
class Finding:
    """One finding, in the columns of ``findings.parquet``."""

    code: str
    severity: Severity
    entity: str
    key: str | None
    field: str | None
    value: str | None
    message: str
    root_cause: str | None = None


SCHEMA = pa.schema([(column.name, pa.string()) for column in fields(Finding)])


def publish_findings(connection: Engine, table: str, run: RunFolder) -> None:
    """Write the run's ``findings.parquet`` from ``table`` (a name or table function) and count it in the summary.

    Done after each stage that makes findings, so that a run which stops shows those it has.
    """
    copy_to_parquet(connection, f"SELECT * FROM {table} ORDER BY ALL", run.path / "findings.parquet")
    rows = connection.execute(
        f"SELECT code, count(*), arg_min(severity, {WORST_FIRST}), arg_min(message, {WORST_FIRST}) FROM {table} "
        "GROUP BY code ORDER BY code"
    ).fetchall()
    run.summary["findings"] = {code: int(number) for code, number, _, _ in rows}
    run.facts["codes"] = {code: {"severity": severity, "title": TITLES.get(code, title)} for code, _, severity, title in rows}


def write_findings(findings: Iterable[Finding], file: Path) -> None:
    """Write findings as Parquet."""
    rows = [astuple(finding) for finding in findings]
    columns = [pa.array(list(column), pa.string()) for column in zip(*rows, strict=True)]
    table = pa.Table.from_arrays(columns, schema=SCHEMA) if rows else SCHEMA.empty_table()
    pq.write_table(table, file)
