"""What becomes of the rows of an inline test whose references lead to records that are not loaded, as a run decides it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import duckdb

from migrate.compiler.plan import Plan
from migrate.compiler.shared import IDENTITY, MAPPED
from migrate.compiler.text import literal, name
from migrate.mapping.load import LoadedMapping
from migrate.mapping.model import InlineTest, TestIdentity
from validators.referential import STATE, Referential, open_state

Row = dict[str, Any]
_GIVEN = (
    "source_key AS key, target_key, "
    "CASE WHEN excluded THEN 'excluded' WHEN merged THEN 'merged' ELSE 'candidate' END AS disposition"
)


@dataclass(frozen=True)
class Settled:
    """What changed: columns of mapped rows by key, and the findings that came to them."""

    rows: dict[str, Row] = field(default_factory=dict)
    findings: set[tuple[str, str]] = field(default_factory=set)
    """(code, severity)."""


def settle(
    connection: duckdb.DuckDBPyConnection, plan: Plan, mapping: LoadedMapping, test: InlineTest, rows: list[Row]
) -> Settled:
    """Settle the references of the mapped ``rows`` of one test, which stand in ``mapped``, too."""
    referred = [other for other in mapping.references() if other in plan.identities]
    if not _lost(mapping, referred, test, rows):
        return Settled()
    own = mapping.name
    open_state(connection, plan.pair, own, name(MAPPED, own))
    for other in referred:
        if other != own:
            sql = f"SELECT {_GIVEN}, CAST(NULL AS VARCHAR) AS root FROM {name(IDENTITY, other)}"
            connection.execute(f"CREATE OR REPLACE TABLE {name(STATE, other)} AS {sql}")
        elif own in test.identities:
            unseen = f"source_key NOT IN (SELECT key FROM {name(STATE, own)})"
            connection.execute(
                f"INSERT INTO {name(STATE, own)} BY NAME SELECT {_GIVEN} FROM {name(IDENTITY, own)} WHERE {unseen}"
            )
    references = Referential(connection, plan.pair, list(dict.fromkeys([own, *referred])))
    references.settle_one(own)
    replaced = [f"to:{f}" for f, r in mapping.model.fields.items() if r.ref and r.missing and r.missing.severity == "warn"]
    columns = ["_disposition", "_code", *replaced]
    selected = ", ".join(["key", "disposition", "code", *map(name, replaced)])
    state = connection.execute(f"SELECT {selected} FROM {name(STATE, own)}").fetchall()
    found = connection.execute(f"SELECT DISTINCT code, severity FROM _refused WHERE entity = {literal(own)}").fetchall()
    return Settled({key: dict(zip(columns, values, strict=True)) for key, *values in state}, set(found))


def _lost(mapping: LoadedMapping, referred: list[str], test: InlineTest, rows: list[Row]) -> bool:
    """May a row refer to a record that is not loaded, or be merged into one?"""
    given = (identity for other in referred for identity in test.identities.get(other, {}).values())
    if any(isinstance(identity, TestIdentity) and identity.excluded for identity in given):
        return True
    left = any(row["_disposition"] not in ("candidate", "merged") for row in rows)
    return left and (mapping.name in referred or any(row["_disposition"] == "merged" for row in rows))
