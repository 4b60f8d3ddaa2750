"""After reconciliation: what the target cannot hold, kept whole, with the new identities beside the old keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from migrate.artefacts import Extracted, Reconciled, write_manifest
from migrate.compiler.plan import Plan
from migrate.compiler.source import FAULT, FAULT_VALUE, ROW
from migrate.compiler.text import literal, name
from migrate.engine import copy_to_parquet, scan, session
from migrate.errors import Unbalanced
from migrate.progress import Progress
from migrate.run_folder import RunFolder, archive_file


def archive(extracted: Extracted, reconciled: Reconciled, plan: Plan, run: RunFolder, progress: Progress, memory: str) -> None:
    """Write ``archive/TABLE.parquet`` and ``.csv`` for every archived table.

    For each column that refers to a migrated record, ``COLUMN__target`` holds its key in the target and
    ``COLUMN__disposition`` what became of it. Raises Unbalanced when a row of the source is not in the archive.
    """
    reconciled.verify()
    if not plan.pair.model.archive:
        run.facts["archive"] = {}
        return
    folder = run.path / "archive"
    folder.mkdir(exist_ok=True)
    facts: dict[str, Any] = {}
    with session(run.scratch, memory) as connection:
        connection.execute(f"CREATE VIEW dispositions AS SELECT * FROM {scan(run.path / 'dispositions.parquet')}")
        for archive_name, rule in plan.pair.model.archive.items():
            tables: dict[str, Any] = {}
            for entity in plan.archives.get(archive_name, []):
                with progress.task("archive", entity) as task:
                    rows = _archive_entity(connection, plan, extracted.parquet(entity), entity, folder)
                    task.advance(rows)
                source = run.facts["extract"][entity]["rows"]
                if rows != source:
                    raise Unbalanced(f"the archive of {entity} holds {rows} of {source} rows")
                tables[entity] = {"source": source, "archived": rows, "file": f"archive/{entity}.parquet"}
            for table, counts in run.facts["archive_files"].items():
                from migrate.losses import table_treatment

                loss = table_treatment(plan, table)
                if loss and loss.archive == archive_name:
                    file = folder / archive_file(table)
                    if counts["source"] != counts["archived"]:
                        raise Unbalanced(f"the archive of {table} holds {counts['archived']} of {counts['source']} rows")
                    if (kept := _identify(connection, plan, file)) != counts["archived"]:
                        raise Unbalanced(f"the archive of {table} holds {kept} of {counts['source']} rows")
                    tables[table] = {**counts, "file": f"archive/{file.name}"}
            facts[archive_name] = {"code": rule.code, "reason": rule.reason, "tables": tables}
    run.facts["archive"] = facts
    for entry in run.summary["loss_register"]:
        if entry["treatment"] == "archived":
            table = entry["source"].split(".")[0] if "/" not in entry["source"] else entry["source"]
            entry["archive"] = f"archive/{archive_file(table)}"
    write_manifest(Reconciled, folder, reconciled, [*folder.glob("*.parquet"), *folder.glob("*.csv")])


def _archive_entity(connection: duckdb.DuckDBPyConnection, plan: Plan, extracted: Path, entity: str, folder: Path) -> int:
    file = folder / f"{entity}.parquet"
    rows = copy_to_parquet(connection, _joined(extracted, _identified(plan, entity)), file)
    _to_csv(connection, file)
    return rows


def _identify(connection: duckdb.DuckDBPyConnection, plan: Plan, file: Path) -> int:
    """Identities for a table that no contract describes and that lies there as it came; gives its rows."""
    names = [str(column) for column, *_ in connection.execute(f"DESCRIBE SELECT * FROM {scan(file)}").fetchall()]
    mappings = {column: plan.pair.model.identities.get(e) for column, e in plan.pair.source.model.conventions.items()}
    found = [(n, mapping) for n in names if (mapping := mappings.get(n.lower())) in plan.names and mapping]
    new = file.with_suffix(".new")
    rows = copy_to_parquet(connection, _joined(file, found), new)
    new.replace(file)
    _to_csv(connection, file)
    return rows


def _joined(rows: Path, identified: list[tuple[str, str]]) -> str:
    columns, joins = ["e.*"], []
    for number, (field, mapping) in enumerate(identified):
        alias = f"d{number}"
        columns.append(f"{alias}.target_key AS {name(field + '__target')}")
        columns.append(f"{alias}.disposition AS {name(field + '__disposition')}")
        joins.append(
            f"LEFT JOIN dispositions AS {alias} ON {alias}.entity = {literal(mapping)} "
            f"AND {alias}.key = CAST(e.{name(field)} AS VARCHAR)"
        )
    plain = f"(SELECT * EXCLUDE ({name(ROW)}, {name(FAULT)}, {name(FAULT_VALUE)}) FROM {scan(rows)})"
    return f"SELECT {', '.join(columns)} FROM {plain} AS e {' '.join(joins)}"


def _identified(plan: Plan, entity: str) -> list[tuple[str, str]]:
    """(field, mapping) of the columns whose record has a new identity: its own key, and references."""
    model = plan.pair.source.model.entities[entity]
    found = []
    for field, rule in model.fields.items():
        referred = rule.references.entity if rule.references else entity if model.key == (field,) else None
        mapping = plan.pair.model.identities.get(referred) if referred else None
        if mapping in plan.names and rule.pii != "secret":
            found.append((field, mapping))
    return found


def _to_csv(connection: duckdb.DuckDBPyConnection, file: Path) -> None:
    """The same rows for people: text that a spreadsheet would run as a formula gets an apostrophe before it."""
    columns = [
        (str(column), str(kind)) for column, kind, *_ in connection.execute(f"DESCRIBE SELECT * FROM {scan(file)}").fetchall()
    ]
    shown = [
        f"CASE WHEN regexp_matches({name(c)}, '^[=+\\-@\\t\\r]') AND TRY_CAST({name(c)} AS DOUBLE) IS NULL "
        f"THEN '''' || {name(c)} ELSE {name(c)} END AS {name(c)}" if kind == "VARCHAR" else name(c)
        for c, kind in columns
    ]  # fmt: skip
    target = literal(str(file.with_suffix(".csv")))
    connection.execute(f"COPY (SELECT {', '.join(shown)} FROM {scan(file)}) TO {target} (FORMAT csv, HEADER)")
