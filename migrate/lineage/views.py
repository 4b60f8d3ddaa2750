"""What the fields of a contract's view are made of, down to the entities that the view reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from sqlglot import exp
from sqlglot.lineage import lineage
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, build_scope
from sqlglot.schema import MappingSchema

from migrate.compiler.source import query_needs
from migrate.contracts.model import Contract
from migrate.expressions import parse_query

Column = tuple[str, str]
"""(entity, field)."""


@dataclass(frozen=True)
class ViewColumns:
    """Direct sources only: one of them may be a view again."""

    values: dict[str, frozenset[Column]]
    """By field of the view: what its value is made of."""
    rows: frozenset[Column]
    """What decides which rows the view has: conditions, joins, groups."""

    @property
    def all(self) -> frozenset[Column]:
        return self.rows.union(*self.values.values())


ViewLineage = Callable[[str], ViewColumns]


def view_lineage(contract: Contract) -> ViewLineage:
    """:func:`view_columns` of the views of ``contract``, which computes each once."""
    return cache(lambda view: view_columns(contract, view))


def view_columns(contract: Contract, view: str) -> ViewColumns:
    """The columns of ``view``. Whatever the query reads and no field is made of decides about rows: nothing is left out."""
    entity = contract.entities[view]
    assert entity.sql is not None
    needs = query_needs(contract, entity.sql)
    # Of what the view reads only: a contract may have hundreds of tables.
    tables: dict[str, object] = {name: dict.fromkeys(contract.entities[name].fields, "varchar") for name in needs}
    schema = MappingSchema(tables, dialect="duckdb")
    known = {(n.casefold(), f.casefold()): (n, f) for n in needs for f in contract.entities[n].fields}
    tree = qualify(
        parse_query(entity.sql),
        schema=schema,
        dialect="duckdb",
        validate_qualify_columns=False,
        quote_identifiers=False,
        identify=False,
    )
    scope = build_scope(tree)
    assert scope is not None
    nodes = lineage(None, tree, schema, scope=scope, dialect="duckdb", trim_selects=False, copy=False)
    by_name = {name.casefold(): node for name, node in nodes.items()}
    values = {}
    for field in entity.fields:
        found = {
            known.get((leaf.expression.name.casefold(), leaf.name.rpartition(".")[2].casefold()))
            for leaf in by_name[field.casefold()].walk()
            if isinstance(leaf.expression, exp.Table)
        }
        values[field] = frozenset(column for column in found if column is not None)
    needed = {(name, field) for name, fields in needs.items() for field in fields}
    conditions = {known[c] for c in _conditions(scope) if c in known}
    return ViewColumns(values, frozenset(conditions | (needed - frozenset[Column]().union(*values.values()))))


def _conditions(root: Scope) -> set[tuple[str, str]]:
    """Columns of tables that stand outside the lists of what is selected."""
    found = set()
    for scope in root.traverse():
        selected = {id(c) for e in scope.expression.expressions for c in e.find_all(exp.Column)}
        for column in scope.columns:
            table = scope.sources.get(column.table)
            if isinstance(table, exp.Table) and id(column) not in selected:
                found.add((table.name.casefold(), column.name.casefold()))
    return found
