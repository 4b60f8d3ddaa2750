"""Stage 2: every source row of every mapping, with its target values, the disposition reached so far and its findings."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from pathlib import Path

from migrate import expectations, losses
from migrate.artefacts import Extracted, Mapped, write_manifest
from migrate.compiler.decided import EXCLUDED
from migrate.compiler.plan import Plan, make_plan
from migrate.compiler.shared import MAPPED
from migrate.compiler.source import AMBIGUOUS, BAD, FAULT, FAULT_VALUE, RAW, SEPARATOR, SOURCE
from migrate.compiler.text import key_text, literal, name
from migrate.crosswalks import file as crosswalks
from migrate.crosswalks.census import all_expired, take_census, write_census
from migrate.crosswalks.file import Crosswalk
from migrate.decisions.model import Decision
from migrate.decisions.settle import Settled, settle
from migrate.engine import Engine, Opener, copy_to_parquet, scan, session
from migrate.findings import Finding, publish_findings, write_findings
from migrate.lineage.reading import READING, write_reading
from migrate.mapper import build_identities, build_source, findings_sql, map_rows, unique_sources
from migrate.mapping.model import Pivot
from migrate.matching.evidence import write_evidence
from migrate.matching.lists import PeopleList
from migrate.matching.register import about_lists, build_lists
from migrate.privacy.settings import SUPPRESSED
from migrate.progress import Progress
from migrate.run_folder import RunFolder


def map_stage(
    extracted: Extracted,
    plan: Plan,
    known: dict[str, Crosswalk],
    run: RunFolder,
    progress: Progress,
    memory: str,
    decisions: Dict[str, Decision] | None = None,
    row_drift: float = 0,
    lists: Dict[str, PeopleList] | None = None,
    opened: Opener = session,
) -> tuple[Mapped, Settled]:
    """Map all rows, with the decisions that hold. Writes one Parquet per mapping, ``findings.parquet``, ``crosswalks.parquet``
    (which values of crosswalks rows use), ``reading.json`` (which source values each field is made of), and where people were
    matched with those of ``lists``, the evidence of that."""
    extracted.verify()
    folder = run.stage("map")
    with opened(run.scratch, memory) as connection:
        for entity in plan.physical:
            connection.execute(f"CREATE VIEW {name(RAW, entity)} AS SELECT * FROM {scan(extracted.parquet(entity))}")
        build_source(connection, plan)
        plan = _with_unique_sources(connection, plan, extracted)
        rows_of_lists = {list_: given.rows for list_, given in (lists or {}).items()}
        build_lists(connection, plan, rows_of_lists)
        _count_crosswalks(connection, plan, known, row_drift, run, folder)
        write_reading(connection, plan, folder)
        settled = settle(connection, plan, decisions or {}, row_drift, folder, run.scratch)
        plan = settled.plan
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
        _note_exclusions(connection, plan, run)
        found = [*_coverage(connection, plan), *_unread_values(connection, plan), *_unused_rows(connection, plan)]
        found += _attributes(connection, plan, run)
        found += expectations.unmet(connection, plan)
        found += about_lists(plan, rows_of_lists)
        write_findings(found, folder / "table_findings.parquet")
        parts.append(f"SELECT * FROM {scan(folder / 'table_findings.parquet', extracted.parquet('findings'))}")
        copy_to_parquet(connection, " UNION ALL ".join(f"({part})" for part in parts), folder / "findings.parquet")
        publish_findings(connection, scan(folder / "findings.parquet"), run)
        (folder / "table_findings.parquet").unlink()
        if matches := write_evidence(connection, plan, lists or {}, folder):
            run.facts["matches"] = matches
        _count_view_losses(connection, plan, run)
    keys = {mapping: compiled.key_field for mapping, compiled in plan.rows.items() if compiled.key_field is not None}
    hashed = {mapping: list(plan.pair.mappings[mapping].compared) for mapping in plan.names}
    write_manifest(Mapped, folder, extracted, [*folder.glob("*.parquet"), folder / READING], keys=keys, hashed=hashed)
    return Mapped(folder), settled


def _count_crosswalks(
    connection: Engine,
    plan: Plan,
    known: dict[str, Crosswalk],
    row_drift: float,
    run: RunFolder,
    folder: Path,
) -> None:
    """Register the entries that hold, and build identities with them. Which rows count does not hang on what entries say,
    so they are counted with all of them, and those that turn out to hold no more are registered anew."""
    live = run.summary.get("mode") == "live"
    for crosswalk in plan.pair.model.crosswalks:
        crosswalks.register(connection, crosswalk, crosswalks.usable(known[crosswalk], live))
    build_identities(connection, plan)
    census = take_census(connection, plan)
    expired = all_expired(plan.pair, known, census, row_drift)
    write_census(known, census, expired, folder)
    for crosswalk, found in expired.items():
        if found:
            changed = {source: entry.changed for source, entry in found.items()}
            crosswalks.register(connection, crosswalk, crosswalks.usable(known[crosswalk], live, changed))
    if live and any(expired.values()):
        build_identities(connection, plan)


def _note_exclusions(connection: Engine, plan: Plan, run: RunFolder) -> None:
    """Why people left records behind, beside the reasons of the mapping; and that others go with those."""
    left = {}
    for mapping in plan.names:
        row = connection.execute(f"SELECT count(*) FROM {name(MAPPED, mapping)} WHERE _code = {literal(EXCLUDED)}").fetchone()
        left[mapping] = bool(row and row[0])
    for mapping in (n for n in plan.names if left[n]):
        reasons = [reason for code, reason in plan.rows[mapping].exclusions if code == EXCLUDED]
        referred = {rule.ref for rule in plan.pair.mappings[mapping].model.fields.values() if rule.ref and rule.excluded}
        if any(left.get(other, False) for other in referred):
            reasons.append("refers to a record that people decided to leave behind")
        left_out = run.facts.setdefault("entities", {}).setdefault(mapping, {}).setdefault("left_out", {})
        left_out[EXCLUDED] = "; ".join(reasons)


def _with_unique_sources(connection: Engine, plan: Plan, extracted: Extracted) -> Plan:
    only = None if len(plan.names) == len(plan.pair.mappings) else plan.names
    unique = unique_sources(connection, plan, extracted.growing)
    return make_plan(plan.pair, plan.as_of, only, with_archives=bool(plan.archives), unique=unique)


def _count(connection: Engine, schema: str, table: str) -> int:
    row = connection.execute(f"SELECT count(*) FROM {name(schema, table)}").fetchone()
    return int(row[0]) if row else 0


def _coverage(connection: Engine, plan: Plan) -> list[Finding]:
    """Keys of covered tables that no view holds: a join of the contract would have lost them."""
    contract = plan.pair.source.model
    mapped = {plan.pair.mappings[n].source_name for n in plan.names}
    covering: dict[str, list[tuple[str, str]]] = {}
    for view in plan.views:
        for table, field in contract.entities[view].covers.items():
            covering.setdefault(table, []).append((view, field))
    partial = len(plan.names) < len(plan.pair.mappings)
    declared = {table: [view for view, entity in contract.entities.items() if table in entity.covers] for table in covering}
    found = []
    for table, views in covering.items():
        # With --only, the other views that share the coverage may not be part of the run.
        if not set(declared[table]) & mapped or (partial and not set(declared[table]) <= mapped):
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


def _told_by_mappings(connection: Engine, plan: Plan, entity: str) -> dict[str, set[str]]:
    """Per field of ``entity``: keys of the records for which a mapping that uses the field raises its findings itself."""
    told: dict[str, set[str]] = {}
    for mapping in plan.names:
        if plan.pair.mappings[mapping].source_name == entity:
            rows = connection.execute(
                f"SELECT _key FROM {name(MAPPED, mapping)} WHERE {name(BAD)} IS NOT NULL AND _disposition NOT IN "
                "('excluded', 'merged')"
            ).fetchall()
            for field in plan.rows[mapping].carried | plan.rows[mapping].consulted:
                told.setdefault(field, set()).update(key for (key,) in rows)
    return told


def _unread_values(connection: Engine, plan: Plan) -> list[Finding]:
    """Values and rows that could not be read where only views and lookups use them: their null is not silent."""
    contract = plan.pair.source.model
    mapped = {plan.pair.mappings[n].source_name for n in plan.names}
    read_elsewhere = losses.read_beside_mappings(plan)
    found = []
    for entity in plan.physical:
        if entity in mapped and not read_elsewhere.get(entity):
            continue  # its mappings tell
        key = key_text(f"e.{name(part)}" for part in contract.entities[entity].key)
        table = name(SOURCE, entity)
        broken = connection.execute(
            f"SELECT {key}, {name(BAD)}, {name(FAULT)}, {name(FAULT_VALUE)} FROM {table} AS e "
            f"WHERE {name(BAD)} IS NOT NULL OR {name(FAULT)} IS NOT NULL ORDER BY ALL"
        ).fetchall()
        rows = [(key_value, *entry.split(SEPARATOR, 1)) for key_value, bad, *_ in broken for entry in bad or ()]
        told = _told_by_mappings(connection, plan, entity) if rows and entity in mapped else {}
        for key_value, field, value in rows:
            plain = field.removeprefix(AMBIGUOUS)
            if entity in mapped and (plain not in read_elsewhere.get(entity, ()) or key_value in told.get(plain, ())):
                continue
            code = "SRC-AMBIGUOUS" if field.startswith(AMBIGUOUS) else "SRC-TYPE"
            message = "the value cannot be read as its type; it counts as missing"
            found.append(Finding(code, "warn", entity, key_value, plain, value, message))
        if entity in mapped or any(entity in contract.entities[view].covers for view in mapped):
            continue  # its broken rows are broken in the view, and so have their disposition there
        faulty = [(k, code, value) for k, _, code, value in broken if code is not None and code != SUPPRESSED]
        message = "the row cannot be read wholly"
        found += [Finding(code, "warn", entity, k, None, value, message) for k, code, value in faulty]
    return found


def _unused_rows(connection: Engine, plan: Plan) -> list[Finding]:
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


def _attributes(connection: Engine, plan: Plan, run: RunFolder) -> list[Finding]:
    """Rows of pivots that reach no record: those of attributes that no pivot lists go into the loss register, and those of
    records that are not there are findings."""
    if len(plan.names) < len(plan.pair.mappings):
        return []
    found: list[Finding] = []
    listed: dict[tuple[str, str, str], set[str]] = {}
    for mapping in plan.names:
        model = plan.pair.mappings[mapping].model
        for rule in model.pivot.values():
            listed.setdefault((rule.entity, rule.name, rule.value), set()).update(rule.names)
            found += _attributes_of_nobody(connection, plan, mapping, rule)
    for (entity, attribute, value), names in listed.items():
        rows = connection.execute(
            f"SELECT CAST({name(attribute)} AS VARCHAR) AS a, count(*) FROM {name(SOURCE, entity)} WHERE {_holds_data(value)} "
            f"AND coalesce(a NOT IN ({', '.join(map(literal, sorted(names))) or 'NULL'}), TRUE) GROUP BY 1 ORDER BY 1"
        ).fetchall()
        for attribute_name, number in rows:
            loss = losses.attribute_treatment(plan, entity, attribute_name or "")
            if loss.treatment == "undeclared":
                message = "the source holds data in an attribute that no pivot lists"
                found.append(Finding("LOSS-UNDECLARED", "hold", entity, None, attribute_name, str(number), message))
            run.summary["loss_register"].append(losses.entry(loss, number))
    return found


def _attributes_of_nobody(connection: Engine, plan: Plan, mapping: str, rule: Pivot) -> list[Finding]:
    """Attributes of records that are not in the source, where the contract does not say what they refer to."""
    entity = plan.pair.source.model.entities[rule.entity]
    if (entity.fields[rule.by].references and not entity.sql) or losses.attribute_treatment(
        plan, rule.entity, ""
    ).treatment == "archived":
        return []
    key = key_text(f"a.{name(part)}" for part in plan.pair.source.model.entities[rule.entity].key)
    own = key_text(f"e.{name(part)}" for part in plan.pair.mappings[mapping].source.key)
    by, source = f"CAST(a.{name(rule.by)} AS VARCHAR)", name(SOURCE, plan.pair.mappings[mapping].source_name)
    rows = connection.execute(
        f"SELECT {key}, {by} FROM {name(SOURCE, rule.entity)} AS a WHERE {_holds_data(rule.value)} "
        f"AND a.{name(rule.name)} IN ({', '.join(map(literal, rule.names)) or 'NULL'}) "
        f"AND NOT EXISTS (SELECT 1 FROM {source} AS e WHERE {own} = {by}) ORDER BY ALL"
    ).fetchall()
    message = f"an attribute of a record that {mapping} does not find in the source"
    return [Finding("REF-ORPHAN", "warn", rule.entity, k, rule.by, value, message) for k, value in rows]


def _holds_data(field: str) -> str:
    return f"trim(CAST({name(field)} AS VARCHAR)) <> ''"


def _count_view_losses(connection: Engine, plan: Plan, run: RunFolder) -> None:
    """Fill in the row counts of dropped views, and of dropped fields that exist only in views."""
    register = []
    for entry in run.summary["loss_register"]:
        if entry["rows"] is None:
            entity, _, field = entry["source"].partition(".")
            if entity not in plan.views:
                continue
            if field:
                column = name(field)
                row = connection.execute(
                    f"SELECT count(*) FROM {name(SOURCE, entity)} WHERE {column} IS NOT NULL "
                    f"AND CAST({column} AS VARCHAR) NOT IN ('', 'false', '0')"
                ).fetchone()
                entry["rows"] = int(row[0]) if row else 0
            else:
                entry["rows"] = _count(connection, SOURCE, entity)
        if entry["rows"]:
            register.append(entry)
    run.summary["loss_register"] = register
