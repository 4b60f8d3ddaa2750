"""The lists in the engine: for each mapping with a match a table of what its tiers compare, made comparable."""

from __future__ import annotations

from collections.abc import Mapping as Dict

import pyarrow as pa

from migrate.compiler.matched import LISTED, comparable
from migrate.compiler.plan import Plan
from migrate.compiler.text import name
from migrate.engine import Engine
from migrate.expressions.operators import OperatorError
from migrate.findings import Finding
from migrate.matching.codes import NO_KEY, NO_LIST
from migrate.matching.lists import KEY, compared


def build_lists(connection: Engine, plan: Plan, lists: Dict[str, pa.Table]) -> None:
    """Make the lists (``key`` and fields, as text) known. One that is not given is empty."""
    for mapping in plan.names:
        match = plan.pair.matched(mapping)
        if match is None:
            continue
        fields = list(dict.fromkeys(field for tier in match.tiers for field in tier.on))
        rows = lists.get(match.against)
        if rows is None:
            rows = pa.table({column: pa.array([], pa.string()) for column in (KEY, *compared(plan.pair, match.against))})
        connection.register("_list", rows)
        columns = []
        for field in fields:
            try:
                sql = comparable(match, field, f"o.{name('field:' + field)}")
            except OperatorError:  # complained about where the mapping is compiled
                sql = "NULL"
            columns.append(f"{sql} AS {name(field)}")
        given = ", ".join(f"{name(field)} AS {name('field:' + field)}" for field in fields)
        connection.execute(
            f"CREATE OR REPLACE TABLE {name(LISTED, mapping)} AS SELECT o._key, {', '.join(columns)} FROM "
            f"(SELECT nullif(trim(CAST({name(KEY)} AS VARCHAR)), '') AS _key, {given} FROM _list) AS o WHERE o._key IS NOT NULL"
        )
        connection.unregister("_list")


def about_lists(plan: Plan, lists: Dict[str, pa.Table]) -> list[Finding]:
    """Findings about lists that are not there, or whose rows cannot be used."""
    found = []
    for mapping in plan.names:
        match = plan.pair.mappings[mapping].model.match
        if match is not None and plan.pair.matched(mapping) is None and not match.optional:
            message = "the workspace has no list to match with, so every record counts as somebody new"
            found.append(Finding(NO_LIST, "warn", mapping, None, None, match.against, message))
        if match is not None and (rows := lists.get(match.against)) is not None:
            blank = sum(not (key or "").strip() for key in rows.column(KEY).to_pylist())
            if blank:
                message = f"rows of the list {match.against} have no key, so nobody can be matched with them"
                found.append(Finding(NO_KEY, "warn", mapping, None, None, str(blank), message))
    return found
