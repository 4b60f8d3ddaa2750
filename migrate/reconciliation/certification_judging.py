"""Comparing the states of certifications: every day from the cutover on, and further days that were asked for.

Works on the table ``pieces`` alone (``6_reconcile/certification_states.parquet``): ``side``, ``person``, ``certification``, ``state``,
``first``, ``record``, and of the records of the source ``part``, ``code`` (what became of them) and ``explains`` (codes of their
findings that the pair lets explain a difference). Sides are ``source`` (all records), ``expected`` (those of them that have to be in
the target) and ``target``. So it can be asked again later, with other days.
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
    ``tolerance`` says per kind how many days may differ. ``first`` is the first day that differs, ``until`` the day after the last, and
    ``days`` how many differ (both null: no end).
    """
    _segments(connection, cutover, days)
    tests = {side: _differs(side) for side in ("source", "expected")}
    columns = [
        f"bool_or({tests['source']}) AS differs, bool_or({tests['expected']}) AS unexplained",
        "arg_min(s_part, day) FILTER ({source}) AS part, arg_min(s_code, day) FILTER ({source}) AS code, "
        "arg_min(s_record, day) FILTER ({source}) AS s_record, arg_min(e_record, day) FILTER ({expected}) AS e_record, "
        "arg_min(e_part, day) FILTER ({expected}) AS e_part, arg_min(e_explains, day) FILTER ({expected}) AS explains, "
        "arg_min(e_record, day) FILTER (e_record IS NOT NULL) AS any_record, "
        "arg_min(t_record, day) FILTER (t_record IS NOT NULL) AS target_record".format(**tests),
    ]
    for side in tests:
        columns.append(_measures(side, tests[side]))
    pick = "CASE WHEN unexplained THEN {0}_expected ELSE {0}_source END".format
    kinds = " ".join(f"WHEN {pick(kind)} THEN {literal(kind)}" for kind in KINDS if kind not in ("missing", "invented", "state"))
    connection.execute(
        "CREATE OR REPLACE TABLE differences AS WITH measured AS "
        f"(SELECT person, certification, {', '.join(columns)} FROM _segments GROUP BY person, certification), "
        "there AS (SELECT DISTINCT side, person, certification FROM pieces), "
        "kinds AS (SELECT m.*, "
        "CASE WHEN (m.person, m.certification) NOT IN (SELECT (person, certification) FROM there WHERE side = 'target') "
        "THEN 'missing' WHEN (m.person, m.certification) NOT IN (SELECT (person, certification) FROM there WHERE side = 'source') "
        f"THEN 'invented' {kinds} ELSE 'state' END AS kind, {pick('days')} AS days, {pick('until')} AS until, {pick('endless')} AS endless, "
        f"{pick('first')} AS first FROM measured AS m WHERE m.differs) "
        f"SELECT {_outcome(explained or {}, tolerance or {})} AS outcome, k.kind, "
        f"CASE WHEN NOT unexplained THEN k.code ELSE {_explaining(explained or {})} END AS code, k.person, k.certification, "
        "CASE WHEN unexplained THEN coalesce(e_record, s_record, any_record) ELSE s_record END AS key, k.first, "
        "CASE WHEN NOT k.endless THEN k.until END AS until, CASE WHEN NOT k.endless THEN k.days END AS days, "
        f"coalesce(g.source, {literal(NONE)}) AS source, coalesce(g.expected, {literal(NONE)}) AS expected, "
        f"coalesce(g.target, {literal(NONE)}) AS target, CASE WHEN unexplained THEN coalesce(e_part, part) ELSE part END AS part, "
        "target_record FROM kinds AS k "
        "JOIN (SELECT person, certification, day, source, expected, target FROM _segments) AS g "
        "ON g.person = k.person AND g.certification = k.certification AND g.day = k.first"
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


def _measures(side: str, differs: str) -> str:
    """How the states of a side differ from those of the target."""
    here, there = f"coalesce({side} IN {_VALID}, FALSE)", f"coalesce(target IN {_VALID}, FALSE)"
    return (
        f"coalesce(bool_or({literal(UNKNOWN)} IN ({side}, target)), FALSE) AS unknown_{side}, "
        f"bool_or({there} AND NOT {here}) AS later_{side}, bool_or({here} AND NOT {there}) AS earlier_{side}, "
        f"bool_or({here} AND {there} AND {side} <> target) AS window_{side}, "
        f"min(day) FILTER ({differs}) AS first_{side}, CAST(sum(until - day) FILTER ({differs}) AS BIGINT) AS days_{side}, "
        f"max(until) FILTER ({differs}) AS until_{side}, "
        f"coalesce(bool_or(until IS NULL) FILTER ({differs}), FALSE) AS endless_{side}"
    )


def _outcome(explained: Mapping[str, CertificationReason], tolerance: Mapping[str, int]) -> str:
    """SQL: what a difference counts as."""
    aside = ", ".join(map(literal, ASIDE))
    excused = " OR ".join(f"(k.kind = {literal(kind)} AND NOT k.endless AND k.days <= {most:d})" for kind, most in tolerance.items())
    return (
        "CASE WHEN NOT unexplained THEN 'explained' "
        f"WHEN coalesce(e_part, part) IN ({aside}) THEN 'aside' WHEN {_explaining(explained)} IS NOT NULL THEN 'explained' "
        f"WHEN {excused or 'FALSE'} THEN 'excused' ELSE 'different' END"
    )


def _explaining(explained: Mapping[str, CertificationReason]) -> str:
    """SQL: the code of a finding that explains a difference of this kind, or null."""
    whens = " ".join(
        f"WHEN k.kind IN ({', '.join(map(literal, reason.differs))}) AND list_contains(explains, {literal(code)}) THEN {literal(code)}"
        for code, reason in explained.items()
    )
    return f"(CASE {whens} END)" if whens else "CAST(NULL AS VARCHAR)"


