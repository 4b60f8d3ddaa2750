"""Field by field, what became of single records: source values, mapped value, value read back, and how the two compare.

Read from the files of a run folder, whichever of them are there: a run that stopped has fewer, and so has an older one.
"""

from __future__ import annotations

import glob
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from migrate.compiler.text import literal, name
from reports.masking import Masker
from reports.model import LOADED
from reports.source_values import MappingReading, Reading, source_values

NOT_WRITTEN = "not written"
NOT_READ = "not read back"
NOT_SHOWN = "not shown by the target"
NOT_FOUND = "not found in the target"
EQUAL = "equal"
DIFFERENT = "different"
LONGEST = 4000
"""Characters of a value that are shown; a longer one is cut, and says so."""


@dataclass(frozen=True)
class Asked:
    """A record among the dispositions."""

    row: int
    """Its number there, from 1."""
    entity: str
    key: str
    target_key: str | None
    disposition: str


@dataclass(frozen=True)
class Cell:
    """One target field of one record, masked."""

    field: str
    mapped: str | None
    back: str | None
    answer: str
    """How the two compare: ``equal``, ``equal under RULE``, ``different``, or why there is nothing to compare."""


@dataclass(frozen=True)
class Fields:
    """What is known of one record, masked."""

    cells: tuple[Cell, ...]
    sources: tuple[tuple[str, str | None], ...]
    """(source field, its value), of all fields that the mapping makes something of."""

    @property
    def size(self) -> int:
        """Characters."""
        cells = sum(len(cell.mapped or "") + (len(cell.back or "") if cell.answer != EQUAL else 0) + 8 for cell in self.cells)
        return cells + sum(len(value or "") + 8 for _, value in self.sources)


class RecordFields:
    """Reads fields of records of one run folder. ``run`` is its ``run.json``."""

    def __init__(self, folder: Path, run: Mapping[str, Any], masker: Masker, reading: Reading) -> None:
        self._folder, self._run, self._masker, self._reading = folder, run, masker, reading

    def read(
        self,
        database: duckdb.DuckDBPyConnection,
        records: Sequence[Asked],
        unequal: Mapping[tuple[str, str], Iterable[str | None]],
    ) -> dict[int, Fields]:
        """``{row: what is known}``. ``unequal`` are the fields in which a record differs by ``differences.parquet``, None among
        them where it is missing as a whole. ``database`` is used to read files."""
        by_entity: dict[str, list[Asked]] = defaultdict(list)
        for record in records:
            by_entity[record.entity].append(record)
        pairs = {"entity": [record.entity for record in records], "key": [record.key for record in records]}
        database.register("asked_records", pa.table({word: pa.array(held, pa.string()) for word, held in pairs.items()}))
        sources = source_values(self._folder, self._reading, {e: [r.key for r in asked] for e, asked in by_entity.items()})
        excused = self._excused(database)
        found = {}
        for entity, asked in by_entity.items():
            mapped = self._rows(database, self._folder / "2_map" / f"{entity}.parquet", "_key", [r.key for r in asked], "to:")
            back = self._read_back(database, entity, asked)
            for record in asked:
                rules = excused.get((entity, record.key), {})
                cells = tuple(self._cells(record, mapped, back, set(unequal.get((entity, record.key), ())), rules))
                found[record.row] = Fields(cells, tuple(self._sources(entity, sources.get(entity, {}).get(record.key))))
        return found

    def _rows(
        self, database: duckdb.DuckDBPyConnection, file: Path, key: str, keys: Iterable[str | None], of: str = ""
    ) -> dict[str, dict[str, str | None]]:
        """``{key: {column: text}}`` of the columns that begin with ``of``, which is left out of the names; nothing where the
        file is not there or cannot be read."""
        if not file.is_file():
            return {}
        asked = pa.table({"k": pa.array([each for each in dict.fromkeys(keys) if each is not None], pa.string())})
        try:
            scan = f"read_parquet({literal(glob.escape(str(file)))})"
            described = database.execute(f"DESCRIBE SELECT * FROM {scan}").fetchall()
            columns = [c.removeprefix(of) for c, *_ in described if c.startswith(of) and not c.startswith("_")]
            texts = "".join(f", CAST({name(of + column)} AS VARCHAR)" for column in columns)
            database.register("asked_keys", asked)
            rows = database.execute(f"SELECT {name(key)}{texts} FROM {scan} SEMI JOIN asked_keys ON {name(key)} = k").fetchall()
        except duckdb.Error:
            return {}
        found: dict[str, dict[str, str | None]] = {}
        for row in rows:
            found.setdefault(row[0], dict(zip(columns, row[1:], strict=True)))
        return found

    def _read_back(
        self, database: duckdb.DuckDBPyConnection, entity: str, asked: Sequence[Asked]
    ) -> dict[str, dict[str, str | None]]:
        target = self._target(entity)
        if target is None:
            return {}
        keys = [record.target_key for record in asked if record.disposition in LOADED]
        rows = self._rows(database, self._folder / "5_read_back" / f"{target}.parquet", "_target_key", keys)
        hidden = ((self._run.get("live") or {}).get("unseen") or {}).get(target) or ()
        return {key: {field: value for field, value in row.items() if field not in hidden} for key, row in rows.items()}

    def _target(self, entity: str) -> str | None:
        if entity in self._reading.mappings:
            return self._reading.mappings[entity].target
        to = str(((self._run.get("entities") or {}).get(entity) or {}).get("to") or "")
        return to.partition(".")[2] or None

    def _cells(
        self,
        record: Asked,
        mapped: Mapping[str, Mapping[str, str | None]],
        back: Mapping[str, Mapping[str, str | None]],
        unequal: set[str | None],
        rules: Mapping[str, str],
    ) -> Iterable[Cell]:
        given = mapped.get(record.key, {})
        held = back.get(record.target_key or "")
        # What no line of the mapping fills may hold something in the target all the same.
        unfilled = sorted({each for each in unequal if each is not None and each in (held or {})} - given.keys())
        for field in (*given, *unfilled):
            value = given.get(field)
            if record.disposition not in LOADED:
                answer, there = (NOT_FOUND if None in unequal else NOT_WRITTEN), None
            elif held is None:
                answer, there = (NOT_FOUND if None in unequal else NOT_READ), None
            elif field not in held:
                answer, there = NOT_SHOWN, None
            else:
                there = held[field]
                answer = (
                    DIFFERENT
                    if field in unequal
                    else EQUAL
                    if value == there
                    else self._rule(record.entity, field, value, there, rules)
                )
            yield Cell(
                field,
                _cut(self._masker.value(record.entity, field, value)),
                _cut(self._masker.value(record.entity, field, there)),
                answer,
            )

    def _excused(self, database: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], dict[str, str]]:
        """The rule that excuses a pair, ``{(mapping, key): {field: rule}}``, of a run that notes each pair."""
        file = self._folder / "6_reconcile" / "excused.parquet"
        found: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
        if file.is_file():
            try:
                scan = f"read_parquet({literal(glob.escape(str(file)))})"
                sql = f"SELECT entity, key, field, rule FROM {scan} SEMI JOIN asked_records USING (entity, key)"
                for entity, key, field, rule in database.execute(sql).fetchall():
                    found[entity, key][field] = rule
            except duckdb.Error:
                return {}
        return found

    def _rule(self, entity: str, field: str, value: str | None, there: str | None, rules: Mapping[str, str]) -> str:
        """The rule under which two values count as equal that are not the same text."""
        if field in rules:
            return f"{EQUAL} under {rules[field]}"
        if not value and not there:
            return f"{EQUAL} under blank is null"
        described = ((self._run.get("entities") or {}).get(entity) or {}).get("excused") or {}
        counted = [str(rule) for rule, n in (described.get(field) or {}).items() if n]
        return f"{EQUAL} under {' or '.join(counted) or 'the comparison of values'}"

    def _sources(self, entity: str, values: Sequence[str | None] | None) -> Iterable[tuple[str, str | None]]:
        about: MappingReading | None = self._reading.mappings.get(entity)
        if about is None or values is None:
            return
        for label, pii, value in zip(about.labels, about.classes, values, strict=True):
            yield label, _cut(self._masker.of_class(pii, value))


def _cut(text: str | None) -> str | None:
    if text is None or len(text) <= LONGEST:
        return text
    return f"{text[:LONGEST]}… ({len(text):,} characters in all)"
