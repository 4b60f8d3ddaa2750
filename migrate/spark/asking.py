"""Conditions that are queries: EXISTS and IN become joins that keep "not known" apart from "no"."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

from sqlglot import exp

from migrate.spark.names import Qualifier, column, columns_of
from migrate.spark.parts import Lifted, Swaps, columns_outside, conjuncts_of, queries_in, quote_columns, unknown
from migrate.spark.relations import Ctes, Source
from migrate.spark.shapes import Shapes
from migrate.spark.text import sql_of


@dataclass(frozen=True)
class _Asked:
    inner: str
    """The keys that there are."""
    outer: list[exp.Expr]
    """What is looked for among them."""
    nulls_equal: bool = False
    three_valued: bool = False
    """Is "not known" an answer, as with IN and nulls?"""
    equal: int = 0
    """How many of ``outer``, the first, have to be equal to the first keys, where there are other conditions."""
    others: tuple[exp.Expr, ...] = ()
    """Conditions over columns of ``o``, which are ``outer``, and of ``i``, which are the keys."""


class Asking(Shapes):
    """Turns such conditions into columns."""

    @abstractmethod
    def _query(self, tree: exp.Expr, ctes: Ctes) -> str:
        """The relation of a query."""

    @abstractmethod
    def _sources(self, select: exp.Select, ctes: Ctes) -> list[Source]:
        """The relations of a FROM clause."""

    def _without_queries(
        self, sources: list[Source], where: list[exp.Expr], others: list[exp.Expr], ctes: Ctes, there: dict[str, list[str]]
    ) -> tuple[list[Source], list[exp.Expr], list[exp.Expr]]:
        """EXISTS and IN over queries become columns of joins. What they are asked about is a column by then."""
        asked = [node for root in [*where, *others] for node in queries_in(root)]
        if any(list(queries_in(source.on)) for source in sources if source.on is not None):
            raise unknown(next(s.on for s in sources if s.on is not None and list(queries_in(s.on))))
        if not asked:
            return sources, where, others
        early = [part for part in where if not list(queries_in(part))]
        where = [part for part in where if list(queries_in(part))]
        found = {sql_of(node): node for node in asked}
        parts = {text: self._asked(node, ctes, there) for text, node in found.items()}
        outer = [value for part in parts.values() for value in part.outer]
        # First the rows that are asked about, with what is asked as columns.
        lifted = Lifted("q")
        for value in outer:
            lifted.take(value)
        for root in [*where, *others]:
            for node in columns_outside(root):
                lifted.take(node)
        base = self.step(sources, lifted.items, where=early)
        joined, flags = [Source("q", base)], {}
        for number, (text, part) in enumerate(parts.items()):
            alias = f"m{number}"
            if part.others:
                part = self._hits(base, part, [lifted.ref(value) for value in part.outer])
            keys = list(self.relations.columns(part.inner))
            distinct = self.step([Source("r", part.inner)], [(column("r", k), k) for k in keys], distinct=True)
            marked = self.step([Source("r", distinct)], [*((column("r", k), k) for k in keys), (exp.true(), "_there")])
            same: type[exp.Binary] = exp.NullSafeEQ if part.nulls_equal else exp.EQ
            on = [same(this=lifted.ref(o), expression=column(alias, k)) for o, k in zip(part.outer, keys, strict=True)]
            joined.append(Source(alias, marked, "LEFT JOIN" if on else "CROSS JOIN", exp.and_(*on) if on else None))
            hit = exp.Is(this=column(alias, "_there"), expression=exp.Null())
            if not on:
                raise unknown(found[text])
            flags[text] = exp.paren(exp.Not(this=hit))
            if part.three_valued:
                counts = self._counts(part.inner, keys[0])
                n = f"n{number}"
                joined.append(Source(n, counts, "CROSS JOIN"))
                asked_of = sql_of(lifted.ref(part.outer[0]))
                flags[text] = exp.maybe_parse(
                    f"(CASE WHEN {alias}._there IS NOT NULL THEN TRUE WHEN {n}._all = 0 THEN FALSE "
                    f"WHEN {asked_of} IS NULL OR {n}._nulls > 0 THEN CAST(NULL AS BOOLEAN) ELSE FALSE END)",
                    dialect="duckdb",
                )

        def rewrite(node: exp.Expr) -> exp.Expr:
            flag = flags.get(sql_of(node)) if isinstance(node, exp.Exists | exp.In) else None
            return quote_columns(flag.copy()) if flag is not None else node

        def whole(root: exp.Expr) -> exp.Expr:
            return lifted.replace(root.copy().transform(rewrite), keep=frozenset(s.alias for s in joined))

        return joined, [whole(part) for part in where], [whole(part) for part in others]

    def _hits(self, base: str, part: _Asked, asked: list[exp.Column]) -> _Asked:
        """What is looked for and found under conditions that are more than equality: its values are the keys."""
        names = [f"o{at}" for at in range(len(asked))]
        looked = self.step([Source("q", base)], list(zip(asked, names, strict=True)), distinct=True)
        same = [exp.EQ(this=column("o", names[at]), expression=column("i", f"k{at}")) for at in range(part.equal)]
        inner = Source("i", part.inner, "JOIN" if same else "CROSS JOIN", exp.and_(*same) if same else None)
        items: list[tuple[exp.Expr, str]] = [(column("o", name), f"k{at}") for at, name in enumerate(names)]
        return _Asked(self.step([Source("o", looked), inner], items, where=part.others), part.outer, nulls_equal=True)

    def _counts(self, inner: str, key: str) -> str:
        """How many values there are, and how many of them are null."""
        value = column("r", key)
        missing = exp.Sub(this=exp.Count(this=exp.Star()), expression=exp.Count(this=value))
        return self._shaped([Source("r", inner)], [], None, [(exp.Count(this=exp.Star()), "_all"), (missing, "_nulls")], [])

    def _asked(self, node: exp.Expr, ctes: Ctes, there: dict[str, list[str]]) -> _Asked:
        """Lower the query of an EXISTS or IN: the inner keys, and the outer values that are compared with them."""
        if isinstance(node, exp.In):
            query = node.args["query"].copy()
            query = query.this if isinstance(query, exp.Subquery) else query
            tuples = isinstance(node.this, exp.Tuple)
            outer = list(node.this.expressions) if tuples else [node.this]
            if tuples:
                if not isinstance(query, exp.Select) or not isinstance(query.expressions[0], exp.Tuple):
                    raise unknown(node)
                parts = query.expressions[0].expressions
                query.set("expressions", [exp.alias_(part, f"k{at}", quoted=True) for at, part in enumerate(parts)])
            inner = self._query(query, dict(ctes))
            return _Asked(inner, outer, nulls_equal=tuples, three_valued=not tuples)
        select = node.this.copy()
        if not isinstance(select, exp.Select) or select.args.get("group") or select.args.get("limit"):
            raise unknown(node)
        sources = self._sources(select, ctes)
        own_columns = {source.alias: list(self.relations.columns(source.relation)) for source in sources}
        qualifier = Qualifier(own_columns, {a: c for a, c in there.items() if a not in own_columns}, {})
        inner_only, keys, outer, mixed = [], [], [], []
        for source in sources:
            if source.on is not None:
                source.on = qualifier.qualify(source.on)
        for part in conjuncts_of(select.args.get("where")):
            part = qualifier.qualify(part)
            tables = {c.table for c in columns_of(part)}
            if tables <= set(own_columns):
                inner_only.append(part)
                continue
            plain = part.unnest()
            sides = [plain.left, plain.right] if isinstance(plain, exp.EQ) else []
            mine = [{c.table for c in columns_of(side)} <= set(own_columns) for side in sides]
            theirs = [not {c.table for c in columns_of(side)} & set(own_columns) for side in sides]
            if sides and mine[0] and theirs[1]:
                keys.append(sides[0])
                outer.append(sides[1])
            elif sides and mine[1] and theirs[0]:
                keys.append(sides[1])
                outer.append(sides[0])
            else:
                mixed.append(part)
        equal, swaps = len(keys), Swaps()
        for found in {sql_of(c): c for part in mixed for c in columns_of(part)}.values():
            own, values = ("i", keys) if found.table in own_columns else ("o", outer)
            swaps.add(found, column(own, f"{'k' if own == 'i' else 'o'}{len(values)}"))
            values.append(found)
        others = tuple(swaps.within(part) for part in mixed)
        inner = self.step(sources, [(key, f"k{at}") for at, key in enumerate(keys)] or [(exp.true(), "k0")], where=inner_only)
        return _Asked(inner, outer, equal=equal, others=others)
