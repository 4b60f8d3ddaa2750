"""What changed since the run before: findings by fingerprint, items by id, records by where they ended.

The fingerprint of a finding is its entity, key, field, code and value: a finding about another value is a new one. Where a run
has the same finding twice, the second is told from the first, so that the sums come out: ``new + recurring`` is what there is
now, and ``fixed + recurring`` what there was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import duckdb

from migrate.compiler.text import literal
from reports import links, queries
from reports.evidence import Evidence
from reports.masking import HIDDEN, Masker
from reports.model import NEEDS_A_PERSON, STATES, FindingRow
from reports.overview.history import History, Past, unfit, unlike
from reports.overview.model import Changes, Earlier, Moves
from reports.overview.moved import place, read_moved
from reports.overview.past_rows import Asked, rows_of
from reports.parts import Count, EntityRow, Table

FIXED = "fixed"
"""Name of the table of findings that the run before had and this one has not."""
COLUMNS = ("code", "severity", "entity", "key", "field", "value", "message")
_PRINT = ("entity", "key", "field", "code", "value")
_SAME = " AND ".join(f"n.{column} IS NOT DISTINCT FROM b.{column}" for column in (*_PRINT, "nth"))
_NTH = f"row_number() OVER (PARTITION BY {', '.join(_PRINT)} ORDER BY row) AS nth"
_FINDINGS = (
    f"CREATE OR REPLACE TEMP TABLE told_now AS SELECT row, {', '.join(_PRINT)}, {_NTH} FROM findings",
    f"CREATE OR REPLACE TEMP TABLE told_before AS SELECT row, {', '.join(COLUMNS)}, {_NTH} FROM ({{earlier}})",
    f"""INSERT INTO news SELECT n.row, CASE WHEN b.row IS NULL THEN 'new' ELSE 'recurring' END
    FROM told_now AS n LEFT JOIN told_before AS b ON {_SAME}""",
    f"CREATE OR REPLACE TEMP TABLE fixed AS SELECT b.* EXCLUDE (nth) FROM told_before AS b ANTI JOIN told_now AS n ON {_SAME}",
)
_BY = """WITH each AS (
        SELECT {by} AS name, news.history FROM findings JOIN news USING (row)
        UNION ALL SELECT {by}, 'fixed' FROM fixed)
    SELECT name, count(*) FILTER (history = 'new'), count(*) FILTER (history = 'fixed'), count(*) FILTER (history = 'recurring')
    FROM each GROUP BY name"""
_OTHER_VALUE = f"""SELECT count(*) FROM told_now JOIN news USING (row)
    SEMI JOIN fixed AS b ON {" AND ".join(f"told_now.{c} IS NOT DISTINCT FROM b.{c}" for c in _PRINT if c != "value")}
    WHERE history = 'new'"""
_FIXED_ROWS = f"""SELECT d.row AS record, severity, fixed.code, fixed.entity, fixed.key, field, value, message
    FROM fixed LEFT JOIN (
            SELECT entity, key, min(row) AS row FROM d SEMI JOIN fixed USING (entity, key) GROUP BY entity, key) AS d
        ON fixed.entity = d.entity AND fixed.key = d.key
    ORDER BY {queries.SEVERITY_RANK}, fixed.code, fixed.entity, fixed.key, fixed.row LIMIT {{limit}}"""
_NEEDS = f"({', '.join(literal(state) for state in NEEDS_A_PERSON)})"
_DONE = "done with"
_ITEMS = (
    f"""CREATE OR REPLACE TEMP TABLE both_lists AS
    SELECT item, state, CASE WHEN now AND before THEN 'recurring' WHEN now THEN 'new' WHEN before THEN '{_DONE}' END AS history
    FROM (SELECT item, any_value(state) AS state, bool_or(state IN {_NEEDS}) AS now FROM worklist GROUP BY item)
    FULL JOIN (SELECT item, bool_or(state IN {_NEEDS}) AS before FROM ({{earlier}}) GROUP BY item) USING (item)""",
    "INSERT INTO item_news SELECT item, history FROM both_lists WHERE item IS NOT NULL AND history IS NOT NULL",
)
_MET = "SELECT history, count(*) FROM both_lists WHERE history IS NOT NULL GROUP BY history"
_ANSWERED = f"SELECT state, count(*) FROM both_lists WHERE history = '{_DONE}' AND state IS NOT NULL GROUP BY state"
Json = Mapping[str, Any]


def read_changes(
    evidence: Evidence,
    history: History,
    summary: Json,
    run: Json,
    entities: Iterable[EntityRow],
    findings: Iterable[FindingRow],
) -> Changes:
    """What changed since the newest run before that can be compared. Findings and records get their part of the history."""
    if why := unfit(summary, run):
        return Changes(None, f"This run is not compared with another: {why}.", ())
    if not evidence.available["findings"]:
        return Changes(None, "This run has no findings.parquet that can be read, so it is not compared with another.", ())
    passed: list[Earlier] = []
    for past in reversed(history.runs):
        why = unlike(summary, run, past) or compare(evidence, past)
        if not why:
            return _changes(evidence, past, tuple(passed), run, entities, findings)
        passed.append(past.earlier(why))
    return Changes(None, _none(history, passed), tuple(passed))


def _none(history: History, passed: list[Earlier]) -> str:
    if passed:
        return "None of the runs before can be compared with this one, so nothing is said to be new or fixed."
    if history.unreadable:
        return "No run before can be read, so nothing is said to be new or fixed."
    return "No run of this workspace lies before this one, so everything is new."


def compare(evidence: Asked, past: Past) -> str:
    """Fill ``news`` and ``fixed`` with what became of findings since ``past``; or say why that cannot be told."""
    earlier = rows_of(evidence, past.folder / "findings.parquet", COLUMNS)
    if earlier is None:
        return "its findings.parquet is not there, or cannot be read"
    try:
        for statement in _FINDINGS:
            evidence.do(statement.format(earlier=earlier))
    except duckdb.Error:  # a file that breaks off in the middle
        evidence.do("DELETE FROM news")
        return "its findings.parquet cannot be read to its end"
    return ""


def _changes(
    evidence: Evidence,
    past: Past,
    passed: tuple[Earlier, ...],
    run: Json,
    entities: Iterable[EntityRow],
    findings: Iterable[FindingRow],
) -> Changes:
    by_code = {name: _moves(name, *counts, code=name) for name, *counts in evidence.ask(_BY.format(by="code"))}
    by_entity = {name: _moves(name, *counts, entity=name) for name, *counts in evidence.ask(_BY.format(by="entity"))}
    titles = _titles(findings, past)
    sums = [sum(getattr(each, word).n for each in by_code.values()) for word in ("new", "fixed", "recurring")]
    (other,) = evidence.ask(_OTHER_VALUE)
    known = [row.name for row in entities]
    items, answered = _items(evidence, past)
    return Changes(
        previous=past.earlier(),
        why="",
        passed_over=passed,
        total=_moves(None, *sums),
        entities=tuple(sorted(by_entity.values(), key=lambda each: place(known, each.name))),
        codes=tuple(
            Moves(each.name, each.new, each.fixed, each.recurring, *titles.get(str(each.name), ("", "")))
            for each in sorted(by_code.values(), key=_most_new)
        ),
        other_value=int(other[0]),
        items=items,
        answered=answered,
        moved=read_moved(evidence, past, known),
        fixed=_fixed(evidence, past, run),
        inputs=_inputs(run, past),
    )  # fmt: skip


def _moves(_name: str | None, new: int, fixed: int, recurring: int, **asked: str | None) -> Moves:
    def counted(table: str, n: int, **more: str) -> Count:
        return Count(n, links.rows(table, n, **{**more, **asked}) if n else None)

    told = counted("findings", new, history="new"), counted(FIXED, fixed), counted("findings", recurring, history="recurring")
    return Moves(_name, *told)


def _most_new(moves: Moves) -> tuple[int, int, int, str]:
    return -moves.new.n, -moves.fixed.n, -moves.recurring.n, moves.name or ""


def _titles(findings: Iterable[FindingRow], past: Past) -> dict[str, tuple[str, str]]:
    """``{code: (gravest severity, title)}``; of a code that does not come up any more the severity alone: its title may quote a
    value."""
    codes = past.facts.get("codes")
    before = {
        str(code): (str(about.get("severity") or ""), "")
        for code, about in (codes.items() if isinstance(codes, Mapping) else ())
        if isinstance(about, Mapping)
    }
    return before | {row.code: (row.severity, row.title) for row in reversed(tuple(findings))}


def _items(evidence: Evidence, past: Past) -> tuple[Moves | None, tuple[tuple[str, Count], ...]]:
    earlier = rows_of(evidence, past.folder / "worklist.parquet", ("item", "state"))
    if earlier is None or not evidence.available["worklist"]:
        return None, ()
    try:
        for statement in _ITEMS:
            evidence.do(statement.format(earlier=earlier))
        met, states = evidence.counts(_MET), evidence.counts(_ANSWERED)
    except duckdb.Error:
        return None, ()
    new, recurring = (links.counted("worklist", met.get(word, 0), history=word) for word in ("new", "recurring"))
    done, there = met.get(_DONE, 0), sum(states.values())
    # What is not in the worklist any more has no row that could be opened.
    fixed = links.counted("worklist", done, shown=there == done, history=_DONE)
    answered = (
        (state, links.counted("worklist", states[state], history=_DONE, state=state)) for state in STATES if states.get(state)
    )
    return Moves("items", new, fixed, recurring), tuple(answered)


def _fixed(evidence: Evidence, past: Past, run: Json) -> Table:
    """The fixed findings. Whoever they are about may have been erased since, so what is personal is not repeated to anybody."""
    (total,) = evidence.ask("SELECT count(*) FROM fixed")
    found = evidence.arrow(_FIXED_ROWS.format(limit=evidence.limit))
    columns: dict[str, list[Any]] = {column: found.column(column).to_pylist() for column in found.column_names}
    hide = Masker(_both(run, past.facts), clear=())
    about = list(zip(columns["entity"], columns["field"], strict=True))
    for name in ("value", "message"):
        columns[name] = [HIDDEN if hide.field_class(*each) else text for each, text in zip(about, columns[name], strict=True)]
    columns["message"] = [hide.free(message) for message in columns["message"]]
    columns["key"] = [hide.key(entity, key) for (entity, _), key in zip(about, columns["key"], strict=True)]
    return Table(FIXED, f"../{past.id}/findings.parquet", int(total[0]), columns)


def _both(run: Json, past: Json) -> Json:
    """What is personal in one run or the other: a mapping may have had another name then."""
    merged: dict[str, dict[str, Any]] = {"pii": {}, "entities": {}}
    for word, both in merged.items():
        for facts in (past, run):
            described = facts.get(word)
            for name, about in described.items() if isinstance(described, Mapping) else ():
                if isinstance(about, Mapping):
                    both[name] = {**both.get(name, {}), **about}
    return merged


def _inputs(run: Json, past: Past) -> tuple[str, ...]:
    """Files, and this tool, where they are not those of the run before."""
    before, now = past.facts.get("inputs"), run.get("inputs")
    if not isinstance(before, Mapping) or not isinstance(now, Mapping):
        return ()
    versions = [str(facts.get("tool_version") or "of unknown version") for facts in (run, past.facts)]
    tool = (f"lms-migrate {versions[0]} (then {versions[1]})",) if versions[0] != versions[1] else ()
    return tool + tuple(name for name in dict.fromkeys((*now, *before)) if now.get(name) != before.get(name))
