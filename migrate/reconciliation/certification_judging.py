"""Comparing the states of certifications: every day from the cutover on, and further days that were asked for.

Works on the table ``pieces`` alone (``6_reconcile/certification_states.parquet``): ``side``, ``person``, ``certification``,
``state``, ``first``, ``record``, and of records of the source ``part``, ``code`` (what became of them) and ``explains`` (codes
of their findings that the pair lets explain a difference). Sides are ``source`` (all records), ``expected`` (those that have to
be in the target) and ``target``. So it can be asked again later, with other days.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import duckdb

from migrate.compiler.text import literal
from migrate.mapping.model import CertificationReason
from migrate.reconciliation.asking import ASIDE
from migrate.reconciliation.certification_sql import CERTIFIED, NONE, STATES, UNKNOWN, WINDOW

SIDES = ("source", "expected", "target")
KINDS = ("missing", "invented", "unknown", "later", "earlier", "window", "state")
MEASURED = ("later", "earlier", "window")
"""Kinds that a tolerance of days is for."""
OUTCOMES = ("different", "explained", "excused", "aside")
COLUMNS = ("outcome", "kind", "code", "person", "certification", "key", "first", "until", "days", "source", "expected", "target")
"""Of ``differences``."""
_VALID = f"({literal(CERTIFIED)}, {literal(WINDOW)})"


def judge(
    connection: duckdb.DuckDBPyConnection,
    cutover: str,
    days: Sequence[str] = (),
    explained: Mapping[str, CertificationReason] | None = None,
    tolerance: Mapping[str, int] | None = None,
) -> None:
    """Make the table ``differences`` (COLUMNS, and ``target_record``): each person and certification whose states differ.

    ``cutover`` is the first day that is compared, ``days`` are earlier ones that are compared by themselves; ISO dates.
    ``tolerance`` says how many days may differ in each way (0 where it does not). ``first`` is the first day that differs in the
    way that counts, ``until`` the day after the last, and ``days`` how many do (both null: no end).
    """
    _segments(connection, cutover, days)
    _kinds(connection)
    # Of what differs in several ways only those days are told on which it differs in the way that counts.
    here = "CASE WHEN k.unexplained THEN g.expected ELSE g.source END"
    whens = " ".join(f"WHEN {literal(kind)} THEN {way}" for kind, way in _ways(here, "g.target").items())
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE _spread AS SELECT g.person, g.certification, min(g.day) AS first, "
        "CASE WHEN NOT bool_or(g.until IS NULL) THEN max(g.until) END AS until, "
        "CASE WHEN NOT bool_or(g.until IS NULL) THEN CAST(sum(g.until - g.day) AS BIGINT) END AS days, "
        f"{', '.join(f'arg_min(coalesce(g.{side}, {literal(NONE)}), g.day) AS {side}' for side in SIDES)} "
        "FROM _kinds AS k JOIN _segments AS g ON g.person = k.person AND g.certification = k.certification "
        f"WHERE CASE k.kind {whens} ELSE {_differs(here, 'g.target')} END GROUP BY g.person, g.certification"
    )
    connection.execute(
        f"CREATE OR REPLACE TABLE differences AS SELECT {_outcome(explained or {}, tolerance or {})} AS outcome, k.kind, "
        f"CASE WHEN NOT k.unexplained THEN k.code ELSE {_explaining(explained or {})} END AS code, k.person, k.certification, "
        "k.key, w.first, w.until, w.days, w.source, w.expected, w.target, k.target_record "
        "FROM _kinds AS k JOIN _spread AS w ON w.person = k.person AND w.certification = k.certification"
    )


def _kinds(connection: duckdb.DuckDBPyConnection) -> None:
    """Of each person and certification that differs: how, whether what stayed behind explains it, and which records decide."""
    source, expected = _differs("source"), _differs("expected")
    ways = ", ".join(
        f"coalesce(bool_or({way}), FALSE) AS {kind}_{side}"
        for side in ("source", "expected")
        for kind, way in _ways(side, "target").items()
    )
    ways += "".join(  # null: no end
        f", CASE WHEN NOT coalesce(bool_or(until IS NULL) FILTER ({way}), FALSE) THEN "
        f"coalesce(sum(until - day) FILTER ({way}), 0) END AS days_{kind}"
        for kind, way in _ways("expected", "target").items()
        if kind in MEASURED
    )
    whens = " ".join(
        f"WHEN CASE WHEN unexplained THEN {kind}_expected ELSE {kind}_source END THEN {literal(kind)}" for kind in _ways("", "")
    )
    there = "(m.person, m.certification) IN (SELECT (person, certification) FROM pieces WHERE side = {0})".format
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE _kinds AS WITH measured AS (SELECT person, certification, "
        f"bool_or({source}) AS differs, bool_or({expected}) AS unexplained, {ways}, "
        f"arg_min(s_part, day) FILTER ({source}) AS s_part, arg_min(s_code, day) FILTER ({source}) AS code, "
        f"arg_min(s_record, day) FILTER ({source}) AS s_record, arg_min(e_record, day) FILTER ({expected}) AS e_record, "
        f"arg_min(e_part, day) FILTER ({expected}) AS e_part, arg_min(e_explains, day) FILTER ({expected}) AS explains, "
        "arg_min(e_record, day) AS any_record, arg_min(t_record, day) AS target_record "
        "FROM _segments GROUP BY person, certification) "
        "SELECT m.person, m.certification, m.unexplained, m.code, m.explains, m.target_record, "
        f"{', '.join(f'm.days_{kind}' for kind in MEASURED)}, "
        "CASE WHEN unexplained THEN coalesce(e_part, s_part) ELSE s_part END AS part, "
        "CASE WHEN unexplained THEN coalesce(e_record, s_record, any_record) ELSE s_record END AS key, "
        f"CASE WHEN NOT {there(literal('target'))} THEN 'missing' WHEN NOT {there(literal('source'))} THEN 'invented' "
        f"{whens} ELSE 'state' END AS kind FROM measured AS m WHERE m.differs"
    )


def counts(connection: duckdb.DuckDBPyConnection, days: Iterable[str], *, compared: bool = True) -> None:
    """Make the table ``counts``: per certification and day, how many people are in which state on each side, and how many of them
    differ, by outcome (none, where nothing was ``compared``). ``pieces`` and ``differences`` are there."""
    listed = ", ".join(f"(CAST({literal(day)} AS DATE))" for day in dict.fromkeys(days))
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE _on AS SELECT p.person, p.certification, d.day FROM "
        f"(SELECT DISTINCT person, certification FROM pieces) AS p CROSS JOIN (VALUES {listed}) AS d(day)"
    )
    states = ", ".join(
        f"count(*) FILTER (o.{side} = {literal(state)}) AS {side}_{state.replace(' ', '_')}"
        for side in ("source", "target") for state in STATES
    )  # fmt: skip
    differing = _differs("o.source", "o.target") if compared else "FALSE"
    outcomes = ", ".join(
        f"count(*) FILTER ({differing} AND coalesce(x.outcome, 'different') = {literal(outcome)}) AS {outcome}"
        for outcome in OUTCOMES
    )
    connection.execute(
        f"CREATE OR REPLACE TABLE counts AS SELECT o.certification, o.day, {states}, {outcomes} FROM ({_states('_on')}) AS o "
        "LEFT JOIN differences AS x ON x.person = o.person AND x.certification = o.certification "
        "GROUP BY o.certification, o.day"
    )


def _segments(connection: duckdb.DuckDBPyConnection, cutover: str, days: Sequence[str]) -> None:
    """Days between which no side changes its state. One that ends no more has no ``until``."""
    start = f"CAST({literal(cutover)} AS DATE)"
    points = (
        f"SELECT person, certification, greatest(first, {start}) AS day FROM pieces "
        f"UNION SELECT person, certification, {start} FROM pieces"
    )
    segments = (
        f"SELECT person, certification, day, lead(day) OVER (PARTITION BY person, certification ORDER BY day) AS until "
        f"FROM ({points})"
    )
    before = sorted(day for day in dict.fromkeys(days) if day < cutover)
    if before:
        listed = ", ".join(f"(CAST({literal(day)} AS DATE))" for day in before)
        segments += (
            " UNION ALL SELECT p.person, p.certification, d.day, d.day + 1 FROM "
            f"(SELECT DISTINCT person, certification FROM pieces) AS p CROSS JOIN (VALUES {listed}) AS d(day)"
        )
    connection.execute(f"CREATE OR REPLACE TEMP TABLE _spans AS {segments}")
    connection.execute(f"CREATE OR REPLACE TEMP TABLE _segments AS {_states('_spans')}")


def _states(table: str) -> str:
    """SQL of the rows of ``table`` (person, certification, day) with the state of each side on the day."""
    given = "g.*, s.state AS source, e.state AS expected, t.state AS target, s.record AS s_record, s.part AS s_part, "
    given += "s.code AS s_code, e.record AS e_record, e.part AS e_part, e.explains AS e_explains, t.record AS t_record"
    joins = "".join(
        f" ASOF LEFT JOIN (SELECT * FROM pieces WHERE side = {literal(side)}) AS {side[0]} ON {side[0]}.person = g.person "
        f"AND {side[0]}.certification = g.certification AND g.day >= {side[0]}.first"
        for side in SIDES
    )
    return f"SELECT {given} FROM {table} AS g{joins}"


def _differs(side: str, target: str = "target") -> str:
    """SQL: is the state of ``side`` another than that of the target, or does nobody know one of them?"""
    return f"({side} IS DISTINCT FROM {target} OR coalesce({literal(UNKNOWN)} IN ({side}, {target}), FALSE))"


def _ways(here: str, there: str) -> dict[str, str]:
    """SQL of the ways in which two states of a day differ, the gravest first."""
    own, theirs = f"coalesce({here} IN {_VALID}, FALSE)", f"coalesce({there} IN {_VALID}, FALSE)"
    return {
        "unknown": f"coalesce({literal(UNKNOWN)} IN ({here}, {there}), FALSE)",
        "later": f"({theirs} AND NOT {own})",
        "earlier": f"({own} AND NOT {theirs})",
        "window": f"({own} AND {theirs} AND {here} <> {there})",
    }


def _outcome(explained: Mapping[str, CertificationReason], tolerance: Mapping[str, int]) -> str:
    """SQL: what a difference counts as."""
    within = " AND ".join(f"coalesce(k.days_{kind} <= {tolerance.get(kind, 0):d}, FALSE)" for kind in MEASURED)
    excused = f"k.kind IN ({', '.join(map(literal, MEASURED))}) AND {within}" if tolerance else "FALSE"
    return (
        f"CASE WHEN NOT k.unexplained THEN 'explained' WHEN k.part IN ({', '.join(map(literal, ASIDE))}) THEN 'aside' "
        f"WHEN {_explaining(explained)} IS NOT NULL THEN 'explained' WHEN {excused} THEN 'excused' ELSE 'different' END"
    )


def _explaining(explained: Mapping[str, CertificationReason]) -> str:
    """SQL: the code of a finding that explains a difference of this kind, or null."""
    whens = " ".join(
        f"WHEN k.kind IN ({', '.join(map(literal, reason.differs))}) AND list_contains(k.explains, {literal(code)}) "
        f"THEN {literal(code)}"
        for code, reason in explained.items()
    )
    return f"(CASE {whens} END)" if whens else "CAST(NULL AS VARCHAR)"
