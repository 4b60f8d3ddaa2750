"""SQL of certification states: from the records of a side to days, and from days to the states between them.

A person's state in a certification is a function of the day. On each day the record that was certified last decides: the
person is ``certified`` from its first day, ``window open`` from the day on which renewal opens, ``expired`` from the day of
expiry on. Before the first record there is no state. A state holds from its first day until the first day of the next.
"""

from __future__ import annotations

from collections.abc import Mapping

from migrate.compiler.text import literal
from migrate.contracts.certifications import CertificationStates
from migrate.contracts.model import CertificationDay

CERTIFIED, WINDOW, EXPIRED, UNKNOWN, NONE = "certified", "window open", "expired", "unknown", "none"
STATES = (CERTIFIED, WINDOW, EXPIRED, UNKNOWN)
"""``unknown``: the records do not say, such as for want of a date."""
EARLIEST = "DATE '0001-01-01'"
_MOST = 100_000
"""Units of a period that are counted; more is no period of a certification, and would leave the calendar."""


def days_sql(query: str, states: CertificationStates, types: Mapping[str, str], zone: str, *, windows: bool) -> str:
    """SELECT of ``record``, ``person``, ``certification``, and the days ``begins``, ``opens`` and ``ends`` (null: not known),
    with ``endless`` (it never expires), ``flagged`` (the system says expired) and ``told`` (is it known when renewal opens, or
    that it never does?). ``types`` are those of the columns of ``query``."""
    at = {column: _day(f"q.{column}", types[column], zone) for column in ("certified", "expires", "expires_from", "opens")
          if column in types}  # fmt: skip
    expires = at["expires"] if states.expires.at is not None else _counted("expires", at["expires_from"], states.expires, 1)
    endless = f"q.expires IS NULL AND {literal(states.expires.blank == 'never')}" if "expires" in types else "FALSE"
    opens, told = "CAST(NULL AS DATE)", "TRUE"
    if states.opens is not None and windows:
        told = "TRUE" if states.opens.blank == "never" else "opens IS NOT NULL"
        opens = at["opens"] if states.opens.at is not None else _counted("opens", "x.expires_on", states.opens, -1)
    flagged = "coalesce(CAST(q.expired AS BOOLEAN), FALSE)" if "expired" in types else "FALSE"
    keys = ", ".join(f"nullif(CAST(q.{c} AS VARCHAR), '') AS {c}" for c in ("record", "person", "certification"))
    kept = "".join(f", q.{c}" for c in ("opens", "opens_period", "opens_unit") if c in types)
    inner = (
        f"SELECT {keys}, {at['certified']} AS begins, {expires} AS expires_on, {endless} AS endless, {flagged} AS flagged{kept} "
        f"FROM ({query}) AS q"
    )
    ends = "x.expires_on + 1" if states.expires.through else "x.expires_on"
    opens = opens.replace("q.", "x.")
    return (
        f"SELECT *, {told} AS told FROM (SELECT x.record, x.person, x.certification, x.begins, {opens} AS opens, "
        f"CAST({ends} AS DATE) AS ends, x.endless, x.flagged FROM ({inner}) AS x)"
    )


def _day(sql: str, type_: str, zone: str) -> str:
    """The day of a date, or of an instant in ``zone``."""
    if type_.startswith("TIMESTAMP"):
        return f"CAST(timezone({literal(zone)}, timezone('UTC', CAST({sql} AS TIMESTAMP))) AS DATE)"
    return f"TRY_CAST({sql} AS DATE)"


def _counted(column: str, base: str, day: CertificationDay, sign: int) -> str:
    """The day that lies a period after ``base`` (``sign`` 1), or before it (-1); null where the period cannot be read."""
    period = f"trim(CAST(q.{column}_period AS VARCHAR))"
    if day.unit is None:
        number, word = f"split_part({period}, ' ', 1)", f"lower(trim(substr({period}, strpos({period}, ' '))))"
        unit = f"CASE WHEN strpos({period}, ' ') > 0 THEN regexp_replace({word}, 's$', '') END"
    else:
        number, word = period, f"lower(trim(CAST(q.{column}_unit AS VARCHAR)))"
        whens = " ".join(f"WHEN {literal(own.lower())} THEN {literal(unit)}" for own, unit in day.units.items())
        unit = f"CASE {word} {whens} ELSE regexp_replace({word}, 's$', '') END" if whens else f"regexp_replace({word}, 's$', '')"
    n = f"TRY_CAST({number} AS INTEGER)"
    n = f"CASE WHEN regexp_full_match({number}, '[0-9]+') AND {n} <= {_MOST} THEN {n} END"
    months = f"CASE {unit} WHEN 'year' THEN 12 * {n} WHEN 'month' THEN {n} WHEN 'week' THEN 0 WHEN 'day' THEN 0 END"
    days = f"CASE {unit} WHEN 'week' THEN 7 * {n} WHEN 'day' THEN {n} ELSE 0 END"
    months, days = f"to_months(CAST({sign} * ({months}) AS INTEGER))", f"to_days(CAST({sign} * ({days}) AS INTEGER))"
    if day.months == "run_over":  # the first of the month is moved, and the days are added again: so the 31st runs over
        return (
            f"CAST(date_trunc('month', CAST({base} AS TIMESTAMP)) + {months} "
            f"+ to_days(CAST(day({base}) - 1 AS INTEGER)) + {days} AS DATE)"
        )
    return f"CAST(CAST({base} AS TIMESTAMP) + {months} + {days} AS DATE)"


def pieces_sql(days: str, also: str = "") -> str:
    """SELECT of ``person``, ``certification``, ``state``, ``first`` (its first day), ``record``, from rows of :func:`days_sql`.

    The states of a person in a certification follow one another without a gap, the last without an end. ``also`` names columns of
    ``days`` that each state of a record keeps.
    """
    kept = f", {also}" if also else ""
    floor = f"coalesce(begins, {EARLIEST})"
    ends = "greatest(first, ends)"
    opens = f"CASE WHEN opens IS NULL OR endless THEN {ends} ELSE greatest(first, least(opens, ends)) END"
    known = "NOT flagged AND begins IS NOT NULL AND (ends IS NOT NULL OR endless)"
    told = "(told OR endless)"  # else it is valid until it ends, and nobody knows in which of two states
    within = "(next IS NULL OR next > {0})"
    return (
        f"WITH ordered AS (SELECT *, {floor} AS first, lead({floor}) OVER (PARTITION BY person, certification "
        f"ORDER BY {floor}, flagged, ends NULLS FIRST, opens NULLS FIRST, record) AS next FROM ({days}) "
        "WHERE person IS NOT NULL AND certification IS NOT NULL), "
        f"governing AS (SELECT * FROM ordered WHERE {within.format('first')}) "
        f"SELECT person, certification, {literal(EXPIRED)} AS state, first, record{kept} FROM governing WHERE flagged UNION ALL "
        f"SELECT person, certification, {literal(UNKNOWN)}, first, record{kept} FROM governing "
        f"WHERE NOT flagged AND (NOT ({known}) OR (NOT {told} AND {ends} > first)) "
        f"UNION ALL SELECT person, certification, {literal(CERTIFIED)}, first, record{kept} FROM governing "
        f"WHERE {known} AND {told} AND (endless OR {opens} > first) UNION ALL "
        f"SELECT person, certification, {literal(WINDOW)}, {opens}, record{kept} FROM governing "
        f"WHERE {known} AND NOT endless AND opens IS NOT NULL AND {ends} > {opens} AND {within.format(f'({opens})')} UNION ALL "
        f"SELECT person, certification, {literal(EXPIRED)}, {ends}, record{kept} FROM governing "
        f"WHERE {known} AND NOT endless AND {within.format(f'({ends})')}"
    )
