"""The first steps of the chain: a row of the source with its key, what is looked up beside it, and intermediate values."""

from __future__ import annotations

from migrate.compiler.shared import PREVIOUS, Shared, Steps
from migrate.compiler.source import BAD, FAULT, FAULT_VALUE, ROW, SOURCE
from migrate.compiler.text import key_text, literal, name
from migrate.contracts.model import Field
from migrate.expressions import UNREAD


class Reading(Steps):
    """``source``, ``looked``, ``pivoted`` and ``let_n``."""

    def __init__(self, shared: Shared, deduplicate: bool) -> None:
        super().__init__(shared)
        self.deduplicate = deduplicate

    def source(self) -> str:
        entity = self.mapping.source
        key = key_text(f"e.{name(part)}" for part in entity.key)
        missing = " AND ".join(f"e.{name(part)} IS NULL" for part in entity.key)
        order = f"e.{name(entity.key[0])}" if len(entity.key) == 1 else key
        columns = [f"e.{name(f)}" for f in sorted(self.scope.source_fields)]
        nth = f"row_number() OVER (PARTITION BY {key} ORDER BY e.{name(ROW)})"
        twin = f"CASE WHEN {missing} THEN 1 ELSE {nth} END" if self.deduplicate else "1"
        columns += [
            f"{key} AS _plain_key",
            f"({missing}) AS _no_key",
            f"{twin} AS _twin",
            f"{order} AS _order",
        ]
        columns += [f"e.{name(c)}" for c in (ROW, FAULT, FAULT_VALUE, BAD)]
        inner = f"SELECT {', '.join(columns)}\nFROM {name(SOURCE, self.mapping.source_name)} AS e"
        shown = (
            f"CASE WHEN s._no_key THEN 'row:' || s.{name(ROW)} WHEN s._twin > 1 "
            "THEN s._plain_key || '#' || s._twin ELSE s._plain_key END AS _key"
        )
        # A key made up for a row is the key of another row as soon as rows stand in another order.
        texts = [f"coalesce(CAST(s.{name(f)} AS VARCHAR), chr(30))" for f in sorted(self.scope.source_fields)]
        content = f"CASE WHEN s._no_key OR s._twin > 1 THEN sha256(concat_ws(chr(31), {', '.join(texts)})) END AS _content"
        sql = f"SELECT s.*, {shown}, {content}\nFROM (\n{inner}\n) AS s"
        if not self.deduplicate:
            return sql
        # A key made up for a row may be some other row's real one.
        taken = "(s._no_key OR s._twin > 1) AND count(*) OVER (PARTITION BY s._key) > 1"
        own = f"CASE WHEN {taken} THEN s._key || '#row:' || s.{name(ROW)} ELSE s._key END AS _key"
        return f"SELECT s.* REPLACE ({own})\nFROM (\n{sql}\n) AS s"

    def looked(self) -> str:
        joins, columns = [], []
        for look, rule in self.mapping.model.lookup.items():
            if rule.entity not in self.pair.source.model.entities:
                continue
            wanted = sorted(self.scope.lookup_fields[look])
            on = self.scope.lookup_on[look]
            partition = ", ".join(f"o.{name(f)}" for f in on)
            order = key_text(f"o.{name(part)}" for part in self.pair.source.entity(rule.entity).key)
            inner = ", ".join(f"o.{name(f)}" for f in sorted({*wanted, *on}))
            joins.append(
                f"LEFT JOIN (\nSELECT {inner}, COUNT(*) OVER (PARTITION BY {partition}) AS _partners\n"
                f"FROM {name(SOURCE, rule.entity)} AS o\nQUALIFY row_number() OVER "
                f"(PARTITION BY {partition} ORDER BY {order}) = 1\n) AS {name(look)} ON "
                + " AND ".join(
                    _equal(f"{name(look)}.{name(f)}", sql, self.pair.source.entity(rule.entity).fields.get(f))
                    for f, sql in on.items()
                )
            )
            columns += [f"{name(look)}.{name(f)} AS {name(f'{look}.{f}')}" for f in wanted]
            columns.append(f"{name(look)}._partners AS {name(f'{look}._partners')}")
        return f"SELECT s.*, {', '.join(columns)}\nFROM {PREVIOUS} AS s\n" + "\n".join(joins) if joins else ""

    def pivoted(self) -> str:
        joins, columns = [], []
        for pivot, rule in self.mapping.model.pivot.items():
            wanted = [
                f"max(CASE WHEN o.{name(rule.name)} = {literal(n)} THEN o.{name(rule.value)} END) AS {name(n)}"
                for n in rule.names
            ]
            named = [f"count(CASE WHEN o.{name(rule.name)} = {literal(n)} THEN 1 END) > 1" for n in rule.names]
            wanted.append(f"({' OR '.join(named)}) AS _many")
            columns.append(f"coalesce({name(pivot)}._many, FALSE) AS {name(f'{pivot}._many')}")
            joins.append(
                f"LEFT JOIN (\nSELECT CAST(o.{name(rule.by)} AS VARCHAR) AS _by, {', '.join(wanted)}\n"
                f"FROM {name(SOURCE, rule.entity)} AS o GROUP BY 1\n) AS {name(pivot)} "
                f"ON {name(pivot)}._by = s._plain_key"
            )
            columns += [f"{name(pivot)}.{name(n)} AS {name(f'{pivot}.{n}')}" for n in rule.names]
        return f"SELECT s.*, {', '.join(columns)}\nFROM {PREVIOUS} AS s\n" + "\n".join(joins) if joins else ""

    def lets(self) -> list[tuple[str, str]]:
        levels: dict[int, list[str]] = {}
        for let, text in self.mapping.model.let.items():
            sql = self.scope.expression(text, "let", let, purpose="map")
            level = self.scope.add_let(let)
            levels.setdefault(level, []).append(f"{sql} AS {name(let)}")
            if (unread := self.scope.unread(text, "let", let)) is not None:
                levels[level].append(f"{unread} AS {name(UNREAD + let)}")
        return [
            (f"let_{level}", f"SELECT s.*, {', '.join(items)}\nFROM {PREVIOUS} AS s") for level, items in sorted(levels.items())
        ]


def _equal(column: str, sql: str, field: Field | None) -> str:
    """The condition of a lookup. Numbers and text are compared as text, as references are: the engine would take '007'
    for 7, and would stop at the first text that is no number."""
    if field is not None and field.type in ("string", "int"):
        return f"CAST({column} AS VARCHAR) = CAST({sql} AS VARCHAR)"
    return f"{column} = {sql}"
