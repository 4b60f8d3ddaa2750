"""After reconciliation: what the target cannot hold, kept whole, with the new identities beside the old keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from migrate.artefacts import Extracted, Mapped, Reconciled, write_manifest
from migrate.compiler.plan import Plan
from migrate.compiler.source import FAULT, FAULT_VALUE, ROW
from migrate.compiler.text import key_text, literal, name
from migrate.engine import copy_to_parquet, scan, session
from migrate.errors import Unbalanced
from migrate.plain_csv import to_csv
from migrate.privacy.about import About
from migrate.privacy.kept import archive_by_rule
from migrate.privacy.settings import SUPPRESSED
from migrate.progress import Progress
from migrate.run_folder import RunFolder, archive_file

AS_READ = "row__as_read"


def archive(
    extracted: Extracted, mapped: Mapped, reconciled: Reconciled, plan: Plan, run: RunFolder, progress: Progress, memory: str
) -> None:
    """Write ``archive/TABLE.parquet`` and ``.csv`` for every archived table.

    For each column that refers to a migrated record, ``COLUMN__target`` holds its key in the target and
    ``COLUMN__disposition`` what became of it; ``row__as_read`` the whole row where it did not fit the columns. Raises
    Unbalanced when a row of the source is not in the archive.
    """
    reconciled.verify()
    if not plan.pair.model.archive and not any(rule.archived for rule in plan.pair.policies):
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
                with progress.task("archive", entity, extracted.rows(entity)) as task:
                    rows, left = _archive_entity(connection, plan, extracted, mapped, entity, folder)
                    task.advance(rows)
                source = run.facts["extract"][entity]["rows"]
                if rows + left != source:
                    raise Unbalanced(f"the archive of {entity} holds {rows} of {source} rows")
                tables[entity] = {"source": source, "archived": rows, "file": f"archive/{entity}.parquet"}
                if left:
                    tables[entity]["left"] = left
            for table, counts in run.facts["archive_files"].items():
                from migrate.losses import table_treatment

                loss = table_treatment(plan, table)
                if loss and loss.archive == archive_name:
                    file = folder / archive_file(table)
                    if counts["source"] != counts["archived"] + counts.get("left", 0):
                        raise Unbalanced(f"the archive of {table} holds {counts['archived']} of {counts['source']} rows")
                    kept, left = _identify(connection, plan, table, file)
                    if kept + left != counts["archived"]:
                        raise Unbalanced(f"the archive of {table} holds {kept} of {counts['source']} rows")
                    tables[table] = {**counts, "archived": kept, "file": f"archive/{file.name}"}
                    if left := left + counts.get("left", 0):
                        tables[table]["left"] = left
            facts[archive_name] = {"code": rule.code, "reason": rule.reason, "tables": tables}
        facts |= archive_by_rule(connection, plan, extracted, folder)
    run.facts["archive"] = facts
    for entry in run.summary["loss_register"]:
        if entry["treatment"] == "archived":
            table = entry["source"].split(".")[0] if "/" not in entry["source"] else entry["source"]
            entry["archive"] = f"archive/{archive_file(table)}"
    write_manifest(Reconciled, folder, reconciled, [*folder.glob("*.parquet"), *folder.glob("*.csv")])


def _archive_entity(
    connection: duckdb.DuckDBPyConnection, plan: Plan, extracted: Extracted, mapped: Mapped, entity: str, folder: Path
) -> tuple[int, int]:
    """(rows archived, rows left out because they are about people of whom nothing may be kept)."""
    file = folder / f"{entity}.parquet"
    rows = scan(extracted.parquet(entity))
    own = plan.pair.model.identities.get(entity)
    if own in plan.names and plan.pair.mappings[own].source_name == entity:
        # A second row of one key, or one without a key, is known to the dispositions by a key made up for it.
        source = f"SELECT r.*, m._key AS _own FROM {rows} AS r LEFT JOIN {scan(mapped.parquet(own))} AS m USING ({name(ROW)})"
    else:
        key = key_text(f"r.{name(part)}" for part in plan.pair.source.model.entities[entity].key)
        source = f"SELECT r.*, {key} AS _own FROM {rows} AS r"
    identified = _identified(plan, entity)
    own_field = next((field for field, _, key in identified if key == "e._own"), None)
    left = _left_out(plan, identified, {own_field, _about(plan).field(entity)}) if plan.pair.policies else ""
    written = copy_to_parquet(connection, _joined(connection, source, identified, f"NOT ({left})" if left else ""), file)
    to_csv(connection, file)
    return written, _count(connection, _joined(connection, source, identified, left)) if left else 0


def _about(plan: Plan) -> About:
    """Whom rows are about, of those whom a rule of the workspace leaves behind."""
    return About(plan.pair.source.model, [e for e, m in plan.pair.model.identities.items() if m in plan.names], {})


def _left_out(plan: Plan, identified: list[tuple[str, str, str]], deciding: set[str | None]) -> str:
    """The condition of rows that may not be kept, over what :func:`_joined` joins; blank where there is no such rule."""
    codes = ", ".join(literal(rule.code) for rule in plan.pair.policies if not rule.archived)
    if not codes:
        return ""
    parts = [f"coalesce(d{n}.code IN ({codes}), FALSE)" for n, (field, _, _) in enumerate(identified) if field in deciding]
    return " OR ".join([f"coalesce(e.{name(FAULT)} = {literal(SUPPRESSED)}, FALSE)", *parts])


def _count(connection: duckdb.DuckDBPyConnection, select: str) -> int:
    row = connection.execute(f"SELECT count(*) FROM ({select})").fetchone()
    return int(row[0]) if row else 0


def _identify(connection: duckdb.DuckDBPyConnection, plan: Plan, table: str, file: Path) -> tuple[int, int]:
    """Identities for a table that no contract describes and that lies there as it came; gives (rows kept, rows left out)."""
    names = [str(column) for column, *_ in connection.execute(f"DESCRIBE SELECT * FROM {scan(file)}").fetchall()]
    mappings = {column: plan.pair.model.identities.get(e) for column, e in plan.pair.source.model.conventions.items()}
    found = [
        (n, mapping, f"CAST(e.{name(n)} AS VARCHAR)")
        for n in names
        if (mapping := mappings.get(n.lower())) in plan.names and mapping
    ]
    new = file.with_suffix(".new")
    source = f"SELECT *, NULL AS _own FROM {scan(file)}"
    column = _about(plan).column(table, names) if plan.pair.policies else None
    left = _left_out(plan, found, {column[0]} if column else set())
    number = _count(connection, _joined(connection, source, found, left)) if left else 0
    rows = copy_to_parquet(connection, _joined(connection, source, found, f"NOT ({left})" if left else ""), new)
    new.replace(file)
    to_csv(connection, file)
    return rows, number


def _joined(
    connection: duckdb.DuckDBPyConnection, source: str, identified: list[tuple[str, str, str]], condition: str = ""
) -> str:
    """The rows of ``source`` with their identities beside them, without the engine's own columns."""
    columns, joins = [f"e.* EXCLUDE ({name(ROW)}, {name(FAULT)}, {name(FAULT_VALUE)}, _own)"], []
    for number, (field, mapping, key) in enumerate(identified):
        alias = f"d{number}"
        columns.append(f"{alias}.target_key AS {name(field + '__target')}")
        columns.append(f"{alias}.disposition AS {name(field + '__disposition')}")
        joins.append(f"LEFT JOIN dispositions AS {alias} ON {alias}.entity = {literal(mapping)} AND {alias}.key = {key}")
    row = connection.execute(f"SELECT count({name(FAULT_VALUE)}) FROM ({source})").fetchone()
    if row and row[0]:  # a row that could not be read wholly has cells that no column holds
        columns.append(f"e.{name(FAULT_VALUE)} AS {AS_READ}")
    where = f" WHERE {condition}" if condition else ""
    return f"SELECT {', '.join(columns)} FROM ({source}) AS e {' '.join(joins)}{where}"


def _identified(plan: Plan, entity: str) -> list[tuple[str, str, str]]:
    """(field, mapping, SQL of the record's key) of what has a new identity: the row itself, and its references.

    A row whose key has several columns goes by ``record``.
    """
    model = plan.pair.source.model.entities[entity]
    identities = plan.pair.model.identities
    found = []
    own = identities.get(entity)
    if own in plan.names and len(model.key) > 1:
        found.append(("record", own, "e._own"))
    for field, rule in model.fields.items():
        is_key = model.key == (field,) and not rule.references
        mapping = own if is_key else identities.get(rule.references.entity) if rule.references else None
        if mapping in plan.names and rule.pii != "secret":
            found.append((field, mapping, "e._own" if is_key else f"CAST(e.{name(field)} AS VARCHAR)"))
    return found
