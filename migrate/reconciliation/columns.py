"""The columns of a rule's two queries: which there are, and whether they hold personal data."""

from __future__ import annotations

from sqlglot import exp

from migrate.contracts.model import Contract
from migrate.expressions import read_query


def outputs(sql: str) -> list[str]:
    """Names of the columns that a query gives."""
    tree = read_query(sql)
    assert isinstance(tree, exp.Query)
    return [str(name) for name in tree.named_selects]


def personal(contract: Contract, sql: str, column: str) -> str | None:
    """The class of personal data in a column of a query; ``free_text`` where several may be in it, or nobody can tell."""
    found = {contract.entities[entity].fields[field].pii for entity, field in fields_of(contract, sql, column)}
    classes = {pii for pii in found if pii is not None}
    return None if not classes else classes.pop() if len(classes) == 1 else "free_text"


def fields_of(contract: Contract, sql: str, column: str) -> set[tuple[str, str]]:
    """``(entity, field)`` of what a column of a query may be made of: every field there is where nobody can tell."""
    tree = read_query(sql)
    aliases: dict[str, set[str]] = {}
    for table in tree.find_all(exp.Table):
        aliases.setdefault(table.alias or table.name, set()).add(table.name)
    found: set[tuple[str, str]] = set()
    for part in _made_of(tree, column):
        for read in part.find_all(exp.Column):
            found |= _read(contract, tree, aliases, read)
    return found


def _read(contract: Contract, tree: exp.Expression, aliases: dict[str, set[str]], read: exp.Column) -> set[tuple[str, str]]:
    tables = aliases.get(read.table, set()) if read.table else {name for names in aliases.values() for name in names}
    known = [table for table in tables if table in contract.entities]
    names: list[str] | None = [read.name]
    if len(known) < len(tables):  # a common table expression: whatever the query reads under that name, or else at all
        every = [name for name in {table.name for table in tree.find_all(exp.Table)} if name in contract.entities]
        named = [entity for entity in every if read.name in contract.entities[entity].fields]
        known, names = ([*known, *named], names) if named else (every, None)
    return {(entity, field) for entity in known for field in contract.entities[entity].fields if names is None or field in names}


def _made_of(tree: exp.Expression, column: str) -> list[exp.Expr]:
    """What the outermost SELECTs (several under a union) give under a name."""
    selects = [tree] if isinstance(tree, exp.Select) else [s for s in tree.find_all(exp.Select) if not s.find_ancestor(exp.CTE)]
    return [item for select in selects for item in select.expressions if item.alias_or_name == column]
