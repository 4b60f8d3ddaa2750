"""Rows as the map and validate stages leave them, for benchmarks of the stages after."""

from __future__ import annotations

import duckdb

from migrate.artefacts import Mapped, Validated, write_manifest
from migrate.compiler.text import row_hash
from migrate.engine import copy_to_parquet
from migrate.findings import write_findings
from migrate.run_folder import RunFolder

_NONE = "CAST(NULL AS VARCHAR)"


def lay(
    connection: duckdb.DuckDBPyConnection, run: RunFolder, mapping: str, fields: list[str], rows: str, key: str
) -> Validated:  # fmt: skip
    """Write ``rows``, a table or subquery with ``_key`` and ``fields``, as mapped; all of them may load. ``key`` is the field
    whose values are the target keys."""
    mapped, validated = Mapped(run.stage("map")), Validated(run.stage("validate"))
    values = ", ".join(f'"{field}" AS "to:{field}"' for field in fields)
    working = f"'candidate' AS _disposition, {_NONE} AS _code, {_NONE} AS _into"
    hashed = [field for field in fields if field != key]
    of_row = row_hash(f'"{field}"' for field in hashed)
    select = f"SELECT _key, {working}, {values}, {of_row} AS _hash FROM {rows}"
    count = copy_to_parquet(connection, select, mapped.parquet(mapping))
    nothing = f"SELECT {_NONE} AS _key, {_NONE} AS _disposition, {_NONE} AS _code WHERE FALSE"
    copy_to_parquet(connection, nothing, validated.parquet(mapping))
    write_findings([], validated.parquet("findings"))
    write_manifest(Mapped, mapped.folder, None, mapped.folder.glob("*.parquet"), keys={mapping: key}, hashed={mapping: hashed})
    write_manifest(Validated, validated.folder, mapped, validated.folder.glob("*.parquet"), loading={mapping: count})
    return validated
