"""What every whole export of a source has: rows whose absence says that something was left out of it."""

from __future__ import annotations

from collections.abc import Iterator

from migrate.compiler.plan import Plan
from migrate.compiler.source import SOURCE, query_needs, query_sql
from migrate.contracts.model import Expectation
from migrate.engine import Engine
from migrate.findings import Finding


def statements(plan: Plan) -> Iterator[tuple[int, Expectation, str]]:
    """(number, expectation, SQL) of those that read nothing but what this run reads."""
    contract = plan.pair.source.model
    for number, expectation in enumerate(contract.source.expects if contract.source else ()):
        needs = query_needs(contract, expectation.sql)
        if all(entity in plan.views or fields <= set(plan.physical.get(entity, ())) for entity, fields in needs.items()):
            yield number, expectation, query_sql(expectation.sql, SOURCE, plan.as_of)


def unmet(connection: Engine, plan: Plan) -> list[Finding]:
    """A finding for each expectation that no row meets. The typed source stands in ``connection``."""
    found = []
    for _, expectation, sql in statements(plan):
        if connection.execute(f"SELECT 1 FROM ({sql}) LIMIT 1").fetchone() is None:
            system = plan.pair.source.model.system
            found.append(Finding(expectation.code, "warn", system, None, None, None, expectation.message))
    return found
