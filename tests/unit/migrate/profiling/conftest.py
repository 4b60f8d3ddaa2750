"""Small tables with planted facts, profiled in this process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from migrate.contracts.load import load_contract
from migrate.engine import session
from migrate.profiling.drift import fingerprint
from migrate.profiling.hiding import hidden_fields, hide, hide_orphans
from migrate.profiling.make import Making, stored_columns
from migrate.profiling.model import SCHEMA, Profile
from migrate.profiling.reading import Extract
from migrate.profiling.remarks import remarks

AS_OF = "2026-01-01 00:00:00"
Rows = dict[str, list[dict[str, Any]]]
Profiled = Callable[..., Profile]


@pytest.fixture
def profiled(tmp_path: Path) -> Profiled:
    """``profiled(contract, {table: rows}, masked=True)``: the profile of these rows. Values of Python give the stored types."""

    def make(contract: str, given: Rows, *, masked: bool = True, **words: Any) -> Profile:
        file = tmp_path / "old.yaml"
        file.write_text("system: old\nlabel: Old\n" + contract, "utf-8")
        model = load_contract(file).model
        for entity, rows in given.items():
            _write(tmp_path / f"{entity}.parquet", rows, list(model.entities[entity].fields))
        extract = Extract(tmp_path, frozenset(given), words.pop("unknown", {}), words.pop("undeclared", {}))
        with session() as connection:
            making = Making(connection, model, extract, AS_OF)
            entities = making.entities()
            orphans, unchecked = making.orphans()
            scope = making.scope()
            columns = stored_columns(making.columns, extract)
        if masked:
            classes = hidden_fields(entities)
            entities = tuple(hide(entity, classes.get(entity.entity, {})) for entity in entities)
            orphans = [hide_orphans(one, classes) for one in orphans]
        made = Profile(
            schema=SCHEMA, profile="20260101-000000", system="old", label="Old", workspace="acme", address="here", version=None,
            as_of=AS_OF, tool="0", masked=masked, seconds=0.1, from_run=None, fingerprint=fingerprint(columns), columns=columns,
            before=None, entities=entities, orphans=tuple(orphans), unchecked=tuple(unchecked), scope=tuple(scope),
            undeclared=extract.undeclared, changes=(), remarks=(),
        )  # fmt: skip
        return made.with_remarks(remarks(made, model))

    return make


def _write(file: Path, rows: list[dict[str, Any]], fields: list[str]) -> None:
    """Of no rows there are the contract's columns, as text."""
    names = list(dict.fromkeys(column for row in rows for column in row if not column.startswith("_"))) or fields
    columns: dict[str, pa.Array] = {}
    for column in names:
        array = pa.array([row.get(column) for row in rows])
        columns[column] = array.cast(pa.string()) if pa.types.is_null(array.type) else array
    columns["_row"] = pa.array(range(1, len(rows) + 1), pa.int64())
    for word in ("_fault", "_fault_value"):
        columns[word] = pa.array([row.get(word) for row in rows], pa.string())
    pq.write_table(pa.table(columns), file)
