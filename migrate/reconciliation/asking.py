"""Asking both sides: the source as it was extracted, and the target as it was read back, each by a query of its own.

No mapped row is looked at, so that a mapping cannot agree with itself. What became of each record of the source's query is taken
from the dispositions; only records that are to be in the target have to be found there, all others are accounted for by their
disposition and code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from migrate.compiler.plan import Plan
from migrate.compiler.text import literal, name
from migrate.engine import Engine
from migrate.mapping.model import Correspondence
from migrate.reconciliation.both_sides import TARGET, Rule

LEFT = ("merged", "excluded", "quarantined", "blocked", "held", "failed")
"""Dispositions of records that are not in the target, for a reason that stands elsewhere. ``failed`` is here what a live target
did not answer to; a record that was written and not found is expected all the same."""
ASIDE = ("unread", "existing", "explained", "ambiguous")
"""Records that may be in the target and are not compared: not read back by this run, matched with what the target had,
with a finding that the rule names, or of a key that stands twice in the source."""
PARTS = (*LEFT, *ASIDE, "unseen")
"""Parts of the source beside what is expected. ``unseen``: no mapping has the record."""
COLUMNS = ("rule", "grouped", "key", "measure", "how", "source", *PARTS, "expected", "target", "remainder", "verdict")
_AMOUNT = "DECIMAL(38, 6)"
_NO_VALUE = "'no value'"
_SHORT = 300
"""Characters of a value in a finding."""

_LACKS = (
    "nullif(array_to_string(list_filter(string_split({0}, ', '), "
    "lambda x: NOT list_contains(string_split({1}, ', '), x)), ', '), '')"
)
_VALUE = (
    "coalesce(CASE WHEN how = 'set' THEN nullif(left(concat_ws('; ', "
    f"'not in the target: ' || {_LACKS.format('expected', 'target')}, "
    f"'not in the source: ' || {_LACKS.format('target', 'expected')}), {2 * _SHORT}), '') END, "
    f"left('the source has ' || coalesce(expected, 'nothing'), {_SHORT}) || "
    f"left(', the target ' || coalesce(target, 'nothing'), {_SHORT}))"
)
"""What a finding shows of a group that differs."""


@dataclass(frozen=True)
class Sides:
    """Where the rows are that the rules are asked of, as SQL."""

    dispositions: str
    findings: str
    unread: str
    """(entity, key) of source records that were not read back."""
    hidden: str
    """(entity, key, field) that a live target did not show."""
    kept: str
    """(entity, key) of target records that were matched with what was there."""
    mapped: Callable[[str], str]
    """Per mapping the rows of its source with ``_key``, and where another row has that key already, it as ``_plain_key``."""
    predicted: Sequence[str] = ()
    """Codes of held records that were written and read back all the same."""


def records_sql(plan: Plan, sides: Sides, mapping: str, target_needs: Mapping[str, set[str]], explained: Iterable[str]) -> str:
    """SQL of ``key``, ``target_key``, ``part`` and ``code`` of each record of a mapping: what became of it. ``target_needs`` are
    the fields of the target that will be looked at, ``explained`` codes of findings whose records may differ."""
    entity = literal(plan.pair.mappings[mapping].target_name)
    hidden = [
        f"(h.entity = {literal(e)} AND h.field IN ({', '.join(map(literal, sorted(fields)))}))"
        for e, fields in target_needs.items()
        if fields
    ]
    rows, named = sides.mapped(mapping), literal(mapping)
    held = ", ".join(map(literal, sides.predicted))
    written = f" AND NOT (d.disposition = 'held' AND coalesce(d.code, '') IN ({held}))" if held else ""
    # Told from what the mapping read: a key may end in #2 by itself.
    twins = f"SELECT unnest([_key, _plain_key]) AS key FROM {rows} WHERE _plain_key IS NOT NULL"
    return (
        f"WITH d AS (SELECT key, target_key, disposition, code FROM {sides.dispositions} WHERE entity = {named}), "
        f"twins AS ({twins}), "
        f"explained AS (SELECT key, min(code) AS code FROM {sides.findings} WHERE entity = {named} AND code IN "
        f"({', '.join(map(literal, explained)) or 'NULL'}) GROUP BY key), "
        f"hidden AS (SELECT DISTINCT key FROM {sides.hidden} AS h WHERE {' OR '.join(hidden) or 'FALSE'}) "
        "SELECT d.key, d.target_key, CASE "
        "WHEN d.key IN (SELECT key FROM twins) THEN 'ambiguous' "
        f"WHEN d.disposition IN ({', '.join(map(literal, LEFT[:-1]))}){written} THEN d.disposition "
        "WHEN d.disposition = 'failed' AND d.code IS DISTINCT FROM 'REC-MISSING' THEN 'failed' "
        f"WHEN d.key IN (SELECT key FROM {sides.unread} WHERE entity = {named}) "
        "OR d.target_key IN (SELECT key FROM hidden) THEN 'unread' "
        f"WHEN d.target_key IN (SELECT key FROM {sides.kept} WHERE entity = {entity}) THEN 'existing' "
        "WHEN x.key IS NOT NULL THEN 'explained' ELSE 'expected' END AS part, "
        "coalesce(x.code, d.code) AS code FROM d LEFT JOIN explained AS x ON x.key = d.key"
    )


def called_sql(plan: Plan, sides: Sides, way: Correspondence) -> str:
    """SQL of ``key`` and ``value``: what a value of the source is called in the target."""
    if way.crosswalk is not None:
        return f"SELECT source AS key, target AS value FROM crosswalk_entries WHERE crosswalk = {literal(way.crosswalk)}"
    assert way.ref is not None
    mapping = plan.pair.mappings[way.ref]
    own = f"SELECT key, target_key FROM {sides.dispositions} WHERE entity = {literal(way.ref)}"
    if way.field is None:
        return f"SELECT key, target_key AS value FROM ({own})"
    return (
        f"SELECT o.key, b.value FROM ({own}) AS o JOIN (SELECT _target_key, "
        f"CAST(any_value({name(way.field)}) AS VARCHAR) AS value FROM {name(TARGET, mapping.target_name)} "
        "GROUP BY _target_key) AS b ON b._target_key = o.target_key"
    )


class Asking:
    """Asks rules one after the other, into the tables ``sides``, ``accounting`` and ``told`` of ``connection``.

    ``connection`` holds the typed source, and in the schema ``target`` what was read back.
    """

    def __init__(self, connection: Engine, plan: Plan, sides: Sides) -> None:
        self.connection, self.plan, self.sides = connection, plan, sides
        parts = ", ".join(f"{part} DOUBLE" for part in PARTS)
        connection.execute(
            f"CREATE TABLE sides (rule VARCHAR, grouped VARCHAR[], key VARCHAR, measure VARCHAR, how VARCHAR, "
            f"source VARCHAR, {parts}, "
            "expected VARCHAR, target VARCHAR, remainder DOUBLE, verdict VARCHAR)"
        )
        connection.execute(
            "CREATE TABLE accounting (rule VARCHAR, part VARCHAR, code VARCHAR, records BIGINT, measure VARCHAR, amount DOUBLE)"
        )
        connection.execute(
            "CREATE TABLE told (code VARCHAR, severity VARCHAR, entity VARCHAR, key VARCHAR, field VARCHAR, value VARCHAR, "
            "message VARCHAR, root_cause VARCHAR)"
        )

    def ask(self, rule: Rule) -> dict[str, Any]:
        """Ask one rule; gives its entry in the summary."""
        self._records(rule)
        self._rows(rule)
        for measure, how in rule.model.compare.items():
            self._compare(rule, measure, how)
        self._account(rule)
        self._tell(rule)
        rows = self.connection.execute("SELECT part, count(*) FROM _source GROUP BY part ORDER BY part").fetchall()
        records = {part: int(n) for part, n in rows}
        groups, different = self._one(
            "SELECT count(DISTINCT grouped), count(DISTINCT grouped) FILTER (verdict = 'different') FROM sides WHERE rule = ?",
            [rule.name],
        )
        (target,) = self._one("SELECT count(*) FROM _target")
        expected, unseen = records.get("expected", 0), records.get("unseen", 0)
        compared = "equal" if expected or target else "empty"
        return {
            "verdict": "different" if different or unseen else compared,
            "groups": int(groups),
            "different": int(different),
            "source": sum(records.values()),
            "parts": {part: records[part] for part in PARTS if part in records},
            "expected": expected,
            "target": int(target),
        }

    def _records(self, rule: Rule) -> None:
        """What became of each record of the rule's mapping."""
        records = records_sql(self.plan, self.sides, rule.model.mapping, rule.target_needs, rule.model.explained)
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE _records AS {records}")

    def _rows(self, rule: Rule) -> None:
        """Both queries' rows, with the source's values called as the target calls them."""
        joins, columns = [], []
        for number, column in enumerate(rule.columns):
            way = rule.model.same.get(column)
            plain = f"nullif(CAST(q.{name(column)} AS VARCHAR), '')"
            if way is None:
                columns.append(self._value(rule, column, f"q.{name(column)}"))
                continue
            joins.append(f"LEFT JOIN ({called_sql(self.plan, self.sides, way)}) AS w{number} ON w{number}.key = {plain}")
            columns.append(f"coalesce(w{number}.value, '#' || {plain}) AS {name(column)}")
        lists = f"[{', '.join(name(c) for c in rule.model.by)}]" if rule.model.by else "CAST([] AS VARCHAR[])"
        given = "".join(f", {column}" for column in columns)
        self.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE _source AS SELECT *, {lists} AS grouped FROM ("
            "SELECT q.record, coalesce(r.part, CASE WHEN q.record IS NULL THEN 'quarantined' ELSE 'unseen' END) AS part, "
            f"CASE WHEN q.record IS NULL THEN 'SRC-KEY-NULL' ELSE r.code END AS code{given} "
            f"FROM (SELECT * REPLACE (CAST(record AS VARCHAR) AS record) FROM ({rule.source_sql(self.plan.as_of)})) AS q "
            f"LEFT JOIN _records AS r ON r.key = q.record {' '.join(joins)})"
        )
        plain_columns = "".join(f", {self._value(rule, column, f'q.{name(column)}')}" for column in rule.columns)
        aside = ", ".join(map(literal, ASIDE))
        self.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE _target AS SELECT *, {lists} AS grouped FROM (SELECT q.record{plain_columns} "
            f"FROM (SELECT * REPLACE (CAST(record AS VARCHAR) AS record) FROM ({rule.target_sql(self.plan.as_of)})) AS q "
            f"ANTI JOIN (SELECT target_key FROM _records WHERE part IN ({aside})) AS r ON r.target_key = q.record)"
        )

    def _value(self, rule: Rule, column: str, sql: str) -> str:
        """A column as it is grouped by or compared."""
        how = rule.model.compare.get(column, "group")
        if how == "sum":
            amount = f"TRY_CAST({sql} AS {_AMOUNT})"
            odd = f"nullif(CAST({sql} AS VARCHAR), '') IS NOT NULL AND {amount} IS NULL"
            return f"{amount} AS {name(column)}, {odd} AS {_odd(column)}"
        if how in ("min", "max") and column not in rule.model.same:
            return f"{sql} AS {name(column)}"
        return f"nullif(CAST({sql} AS VARCHAR), '') AS {name(column)}"

    def _compare(self, rule: Rule, measure: str, how: str) -> None:
        """A row of ``sides`` for each group."""
        counted = how in ("count", "sum")
        column = name(measure)
        if counted:
            amount = f"CAST(1 AS {_AMOUNT})" if how == "count" else f"coalesce({column}, 0)"
            whole, of_parts = f"CAST(sum({amount}) AS {_AMOUNT})", f"sum({amount})"
            expected = f"CAST(coalesce(sum({amount}) FILTER (part = 'expected'), 0) AS {_AMOUNT})"
        elif how == "set":
            several, of_parts = f"list(DISTINCT {column})", "count(*)"
            ordered = "list_sort({0}, 'ASC', 'NULLS LAST')".format
            whole, expected = ordered(several), ordered(f"{several} FILTER (part = 'expected')")
        else:
            whole, of_parts = f"{how}({column})", "count(*)"
            expected = f"{how}({column}) FILTER (part = 'expected')"
        there, strange = "part = 'expected'", _odd(measure) if how == "sum" else "FALSE"
        expected += f" AS expected, count(*) FILTER ({there} AND {strange}) AS odd, count(*) FILTER ({there}) AS records"
        in_target = f"{whole} AS target, count(*) FILTER ({strange}) AS odd, count(*) AS records"
        parts = ", ".join(f"CAST(coalesce({of_parts} FILTER (part = {literal(p)}), 0) AS DOUBLE) AS {p}" for p in PARTS)
        if counted:
            e, t = f"coalesce(s.expected, CAST(0 AS {_AMOUNT}))", f"coalesce(t.target, CAST(0 AS {_AMOUNT}))"
            remainder = f"CAST({t} - {e} AS DOUBLE)"
            equal = f"abs({t} - {e}) <= {rule.model.within.get(measure, 0)!r} AND coalesce(s.odd, 0) + coalesce(t.odd, 0) = 0"
        else:
            # A record without a value is one all the same: where the other side has none, it was lost or made up.
            e, t = "s.expected", "t.target"
            alike = "(coalesce(s.records, 0) > 0) = (coalesce(t.records, 0) > 0)"
            remainder, equal = "CAST(NULL AS DOUBLE)", f"{e} IS NOT DISTINCT FROM {t} AND {alike}"
        self.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE _measured AS SELECT coalesce(s.grouped, t.grouped) AS grouped, "
            f"s.source, {', '.join(f's.{p}' for p in PARTS)}, {e} AS expected, {t} AS target, {remainder} AS remainder, "
            "s.odd AS odd_expected, t.odd AS odd_target, s.records AS expected_records, t.records AS target_records, "
            f"CASE WHEN {equal} THEN 'equal' ELSE 'different' END AS verdict FROM "
            f"(SELECT grouped, {whole} AS source, {parts}, {expected} FROM _source GROUP BY grouped) AS s "
            f"FULL JOIN (SELECT grouped, {in_target} FROM _target GROUP BY grouped) AS t ON s.grouped = t.grouped"
        )

        def shown(side: str) -> str:
            of = "" if side == "source" else f"_{side}"
            if counted:
                text = f"CAST(m.{side} AS VARCHAR)"
                text = f"CASE WHEN contains({text}, '.') THEN rtrim(rtrim({text}, '0'), '.') ELSE {text} END"
                strange = f"CASE WHEN m.odd{of} > 0 THEN ' and ' || m.odd{of} || ' that cannot be added' ELSE '' END"
                return f"{text} || {strange}" if of else text
            if how == "set":
                return f"coalesce(array_to_string(list_transform(m.{side}, lambda x: coalesce(x, {_NO_VALUE})), ', '), '')"
            value = f"CAST(m.{side} AS VARCHAR)"
            return f"coalesce({value}, CASE WHEN m.{side}_records > 0 THEN {_NO_VALUE} END)" if of else value

        number = rule.model.by.index(rule.about) + 1 if rule.about else 1
        keys = self._source_keys(rule)
        self.connection.execute(
            f"INSERT INTO sides SELECT {literal(rule.name)}, m.grouped, k.key, {literal(measure)}, {literal(how)}, "
            f"{shown('source')}, "
            f"{', '.join(f'coalesce(m.{p}, 0)' for p in PARTS)}, {shown('expected')}, {shown('target')}, "
            "m.remainder, m.verdict "
            f"FROM _measured AS m LEFT JOIN ({keys}) AS k ON k.value = m.grouped[{number}]"
        )

    def _source_keys(self, rule: Rule) -> str:
        """SQL of ``value`` and ``key``: which source record is meant by a value of the column that the rule is about."""
        if rule.about is None:
            return "SELECT CAST(NULL AS VARCHAR) AS value, CAST(NULL AS VARCHAR) AS key"
        way = rule.model.same[rule.about]
        there = f"SELECT key FROM {self.sides.dispositions} WHERE entity = {literal(way.ref)} AND disposition <> 'merged'"
        return (
            f"SELECT value, min(key) AS key FROM ({called_sql(self.plan, self.sides, way)}) WHERE key IN ({there}) GROUP BY value"
        )

    def _account(self, rule: Rule) -> None:
        """Records and amounts of each part, by code."""
        measures: list[tuple[str | None, str]] = [(m, how) for m, how in rule.model.compare.items() if how in ("count", "sum")]
        for measure, how in measures or [(None, "")]:
            amount = "NULL" if measure is None else "count(*)" if how == "count" else f"sum(coalesce({name(measure)}, 0))"
            self.connection.execute(
                f"INSERT INTO accounting SELECT {literal(rule.name)}, part, "
                "CASE WHEN part <> 'expected' THEN code END AS code, count(*), "
                f"{literal(measure)}, CAST({amount} AS DOUBLE) FROM _source GROUP BY ALL"
            )

    def _tell(self, rule: Rule) -> None:
        """A finding for each group that differs, and for each record that no mapping has."""
        model = rule.model
        entity = model.same[rule.about].ref if rule.about else model.mapping
        shown = [
            f"{literal(f'{column} ')} || coalesce(grouped[{number}], 'none')"
            for number, column in enumerate(model.by, start=1)
            if column not in rule.classes and column != rule.about
        ]
        where = f" || ' (' || concat_ws(', ', {', '.join(shown)}) || ')'" if shown else ""
        self.connection.execute(
            f"INSERT INTO told SELECT {literal(model.code)}, {literal(model.severity)}, {literal(entity)}, key, "
            f"{literal(rule.name)} || '.' || measure, "
            f"{_VALUE}, "
            f"{literal(f'{model.label}: this does not hold on both sides')}{where}, NULL "
            f"FROM sides WHERE rule = {literal(rule.name)} AND verdict = 'different'"
        )
        source = self.plan.pair.mappings[model.mapping].source_name
        self.connection.execute(
            f"INSERT INTO told SELECT DISTINCT 'REC-UNSEEN', 'hold', {literal(model.mapping)}, record, NULL, NULL, "
            f"{literal(f'{model.label}: no record of {source} has this key, so no mapping says what became of it')}, NULL "
            "FROM _source WHERE part = 'unseen'"
        )

    def _one(self, sql: str, given: list[str] | None = None) -> tuple[Any, ...]:
        row = self.connection.execute(sql, given or []).fetchone()
        assert row is not None
        return tuple(row)


def _odd(measure: str) -> str:
    """The column that says whether a value is no number that a sum can take."""
    return name(f"{measure}:odd")


def personal_measures(rule: Rule) -> Iterator[tuple[str, str]]:
    """``(field of its findings, class)`` of what a rule compares that is personal data."""
    for measure in rule.model.compare:
        if measure in rule.classes:
            yield f"{rule.name}.{measure}", rule.classes[measure]
