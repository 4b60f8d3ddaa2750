"""A SELECT whose conditions are no queries: below it one GROUP BY, then window functions, then one unnest, then scalars."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from migrate.spark import shells
from migrate.spark.names import column, columns_of, own
from migrate.spark.parts import Lifted, Swaps, aggregates_of, columns_outside, lift_arguments, quote, select_sql, unknown
from migrate.spark.relations import Source
from migrate.spark.steps import Steps
from migrate.spark.text import sql_of
from migrate.spark.types import NOTHING, quoted


class Shapes(Steps):
    """Writes what is more than scalars as steps of their own."""

    def _shaped(
        self,
        sources: list[Source],
        where: list[exp.Expr],
        group: list[exp.Expr] | None,
        items: Sequence[tuple[exp.Expr, str]],
        after: list[exp.Expr],
        *,
        distinct: bool = False,
    ) -> str:
        roots = [*(value for value, _ in items), *after]
        if group is not None or any(aggregates_of(root) for root in roots):
            sources, where, items, after = self._grouped(sources, where, group or [], items, after)
        for kind, stage in ((exp.Window, self._windowed), (exp.Explode, self._unnested)):
            if any(list(own(root, kind)) for root in [*(value for value, _ in items), *after]):
                sources, where, items, after = stage(sources, where, items, after)
        return self.step(sources, items, where=[*where, *after], distinct=distinct)

    def _grouped(
        self, sources: list[Source], where: list[exp.Expr], group: list[exp.Expr], items: Sequence[tuple[exp.Expr, str]],
        after: list[exp.Expr],
    ) -> tuple[list[Source], list[exp.Expr], list[tuple[exp.Expr, str]], list[exp.Expr]]:  # fmt: skip
        roots = [*(value for value, _ in items), *after]
        aggregates = {sql_of(node): node for root in roots for node in aggregates_of(root)}
        below = Lifted("a")
        keys = [(value, below.take(value)) for value in group]
        written: list[tuple[exp.Expr, str]] = []
        swaps = Swaps()
        for number, node in enumerate(aggregates.values()):
            written.append((lift_arguments(node.copy(), below), f"g{number}"))
            swaps.add(node, column("b", f"g{number}"))
        if not below.items:
            below.take(exp.true())
        base = self.step(sources, below.items, where=where)
        grouping = [column("a", name) for name in dict.fromkeys(name for _, name in keys)]
        grouped = self._aggregate(base, grouping, written)
        for value, name in keys:
            swaps.add(value, column("b", name))
        return [Source("b", grouped)], [], [(swaps.within(value), name) for value, name in items], list(map(swaps.within, after))

    def _aggregate(self, base: str, grouping: Sequence[exp.Expr], written: list[tuple[exp.Expr, str]]) -> str:
        from_sql = f"FROM {quote(base)} AS a"
        keys = [(part, part.name) for part in grouping]
        duck = select_sql([*keys, *written], from_sql)
        scalars = self.relations.scalars(from_sql, {"a": base})
        if keys:
            duck += " GROUP BY " + ", ".join(sql_of(part) for part in grouping)

        def spark(kinds: dict[str, str]) -> str:
            scalars.prepare([part for root, _ in [*keys, *written] for part in columns_of(root)])
            columns = [f"{shells.key(scalars.write(part), kinds[name])} AS {quoted(name)}" for part, name in keys]
            columns += [
                f"{shells.aggregate(node, scalars.write, scalars.type_of, kinds[name])} AS {quoted(name)}"
                for node, name in written
            ]
            sql = f"SELECT {', '.join(columns)} FROM {quoted(base)} AS a"
            return sql + (" GROUP BY " + ", ".join(scalars.write(part) for part in grouping) if keys else "")

        return self.relations.step(duck, spark, [base], [base] if keys else [])

    def _windowed(
        self, sources: list[Source], where: list[exp.Expr], items: Sequence[tuple[exp.Expr, str]], after: list[exp.Expr]
    ) -> tuple[list[Source], list[exp.Expr], list[tuple[exp.Expr, str]], list[exp.Expr]]:
        roots: list[exp.Expr] = [*(value for value, _ in items), *after]
        windows: dict[str, exp.Expr] = {sql_of(node): node for root in roots for node in own(root, exp.Window)}
        below = Lifted("a")
        for root in roots:
            for part in columns_outside(root, exp.Window):
                below.take(part)
        written: list[tuple[exp.Expr, str]] = []
        for number, node in enumerate(windows.values()):
            written.append((lift_arguments(node.copy(), below), f"w{number}"))
        if not below.items:
            below.take(exp.true())
        base = self.step(sources, below.items, where=where)
        kept = list(self.relations.columns(base))
        from_sql = f"FROM {quote(base)} AS a"
        scalars = self.relations.scalars(from_sql, {"a": base})
        through: list[tuple[exp.Expr, str]] = [(column("a", name), name) for name in kept]

        def spark(kinds: dict[str, str]) -> str:
            scalars.prepare([part for root, _ in [*through, *written] for part in columns_of(root)])
            columns = [f"a.{quoted(name)}" for name in kept]
            columns += [
                f"{shells.window(node, scalars.write, scalars.type_of, kinds[name])} AS {quoted(name)}" for node, name in written
            ]
            return f"SELECT {', '.join(columns)} FROM {quoted(base)} AS a"

        nulls = frozenset(name for name, kind in self.relations.columns(base).items() if kind == NOTHING)
        over = self.relations.step(select_sql([*through, *written], from_sql), spark, [base], [base], nulls)
        swaps = Swaps()
        for node, (_, name) in zip(windows.values(), written, strict=True):
            swaps.add(node, column("b", name))
        return self._above("b", over, below, swaps, items, after)

    def _unnested(
        self, sources: list[Source], where: list[exp.Expr], items: Sequence[tuple[exp.Expr, str]], after: list[exp.Expr]
    ) -> tuple[list[Source], list[exp.Expr], list[tuple[exp.Expr, str]], list[exp.Expr]]:
        roots = [*(value for value, _ in items), *after]
        lists = {sql_of(node): node for root in roots for node in own(root, exp.Explode)}
        if len(lists) > 1:
            raise unknown(next(iter(lists.values())))
        (node,) = lists.values()
        below = Lifted("a")
        for root in roots:
            for part in columns_outside(root, exp.Explode):
                below.take(part)
        name = below.take(node.this, always=True)
        base = self.step(sources, below.items, where=where)
        kept = [c for c in self.relations.columns(base) if c != name]
        from_sql = f"FROM {quote(base)} AS a"
        through: list[tuple[exp.Expr, str]] = [(column("a", c), c) for c in kept]
        duck = select_sql([*through, (exp.Explode(this=column("a", name)), "_each")], from_sql)

        def spark(kinds: dict[str, str]) -> str:
            columns = [f"a.{quoted(c)}" for c in kept] + [f"explode(a.{quoted(name)}) AS `_each`"]
            return f"SELECT {', '.join(columns)} FROM {quoted(base)} AS a"

        nulls = frozenset(c for c in kept if self.relations.columns(base)[c] == NOTHING)
        over = self.relations.step(duck, spark, [base], [base], nulls)
        swaps = Swaps()
        swaps.add(node, column("u", "_each"))
        return self._above("u", over, below, swaps, items, after)

    @staticmethod
    def _above(
        alias: str, relation: str, below: Lifted, swaps: Swaps, items: Sequence[tuple[exp.Expr, str]], after: list[exp.Expr]
    ) -> tuple[list[Source], list[exp.Expr], list[tuple[exp.Expr, str]], list[exp.Expr]]:
        """What is left of a SELECT over a relation that holds its columns, and parts of it as ``swaps``."""
        for value, name in below.taken():
            swaps.add(value, column(alias, name))
        items = [(swaps.within(value), name) for value, name in items]
        return [Source(alias, relation)], [], items, [swaps.within(part) for part in after]
