"""One step: scalars over joins."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlglot import exp

from migrate.spark import shells
from migrate.spark.names import column, columns_of
from migrate.spark.parts import Lifted, Swaps, conjuncts_of, is_nothing, quote, select_sql, unknown
from migrate.spark.relations import HALF, Relations, Source
from migrate.spark.text import sql_of
from migrate.spark.types import INTEGERS, NOTHING, plain, quoted, spark_type

JOINED = "_joined"
"""What several relations of a FROM clause are called once they are one."""


INNER = ("JOIN", "INNER JOIN", "CROSS JOIN")
OUTER = ("LEFT", "RIGHT", "FULL")


def _values(condition: exp.Expr, kind: str) -> Sequence[exp.Expr]:
    """What is computed before a condition of a join is looked at: Spark asks no function of ours in an outer join."""
    if isinstance(condition, exp.EQ | exp.NullSafeEQ):
        sides = (condition.this, condition.expression)
        if kind in INNER or all(list(columns_of(side)) for side in sides):
            return sides
    return () if kind in INNER else (condition,)


def _spread(sources: list[Source]) -> tuple[int, exp.Expr] | None:
    """The first value in a condition that is made of the rows of a join before it, and the place of what is joined by it: a value
    of several relations, or of one for which that join may have no row."""
    for at, source in enumerate(sources):
        before = {other.alias for other in sources[:at]}
        outer = any(other.kind.startswith(OUTER) for other in sources[:at])
        for condition in conjuncts_of(source.on):
            for value in _values(condition, source.kind):
                owners = {part.table for part in columns_of(value)}
                made = bool(owners) and not isinstance(value.unnest(), exp.Column)
                if owners <= before and (len(owners) > 1 or (outer and made)):
                    return at, value
    return None


@dataclass
class Steps:
    """Writes steps."""

    relations: Relations

    def _as_one(self, sources: list[Source], at: int, value: exp.Expr) -> tuple[list[Source], Callable[[exp.Expr], exp.Expr]]:
        """The first ``at`` sources as one relation, of which ``value`` is a column too; and how expressions over the sources are
        written then."""
        lifted = Lifted(JOINED)
        for source in sources[:at]:
            if source.kind.split(" ")[0] not in HALF:
                for name in self.relations.columns(source.relation):
                    lifted.take(column(source.alias, name))
        lifted.take(value)
        joined = self.step(sources[:at], lifted.items)
        swaps = Swaps()
        for part, name in lifted.taken():
            swaps.add(part, column(JOINED, name))
        others = [replace(source, on=swaps.within(source.on) if source.on is not None else None) for source in sources[at:]]
        return [Source(JOINED, joined), *others], swaps.within

    def _by_columns(self, sources: list[Source]) -> list[Source]:
        """Joins whose conditions compare columns: Spark asks no function of ours while it joins."""
        sources = [replace(source) for source in sources]
        for at, source in enumerate(sources):
            if source.on is None:
                continue
            conditions = []
            for condition in conjuncts_of(source.on):
                condition = condition.copy()
                for value in _values(condition, source.kind):
                    owners = {c.table for c in columns_of(value)}
                    if isinstance(value.unnest(), exp.Column | exp.Literal) or not owners:
                        continue
                    owner = next((s for s in sources[: at + 1] if {s.alias} == owners), None)
                    if owner is None and value is not condition:
                        raise unknown(condition)
                    if owner is not None and value is condition:
                        condition = self._with_column(owner, value)
                    elif owner is not None:
                        value.replace(self._with_column(owner, value))
                if isinstance(condition, exp.EQ | exp.NullSafeEQ):
                    self._as_one_type(condition.this, condition.expression, {s.alias: s for s in sources})
                conditions.append(condition)
            source.on = exp.and_(*conditions)
        return sources

    def _as_one_type(self, left: exp.Expr, right: exp.Expr, owners: Mapping[str, Source]) -> None:
        """Columns of two types, such as a number and a text, become columns of the type in which DuckDB compares them."""
        left, right = left.unnest(), right.unnest()
        if not isinstance(left, exp.Column) or not isinstance(right, exp.Column):
            return
        kinds = [self._kind_of(owners[side.table], side.name) for side in (left, right)]
        if NOTHING in kinds or kinds[0] == kinds[1] or {plain(kind) for kind in kinds} <= INTEGERS:
            return
        wanted = next((kind for kind in kinds if kind != "VARCHAR"), "") if "VARCHAR" in kinds else self._common(kinds)
        for side, kind in zip((left, right), kinds, strict=True):
            if kind != wanted:
                side.replace(self._with_column(owners[side.table], exp.cast(side.copy(), wanted, dialect="duckdb")))

    def _kind_of(self, owner: Source, name: str) -> str:
        return next(kind for known, kind in self.relations.columns(owner.relation).items() if known.lower() == name.lower())

    def _common(self, kinds: Sequence[str]) -> str:
        """The type that holds the values of several."""
        values = exp.Array(expressions=[exp.cast(exp.Null(), kind, dialect="duckdb") for kind in kinds])
        return str(self.relations.scalars("", {}).type_of(values)).removesuffix("[]")

    def _with_column(self, owner: Source, value: exp.Expr) -> exp.Column:
        """Give a relation of a FROM clause a value as a further column."""
        kept = list(self.relations.columns(owner.relation))
        added = next(f"_on{n}" for n in range(len(kept) + 1) if f"_on{n}" not in kept)
        items = [(column(owner.alias, name), name) for name in kept]
        owner.relation = self.step([Source(owner.alias, owner.relation)], [*items, (value, added)])
        return column(owner.alias, added)

    def step(
        self,
        sources: list[Source],
        items: Sequence[tuple[exp.Expr, str]],
        *,
        where: Iterable[exp.Expr] = (),
        distinct: bool = False,
        order: Sequence[exp.Expr] | None = None,
        limit: str | None = None,
    ) -> str:
        """Scalars over joins."""
        where = list(where)
        if (spread := _spread(sources)) is not None:
            sources, change = self._as_one(sources, *spread)
            items, where = [(change(value), name) for value, name in items], [change(part) for part in where]
            order = [change(part) for part in order or []]
            return self.step(sources, items, where=where, distinct=distinct, order=order, limit=limit)
        first, *others = self._by_columns(sources)
        duck_from = f"FROM {quote(first.relation)} AS {quote(first.alias)}"
        for source in others:
            on = f" ON {sql_of(source.on)}" if source.on is not None else ""
            duck_from += f" {source.kind} {quote(source.relation)} AS {quote(source.alias)}{on}"
        conditions = exp.and_(*where) if where else None
        duck = select_sql(items, duck_from, distinct=distinct)
        duck += f" WHERE {sql_of(conditions)}" if conditions is not None else ""
        duck += f" ORDER BY {', '.join(sql_of(part) for part in order)}" if order else ""
        duck += f" LIMIT {limit}" if limit else ""
        # The right side of a SEMI or ANTI JOIN is seen in its condition only: types are asked for over another join.
        typed_from = duck_from.replace(" SEMI JOIN ", " LEFT JOIN ").replace(" ANTI JOIN ", " LEFT JOIN ")
        scalars = self.relations.scalars(typed_from, {source.alias: source.relation for source in [first, *others]})

        def spark(kinds: dict[str, str]) -> str:
            ons = [part for source in others if source.on is not None for part in conjuncts_of(source.on)]
            scalars.prepare([*(value for value, _ in items), *where, *ons, *(part.this for part in order or [])])
            columns = []
            for value, name in items:
                text = scalars.write(value)
                kind = kinds[name] if name in kinds else next(k for n, k in kinds.items() if n.lower() == name.lower())
                same = isinstance(value, exp.Column) and scalars.type_of(value) == kind
                columns.append(f"{text if same else f'CAST({text} AS {spark_type(kind)})'} AS {quoted(name)}")
            floats = distinct and any(map(shells.is_float, kinds.values()))
            sql = f"SELECT {'DISTINCT ' if distinct and not floats else ''}{', '.join(columns)} "
            sql += f"FROM {quoted(first.relation)} AS {quoted(first.alias)}"
            for source in others:
                on = ""
                if source.on is not None:
                    on = " ON " + " AND ".join(scalars.write(part) for part in conjuncts_of(source.on))
                kind = f"LEFT {source.kind}" if source.kind.split(" ")[0] in HALF else source.kind
                sql += f" {kind} {quoted(source.relation)} AS {quoted(source.alias)}{on}"
            if where:
                sql += " WHERE " + " AND ".join(scalars.write(part) for part in where)
            sql = shells.distinct(sql, kinds) if floats else sql
            if order:
                sql += " ORDER BY " + shells.ordering(order, scalars.write)
            return sql + (f" LIMIT {limit}" if limit else "")

        needed = [first.relation] if not any(s.kind.startswith(("FULL", "RIGHT")) for s in others) else []
        needed += [s.relation for s in others if s.kind in ("JOIN", "CROSS JOIN", "INNER JOIN", "SEMI JOIN")] if needed else []
        kinds_of = {source.alias: self.relations.columns(source.relation) for source in [first, *others]}
        nulls = frozenset(name for value, name in items if is_nothing(value, kinds_of))
        return self.relations.step(duck, spark, [first.relation, *(s.relation for s in others)], needed, nulls)
