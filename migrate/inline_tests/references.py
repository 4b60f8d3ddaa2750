"""What becomes of the rows of an inline test whose references lead to records that are not loaded, as a run decides it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import duckdb

from migrate.compiler.plan import Plan
from migrate.compiler.shared import IDENTITY
from migrate.compiler.text import name
from migrate.mapping.load import LoadedMapping
from migrate.mapping.model import InlineTest, TestIdentity
from validators.referential import Referential

Row = dict[str, Any]


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
    excluded = {
        other: f"SELECT source_key AS key FROM {name(IDENTITY, other)} WHERE excluded"
        for other in referred
        if other != mapping.name or other in test.identities
    }
    references = Referential(connection, plan.pair, list(dict.fromkeys([mapping.name, *referred])))
    references.settle_one(mapping.name, excluded)
    changed = connection.execute(references.changed_sql(mapping))
    columns = [column for column, *_ in changed.description]
    now = [dict(zip(columns, values, strict=True)) for values in changed.fetchall()]
    found = connection.execute(f"SELECT DISTINCT code, severity FROM ({references.findings_sql()})").fetchall()
    return Settled({row["_key"]: row for row in now}, set(found))


def _lost(mapping: LoadedMapping, referred: list[str], test: InlineTest, rows: list[Row]) -> bool:
    """May a row refer to a record that is not loaded, or be merged into one?"""
    given = (identity for other in referred for identity in test.identities.get(other, {}).values())
    if any(isinstance(identity, TestIdentity) and identity.excluded for identity in given):
        return True
    left = any(row["_disposition"] not in ("candidate", "merged") for row in rows)
    return left and (mapping.name in referred or any(row["_disposition"] == "merged" for row in rows))
