"""Which record of a run refers to which: those that the page shows field by field come first, then the first of all."""

from __future__ import annotations

import glob
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import duckdb
import pyarrow as pa

from migrate.compiler.text import literal, name
from reports.evidence import Evidence
from reports.parts import Table
from reports.record_fields import Asked
from reports.source_values import Reading
from reports.turns import turns_of

# What records near by refer to, by its key; and what refers to them, by its key. Rows of the other side are looked up last.
_TABLES = """CREATE OR REPLACE TEMP TABLE refers_out (record BIGINT, field VARCHAR, entity VARCHAR, key VARCHAR);
    CREATE OR REPLACE TEMP TABLE refers_in (entity VARCHAR, key VARCHAR, field VARCHAR, refers BIGINT);
    CREATE OR REPLACE TEMP TABLE referred (entity VARCHAR, field VARCHAR, refers BIGINT, n BIGINT)"""
# Records are counted by the one that they refer to. Only those of the first ones are read: of a field, as many as can be shown.
_FIRST = """CREATE OR REPLACE TEMP TABLE read_in AS
    SELECT DISTINCT entity, field, refers, sum(n) OVER (PARTITION BY entity, field) AS n FROM referred SEMI JOIN (
        SELECT field, refers FROM (
            SELECT field, refers, sum(sum(n)) OVER (PARTITION BY field ORDER BY refers) - sum(n) AS before
            FROM referred GROUP BY field, refers) WHERE before < {turns}) AS first USING (field, refers)"""
# Evenly over the fields.
_LINKS = """SELECT record, field, refers FROM (
        SELECT *, row_number() OVER (PARTITION BY field ORDER BY refers, record) AS turn FROM (
            SELECT record, field, d.row AS refers FROM refers_out
                JOIN (FROM d WHERE entity IN ({others})) AS d USING (entity, key)
            UNION SELECT d.row, field, refers FROM refers_in JOIN d USING (entity, key)))
    ORDER BY turn, record, field LIMIT {most}"""

_LINK = pa.schema({"record": pa.int64(), "field": pa.string(), "refers": pa.int64()})


@dataclass(frozen=True)
class _Reference:
    """A field by which records of an entity refer to those of another."""

    rows: str
    """SQL that reads the mapped rows of the entity."""
    entity: str
    field: str
    other: str

    @property
    def key(self) -> str:
        """The column with the key of the other."""
        return "m." + name("ref:" + self.field)


def record_links(folder: Path, reading: Reading, evidence: Evidence, near: Sequence[Asked], most: int) -> Table:
    """At most ``most`` of them, by row numbers. ``near`` are the records that the page shows."""
    references = list(_references(folder, reading))
    found, total = _LINK.empty_table(), 0
    if references:
        try:
            total, found = _near(evidence, references, near, most)
            if found.num_rows < most:
                found = pa.concat_tables([found, _others(evidence, references, found, most)])
        except duckdb.Error:
            found = _LINK.empty_table()  # a file of another shape: the page shows no links, and says how many it has
    return Table("links", "2_map", total, dict(zip(found.column_names, found.columns, strict=True)))


def _references(folder: Path, reading: Reading) -> Iterator[_Reference]:
    for entity, about in reading.mappings.items():
        file = folder / "2_map" / f"{entity}.parquet"
        for field, made in about.fields.items() if file.is_file() else ():
            if made.ref is not None:
                yield _Reference(f"read_parquet({literal(glob.escape(str(file)))})", entity, field, made.ref)


def _near(evidence: Evidence, references: Sequence[_Reference], near: Sequence[Asked], most: int) -> tuple[int, pa.Table]:
    """The number of all references to records that there are, and those of the records near by, in either direction."""
    evidence.do(_TABLES)
    _register(evidence, near)
    total = 0
    for _, group in groupby(references, lambda each: each.entity):
        of_entity = list(group)
        evidence.do(_out(of_entity))
        total += sum(_count(evidence, each) for each in of_entity)
    turns = turns_of((int(n) for (n,) in evidence.ask("SELECT sum(n) FROM referred GROUP BY field")), most)
    evidence.do(_FIRST.format(turns=turns))
    for each in references:
        _read_in(evidence, each, turns)
    others = ", ".join(literal(other) for other in sorted({each.other for each in references}))
    return total, evidence.arrow(_LINKS.format(most=most, others=others))


def _register(evidence: Evidence, near: Sequence[Asked]) -> None:
    """The relation ``near``."""
    rows = pa.array([record.row for record in near], pa.int64())
    entities, keys = (pa.array(texts, pa.string()) for texts in ([each.entity for each in near], [each.key for each in near]))
    evidence.database.register("near_by", pa.table({"row": rows, "entity": entities, "key": keys}))
    evidence.do("CREATE OR REPLACE TEMP TABLE near AS FROM near_by")
    evidence.database.unregister("near_by")


def _out(references: Sequence[_Reference]) -> str:
    """To whom the records near by of one entity refer."""
    fields, others = (", ".join(literal(getattr(each, word)) for each in references) for word in ("field", "other"))
    keys = ", ".join(each.key for each in references)
    return (
        f"INSERT INTO refers_out SELECT near.row, unnest([{fields}]), unnest([{others}]), unnest([{keys}]) "
        f"FROM {references[0].rows} AS m JOIN near ON near.entity = {literal(references[0].entity)} AND near.key = m._key"
    )


def _count(evidence: Evidence, each: _Reference) -> int:
    """How many records refer to one that there is; those of records near by are noted in ``referred``."""
    evidence.do(
        f"CREATE OR REPLACE TEMP TABLE tally AS SELECT {each.key} AS key, count(*) AS n FROM {each.rows} AS m GROUP BY key"
    )
    evidence.do(
        f"INSERT INTO referred SELECT {literal(each.entity)}, {literal(each.field)}, near.row, n "
        f"FROM tally JOIN near ON near.entity = {literal(each.other)} AND near.key = tally.key"
    )
    there = f"SELECT key FROM d WHERE entity = {literal(each.other)}"
    ((n,),) = evidence.ask(f"SELECT coalesce(sum(n), 0) FROM tally SEMI JOIN ({there}) AS there USING (key)")
    return int(n)


def _read_in(evidence: Evidence, each: _Reference, turns: int) -> None:
    """Who refers to records near by, as far as ``read_in`` says."""
    listed = f"FROM read_in WHERE entity = {literal(each.entity)} AND field = {literal(each.field)}"
    ((n,),) = evidence.ask(f"SELECT coalesce(max(n), 0) {listed}")
    if n:
        others = f"FROM near SEMI JOIN (SELECT refers {listed}) AS r ON near.row = r.refers"
        # Records are numbered by their keys, so that the first keys are those of the first rows.
        first = f" ORDER BY near.row, m._key LIMIT {turns}" if n > turns else ""
        evidence.do(
            f"INSERT INTO refers_in SELECT {literal(each.entity)}, m._key, {literal(each.field)}, near.row FROM {each.rows} AS m "
            f"JOIN ({others}) AS near ON near.key = {each.key}{first}"
        )


def _others(evidence: Evidence, references: Iterable[_Reference], known: pa.Table, most: int) -> pa.Table:
    """Those of the first of all records, but for those that are known: as many as are left of ``most``."""
    first = " UNION ".join(
        f"SELECT a.row AS record, {literal(each.field)} AS field, b.row AS refers FROM {each.rows} AS m "
        f"JOIN (FROM d WHERE row <= {most}) AS a ON a.entity = {literal(each.entity)} AND a.key = m._key "
        f"JOIN d AS b ON b.entity = {literal(each.other)} AND b.key = {each.key}"
        for each in references
    )
    evidence.database.register("known_links", known)
    found = evidence.arrow(
        f"SELECT * FROM ({first}) ANTI JOIN known_links USING (record, field, refers) "
        f"ORDER BY record, field, refers LIMIT {most - known.num_rows}"
    )
    evidence.database.unregister("known_links")
    return found
