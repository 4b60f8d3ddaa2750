"""Asking both sides for the states of certifications: the source as it was extracted, the target as it was read back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import duckdb

from migrate.compiler.plan import Plan
from migrate.compiler.source import SOURCE, query_sql
from migrate.compiler.text import literal
from migrate.contracts.certifications import CertificationStates
from migrate.mapping.model import Correspondence
from migrate.reconciliation.asking import ASIDE, LEFT, Sides, called_sql, records_sql
from migrate.reconciliation.both_sides import TARGET
from migrate.reconciliation.certification_judging import KINDS, OUTCOMES, counts, judge
from migrate.reconciliation.certification_rule import CertificationPlan
from migrate.reconciliation.certification_sql import days_sql, pieces_sql

FINDINGS = {
    "missing": ("REC-CERT-MISSING", "certified in the source, and not known in the target"),
    "invented": ("REC-CERT-INVENTED", "certified in the target, and not known in the source"),
    "unknown": ("REC-CERT-UNKNOWN", "on one side nobody can say in which state it is"),
    "later": ("REC-CERT-LATER", "the target lets it count on days on which the source does not"),
    "earlier": ("REC-CERT-EARLIER", "the target does not let it count on days on which the source does"),
    "window": ("REC-CERT-WINDOW", "renewal opens on another day"),
    "state": ("REC-CERT-STATE", "the states differ"),
}
"""Code and message of each kind of difference."""


@dataclass(frozen=True)
class Wanted:
    """Which days are compared, in which time zones, and what may differ."""

    cutover: str
    days: tuple[str, ...]
    """Those that are counted, the cutover among them."""
    source_zone: str
    target_zone: str
    tolerance: dict[str, int]


def ask(
    connection: duckdb.DuckDBPyConnection, plan: Plan, rule: CertificationPlan, sides: Sides, wanted: Wanted
) -> dict[str, Any]:
    """Make the tables ``pieces``, ``differences``, ``counts`` and ``told`` (findings); gives the entry in the summary.

    ``connection`` holds the typed source, and in the schema ``target`` what was read back.
    """
    as_of = plan.as_of
    connection.execute(
        "CREATE OR REPLACE TABLE pieces (side VARCHAR, person VARCHAR, certification VARCHAR, state VARCHAR, first DATE, "
        "record VARCHAR, part VARCHAR, code VARCHAR, explains VARCHAR[])"
    )
    own = _days(connection, rule.source, SOURCE, as_of, wanted.source_zone, windows=rule.windows)
    if rule.compared:
        assert rule.target is not None
        theirs = _days(connection, rule.target, TARGET, as_of, wanted.target_zone, windows=rule.windows)
        connection.execute(f"CREATE OR REPLACE TEMP TABLE _awards AS {_awards(plan, rule, sides, own)}")
        connection.execute(f"CREATE OR REPLACE TEMP TABLE _held AS {theirs}")
        left = ", ".join(map(literal, LEFT))
        _put(connection, "expected", f"SELECT * FROM _awards WHERE part NOT IN ({left})", "part, code, explains")
        _put(connection, "target", "SELECT * FROM _held")
    else:
        connection.execute(
            "CREATE OR REPLACE TEMP TABLE _awards AS SELECT *, CAST(NULL AS VARCHAR) AS part, CAST(NULL AS VARCHAR) AS code, "
            f"CAST(NULL AS VARCHAR[]) AS explains FROM ({own})"
        )
    _put(connection, "source", "SELECT * FROM _awards", "part, code, explains")
    judge(connection, wanted.cutover, wanted.days, rule.model.explained, wanted.tolerance)
    if not rule.compared:
        connection.execute("DELETE FROM differences")
    counts(connection, wanted.days, compared=rule.compared)
    _tell(connection, rule, sides, wanted.cutover)
    return _summary(connection, rule)


def _days(
    connection: duckdb.DuckDBPyConnection, states: CertificationStates, schema: str, as_of: str, zone: str, *, windows: bool
) -> str:
    query = query_sql(states.sql, schema, as_of)
    types = {str(row[0]): str(row[1]) for row in connection.execute(f"DESCRIBE {query}").fetchall()}
    return days_sql(query, states, types, zone, windows=windows)


def _put(connection: duckdb.DuckDBPyConnection, side: str, rows: str, also: str = "") -> None:
    columns = f"person, certification, state, first, record{', ' + also if also else ''}"
    connection.execute(f"INSERT INTO pieces (side, {columns}) SELECT {literal(side)}, {columns} FROM ({pieces_sql(rows, also)})")


def _awards(plan: Plan, rule: CertificationPlan, sides: Sides, days: str) -> str:
    """SQL of the source's records with what became of each, called as the target calls them."""
    assert rule.person is not None
    assert rule.certification is not None
    needs = rule.target_needs
    rank = f"CASE WHEN part = 'expected' THEN 0 WHEN part IN ({', '.join(map(literal, ASIDE))}) THEN 1 ELSE 2 END"
    records = " UNION ALL ".join(f"({records_sql(plan, sides, mapping, needs, ())})" for mapping in rule.mappings)
    named = ", ".join(map(literal, rule.mappings))
    codes = ", ".join(map(literal, rule.model.explained)) or "NULL"
    return (
        f"WITH records AS (SELECT key, arg_min(part, {rank}) AS part, arg_min(code, {rank}) AS code "
        f"FROM ({records}) GROUP BY key), "
        f"explaining AS (SELECT key, list_sort(list(DISTINCT code)) AS explains FROM {sides.findings} "
        f"WHERE entity IN ({named}) AND code IN ({codes}) GROUP BY key) "
        f"SELECT d.record, {_called('p', 'person')}, {_called('c', 'certification')}, d.begins, d.opens, d.ends, d.endless, "
        "d.flagged, d.told, coalesce(r.part, CASE WHEN d.record IS NULL THEN 'quarantined' ELSE 'unseen' END) AS part, "
        "CASE WHEN d.record IS NULL THEN 'SRC-KEY-NULL' ELSE r.code END AS code, "
        f"coalesce(x.explains, CAST([] AS VARCHAR[])) AS explains FROM ({days}) AS d "
        f"{_named(plan, sides, rule.person, 'p', 'person')} {_named(plan, sides, rule.certification, 'c', 'certification')} "
        "LEFT JOIN records AS r ON r.key = d.record LEFT JOIN explaining AS x ON x.key = d.record"
    )


def _called(alias: str, column: str) -> str:
    return f"coalesce({alias}.value, '#' || d.{column}) AS {column}"


def _named(plan: Plan, sides: Sides, way: Correspondence, alias: str, column: str) -> str:
    return f"LEFT JOIN ({called_sql(plan, sides, way)}) AS {alias} ON {alias}.key = d.{column}"


def _tell(connection: duckdb.DuckDBPyConnection, rule: CertificationPlan, sides: Sides, cutover: str) -> None:
    """The tables ``differing`` (the differences with the record that each is about) and ``told`` (a finding for each that nothing
    explains)."""
    known = f"SELECT * FROM {sides.dispositions} WHERE entity IN ({', '.join(map(literal, rule.mappings)) or 'NULL'})"
    entity = literal(rule.mappings[0] if rule.mappings else rule.source.entity)
    connection.execute(
        f"CREATE OR REPLACE TABLE differing AS SELECT d.outcome, d.kind, d.code, d.person, d.certification, "
        f"coalesce(k.entity, t.entity, {entity}) AS entity, coalesce(d.key, t.key) AS key, d.first, d.until, d.days, d.source, "
        "d.expected, "
        "d.target FROM differences AS d "
        f"LEFT JOIN (SELECT key, min(entity) AS entity FROM ({known}) GROUP BY key) AS k ON k.key = d.key "
        f"LEFT JOIN (SELECT target_key, min(entity) AS entity, min(key) AS key FROM ({known}) WHERE disposition <> 'merged' "
        "GROUP BY target_key) AS t ON t.target_key = d.target_record"
    )
    codes = " ".join(f"WHEN {literal(kind)} THEN {literal(code)}" for kind, (code, _) in FINDINGS.items())
    says = " ".join(f"WHEN {literal(kind)} THEN {literal(text)}" for kind, (_, text) in FINDINGS.items())
    # Values stay the same from run to run, though the day of the cutover may move with it.
    first = f"CASE WHEN first = CAST({literal(cutover)} AS DATE) THEN 'the cutover' ELSE CAST(first AS VARCHAR) END"
    value = f"source || ' in the source, ' || target || ' in the target from ' || {first} || coalesce(' until ' || until, ' on')"
    connection.execute(
        f"CREATE OR REPLACE TABLE told AS SELECT CASE kind {codes} END AS code, 'hold' AS severity, entity, key, "
        "CAST(NULL AS VARCHAR) AS field, "
        f"{value} AS value, "
        f"certification || ': ' || CASE kind {says} END AS message, CAST(NULL AS VARCHAR) AS root_cause "
        "FROM differing WHERE outcome = 'different'"
    )
    if rule.why_not:
        why = literal(f"{rule.why_not}; say under certifications in pair.yaml why, or how they are compared")
        connection.execute(
            f"INSERT INTO told SELECT 'REC-CERT-NOT-CARRIED', 'hold', {literal(rule.source.entity)}, NULL, 'certification', "
            f"certification || ': ' || count(DISTINCT person) || ' people', {why}, NULL FROM pieces GROUP BY certification"
        )


def _summary(connection: duckdb.DuckDBPyConnection, rule: CertificationPlan) -> dict[str, Any]:
    """``people`` counts a person once for each certification; those that are equal and the outcomes add up to it."""
    (people,) = _one(connection, "SELECT count(*) FROM (SELECT DISTINCT person, certification FROM pieces)")
    unnamed = _one(connection, "SELECT count(*) FROM _awards WHERE person IS NULL OR certification IS NULL")[0]
    if rule.why_not or rule.model.not_carried is not None:
        why = rule.why_not or rule.model.not_carried
        return {"verdict": "not carried", "why": why, "people": people, "unnamed": unnamed}
    rows = connection.execute("SELECT outcome, count(*) FROM differing GROUP BY outcome").fetchall()
    outcomes = dict.fromkeys(OUTCOMES, 0) | {outcome: int(n) for outcome, n in rows}
    kinds = "SELECT kind, count(*) FROM differing WHERE outcome = 'different' GROUP BY kind"
    found = {kind: int(n) for kind, n in connection.execute(kinds).fetchall()}
    return {
        "verdict": "different" if outcomes["different"] else "equal" if people else "empty",
        "people": people,
        "unnamed": unnamed,
        "equal": people - sum(outcomes.values()),
        **outcomes,
        "kinds": {kind: found[kind] for kind in KINDS if kind in found},
    }


def _one(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[int, ...]:
    row = connection.execute(sql).fetchone()
    assert row is not None
    return tuple(int(n) for n in row)
