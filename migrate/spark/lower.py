"""A query of DuckDB as a row of simple steps that both engines can take.

Each step is one SELECT over named relations: scalars, or one GROUP BY, or window functions over columns, or one unnest. It is
written twice. DuckDB takes it over empty tables on the driver, which gives every column its type; Spark takes it over the rows.
Subqueries in conditions become joins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from sqlglot import exp

from migrate.spark import shells
from migrate.spark.names import Qualifier, column, columns_of, expand_stars, own
from migrate.spark.parts import (
    Lifted,
    aggregates_of,
    columns_outside,
    conjuncts_of,
    is_nothing,
    lift_arguments,
    put_back,
    queries_in,
    quote,
    quote_columns,
    select_sql,
    unknown,
    without_ctes,
)
from migrate.spark.scalars import Scalars
from migrate.spark.types import NOTHING, quoted, spark_type

HALF = ("SEMI", "ANTI")
"""Joins that keep rows of the left side only."""
Ctes = dict[str, str]
"""Name of a common table expression -> relation."""


class Relations(Protocol):
    """Where relations are kept: each has its rows in Spark and its columns, without rows, in DuckDB."""

    def columns(self, relation: str) -> dict[str, str]:
        """``{column: type in DuckDB}``."""

    def table(self, table: exp.Table) -> str:
        """The relation of a table, a view or files."""

    def constant(self, select: str) -> str:
        """A relation of a query that reads no table: DuckDB answers it on the driver."""

    def step(
        self,
        duckdb_sql: str,
        spark_sql: Callable[[dict[str, str]], str],
        read: list[str],
        needed: list[str],
        nulls: frozenset[str] = frozenset(),
    ) -> str:
        """Add a relation over the relations ``read``; it has no row where one of ``needed`` has none. ``spark_sql`` is given the
        types of its columns. The columns ``nulls`` hold nothing but nulls, and are of no type."""

    def together(self, text: str, read: Sequence[str]) -> str:
        """A statement of Spark that puts the rows of the relations ``read`` below each other."""

    def kept(self, relation: str) -> str:
        """The relation with its rows computed once."""

    def scalars(self, from_sql: str, sources: Mapping[str, str]) -> Scalars:
        """A writer of expressions over a FROM clause, of relations by their aliases."""

    def recursive(self, cte: exp.CTE, lower: Lowering, ctes: Ctes) -> str:
        """The relation of a common table expression that reads itself."""


@dataclass
class Source:
    """One relation of a FROM clause."""

    alias: str
    relation: str
    kind: str = ""
    """How it is joined; blank for the first."""
    on: exp.Expr | None = None


@dataclass
class Lowering:
    """Lowers queries into steps."""

    relations: Relations

    def query(self, tree: exp.Expr, ctes: Ctes | None = None) -> str:
        """The relation that holds the rows of a query."""
        return self._query(tree, dict(ctes or {}))

    def _query(self, tree: exp.Expr, ctes: Ctes) -> str:
        while isinstance(tree, exp.Subquery | exp.Paren) and not any(
            tree.args.get(word) for word in ("order", "limit", "offset", "with_", "joins")
        ):
            tree = tree.this
        if (with_ := tree.args.get("with_")) is not None:
            for cte in with_.expressions:
                if with_.args.get("recursive") and any(t.name == cte.alias for t in cte.this.find_all(exp.Table)):
                    ctes[cte.alias] = self.relations.recursive(cte, self, ctes)
                else:
                    relation = self._named(self._query(cte.this, dict(ctes)), cte.args.get("alias"))
                    read = sum(t.name.lower() == cte.alias.lower() and not t.db for t in tree.find_all(exp.Table))
                    # Spark would compute it anew for each reader, and a chain of doublings would never end.
                    ctes[cte.alias] = self.relations.kept(relation) if read > 1 else relation
        if isinstance(tree, exp.Union):
            return self._ordered(self._union(tree, ctes), tree)
        if isinstance(tree, exp.Select):
            return self._select(tree, ctes)
        if isinstance(tree, exp.Values):
            rows = ", ".join(part.sql("duckdb") for part in tree.expressions)
            return self._named(self.relations.constant(f"SELECT * FROM (VALUES {rows})"), tree.args.get("alias"))
        raise unknown(tree)

    def _named(self, relation: str, alias: exp.Expr | None) -> str:
        """The relation with the column names that an alias such as ``v(a, b)`` gives it."""
        names = [part.name for part in (alias.args.get("columns") or [])] if alias is not None else []
        if not names:
            return relation
        old = list(self.relations.columns(relation))
        names += old[len(names) :]
        return self._project(relation, [(column("r", was), new) for was, new in zip(old, names, strict=True)])

    def _project(self, relation: str, items: Sequence[tuple[exp.Expr, str]]) -> str:
        return self.step([Source("r", relation)], items)

    # Unions and orders -------------------------------------------------------------------------------------------

    def _union(self, tree: exp.Union, ctes: Ctes) -> str:
        parts: list[exp.Expr] = []
        distinct = bool(tree.args.get("distinct"))
        queue: list[exp.Expr] = [tree]
        while queue:
            node = queue.pop()
            while isinstance(node, exp.Subquery | exp.Paren) and not any(node.args.get(w) for w in ("order", "limit", "with_")):
                node = node.this
            simple = node is tree or not any(node.args.get(w) for w in ("order", "limit", "with_"))
            if isinstance(node, exp.Union) and simple and bool(node.args.get("distinct")) == distinct:
                queue += [node.right, node.left]
            else:
                parts.append(node)
        relations = [self._query(part, dict(ctes)) for part in parts]
        word = "UNION" if distinct else "UNION ALL"
        duck = f" {word} ".join(f"SELECT * FROM {quote(r)}" for r in relations)

        def spark(kinds: dict[str, str]) -> str:
            written = []
            for relation in relations:
                there = self.relations.columns(relation)
                columns = []
                for (name, kind), (was, own_kind) in zip(kinds.items(), there.items(), strict=True):
                    given: exp.Expr = exp.column(exp.to_identifier(was, quoted=True))
                    given = given if own_kind == kind else exp.cast(given, kind, dialect="duckdb")
                    value = "NULL" if own_kind == NOTHING else self.relations.scalars(f"FROM {quote(relation)}", {}).write(given)
                    columns.append(f"CAST({value} AS {spark_type(kind)}) AS {quoted(name)}")
                written.append(f"SELECT {', '.join(columns)} FROM {quoted(relation)}")
            return self.relations.together(f" {word} ".join(written), relations)

        whole = [list(self.relations.columns(relation).values()) for relation in relations]
        first = self.relations.columns(relations[0])
        nulls = frozenset(name for at, name in enumerate(first) if all(kinds[at] == NOTHING for kinds in whole))
        return self.relations.step(duck, spark, relations, [], nulls)

    def _ordered(self, relation: str, tree: exp.Expr) -> str:
        """The relation with the ORDER BY and LIMIT of ``tree``, which name its columns."""
        order, limit = tree.args.get("order"), tree.args.get("limit")
        if tree.args.get("offset") is not None:
            raise unknown(tree.args["offset"])
        if order is None and limit is None:
            return relation
        names = list(self.relations.columns(relation))
        items = []
        for item in order.expressions if order is not None else []:
            if isinstance(item.this, exp.Var) and item.this.name.upper() == "ALL":
                items += [exp.Ordered(this=column("r", n), desc=item.args.get("desc"), nulls_first=False) for n in names]
                continue
            this = item.this
            if isinstance(this, exp.Literal) and not this.is_string:
                this = column("r", names[int(this.name) - 1])
            else:
                this = Qualifier({"r": names}, {}, {}).qualify(this)
            items.append(exp.Ordered(this=this, desc=item.args.get("desc"), nulls_first=item.args.get("nulls_first")))
        return self.step(
            [Source("r", relation)], [(column("r", n), n) for n in names], order=items,
            limit=limit.expression.name if limit is not None else None,
        )  # fmt: skip

    # SELECT ------------------------------------------------------------------------------------------------------

    def _select(self, select: exp.Select, ctes: Ctes) -> str:
        if select.args.get("from_") is None:
            if not list(select.find_all(exp.Table)):
                return self.relations.constant(without_ctes(select))
            raise unknown(select)
        select = select.copy()
        order, limit = select.args.get("order"), select.args.get("limit")
        sources = self._sources(select, ctes)
        there = {source.alias: list(self.relations.columns(source.relation)) for source in sources}
        coalesced = self._using(select, sources, there)
        halves = {source.alias for source in sources if source.kind.split(" ")[0] in HALF}
        expand_stars(select, {alias: columns for alias, columns in there.items() if alias not in halves})
        qualifier = Qualifier(there, {}, coalesced)
        items: list[tuple[exp.Expr, str]] = []
        for number, item in enumerate(select.expressions):
            value, name = (item.this, item.alias) if isinstance(item, exp.Alias) else (item, item.output_name or f"col{number}")
            value = qualifier.qualify(value)
            qualifier.aliases.setdefault(name.lower(), value)
            taken = {there.lower() for _, there in items}
            items.append((value, name if name.lower() not in taken else f"{name}_{number}"))
        for source in sources:
            if source.on is not None:
                source.on = qualifier.qualify(source.on)
        where = [qualifier.qualify(part) for part in conjuncts_of(select.args.get("where"))]
        after = [qualifier.qualify(part) for word in ("having", "qualify") for part in conjuncts_of(select.args.get(word))]
        group = self._group(select, qualifier, items)
        hidden, keys = self._keys(order, qualifier, items, distinct=bool(select.args.get("distinct")))
        shown = [name for _, name in items]
        items = items + hidden

        sources, where, rewritten = self._without_queries(sources, where, [e for e, _ in items] + after, ctes, there)
        items = [(e, n) for e, (_, n) in zip(rewritten, items, strict=False)]
        after = rewritten[len(items) :]
        relation = self._shaped(sources, where, group, items, after, distinct=bool(select.args.get("distinct")))
        if not keys and limit is None:
            return relation
        ordered = [
            exp.Ordered(this=column("r", name), desc=item.args.get("desc"), nulls_first=item.args.get("nulls_first"))
            for name, item in keys
        ]
        return self.step(
            [Source("r", relation)], [(column("r", n), n) for n in shown], order=ordered,
            limit=limit.expression.name if limit is not None else None,
        )  # fmt: skip

    def _keys(
        self, order: exp.Expr | None, qualifier: Qualifier, items: Sequence[tuple[exp.Expr, str]], *, distinct: bool
    ) -> tuple[list[tuple[exp.Expr, str]], list[tuple[str, exp.Expr]]]:
        """Columns to add for an ORDER BY, and ``(column, its item)`` to order by."""
        hidden: list[tuple[exp.Expr, str]] = []
        keys: list[tuple[str, exp.Expr]] = []
        names = {name.lower(): name for _, name in items}
        for item in order.expressions if order is not None else []:
            this = item.this
            if isinstance(this, exp.Var) and this.name.upper() == "ALL":
                keys += [(name, item) for _, name in items]
            elif isinstance(this, exp.Literal) and not this.is_string:
                keys.append((items[int(this.name) - 1][1], item))
            elif isinstance(this, exp.Column) and not this.table and this.name.lower() in names:
                keys.append((names[this.name.lower()], item))
            else:
                value = qualifier.qualify(this)
                same = next((name for given, name in items if given == value), None)
                if same is None:
                    if distinct:
                        raise unknown(item)
                    same = f"_order{len(hidden)}"
                    hidden.append((value, same))
                keys.append((same, item))
        return hidden, keys

    def _sources(self, select: exp.Select, ctes: Ctes) -> list[Source]:
        sources = [self._source(select.args["from_"].this, ctes)]
        for join in select.args.get("joins") or []:
            source = self._source(join.this, ctes)
            side, kind = (join.args.get("side") or "").upper(), (join.args.get("kind") or "").upper()
            source.on = join.args.get("on")
            if join.args.get("method"):
                raise unknown(join)
            crossed = source.on is None and not join.args.get("using")
            source.kind = f"{kind} JOIN" if kind in HALF else "CROSS JOIN" if crossed else f"{side} JOIN".strip()
            sources.append(source)
        return sources

    def _source(self, node: exp.Expr, ctes: Ctes) -> Source:
        alias = node.alias_or_name
        if isinstance(node, exp.Table):
            known = None if node.args.get("db") else next((r for n, r in ctes.items() if n.lower() == node.name.lower()), None)
            relation = known or self.relations.table(node)
            alias = alias or "_files"
        elif isinstance(node, exp.Subquery | exp.Values):
            inner = node.this if isinstance(node, exp.Subquery) else node
            relation = self._query(inner, dict(ctes))
            alias = alias or "_rows"
        else:
            raise unknown(node)
        return Source(alias, self._named(relation, node.args.get("alias") if not isinstance(node, exp.Values) else None))

    def _using(self, select: exp.Select, sources: list[Source], there: dict[str, list[str]]) -> dict[str, exp.Expr]:
        """Turn USING into ON; gives what a column named there means without a qualifier."""
        found: dict[str, exp.Expr] = {}
        for at, join in enumerate(select.args.get("joins") or [], 1):
            conditions: list[exp.Expr] = []
            for part in join.args.get("using") or []:
                name, right = part.name, column(sources[at].alias, part.name)
                left = found.get(name.lower()) or next(
                    column(s.alias, name) for s in sources[:at] if name.lower() in map(str.lower, there[s.alias])
                )
                conditions.append(exp.EQ(this=left.copy(), expression=right.copy()))
                kind = sources[at].kind
                full = exp.Coalesce(this=left.copy(), expressions=[right.copy()])
                found[name.lower()] = full if "FULL" in kind else right if "RIGHT" in kind else left
            if conditions:
                sources[at].on = exp.and_(*conditions)
        return found

    def _group(self, select: exp.Select, qualifier: Qualifier, items: list[tuple[exp.Expr, str]]) -> list[exp.Expr] | None:
        group = select.args.get("group")
        if group is None:
            return None
        if group.args.get("all"):
            return [value for value, _ in items if not list(own(value, exp.AggFunc, exp.Filter))]
        found = []
        for part in group.expressions:
            if isinstance(part, exp.Literal) and not part.is_string:
                found.append(items[int(part.name) - 1][0])
            else:
                found.append(qualifier.qualify(part))
        return found

    # Conditions that are queries ---------------------------------------------------------------------------------

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
        found = {node.sql("duckdb"): node for node in asked}
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
                asked_of = lifted.ref(part.outer[0]).sql("duckdb")
                flags[text] = exp.maybe_parse(
                    f"(CASE WHEN {alias}._there IS NOT NULL THEN TRUE WHEN {n}._all = 0 THEN FALSE "
                    f"WHEN {asked_of} IS NULL OR {n}._nulls > 0 THEN CAST(NULL AS BOOLEAN) ELSE FALSE END)",
                    dialect="duckdb",
                )

        def rewrite(node: exp.Expr) -> exp.Expr:
            flag = flags.get(node.sql("duckdb")) if isinstance(node, exp.Exists | exp.In) else None
            return quote_columns(flag.copy()) if flag is not None else node

        def whole(root: exp.Expr) -> exp.Expr:
            return lifted.replace(root.copy().transform(rewrite), keep=frozenset(s.alias for s in joined))

        return joined, [whole(part) for part in where], [whole(part) for part in others]

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
        inner_only, keys, outer = [], [], []
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
            if not isinstance(plain, exp.EQ):
                raise unknown(part)
            sides = [plain.left, plain.right]
            mine = [{c.table for c in columns_of(side)} <= set(own_columns) for side in sides]
            theirs = [not {c.table for c in columns_of(side)} & set(own_columns) for side in sides]
            if mine[0] and theirs[1]:
                keys.append(sides[0])
                outer.append(sides[1])
            elif mine[1] and theirs[0]:
                keys.append(sides[1])
                outer.append(sides[0])
            else:
                raise unknown(part)
        inner = self.step(sources, [(key, f"k{at}") for at, key in enumerate(keys)] or [(exp.true(), "k0")], where=inner_only)
        return _Asked(inner, outer)

    # The shape of a SELECT ---------------------------------------------------------------------------------------

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
        aggregates = {node.sql("duckdb"): node for root in roots for node in aggregates_of(root)}
        below = Lifted("a")
        keys = {value.sql("duckdb"): below.take(value) for value in group}
        written: list[tuple[exp.Expr, str]] = []
        results: dict[str, exp.Expr] = {}
        for number, (text, node) in enumerate(aggregates.items()):
            written.append((lift_arguments(node.copy(), below), f"g{number}"))
            results[text] = column("b", f"g{number}")
        if not below.items:
            below.take(exp.true())
        base = self.step(sources, below.items, where=where)
        grouping = [column("a", name) for name in dict.fromkeys(keys.values())]
        grouped = self._aggregate(base, grouping, written)
        results |= {text: column("b", name) for text, name in keys.items()}

        def above(root: exp.Expr) -> exp.Expr:
            return put_back(root.copy(), results)

        return [Source("b", grouped)], [], [(above(value), name) for value, name in items], [above(part) for part in after]

    def _aggregate(self, base: str, grouping: Sequence[exp.Expr], written: list[tuple[exp.Expr, str]]) -> str:
        from_sql = f"FROM {quote(base)} AS a"
        keys = [(part, part.name) for part in grouping]
        duck = select_sql([*keys, *written], from_sql)
        scalars = self.relations.scalars(from_sql, {"a": base})
        if keys:
            duck += " GROUP BY " + ", ".join(part.sql("duckdb") for part in grouping)

        def spark(kinds: dict[str, str]) -> str:
            scalars.prepare([part for root, _ in [*keys, *written] for part in columns_of(root)])
            columns = [f"{scalars.write(part)} AS {quoted(name)}" for part, name in keys]
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
        windows: dict[str, exp.Expr] = {node.sql("duckdb"): node for root in roots for node in own(root, exp.Window)}
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
        results = {text: column("b", name) for text, (_, name) in zip(windows, written, strict=True)}
        return self._above("b", over, below, results, items, after)

    def _unnested(
        self, sources: list[Source], where: list[exp.Expr], items: Sequence[tuple[exp.Expr, str]], after: list[exp.Expr]
    ) -> tuple[list[Source], list[exp.Expr], list[tuple[exp.Expr, str]], list[exp.Expr]]:
        roots = [*(value for value, _ in items), *after]
        lists = {node.sql("duckdb"): node for root in roots for node in own(root, exp.Explode)}
        if len(lists) > 1:
            raise unknown(next(iter(lists.values())))
        ((text, node),) = lists.items()
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
        return self._above("u", over, below, {text: column("u", "_each")}, items, after)

    @staticmethod
    def _above(
        alias: str, relation: str, below: Lifted, results: Mapping[str, exp.Expr], items: Sequence[tuple[exp.Expr, str]],
        after: list[exp.Expr],
    ) -> tuple[list[Source], list[exp.Expr], list[tuple[exp.Expr, str]], list[exp.Expr]]:  # fmt: skip
        """What is left of a SELECT over a relation that holds its columns, and parts of it as ``results``."""
        swaps = dict(results) | {text: column(alias, name) for text, name in below.names.items()}

        def above(root: exp.Expr) -> exp.Expr:
            return put_back(root.copy(), swaps)

        return [Source(alias, relation)], [], [(above(value), name) for value, name in items], [above(part) for part in after]

    # One step ----------------------------------------------------------------------------------------------------

    def _by_columns(self, sources: list[Source]) -> list[Source]:
        """Joins whose conditions compare columns: Spark asks no function of ours while it joins."""
        sources = [replace(source) for source in sources]
        for at, source in enumerate(sources):
            if source.on is None:
                continue
            conditions = []
            for condition in conjuncts_of(source.on):
                if isinstance(condition, exp.EQ | exp.NullSafeEQ):
                    condition = condition.copy()
                    for side in ("this", "expression"):
                        value = condition.args[side]
                        owners = {c.table for c in columns_of(value)}
                        if isinstance(value.unnest(), exp.Column | exp.Literal) or not owners:
                            continue
                        owner = next((s for s in sources[: at + 1] if {s.alias} == owners), None)
                        if owner is None:
                            raise unknown(condition)
                        condition.set(side, self._with_column(owner, value))
                conditions.append(condition)
            source.on = exp.and_(*conditions)
        return sources

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
        first, *others = self._by_columns(sources)
        duck_from = f"FROM {quote(first.relation)} AS {quote(first.alias)}"
        for source in others:
            on = f" ON {source.on.sql('duckdb')}" if source.on is not None else ""
            duck_from += f" {source.kind} {quote(source.relation)} AS {quote(source.alias)}{on}"
        conditions = exp.and_(*where) if where else None
        duck = select_sql(items, duck_from, distinct=distinct)
        duck += f" WHERE {conditions.sql('duckdb')}" if conditions is not None else ""
        duck += f" ORDER BY {', '.join(part.sql('duckdb') for part in order)}" if order else ""
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
            sql = f"SELECT {'DISTINCT ' if distinct else ''}{', '.join(columns)} "
            sql += f"FROM {quoted(first.relation)} AS {quoted(first.alias)}"
            for source in others:
                on = ""
                if source.on is not None:
                    on = " ON " + " AND ".join(scalars.write(part) for part in conjuncts_of(source.on))
                kind = f"LEFT {source.kind}" if source.kind.split(" ")[0] in HALF else source.kind
                sql += f" {kind} {quoted(source.relation)} AS {quoted(source.alias)}{on}"
            if where:
                sql += " WHERE " + " AND ".join(scalars.write(part) for part in where)
            if order:
                sql += " ORDER BY " + shells.ordering(order, scalars.write)
            return sql + (f" LIMIT {limit}" if limit else "")

        needed = [first.relation] if not any(s.kind.startswith(("FULL", "RIGHT")) for s in others) else []
        needed += [s.relation for s in others if s.kind in ("JOIN", "CROSS JOIN", "INNER JOIN", "SEMI JOIN")] if needed else []
        kinds_of = {source.alias: self.relations.columns(source.relation) for source in [first, *others]}
        nulls = frozenset(name for value, name in items if is_nothing(value, kinds_of))
        return self.relations.step(duck, spark, [first.relation, *(s.relation for s in others)], needed, nulls)


@dataclass(frozen=True)
class _Asked:
    inner: str
    """The keys that there are."""
    outer: list[exp.Expr]
    """What is looked for among them."""
    nulls_equal: bool = False
    three_valued: bool = False
    """Is "not known" an answer, as with IN and nulls?"""
