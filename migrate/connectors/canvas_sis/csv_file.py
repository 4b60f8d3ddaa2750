"""Records as one file of the SIS import, with the same text as the files of a rehearsal."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from migrate.compiler.source import SQL_TYPES
from migrate.compiler.text import literal, name
from migrate.connectors.package import effective_format, text_column, write_file
from migrate.connectors.target import Record
from migrate.contracts.model import Contract, Entity, Field

ARROW = {
    "string": pa.string(), "int": pa.int64(), "decimal": pa.float64(), "flag": pa.bool_(), "date": pa.date32(),
    "datetime": pa.timestamp("us"), "epoch": pa.timestamp("us"),
}  # fmt: skip


def ordered(entity_name: str, entity: Entity, records: Sequence[Record]) -> list[Record]:
    """Parents before children, where an entity refers to itself; otherwise as given."""
    parent = next((f for f, rule in entity.fields.items() if rule.references and rule.references.entity == entity_name), None)
    if parent is None or len(entity.key) != 1:
        return list(records)
    above = {record.values.get(entity.key[0]): record.values.get(parent) for record in records}

    def depth(record: Record) -> int:
        steps, at = 0, record.values.get(parent)
        while at in above and steps <= len(above):
            steps, at = steps + 1, above[at]
        return steps

    return sorted(records, key=depth)


def write_csv(
    contract: Contract, entity_name: str, records: Sequence[Record], folder: Path, clear: Mapping[str, str] | None = None
) -> Path:
    """One file in ``folder``, a line per record in the order given; its name tells its content.

    Its columns are the fields that the records have. ``clear``: what stands where a field is empty, in place of nothing.
    """
    entity = contract.entities[entity_name]
    format_ = effective_format(contract, entity)
    fields = [f for f in entity.fields if any(f in record.values for record in records)]
    columns: dict[str, pa.Array] = {f: _column(entity.fields[f], [r.values.get(f) for r in records]) for f in fields}
    columns["_number"] = pa.array(range(len(records)), pa.int64())
    with duckdb.connect() as connection:
        connection.register("given", pa.table(columns))
        texts = ", ".join(
            f"coalesce({text_column(entity, f, format_)}, {literal((clear or {}).get(f))}) AS {name(f)}" for f in fields
        )
        types = ", ".join(f"CAST({name(f)} AS {SQL_TYPES[entity.fields[f].type]}) AS {name(f)}" for f in fields)
        connection.execute(f"CREATE TABLE records AS SELECT {types}, _number FROM given")
        rows = f"SELECT {texts}, t._number FROM records AS t"
        as_text = entity.model_copy(update={"fields": dict.fromkeys(fields, Field())})
        part = folder / f"{entity_name}.part"
        write_file(connection, as_text, fields, rows, "t._number", format_, iter([part]), None)
    digest = hashlib.sha256(part.read_bytes()).hexdigest()[:16]
    return part.rename(folder / f"lms_migrate_{entity_name}_{digest}.csv")


def _column(rule: Field, values: list[Any]) -> pa.Array:
    if rule.type == "decimal":
        values = [None if value is None else float(value) for value in values]
    return pa.array(values, ARROW[rule.type])
