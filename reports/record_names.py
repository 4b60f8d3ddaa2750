"""By what people look for a record: names, titles, codes, logins and addresses, as the target is to hold them; masked."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from migrate.compiler.text import literal, name
from reports.evidence import Evidence
from reports.masking import Masker
from reports.parts import Table
from reports.source_values import Reading
from reports.turns import turns_of

_BLOCK = 10
"""Names are counted for 2 to the power of this many records at a time, to know how many records have as many as can be shown."""
Blocks = list[tuple[int, int]]
"""Blocks of records, and the number of names in each."""


@dataclass(frozen=True)
class _Named:
    """An entity with fields by which people look for its records."""

    entity: str
    fields: tuple[str, ...]
    joined: str
    """SQL of its mapped rows ``m`` beside its records ``a``."""

    @property
    def values(self) -> list[str]:
        """SQL of what each field holds that is not the key of the record in the target: that one is found in any case."""
        texts = (f"CAST(m.{name('to:' + field)} AS VARCHAR)" for field in self.fields)
        return [f"CASE WHEN {text} IS DISTINCT FROM a.target_key THEN {text} END" for text in texts]

    def count(self) -> str:
        """How many names each block of records has, by field."""
        counts = ", ".join(f"count({value})" for value in self.values)
        return f"SELECT a.row >> {_BLOCK} AS block, {counts} FROM {self.joined} GROUP BY block ORDER BY block"

    def first(self, blocks: int) -> str:
        """The names of all records up to the end of a block, those of each field numbered."""
        columns = ", ".join(map(literal, self.fields)), ", ".join(self.values)
        return (
            f"SELECT *, row_number() OVER (PARTITION BY field ORDER BY record) AS turn FROM (SELECT a.row AS record, "
            f"{literal(self.entity)} AS entity, unnest([{columns[0]}]) AS field, unnest([{columns[1]}]) AS value "
            f"FROM {self.joined} WHERE a.row >> {_BLOCK} <= {blocks}) WHERE value IS NOT NULL"
        )


def record_names(folder: Path, reading: Reading, evidence: Evidence, masker: Masker, most: int, most_text: int) -> Table:
    """At most ``most`` of them, and ``most_text`` characters: the first ones of each field."""
    columns: dict[str, list[Any]] = {"record": [], "field": [], "value": []}
    total = 0
    try:
        counted = [(named, _count(evidence, named)) for named in _named(folder, reading)]
        total = sum(n for _, fields in counted for blocks in fields for _, n in blocks)
        parts = _parts(counted, most)
        everything = " UNION ALL ".join(parts)
        rows = evidence.ask(f"SELECT * FROM ({everything}) ORDER BY turn, record, field LIMIT {most}") if parts else ()
        left = most_text
        for record, entity, field, value, _ in rows:
            shown = masker.value(entity, field, value)
            left -= len(shown or "")
            if left < 0:
                break
            columns["record"].append(record)
            columns["field"].append(field)
            columns["value"].append(shown)
    except duckdb.Error:
        pass  # a file of another shape
    return Table("names", "2_map", total, columns)


def _named(folder: Path, reading: Reading) -> Iterator[_Named]:
    for entity, about in reading.mappings.items():
        file = folder / "2_map" / f"{entity}.parquet"
        fields = tuple(field for field, made in about.fields.items() if made.names)
        if fields and file.is_file():
            scan = f"read_parquet({literal(glob.escape(str(file)))})"
            yield _Named(entity, fields, f"{scan} AS m JOIN d AS a ON a.entity = {literal(entity)} AND a.key = m._key")


def _count(evidence: Evidence, named: _Named) -> list[Blocks]:
    """Of each field, the blocks of records and how many names each has."""
    rows = evidence.ask(named.count())
    return [[(block, counts[at]) for block, *counts in rows] for at in range(len(named.fields))]


def _parts(counted: Sequence[tuple[_Named, list[Blocks]]], most: int) -> list[str]:
    """SQL of the names of each entity, of no more records than it takes to have ``most`` names of all."""
    turns = turns_of([sum(n for _, n in blocks) for _, fields in counted for blocks in fields], most)
    return [named.first(max(_last(blocks, turns) for blocks in fields)) for named, fields in counted]


def _last(blocks: Blocks, turns: int) -> int:
    """The block in which the first ``turns`` names of a field end."""
    reached, last = 0, 0
    for block, n in blocks:
        if reached >= turns:
            break
        reached, last = reached + n, block
    return last
