"""The gate: a pandera schema built from the target's contract, run on batches, naming every failing row by its key."""

from __future__ import annotations

from collections.abc import Iterator

import pandera.polars as pa
import polars as pl

from migrate.contracts.model import Entity, Field

POLARS_TYPES: dict[str, type[pl.DataType]] = {
    "string": pl.String,
    "int": pl.Int64,
    "decimal": pl.Float64,
    "flag": pl.Boolean,
    "date": pl.Date,
    "datetime": pl.Datetime,
    "epoch": pl.Datetime,
}
NUL = "\0"
"""No target takes it in a text: databases and CSV importers refuse it, or cut the text there."""
MESSAGES = {
    "GATE-REQUIRED": "the target requires a value",
    "GATE-LENGTH": "the value is longer or shorter than the target takes",
    "GATE-ENUM": "the target does not know this value",
    "GATE-PATTERN": "the value has not the form the target takes",
    "GATE-RANGE": "the value is outside what the target takes",
    "GATE-TYPE": "the value is not of the target's type",
}


def gate_schema(entity: Entity, columns: list[str]) -> pa.DataFrameSchema:
    """The schema of one target entity for those of its fields that are mapped."""
    return pa.DataFrameSchema({column: _column(entity.fields[column]) for column in columns}, strict=False)


def failures(schema: pa.DataFrameSchema, batch: pl.DataFrame, keys: pl.Series) -> Iterator[tuple[str, str, str, str | None]]:
    """``(key, code, field, value)`` of every failing cell of a batch; ``keys`` are the rows' source keys."""
    try:
        schema.validate(batch, lazy=True)
    except pa.errors.SchemaErrors as error:
        for case in error.failure_cases.iter_rows(named=True):
            field = case["column"]
            if case["index"] is None:  # a fault of the column itself: every row of the batch has it
                for number, key in enumerate(keys):
                    yield key, "GATE-TYPE", field, _text(batch[field][number])
                continue
            code = case["check"] if case["check"] in MESSAGES else "GATE-REQUIRED"
            yield keys[case["index"]], code, field, _text(batch[field][case["index"]])


def _column(rule: Field) -> pa.Column:
    checks = []
    if rule.type == "string":
        if rule.required:
            checks.append(pa.Check(_not_blank, error="GATE-REQUIRED"))
        if rule.max_length is not None or rule.min_length is not None:
            checks.append(pa.Check.str_length(rule.min_length, rule.max_length, error="GATE-LENGTH"))
        if rule.pattern is not None:
            checks.append(pa.Check(_matches, error="GATE-PATTERN", pattern=f"^(?:{rule.pattern})$"))
        checks += [pa.Check(_lacks, error="GATE-PATTERN", text=text) for text in (NUL, *rule.without)]
    if rule.enum:
        checks.append(pa.Check.isin(list(rule.enum), error="GATE-ENUM"))
    if rule.min is not None:
        checks.append(pa.Check.ge(_bound(rule, rule.min), error="GATE-RANGE"))
    if rule.max is not None:
        checks.append(pa.Check.le(_bound(rule, rule.max), error="GATE-RANGE"))
    return pa.Column(POLARS_TYPES[rule.type], checks, nullable=not rule.required, coerce=False)


def _not_blank(data: pa.PolarsData) -> pl.LazyFrame:
    return data.lazyframe.select(pl.col(data.key).str.strip_chars().str.len_chars() > 0)


def _matches(data: pa.PolarsData, *, pattern: str) -> pl.LazyFrame:
    # pandera's own check reads the pattern with another engine than the one contracts are written for.
    return data.lazyframe.select(pl.col(data.key).str.contains(pattern))


def _lacks(data: pa.PolarsData, *, text: str) -> pl.LazyFrame:
    return data.lazyframe.select(~pl.col(data.key).str.contains(text, literal=True))


def _bound(rule: Field, bound: float | str) -> object:
    if rule.type in ("date", "datetime", "epoch"):
        moment = pl.Series([str(bound)]).str.to_datetime()[0]
        return moment.date() if rule.type == "date" else moment
    return bound


def _text(value: object) -> str | None:
    return None if value is None else str(value)
