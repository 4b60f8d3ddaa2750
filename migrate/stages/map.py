"""Stage 2: every source row of every mapping, with its target values, the disposition reached so far and its findings."""

from __future__ import annotations

import duckdb

from migrate import crosswalks
from migrate.artefacts import Extracted, Mapped, write_manifest
from migrate.compiler.plan import Plan, make_plan
from migrate.compiler.source import AMBIGUOUS, BAD, FAULT, FAULT_VALUE, RAW, SEPARATOR, SOURCE, bad_value
from migrate.compiler.text import key_text, literal, name
from migrate.crosswalks import Crosswalk
from migrate.engine import copy_to_parquet, scan, session
from migrate.findings import Finding, publish_findings, write_findings
from migrate.mapper import build_identities, build_source, findings_sql, map_rows, unique_sources
from migrate.progress import Progress
from migrate.run_folder import RunFolder


def map_stage(
    extracted: Extracted, plan: Plan, known: dict[str, Crosswalk], run: RunFolder, progress: Progress, memory: str
) -> Mapped:
    """Map all rows. Writes one Parquet per mapping and ``findings.parquet``."""
    extracted.verify()
    folder = run.stage("map")
    with session(run.scratch, memory) as connection:
        for entity in plan.physical:
            connection.execute(f"CREATE VIEW {name(RAW, entity)} AS SELECT * FROM {scan(extracted.parquet(entity))}")
        build_source(connection, plan)
        plan = _with_unique_sources(connection, plan)
        for crosswalk in plan.pair.model.crosswalks:
            crosswalks.register(connection, crosswalk, crosswalks.usable(known[crosswalk], run.summary["mode"] == "live"))
        build_identities(connection, plan)
        parts = []
        for mapping in plan.names:
            total = _count(connection, SOURCE, plan.pair.mappings[mapping].source_name)
            with progress.task("map", mapping, total) as task:
                rows = map_rows(connection, plan.rows[mapping], folder / f"{mapping}.parquet")
                task.advance(rows)
            run.summary["entities"].setdefault(mapping, {})["source"] = total
            sql = findings_sql(plan.rows[mapping])
            if sql:
                parts.append(sql)
        found = [*_coverage(connection, plan), *_unread_values(connection, plan), *_unused_rows(connection, plan)]
        write_findings(found, folder / "table_findings.parquet")
        parts.append(f"SELECT * FROM {scan(folder / 'table_findings.parquet', extracted.parquet('findings'))}")
        copy_to_parquet(connection, " UNION ALL ".join(f"({part})" for part in parts), folder / "findings.parquet")
        publish_findings(connection, scan(folder / "findings.parquet"), run)
        (folder / "table_findings.parquet").unlink()
        _count_view_losses(connection, plan, run)
    write_manifest(Mapped, folder, extracted, folder.glob("*.parquet"))
    return Mapped(folder)


def _with_unique_sources(connection: duckdb.DuckDBPyConnection, plan: Plan) -> Plan:
    only = None if len(plan.names) == len(plan.pair.mappings) else plan.names
    unique = unique_sources(connection, plan)
    return make_plan(plan.pair, plan.as_of, only, with_archives=bool(plan.archives), unique=unique)


def _count(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> int:
    row = connection.execute(f"SELECT count(*) FROM {name(schema, table)}").fetchone()
    return int(row[0]) if row else 0


def _coverage(connection: duckdb.DuckDBPyConnection, plan: Plan) -> list[Finding]:
    """Keys of covered tables that no view holds: a join of the contract would have lost them."""
    contract = plan.pair.source.model
    mapped = {plan.pair.mappings[n].source_name for n in plan.names}
    covering: dict[str, list[tuple[str, str]]] = {}
    for view in plan.views:
        for table, field in contract.entities[view].covers.items():
            covering.setdefault(table, []).append((view, field))
    declared = {table: [view for view, entity in contract.entities.items() if table in entity.covers] for table in covering}
    found = []
    for table, views in covering.items():
        # With --only, the other views that share the coverage may not be part of the run.
        if not set(declared[table]) <= mapped:
            continue
        key = key_text(f"t.{name(part)}" for part in contract.entities[table].key)
        union = " UNION ALL ".join(
            f"SELECT CAST({name(field)} AS VARCHAR) AS k FROM {name(SOURCE, view)}" for view, field in views
        )
        rows = connection.execute(
            f"SELECT {key} AS k FROM {name(SOURCE, table)} AS t WHERE NOT EXISTS "
            f"(SELECT 1 FROM ({union}) AS u WHERE u.k = {key}) ORDER BY 1"
        ).fetchall()
        message = f"no view that covers {table} holds this record, so no mapping sees it"
        found += [Finding("SRC-UNCOVERED", "quarantine", table, k, None, None, message, f"{table}/{k}") for (k,) in rows]
    return found


def _unread_values(connection: duckdb.DuckDBPyConnection, plan: Plan) -> list[Finding]:
    """Values and rows that could not be read in tables which only views and lookups use: their null is not silent."""
    contract = plan.pair.source.model
    mapped = {plan.pair.mappings[n].source_name for n in plan.names}
    found = []
    for entity in plan.physical:
        if entity in mapped:
            continue
        key = key_text(f"e.{name(part)}" for part in contract.entities[entity].key)
        table = name(SOURCE, entity)
        rows = connection.execute(
            f"SELECT {key}, split_part(b, {literal(SEPARATOR)}, 1), {bad_value('b')} "
            f"FROM (SELECT *, unnest({name(BAD)}) AS b FROM {table} WHERE {name(BAD)} IS NOT NULL) AS e ORDER BY ALL"
        ).fetchall()
        for key_value, field, value in rows:
            code = "SRC-AMBIGUOUS" if field.startswith(AMBIGUOUS) else "SRC-TYPE"
            message = "the value cannot be read as its type; it counts as missing"
            found.append(Finding(code, "warn", entity, key_value, field.removeprefix(AMBIGUOUS), value, message))
        if any(entity in contract.entities[view].covers for view in mapped):
            continue  # its broken rows are broken in the view, and so have their disposition there
        faulty = connection.execute(
            f"SELECT {key}, {name(FAULT)}, {name(FAULT_VALUE)} FROM {table} AS e WHERE {name(FAULT)} IS NOT NULL ORDER BY ALL"
        ).fetchall()
        message = "the row cannot be read wholly"
        found += [Finding(code, "warn", entity, k, None, value, message) for k, code, value in faulty]
    return found


def _unused_rows(connection: duckdb.DuckDBPyConnection, plan: Plan) -> list[Finding]:
    """Rows of tables that only lookups and pivots use, which refer to a record that is not there: nothing takes them."""
    contract = plan.pair.source.model
    models = [plan.pair.mappings[n].model for n in plan.names]
    mapped = {plan.pair.mappings[n].source_name for n in plan.names}
    looked = {rule.entity for model in models for rule in model.lookup.values()}
    looked |= {rule.entity for model in models for rule in model.pivot.values()}
    message = "it describes a record that is not in the source, so nothing takes it"
    found = []
    for entity in sorted(looked & plan.physical.keys() - mapped):
        model = contract.entities[entity]
        key = key_text(f"e.{name(part)}" for part in model.key)
        for field in plan.physical[entity]:
            reference = model.fields[field].references
            if reference is None or reference.entity not in plan.physical:
                continue
            other = reference.field or contract.entities[reference.entity].key[0]
            value = f"CAST(e.{name(field)} AS VARCHAR)"
            known = f"SELECT 1 FROM {name(SOURCE, reference.entity)} AS o WHERE CAST(o.{name(other)} AS VARCHAR) = {value}"
            rows = connection.execute(
                f"SELECT {key}, {value} FROM {name(SOURCE, entity)} AS e "
                f"WHERE trim({value}) <> '' AND NOT EXISTS ({known}) ORDER BY ALL"
            ).fetchall()
            found += [Finding("SRC-UNUSED", "warn", entity, k, field, v, message) for k, v in rows]
    return found


def _count_view_losses(connection: duckdb.DuckDBPyConnection, plan: Plan, run: RunFolder) -> None:
    """Fill in the row counts of dropped fields that exist only in views."""
    register = []
    for entry in run.summary["loss_register"]:
        if entry["rows"] == -1:
            entity, _, field = entry["source"].partition(".")
            if entity not in plan.views:
                continue
            column = name(field)
            row = connection.execute(
                f"SELECT count(*) FROM {name(SOURCE, entity)} WHERE {column} IS NOT NULL "
                f"AND CAST({column} AS VARCHAR) NOT IN ('', 'false', '0')"
            ).fetchone()
            entry["rows"] = int(row[0]) if row else 0
        if entry["rows"]:
            register.append(entry)
    run.summary["loss_register"] = register
