"""Executing a plan in the engine: typed source, identities, mapped rows, findings. Used by the map stage and by inline
tests, so that a test runs the very statements a run does."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as Dict
from pathlib import Path

from migrate.artefacts import with_target_key
from migrate.compiler.decided import EXCLUDED
from migrate.compiler.mapping import Compiled
from migrate.compiler.plan import Plan
from migrate.compiler.shared import IDENTITY, MAPPED
from migrate.compiler.source import RAW, SOURCE, SQL_TYPES, physical_sql, view_sql
from migrate.compiler.text import key_text, literal, name, row_hash
from migrate.contracts.model import FileFormat
from migrate.engine import Engine, copy_to_parquet
from migrate.mapping.load import LoadedMapping
from migrate.mapping.model import TestIdentity

_NUMBER = "TRY_CAST({0} AS BIGINT) AS source_number"


def raw_types(connection: Engine, entity: str) -> dict[str, str]:
    """``{column: SQL type without parameters}`` of the extracted rows of ``entity``."""
    rows = connection.execute(f"DESCRIBE SELECT * FROM {name(RAW, entity)}").fetchall()
    return {str(column): str(sql_type).split("(")[0] for column, sql_type, *_ in rows if not column.startswith("_")}


def build_source(connection: Engine, plan: Plan, given_views: frozenset[str] = frozenset()) -> None:
    """Types over the raw tables, then the contract's views (but for ``given_views``, whose rows were given)."""
    for _, sql in source_statements(connection, plan, given_views):
        connection.execute(sql)


def source_statements(connection: Engine, plan: Plan, given_views: frozenset[str] = frozenset()) -> Iterator[tuple[str, str]]:
    """``(entity, statement that makes it)`` for :func:`build_source`, in an order in which each finds what it reads."""
    contract = plan.pair.source.model
    default = contract.source.format if contract.source else FileFormat()
    for entity in [*plan.physical, *sorted(given_views)]:
        model = contract.entities[entity]
        fields = plan.physical.get(entity) or list(model.fields)
        format_ = model.format or default
        yield entity, physical_sql(entity, model, fields, raw_types(connection, entity), format_)
    for view in plan.views:
        if view not in given_views:
            yield view, view_sql(contract, view, contract.entities[view], plan.as_of)


def unique_sources(connection: Engine, plan: Plan, growing: Dict[str, str]) -> frozenset[str]:
    """The mapped source entities in which no key stands twice. ``growing``: those that came in the order of a key of one whole
    number, with its field, for they need not be counted."""
    found = set()
    for entity in {plan.pair.mappings[n].source_name for n in plan.names}:
        model = plan.pair.source.model.entities[entity]
        parts = [f"e.{name(part)}" for part in model.key]
        # Whole numbers are told apart as they are; making texts of them takes longer than counting them.
        plain = len(parts) == 1 and model.fields[model.key[0]].type == "int"
        if plain and entity in plan.physical and growing.get(entity) == model.key[0] and not model.fields[model.key[0]].never:
            found.add(entity)
            continue
        sql = f"SELECT count(*) = count(DISTINCT {parts[0] if plain else key_text(parts)}) FROM {name(SOURCE, entity)} AS e"
        row = connection.execute(sql).fetchone()
        if row and row[0]:
            found.add(entity)
    return frozenset(found)


def build_identities(connection: Engine, plan: Plan) -> None:
    """For each mapping that others refer to: source key (as text and, where it is one, as a number), target key, was it excluded
    or merged, is it one with others, wanted fields, and the ``owner``: the record that stands for it in the target, if any does.
    Two may claim one target key, and only one of them gets it; rows that fold become one record whatever their keys."""
    for mapping, compiled in plan.identities.items():
        connection.execute(f"CREATE OR REPLACE TEMP TABLE _keys AS {compiled.select}")
        extra = "".join(f", s.{name('to:' + f)} AS {name('field:' + f)}" for f in compiled.fields)
        owner = "s._target_key" if plan.pair.mappings[mapping].model.fold else "coalesce(k._merged_into, k._key)"
        if plan.pair.policies:
            codes = ", ".join(literal(rule.code) for rule in plan.pair.policies)
            extra += f", CASE WHEN k._disposition = 'excluded' AND k._code IN ({codes}) THEN k._code END AS policy"
        connection.execute(
            f"CREATE OR REPLACE TABLE {name(IDENTITY, mapping)} AS\n"
            f"SELECT k._key AS source_key, {_NUMBER.format('k._key')}, s._target_key AS target_key, {owner} AS owner, "
            "k._disposition = 'excluded' AS excluded, "
            f"k._disposition = 'excluded' AND k._code = {literal(EXCLUDED)} AS decided, "
            f"k._merged_into IS NOT NULL AS merged, {_joined(plan, mapping)} AS joined, "
            f"{'k._match IS NOT NULL' if plan.pair.matched(mapping) else 'FALSE'} AS matched{extra}\n"
            "FROM _keys AS k LEFT JOIN _keys AS s ON s._key = coalesce(k._merged_into, k._key)"
        )
        connection.execute("DROP TABLE _keys")


def _joined(plan: Plan, mapping: str) -> str:
    """Is a record one with others of the source?"""
    if plan.pair.mappings[mapping].model.merge is None and plan.pair.matched(mapping) is None:
        return "FALSE"
    return "(k._merged_into IS NOT NULL OR k._key IN (SELECT _merged_into FROM _keys WHERE _merged_into IS NOT NULL))"


def build_given_identity(connection: Engine, compiled: Compiled, rows: Dict[str, str | TestIdentity]) -> None:
    """An identity table of given ``{source key: target key}`` pairs, as inline tests state them."""
    extra = "".join(f", target_key AS {name('field:' + f)}" for f in compiled.fields)
    given = {key: TestIdentity(target=row) if isinstance(row, str) else row for key, row in rows.items()}
    values = ", ".join(
        f"({literal(k)}, {literal(v.target)}, {literal(v.excluded)}, {literal(v.merged)}, {literal(v.joined or v.merged)}, "
        f"{literal(v.matched)})"
        for k, v in given.items()
    )
    connection.execute(
        f"CREATE OR REPLACE TABLE {name(IDENTITY, compiled.mapping.name)} AS SELECT CAST(source_key AS VARCHAR) AS "
        f"source_key, {_NUMBER.format('source_key')}, CAST(target_key AS VARCHAR) AS target_key, "
        f"CAST(target_key AS VARCHAR) AS owner, excluded, "
        f"FALSE AS decided, merged, joined, "
        f"matched{extra} FROM (VALUES "
        f"{values or '(NULL, NULL, FALSE, FALSE, FALSE, FALSE)'}) "
        "AS v(source_key, target_key, excluded, merged, joined, matched) "
        "WHERE source_key IS NOT NULL"
    )


def map_rows(connection: Engine, compiled: Compiled, file: Path) -> int:
    """Write every source row of a mapping, with its values and where it stands, to ``file``; gives the row count. A target key
    that is the value of a field is not written beside it. ``_hash`` is that of :attr:`LoadedMapping.compared`."""
    mapping, key = compiled.mapping, compiled.key_field
    of_row = hash_of_mapped(mapping)
    kept = "*" if key is None else "* EXCLUDE (_target_key)"
    rows = copy_to_parquet(connection, f"SELECT {kept}, {of_row} AS _hash FROM ({compiled.select})", file)
    connection.execute(f"CREATE OR REPLACE VIEW {name(MAPPED, compiled.mapping.name)} AS {with_target_key(file, key)}")
    return rows


def hash_of_mapped(mapping: LoadedMapping) -> str:
    """SQL of the hash of what is compared of a mapped row."""
    empty = {f: f"CAST(NULL AS {SQL_TYPES[rule.type]})" for f, rule in mapping.target.fields.items()}
    return row_hash(name("to:" + f) if f in mapping.model.fields else empty[f] for f in mapping.compared)


def hold_rows(connection: Engine, compiled: Compiled) -> None:
    """The rows that ``map_rows`` writes, in memory: for the few rows of a test."""
    connection.execute(f"CREATE OR REPLACE TABLE {name(MAPPED, compiled.mapping.name)} AS {compiled.select}")


def findings_sql(compiled: Compiled) -> str | None:
    """A SELECT of the findings of a mapped entity, in the columns of ``findings.parquet``."""
    if not compiled.rules:
        return None
    rules = ", ".join(
        f"({r.number}, {literal(r.code)}, {literal(r.severity)}, {literal(r.field)}, {literal(r.message)})"
        for r in compiled.rules
    )
    value = " ".join(f"WHEN {r.number} THEN {r.value}" for r in compiled.rules if r.value != "NULL")
    root = " ".join(f"WHEN {r.number} THEN {r.root}" for r in compiled.rules if r.root != "NULL")
    value_sql = f"CASE m._i {value} END" if value else "NULL"
    root_sql = f"CASE m._i {root} END" if root else "NULL"
    return (
        f"SELECT r.code, r.severity, {literal(compiled.mapping.name)} AS entity, m._key AS key, "
        f"nullif(r.field, '') AS field, CAST({value_sql} AS VARCHAR) AS value, r.message, "
        f"CAST({root_sql} AS VARCHAR) AS root_cause\n"
        f"FROM (SELECT *, unnest(_issues) AS _i FROM {name(MAPPED, compiled.mapping.name)} WHERE len(_issues) > 0) AS m\n"
        f"JOIN (VALUES {rules}) AS r(number, code, severity, field, message) ON r.number = m._i"
    )
