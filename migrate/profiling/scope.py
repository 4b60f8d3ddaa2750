"""What the contract's rules of scope suggest to leave out: records with which nothing was done, or not for years."""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import TopologicalSorter

import duckdb

from migrate.compiler.source import SOURCE, physical_sql, query_needs, query_sql, view_sql
from migrate.compiler.text import key_text, literal, name, translate_text
from migrate.contracts.model import Contract, FileFormat, ScopeRule
from migrate.expressions import columns_of, parse_expression
from migrate.mapper import raw_types
from migrate.profiling.model import Suggestion

_EXAMPLES = 5


def suggestions(
    connection: duckdb.DuckDBPyConnection, contract: Contract, read: Mapping[str, frozenset[str]], as_of: str
) -> list[Suggestion]:
    """Every rule of the contract, asked over the extracted rows. ``read``: ``{table: fields that were read, or are missing}``."""
    return [_asked(connection, contract, rule_name, rule, read, as_of) for rule_name, rule in contract.scope.items()]


def _asked(
    connection: duckdb.DuckDBPyConnection, contract: Contract, rule_name: str, rule: ScopeRule,
    read: Mapping[str, frozenset[str]], as_of: str,
) -> Suggestion:  # fmt: skip
    needs, views = _needs(contract, rule)
    lacking = [
        f"{entity}.{field}" for entity, fields in needs.items() for field in sorted(fields - read.get(entity, frozenset()))
    ]
    lacking += [entity for entity in needs if entity not in read]
    if lacking:
        return _skipped(rule_name, rule, f"not read: {', '.join(sorted(lacking))}")
    try:
        _build(connection, contract, needs, views, as_of)
        return _ask(connection, contract, rule_name, rule, as_of)
    except duckdb.Error as error:
        return _skipped(rule_name, rule, f"its query does not fit: {str(error).split('LINE ')[0].strip()[:200]}")


def _needs(contract: Contract, rule: ScopeRule) -> tuple[dict[str, set[str]], list[str]]:
    """``({table: fields}, views in an order in which each finds what it reads)``."""
    asked = query_needs(contract, rule.activity)
    own = {column for _, column in columns_of(parse_expression(rule.among))} if rule.among else set()
    asked.setdefault(rule.entity, set()).update(own | set(contract.entities[rule.entity].key))
    graph: dict[str, set[str]] = {}
    queue = [entity for entity in asked if contract.entities[entity].sql]
    while queue:
        view = queue.pop()
        if view in graph:
            continue
        inner = query_needs(contract, contract.entities[view].sql or "")
        graph[view] = {entity for entity in inner if contract.entities[entity].sql}
        for entity, fields in inner.items():
            asked.setdefault(entity, set()).update(fields)
        queue.extend(graph[view])
    tables = {entity: fields | set(contract.entities[entity].key) for entity, fields in asked.items() if entity not in graph}
    return tables, list(TopologicalSorter(graph).static_order())


def _build(
    connection: duckdb.DuckDBPyConnection, contract: Contract, needs: Mapping[str, set[str]], views: list[str], as_of: str
) -> None:
    default = contract.source.format if contract.source else FileFormat()
    for entity, fields in needs.items():
        model = contract.entities[entity]
        ordered = [field for field in model.fields if field in fields]
        connection.execute(physical_sql(entity, model, ordered, raw_types(connection, entity), model.format or default))
    for view in views:
        connection.execute(view_sql(contract, view, contract.entities[view], as_of))


def _ask(connection: duckdb.DuckDBPyConnection, contract: Contract, rule_name: str, rule: ScopeRule, as_of: str) -> Suggestion:
    key = key_text(f"e.{name(part)}" for part in contract.entities[rule.entity].key)
    among = "TRUE"
    if rule.among is not None:
        columns = {(q, c): f"e.{name(c)}" for q, c in columns_of(parse_expression(rule.among))}
        among = f"coalesce({translate_text(rule.among, frozenset(columns.items()), as_of)}, FALSE)"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE used AS {query_sql(rule.activity, SOURCE, as_of)}")
    dated = any(row[0] == "at" for row in connection.execute("DESCRIBE used").fetchall())
    at = 'CAST("at" AS TIMESTAMP)' if dated else "CAST(NULL AS TIMESTAMP)"
    since = f"CAST({literal(as_of)} AS TIMESTAMP) - INTERVAL {int(rule.years)} YEAR" if rule.years else None
    old = f"a.uses > 0 AND a.undated = 0 AND a.last < {since}" if since else "FALSE"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE asked AS SELECT {key} AS record, coalesce(a.uses, 0) = 0 AS never, "
        f"coalesce({old}, FALSE) AS old FROM {name(SOURCE, rule.entity)} AS e "
        "LEFT JOIN (SELECT CAST(record AS VARCHAR) AS record, count(*) AS uses, "
        f"count_if({at} IS NULL) AS undated, max({at}) AS last FROM used GROUP BY 1) AS a ON a.record = {key} WHERE {among}"
    )
    row = connection.execute(
        f"SELECT count(*), count_if(never OR old), count_if(never), CAST({since or 'NULL'} AS DATE) FROM asked"
    ).fetchone()
    assert row is not None
    by_year = connection.execute(
        f"SELECT coalesce(CAST(year({at}) AS VARCHAR), 'not dated'), count(*) FROM used WHERE record IS NOT NULL "
        "GROUP BY 1 ORDER BY 1"
    ).fetchall()
    some = connection.execute(f"SELECT record FROM asked WHERE never OR old ORDER BY hash(record) LIMIT {_EXAMPLES}").fetchall()
    return Suggestion(
        rule_name, rule.label, rule.entity, int(row[0]), int(row[1]), int(row[2]), rule.years,
        None if row[3] is None else str(row[3]), {str(year): int(number) for year, number in by_year},
        tuple(str(one) for (one,) in some), "",
    )  # fmt: skip


def _skipped(rule_name: str, rule: ScopeRule, why: str) -> Suggestion:
    return Suggestion(rule_name, rule.label, rule.entity, 0, 0, 0, rule.years, None, {}, (), why)
