"""A query of DuckDB as a row of simple steps that both engines can take.

Each step is one SELECT over named relations: scalars, or one GROUP BY, or window functions over columns, or one unnest. It is
written twice. DuckDB takes it over empty tables on the driver, which gives every column its type; Spark takes it over the rows.
Subqueries in conditions become joins.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from migrate.spark import shells
from migrate.spark.asking import Asking
from migrate.spark.names import Qualifier, column, expand_stars, own
from migrate.spark.parts import conjuncts_of, quote, unknown, without_ctes
from migrate.spark.relations import HALF, Ctes, Source
from migrate.spark.text import sql_of
from migrate.spark.types import NOTHING, quoted, spark_type


class Lowering(Asking):
    """Lowers queries into steps."""

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
            rows = ", ".join(sql_of(part) for part in tree.expressions)
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
            if distinct and any(map(shells.is_float, kinds.values())):
                return shells.distinct(" UNION ALL ".join(written), kinds)
            return f" {word} ".join(written)

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

        others = [*(value for value, _ in items), *after, *(group or [])]
        sources, where, rewritten = self._without_queries(sources, where, others, ctes, there)
        items = [(e, n) for e, (_, n) in zip(rewritten, items, strict=False)]
        rewritten = rewritten[len(items) :]
        after, group = rewritten[: len(after)], rewritten[len(after) :] if group is not None else None
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
