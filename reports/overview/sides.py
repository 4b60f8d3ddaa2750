"""What some fields hold in the source and in the target: records by value or by year, counted from the rows of the run folder.

Which fields those are stands in ``run.json`` (``entities.NAME.charts``). The left side is what the mapping says of the records in
scope: all but those left out on purpose. The right side is what was read back. Where they differ, records wait or failed.
"""

from __future__ import annotations

import glob
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb

from migrate.compiler.text import literal
from reports.charts.bars import Pair, Paired, draw_paired
from reports.charts.drawing import Drawing
from reports.evidence import Evidence
from reports.masking import Masker
from reports.model import LOADED, SET_ASIDE
from reports.parts import EntityRow

MOST_VALUES, MOST_CHARTS = 10, 24
SIDES = ("source, in scope", "read back")
NOTHING, REST = "(blank)", "all others"
_LISTS = {words: ", ".join(literal(word) for word in words) for words in (LOADED, SET_ASIDE)}
# One pass over the rows of an entity for all of its fields, told apart by their places. Values are grouped as they are, and
# become text when they are counted.
_SCOPE = f"""SELECT {{at}} AS field, {{value}} AS value, count(*) AS n FROM read_parquet({{mapped}}) AS m
        ANTI JOIN (SELECT key FROM d WHERE entity = {{entity}} AND disposition IN ({_LISTS[SET_ASIDE]})) AS d ON d.key = m._key
        GROUP BY GROUPING SETS ({{sets}})"""
_BACK = """SELECT {at} AS field, {value} AS value, count(*) AS n FROM read_parquet({held}) AS b{of_entity}
        GROUP BY GROUPING SETS ({sets})"""
_OF_ENTITY = f""" SEMI JOIN (SELECT target_key FROM d WHERE entity = {{entity}} AND disposition IN ({_LISTS[LOADED]})) AS d
            ON d.target_key = b._target_key"""
_COUNT = f"""WITH sums AS (
        SELECT coalesce(scope.value, back.value) AS value, coalesce(scope.n, 0) AS first, coalesce(back.n, 0) AS second
        FROM (FROM side_scope WHERE field = {{at}}) AS scope FULL JOIN (FROM side_back WHERE field = {{at}}) AS back
            ON scope.value IS NOT DISTINCT FROM back.value),
    ranked AS (SELECT *, row_number() OVER (ORDER BY first + second DESC, value) AS place FROM sums)
    SELECT CASE WHEN place <= {MOST_VALUES} THEN value END AS shown, place > {MOST_VALUES} AS rest,
        CAST(sum(first) AS BIGINT), CAST(sum(second) AS BIGINT), count(*)
    FROM ranked GROUP BY ALL ORDER BY rest, {{order}}"""
_ORDER = {"year": "shown NULLS LAST", "value": "sum(first) + sum(second) DESC, shown NULLS LAST"}
Json = Mapping[str, Any]
Sides = tuple[tuple[str, tuple[Drawing, ...]], ...]


def read_sides(evidence: Evidence, folder: Path, run: Json, masker: Masker, entities: Iterable[EntityRow]) -> tuple[Sides, str]:
    """Charts by entity, and what to say beside them."""
    rows = {row.name: row for row in entities}
    found: dict[str, list[Drawing]] = {}
    unread: list[str] = []
    single: list[str] = []
    wanted = list(_wanted(run, masker))
    for (entity, target), group in groupby(wanted[:MOST_CHARTS], key=lambda each: each[:2]):
        mapped, held = folder / "2_map" / f"{entity}.parquet", folder / "5_read_back" / f"{target}.parquet"
        both = _Both(entity, mapped, held, rows.get(entity))
        for field, drawing in _charts(evidence, both, [each[2:] for each in group]):
            if isinstance(drawing, duckdb.Error):
                unread.append(f"{entity}.{field}")
            elif drawing is not None:
                found.setdefault(entity, []).append(drawing)
            else:
                single.append(f"{entity}.{field}")
    notes = []
    if single:
        notes.append(f"Not drawn, because one value at most is there, as often on both sides: {', '.join(single)}.")
    if unread:
        notes.append(f"Not drawn, because the rows are not in the run folder or cannot be read: {', '.join(unread)}.")
    if len(wanted) > MOST_CHARTS:
        notes.append(f"{len(wanted) - MOST_CHARTS} more fields are declared than are drawn.")
    return tuple((entity, tuple(drawings)) for entity, drawings in found.items()), " ".join(notes)


def _wanted(run: Json, masker: Masker) -> Iterator[tuple[str, str, str, str]]:
    """(entity, entity of the target, field, how it is counted). What is personal to this reader is not counted by value."""
    described = run.get("entities")
    for entity, about in described.items() if isinstance(described, Mapping) else ():
        charts = about.get("charts") if isinstance(about, Mapping) else None
        target = str(about.get("to") or "").partition(".")[2] if isinstance(about, Mapping) else ""
        for field, by in charts.items() if isinstance(charts, Mapping) else ():
            if by in _ORDER and target and masker.personal(entity, field) is None:
                yield entity, target, field, by


@dataclass(frozen=True)
class _Both:
    """Where both sides of an entity lie, and what is known of it."""

    entity: str
    mapped: Path
    held: Path
    row: EntityRow | None


def _charts(
    evidence: Evidence, both: _Both, fields: list[tuple[str, str]]
) -> Iterator[tuple[str, Drawing | duckdb.Error | None]]:
    """The chart of each (field, how it is counted), or why it cannot be counted."""
    try:
        _group(evidence, both, fields)
    except duckdb.Error as error:
        if len(fields) == 1:
            yield fields[0][0], error
            return
        for each in fields:  # so that one that cannot be read does not take the others with it
            yield from _charts(evidence, both, [each])
        return
    for at, (field, by) in enumerate(fields):
        yield field, _chart(evidence, both.entity, field, by, at)


def _group(evidence: Evidence, both: _Both, fields: list[tuple[str, str]]) -> None:
    """Count the values of the fields on both sides, in the tables ``side_scope`` and ``side_back``."""
    if not evidence.available["dispositions"] or not both.mapped.is_file() or not both.held.is_file():
        raise duckdb.IOException("the rows are not there")
    entity, mapped, held = literal(both.entity), *(literal(glob.escape(str(file))) for file in (both.mapped, both.held))
    of_entity = "" if _all_of(evidence, both.row, held) else _OF_ENTITY.format(entity=entity)
    for table, query, column in (("side_scope", _SCOPE, "m.{}"), ("side_back", _BACK, "b.{}")):
        names = [column.format(_name("to:" + field if table == "side_scope" else field)) for field, _ in fields]
        values = [f"year(CAST({one} AS TIMESTAMP))" if by == "year" else one for one, (_, by) in zip(names, fields, strict=True)]
        told = [f"WHEN grouping({one}) = 0 THEN" for one in values]
        given = {
            "at": f"CASE {' '.join(f'{when} {at}' for at, when in enumerate(told))} END",
            "value": f"CASE {' '.join(f'{when} CAST({one} AS VARCHAR)' for one, when in zip(values, told, strict=True))} END",
            "sets": ", ".join(f"({one})" for one in values),
            "entity": entity, "mapped": mapped, "held": held, "of_entity": of_entity,
        }  # fmt: skip
        evidence.do(f"CREATE OR REPLACE TEMP TABLE {table} AS {query.format(**given)}")


def _all_of(evidence: Evidence, row: EntityRow | None, held: str) -> bool:
    """Are the rows that were read back the records that an entity has in the target, all of them and no others? Each was found
    there and there are as many rows as records; then no row has to be looked up."""
    if row is None or row.missing.n:
        return False
    ((rows,),) = evidence.ask(f"SELECT count(*) FROM read_parquet({held})")
    return row.compared.n == row.share(LOADED) == int(rows)


def _chart(evidence: Evidence, entity: str, field: str, by: str, at: int) -> Drawing | None:
    rows = evidence.ask(_COUNT.format(at=at, order=_ORDER[by]))
    if not rows or (len(rows) == 1 and rows[0][2] == rows[0][3]):
        return None
    rest = next((int(row[4]) for row in rows if row[1]), 0)
    pairs = tuple(Pair(REST if row[1] else row[0] or NOTHING, int(row[2]), int(row[3])) for row in rows)
    title = f"{entity}: {field} by year" if by == "year" else f"{entity}: {field}"
    about = f"Records of {title}: in scope in the source as the mapping gives it, and read back from the target."
    note = f"{rest:,} further values together are {REST}." if rest else ""
    return draw_paired(Paired(title, about, SIDES, pairs, "year" if by == "year" else "value", note=note))


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'
