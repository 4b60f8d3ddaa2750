"""Records that a rule of the workspace leaves behind, kept in ``archive/`` under the name of the rule."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from migrate.artefacts import Extracted
from migrate.compiler.plan import Plan
from migrate.compiler.source import BAD, FAULT, FAULT_VALUE, RAW, ROW, SOURCE
from migrate.compiler.text import key_text, literal, name
from migrate.engine import copy_to_parquet, scan
from migrate.errors import Unbalanced
from migrate.mapper import build_source
from migrate.plain_csv import to_csv


def archive_by_rule(connection: duckdb.DuckDBPyConnection, plan: Plan, extracted: Extracted, folder: Path) -> dict[str, Any]:
    """Write ``CODE.MAPPING.parquet`` and ``.csv``: the source record, and ``rule``, ``rule__reason``. The session holds the
    view ``dispositions``. Gives what ``run.json`` says under ``archive``. Raises Unbalanced where a record is not there."""
    rules = {rule.code: rule for rule in plan.pair.policies if rule.archived}
    if not rules:
        return {}
    for entity in plan.physical:
        connection.execute(f"CREATE VIEW {name(RAW, entity)} AS SELECT * FROM {scan(extracted.parquet(entity))}")
    build_source(connection, plan)
    facts: dict[str, Any] = {}
    for code, rule in rules.items():
        tables: dict[str, Any] = {}
        for mapping in plan.names:
            excluded = f"entity = {literal(mapping)} AND disposition = 'excluded' AND code = {literal(code)}"
            row = connection.execute(f"SELECT count(*) FROM dispositions WHERE {excluded}").fetchone()
            if not row or not row[0]:
                continue
            source, loaded = plan.pair.mappings[mapping].source_name, plan.pair.mappings[mapping]
            key = key_text(f"e.{name(part)}" for part in loaded.source.key)
            file = folder / f"{code}.{mapping}.parquet"
            left_away = ", ".join(name(column) for column in (ROW, FAULT, FAULT_VALUE, BAD))
            rows = copy_to_parquet(
                connection,
                f"SELECT e.* EXCLUDE ({left_away}), {literal(code)} AS rule, {literal(rule.reason)} AS rule__reason "
                f"FROM {name(SOURCE, source)} AS e JOIN (SELECT key FROM dispositions WHERE {excluded}) AS d ON d.key = {key} "
                f"QUALIFY row_number() OVER (PARTITION BY d.key ORDER BY e.{name(ROW)}) = 1 ORDER BY d.key",
                file,
            )
            if rows != row[0]:
                raise Unbalanced(f"the archive of {code} holds {rows} of {row[0]} records of {mapping}")
            to_csv(connection, file)
            tables[mapping] = {"source": rows, "archived": rows, "file": f"archive/{file.name}"}
        if tables:
            facts[code] = {"code": code, "reason": rule.reason, "tables": tables}
    return facts
