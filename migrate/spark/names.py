"""Names within one SELECT: stars written out, columns given the table they are of, and names of earlier columns resolved."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sqlglot import exp

from migrate.errors import RunFailed


def column(table: str, name: str) -> exp.Column:
    """A column of a table, both quoted."""
    return exp.column(exp.to_identifier(name, quoted=True), exp.to_identifier(table, quoted=True))


def expand_stars(select: exp.Select, columns: dict[str, list[str]]) -> None:
    """Write ``*`` and ``t.*`` out, with their EXCLUDE and REPLACE. ``columns`` are those of each table, by its alias."""
    written: list[exp.Expr] = []
    using = {part.name.lower() for join in select.args.get("joins") or [] for part in join.args.get("using") or []}
    for item in select.expressions:
        star = item if isinstance(item, exp.Star) else item.this if isinstance(item, exp.Column) else None
        if not isinstance(star, exp.Star):
            written.append(item)
            continue
        tables = [item.table] if isinstance(item, exp.Column) and item.table else list(columns)
        left_out = {part.name.lower() for part in star.args.get("except_") or []}
        replaced = {part.alias.lower(): part.this for part in star.args.get("replace") or []}
        seen: set[str] = set()
        for table in tables:
            for name in columns[_spelled(table, columns)]:
                if name.lower() in left_out or (name.lower() in using and name.lower() in seen):
                    continue
                seen.add(name.lower())
                value = replaced[name.lower()].copy() if name.lower() in replaced else column(_spelled(table, columns), name)
                written.append(exp.alias_(value, name, quoted=True))
    select.set("expressions", written)


def _spelled(table: str, columns: dict[str, list[str]]) -> str:
    return table if table in columns else next(alias for alias in columns if alias.lower() == table.lower())


class Qualifier:
    """Gives every column of one SELECT its table; what no table has is the name of a column of the SELECT itself."""

    def __init__(self, columns: dict[str, list[str]], outer: dict[str, list[str]], coalesced: dict[str, exp.Expr]) -> None:
        self.columns, self.outer, self.coalesced = columns, outer, coalesced
        self.aliases: dict[str, exp.Expr] = {}

    def qualify(self, node: exp.Expr) -> exp.Expr:
        """A copy of ``node`` with every column qualified, those within queries below it left alone."""
        return _replace(node.copy(), self._one)

    def _one(self, node: exp.Column) -> exp.Expr | None:
        if isinstance(node.this, exp.Star):
            return None
        name, lowered = node.name, node.name.lower()
        if node.table:
            for columns in (self.columns, self.outer):
                for alias, there in columns.items():
                    if alias.lower() == node.table.lower():
                        spelled = next((c for c in there if c.lower() == lowered), name)
                        return column(alias, spelled)
            # `u.crosswalk` may be a part of a struct in the column `u`.
            owner = self._one(exp.column(node.table))
            return exp.Dot(this=owner, expression=exp.to_identifier(name, quoted=True)) if owner is not None else None
        if lowered in self.coalesced:
            return self.coalesced[lowered].copy()
        for alias, there in self.columns.items():
            for spelled in there:
                if spelled.lower() == lowered:
                    return column(alias, spelled)
        if lowered in self.aliases:
            return exp.paren(self.aliases[lowered].copy())
        for alias, there in self.outer.items():
            for spelled in there:
                if spelled.lower() == lowered:
                    return column(alias, spelled)
        for alias in self.columns:
            if alias.lower() == lowered:
                raise RunFailed(f"--engine spark does not know a whole row as a value: {name}", hint="run without --engine spark")
        return None


def _replace(node: exp.Expr, change: Callable[[exp.Column], exp.Expr | None], bound: frozenset[str] = frozenset()) -> exp.Expr:
    if isinstance(node, exp.Query):
        return node
    if isinstance(node, exp.Column):
        if not node.table and node.name in bound:
            return node
        return change(node) or node
    if isinstance(node, exp.Lambda):
        bound = bound | {part.name for part in node.expressions}
        node.set("this", _replace(node.this, change, bound))
        return node
    for child in list(node.iter_expressions()):
        changed = _replace(child, change, bound)
        if changed is not child:
            child.replace(changed)
    return node


def own(node: exp.Expr, *kinds: type[exp.Expr]) -> Iterator[exp.Expr]:
    """The outermost parts of these kinds in an expression, not looking into queries below it."""
    if isinstance(node, kinds):
        yield node
    elif not isinstance(node, exp.Query):
        for child in node.iter_expressions():
            yield from own(child, *kinds)


def columns_of(node: exp.Expr) -> Iterator[exp.Column]:
    """The qualified columns of an expression."""
    return (part for part in node.find_all(exp.Column) if part.table)
