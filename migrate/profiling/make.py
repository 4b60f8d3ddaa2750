"""From extracted rows to a profile: every table measured, then what goes across tables."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from migrate.compiler.source import RAW
from migrate.compiler.text import name
from migrate.contracts.model import Contract, Entity, FileFormat
from migrate.engine import scan
from migrate.privacy.classes import personal_fields
from migrate.profiling import frequencies as frequency
from migrate.profiling.columns import Column, build_values, columns_of
from migrate.profiling.frequencies import Frequencies, count_values
from migrate.profiling.keys import keys
from migrate.profiling.measuring import Measured, measure, numbers
from migrate.profiling.model import EntityProfile, FieldProfile, Frequency, KeyProfile, Numbers, Orphans, Suggestion
from migrate.profiling.orphans import orphans
from migrate.profiling.patterns import patterns
from migrate.profiling.pii import personal
from migrate.profiling.reading import Extract
from migrate.profiling.scope import suggestions
from migrate.profiling.sentinels import sentinels
from migrate.progress import Progress, Silent

LONGEST = 120
"""Characters of a value that are kept."""


class Making:
    """A profile in the making: one session of the engine, table after table."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, contract: Contract, extract: Extract, as_of: str,
        progress: Progress | None = None,
    ) -> None:  # fmt: skip
        self.connection, self.contract, self.extract, self.as_of = connection, contract, extract, as_of
        self.progress = progress or Silent()
        self.columns: dict[str, list[Column]] = {}
        self._personal = personal_fields(contract)

    def entities(self) -> tuple[EntityProfile, ...]:
        """Every table and file of the contract. Tables that are not there have no fields."""
        return tuple(self._entity(entity, model) for entity, model in self.contract.entities.items() if model.sql is None)

    def orphans(self) -> tuple[list[Orphans], list[str]]:
        """What :func:`migrate.profiling.orphans.orphans` finds."""
        return orphans(self.connection, self.contract, self.columns)

    def scope(self) -> list[Suggestion]:
        """What :func:`migrate.profiling.scope.suggestions` says. A table or column that may be missing and is counts as read."""
        read = {entity: {column.field for column in listed} for entity, listed in self.columns.items()}
        for entity, model in self.contract.entities.items():
            if model.sql is None and entity not in read and model.optional:
                self.connection.execute(
                    f"CREATE OR REPLACE TABLE {name(RAW, entity)} (_row BIGINT, _fault VARCHAR, _fault_value VARCHAR)"
                )
                read[entity] = set(model.fields)
            if entity in read:
                read[entity] |= {field for field, rule in model.fields.items() if rule.optional}
        fields = {entity: frozenset(listed) for entity, listed in read.items()}
        return suggestions(self.connection, self.contract, fields, self.as_of)

    def _entity(self, entity: str, model: Entity) -> EntityProfile:
        if entity not in self.extract.present:
            return EntityProfile(entity, model.label, False, 0, 0, (), (), tuple(model.fields), {})
        connection = self.connection
        connection.execute(f"CREATE OR REPLACE VIEW {name(RAW, entity)} AS SELECT * FROM {scan(self.extract.file(entity))}")
        default = self.contract.source.format if self.contract.source else FileFormat()
        columns = columns_of(connection, entity, model, model.format or default)
        self.columns[entity] = columns
        with self.progress.task("profile", entity) as task:
            rows, faults, measured = measure(connection, entity, columns)
            values = build_values(connection, entity, columns, rows)
            found = keys(connection, values, model, columns, measured, rows) if rows else ()
            fields = self._fields(entity, model, columns, measured, values, found) if rows else self._empty(model, columns)
            task.advance(rows)
        not_read = tuple(field for field in model.fields if field not in {column.field for column in columns})
        return EntityProfile(
            entity, model.label, True, rows, faults, fields, found, not_read, self.extract.unknown.get(entity, {})
        )  # fmt: skip

    def _empty(self, model: Entity, columns: list[Column]) -> tuple[FieldProfile, ...]:
        nothing = Measured(0, 0, 0, 0, 0, 0, 0, None, None, None, None, None, (), None)
        return tuple(self._field("", model, column, nothing, frequency.NONE, None, "") for column in columns)

    def _fields(
        self, entity: str, model: Entity, columns: list[Column], measured: Mapping[str, Measured], values: str,
        found: tuple[KeyProfile, ...],
    ) -> tuple[FieldProfile, ...]:  # fmt: skip
        unique = {key.fields[0]: key for key in found if len(key.fields) == 1}
        judged = {
            column.field for column in columns
            if (column.numeric or column.dated) and column.rule.references is None and column.field not in model.key
        }  # fmt: skip
        ranges = numbers(self.connection, values, columns, dict(measured), judged)
        made = []
        for column in columns:
            one = measured[column.field]
            key = unique.get(column.field)
            distinct = one.holding - key.surplus if key is not None else None
            counted = count_values(self.connection, values, column, one.estimate, one.holding, distinct)
            made.append(self._field(entity, model, column, one, counted, ranges.get(column.field), values))
        return tuple(made)

    def _field(
        self, entity: str, model: Entity, column: Column, one: Measured, counted: Frequencies, ranges: Numbers | None, values: str
    ) -> FieldProfile:
        declared = self._personal.get(entity, {}).get(column.field)
        whole = counted.complete and counted.distinct <= frequency.ALL
        listed = counted.top if whole else counted.top[: frequency.TOP]
        reference = column.rule.references
        to = None
        if reference is not None:
            to = f"{reference.entity}.{reference.field or self.contract.entities[reference.entity].key[0]}"
        is_key = (column.field,) == model.key
        text = column.rule.type == "string"
        return FieldProfile(
            field=column.field,
            type=column.rule.type,
            stored=column.stored,
            key=column.field in model.key,
            references=to,
            personal=personal(column, counted, declared, self.as_of),
            nulls=one.nulls,
            blanks=one.blanks,
            never=one.never,
            unreadable=one.unreadable,
            ambiguous=one.ambiguous,
            holding=one.holding,
            distinct=counted.distinct,
            distinct_exact=counted.exact,
            shortest=one.shortest,
            longest=one.longest,
            values=tuple(Frequency(value[:LONGEST] + ("…" if len(value) > LONGEST else ""), rows) for value, rows in listed),
            values_exact=(counted.exact and counted.table is not None) or not counted.top,
            values_complete=whole and all(len(value) <= LONGEST for value, _ in listed),
            numbers=ranges,
            texts=one.texts,
            patterns=patterns(counted.sample) if text and counted.sample else (),
            looked_at=len(counted.sample),
            sentinels=sentinels(self.connection, column, counted, values, key=is_key) if counted.sample else (),
            years=self._years(column, counted, values),
        )

    def _years(self, column: Column, counted: Frequencies, values: str) -> dict[str, int]:
        if not column.dated or not counted.sample:
            return {}
        rows = self.connection.execute(
            f"SELECT year({name(column.field)}) AS y, count(*) FROM {values} WHERE y IS NOT NULL GROUP BY 1 ORDER BY 1"
        ).fetchall()
        return {str(year): int(number) for year, number in rows}


def stored_columns(columns: Mapping[str, list[Column]], extract: Extract) -> dict[str, dict[str, str]]:
    """``{table: {column: type}}`` of everything that was seen, for the fingerprint."""
    found = {entity: {column.field: column.stored for column in listed} for entity, listed in columns.items()}
    for entity, listed in extract.unknown.items():
        found.setdefault(entity, {}).update(dict.fromkeys(listed, "unknown to the contract"))
    return {**found, **{table: {} for table in extract.undeclared}}
