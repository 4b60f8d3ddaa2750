"""One mapping compiled to one SELECT: a chain of CTEs that a person can read from top to bottom.

    source -> decided_records -> looked -> pivoted -> let_n -> decided_values -> referred -> classed -> grouped
    -> decided_groups -> merged -> candidates -> pooled -> judged -> joined -> based -> mapped -> checked -> ranked -> folded
    -> unique_keys -> unique_values

The steps named ``decided_*`` are there where people decided something, those from ``candidates`` to ``joined`` where the mapping
has a match and the workspace the list for it (:mod:`migrate.compiler.matched`).

Every step keeps the columns before it. Target fields pass through three names: ``was_f`` (base and ``do``), ``val_f``
(value map, crosswalk and type), ``to_f`` (with the replacements that ``warn`` outcomes set).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from migrate.compiler.checks import CHECKS, CheckError
from migrate.compiler.decided import EXCLUDED, NOBODY, Decided, DecidedSql
from migrate.compiler.matched import EVIDENCE, MatchSql
from migrate.compiler.rules import DISPOSITION_OF_RANK, RANKS, Rule, RuleBook
from migrate.compiler.scope import Scope
from migrate.compiler.source import AMBIGUOUS, BAD, FAULT, FAULT_VALUE, ROW, SEPARATOR, SOURCE, bad_value
from migrate.compiler.text import key_text, literal, name, value_text
from migrate.compiler.values import fits, spellings, target_value, typed_literal
from migrate.contracts.model import Field
from migrate.errors import Problem
from migrate.expressions import operators
from migrate.located_yaml import Keys
from migrate.mapping.load import LoadedMapping, LoadedPair
from migrate.mapping.model import FieldRule, Outcome
from migrate.worklist.identity import Kind

IDENTITY, MAPPED, CROSSWALK = "identity", "mapped", "crosswalk"
PREVIOUS = "\x00previous\x00"
"""Stands for the step before while the chain is put together; YAML cannot hold the character."""
BY_DECISION = -1
"""In ``_exclusion``: the record refers to one that people decided to leave behind."""
BLOCKED = Outcome(code="REF-ORPHAN", severity="blocked")
UNMAPPED = Outcome(code="MAP-UNMAPPED", severity="hold")
MALFORMED = Outcome(code="SRC-TYPE", severity="quarantine")
_UNCONFIRMED = (
    ("proposed", "XWALK-PROPOSED", "is proposed, not confirmed"),
    ("expired:label", "XWALK-EXPIRED", "was confirmed under another label than the source has now"),
    ("expired:rows", "XWALK-EXPIRED", "was confirmed for another number of rows than there are now"),
    ("expired:target", "XWALK-EXPIRED", "was confirmed with a target that the target's contract does not allow now"),
)
"""Statuses of entries that a rehearsal uses although nobody stands for them."""


@dataclass(frozen=True)
class Compiled:
    """The SQL of one mapping for a set of its fields, and what it may complain about."""

    mapping: LoadedMapping
    fields: tuple[str, ...]
    select: str
    rules: tuple[Rule, ...]
    exclusions: tuple[tuple[str, str], ...]
    """(code, reason) by the number in ``_exclusion``."""
    needs: dict[str, set[str]]
    """Source entities and fields that the SELECT reads."""
    carried: frozenset[str]
    """Fields of the ``from`` entity that reach a target field, a reference or an exclusion."""
    consulted: frozenset[str]
    """Fields that are only looked at, to choose a survivor."""
    reads: dict[Keys, frozenset[tuple[str, str]]]
    """``(qualifier or '', name)`` of what the expression at a place of the mapping names: the beginning of every lineage."""
    uses: str = ""
    """A SELECT of ``(crosswalk, value, rows)``: which values are looked up, and by how many rows that are neither excluded nor
    merged. Blank where no field has a crosswalk."""
    joined: str = ""
    """A SELECT of the source rows as the mapping reads them: ``_key``, fields, and ``name.field`` of lookups and pivots."""


def _equal(column: str, sql: str, field: Field | None) -> str:
    """The condition of a lookup. Numbers and text are compared as text, as references are: the engine would take '007'
    for 7, and would stop at the first text that is no number."""
    if field is not None and field.type in ("string", "int"):
        return f"CAST({column} AS VARCHAR) = CAST({sql} AS VARCHAR)"
    return f"{column} = {sql}"


@dataclass
class MappingCompiler:
    """Compiles one mapping. Problems are collected, so that `check` can show them all at once."""

    pair: LoadedPair
    mapping: LoadedMapping
    as_of: str
    deduplicate: bool = True
    """Look for several rows of one key; all but the first are set aside. Off where the source proved them unique."""
    problems: list[Problem] = field(default_factory=list)
    decided: Decided = NOBODY

    def compile(self, fields: Iterable[str] | None = None) -> Compiled:
        """Compile all fields, or only those named and what they need."""
        self.scope = Scope(self.pair, self.mapping, self.as_of, self.problems)
        self.book = RuleBook()
        self.exclusions: list[tuple[str, str]] = []
        rules = self.mapping.model.fields
        chosen = tuple(rules) if fields is None else tuple(f for f in rules if f in set(fields))
        self.decisions = DecidedSql(self.mapping, self.decided)
        self.followed = [f for f in rules if self.pair.follows(self.mapping.name, f)]
        self.with_excluding_refs = [f for f, r in rules.items() if f in chosen or r.excluded or f in self.followed]
        match = self.pair.matched(self.mapping.name)
        self.matching = MatchSql(match, self.mapping, self.scope, self.book, self.decisions) if match else None
        steps = self._steps(chosen)
        source = self._source()
        all_steps = [("source", source), *steps]
        ctes = ",\n".join(f"{step} AS (\n{sql}\n)" for step, sql in all_steps)
        return Compiled(
            self.mapping,
            chosen,
            f"WITH {ctes}\n{self._disposed(chosen, steps[-1][0])}",
            tuple(self.book.rules),
            tuple(self.exclusions),
            self.scope.needs(),
            frozenset(self.scope.carried),
            frozenset(self.scope.consulted),
            {keys: frozenset(found) for keys, found in self.scope.reads.items()},
            self._uses(chosen, all_steps),
            self._joined_rows(all_steps),
        )

    def _joined_rows(self, steps: list[tuple[str, str]]) -> str:
        last = max(at for at, (step, _) in enumerate(steps) if step in ("source", "looked", "pivoted"))
        ctes = ",\n".join(f"{step} AS (\n{sql}\n)" for step, sql in steps[: last + 1])
        return f"WITH {ctes}\nSELECT * FROM {steps[last][0]}"

    def _uses(self, chosen: tuple[str, ...], steps: list[tuple[str, str]]) -> str:
        """What is looked up is known as soon as there are base values, whatever becomes of the rows later."""
        fields = [f for f in chosen if self.mapping.model.fields[f].crosswalk and f in self.mapping.target.fields]
        if not fields:
            return ""
        names = [step for step, _ in steps]
        ctes = ",\n".join(f"{step} AS (\n{sql}\n)" for step, sql in steps[: names.index("based") + 1])
        values = ", ".join(f"{value_text('s.' + name('was:' + f))} AS {name('value:' + f)}" for f in fields)
        looked_up = ", ".join(
            f"{{'crosswalk': {literal(self.mapping.model.fields[f].crosswalk)}, 'value': {name('value:' + f)}}}" for f in fields
        )
        return (
            f"WITH {ctes}\nSELECT u.crosswalk, u.value, CAST(sum(n) AS BIGINT) AS rows\n"
            f"FROM (SELECT unnest(list_distinct([{looked_up}])) AS u, n\n"
            f"FROM (SELECT {values}, count(*) AS n FROM based AS s\n"
            "WHERE s._exclusion IS NULL AND s._merged_into IS NULL GROUP BY ALL))\n"
            "WHERE u.value IS NOT NULL GROUP BY ALL ORDER BY ALL"
        )

    def _disposed(self, chosen: tuple[str, ...], last: str) -> str:
        """The columns that leave the chain, with the disposition each row has reached so far."""
        rules = self.book.rules
        decisive = "CAST(NULL AS INTEGER)"
        if rules:
            ranked = [RANKS[rule.severity] * 100_000 + rule.number for rule in rules]
            decisive = f"list_min(list_transform(s._issues, lambda i: {ranked}[i + 1]))"
        worst = f"(SELECT s.*, {decisive} AS _decisive FROM {last} AS s)"
        merge, fold = self.mapping.model.merge, self.mapping.model.fold
        by_rank = " ".join(
            f"WHEN s._decisive // 100000 = {rank} THEN {literal(word)}" for rank, word in DISPOSITION_OF_RANK.items()
        )
        codes = f"[{', '.join(literal(rule.code) for rule in rules)}][s._decisive % 100000 + 1]" if rules else "NULL"
        listed = f"[{', '.join(literal(code) for code, _ in self.exclusions)}][s._exclusion + 1]" if self.exclusions else "NULL"
        excluded = f"CASE WHEN s._exclusion = {BY_DECISION} THEN {literal(EXCLUDED)} ELSE {listed} END"
        joined = f"WHEN s._joined THEN {literal(self.matching.match.code)} " if self.matching else ""
        columns = [
            "s._key", "s._order", "s._plain_key", "s._target_key", "coalesce(s._merged_into, s._folded_into) AS _into",
            "s._issues", "s._content", f"s.{name(ROW)}", f"s.{name(FAULT_VALUE)}", f"s.{name(BAD)}", "s._merged_into",
            "CASE WHEN s._exclusion IS NOT NULL THEN 'excluded' WHEN s._merged_into IS NOT NULL THEN 'merged' "
            f"{by_rank} WHEN s._folded_into IS NOT NULL THEN 'merged' ELSE 'candidate' END AS _disposition",
            f"CASE WHEN s._exclusion IS NOT NULL THEN {excluded} "
            f"{joined}WHEN s._merged_into IS NOT NULL THEN {literal(merge.code if merge else None)} "
            f"WHEN s._decisive // 100000 <= {RANKS['hold']} THEN {codes} "
            f"WHEN s._folded_into IS NOT NULL THEN {literal(fold.code if fold else None)} END AS _code",
        ]  # fmt: skip
        shown = " ".join(rule.value + rule.root for rule in rules)
        if merge and merge.confirm:
            columns.append("s._group")
        if self.matching:
            columns += [f"s.{column}" for column in EVIDENCE]
        for target_field in chosen:
            if target_field not in self.mapping.target.fields:
                continue
            if self.mapping.model.fields[target_field].ref:
                columns.append(f"s.{name('ref:' + target_field)}")
            if f"m.{name('was:' + target_field)}" in shown:
                columns.append(f"s.{name('was:' + target_field)}")
            columns.append(f"s.{name('to:' + target_field)}")
        return f"SELECT {', '.join(columns)}\nFROM {worst} AS s"

    # The chain ---------------------------------------------------------------------------------------------------

    def _steps(self, chosen: tuple[str, ...]) -> list[tuple[str, str]]:
        about_records = self.decisions.about_records(PREVIOUS)
        self.scope.source_fields |= {s.field for s in self.decided.signatures if self.decisions.of_source(s)}
        lets = self._lets()
        about_values = self.decisions.about_values(PREVIOUS, self._shown_values())
        referred, excluded_by_reference = self._referred()
        classed = self._classed(excluded_by_reference)
        merged = self._merged()
        merged += self.matching.steps(PREVIOUS) if self.matching else []
        based = [f"{self._base(f)} AS {name('was:' + f)}" for f in chosen]
        mapped, joins = self._mapped(chosen)
        checked = self._checked(chosen)
        ranked = self._ranked(chosen)
        # Lookups and pivots are written last: only now is it known which of their fields are used.
        steps = [("decided_records", about_records), ("looked", self._looked()), ("pivoted", self._pivoted()), *lets]
        steps += [("decided_values", about_values), ("referred", referred), ("classed", classed), *merged]
        steps += [("based", f"SELECT s.*, {', '.join(based)}\nFROM {PREVIOUS} AS s" if based else "")]
        steps += [("mapped", f"SELECT s.*, {', '.join(mapped)}\nFROM {PREVIOUS} AS s{joins}" if mapped else "")]
        steps += [("checked", checked), *ranked]
        written, previous = [], "source"
        for step, sql in steps:
            if sql:
                written.append((step, sql.replace(PREVIOUS, previous)))
                previous = step
        return written

    def _source(self) -> str:
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

    def _looked(self) -> str:
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

    def _pivoted(self) -> str:
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

    def _lets(self) -> list[tuple[str, str]]:
        levels: dict[int, list[str]] = {}
        for let, text in self.mapping.model.let.items():
            sql = self.scope.expression(text, "let", let, purpose="map")
            level = self.scope.add_let(let)
            levels.setdefault(level, []).append(f"{sql} AS {name(let)}")
        return [
            (f"let_{level}", f"SELECT s.*, {', '.join(items)}\nFROM {PREVIOUS} AS s") for level, items in sorted(levels.items())
        ]

    def _shown_values(self) -> dict[str, str]:
        """The value that a finding shows, of fields about whose values somebody decided: a referred key, or the base."""
        shown = {}
        for target_field in {s.field for s in self.decided.signatures if s.kind == "value"} & set(self.mapping.model.fields):
            by = self.mapping.model.fields[target_field].by
            keys = ("fields", target_field, "by")
            shown[target_field] = self._base(target_field) if by is None else self.scope.expression(by, *keys, purpose="map")
        for target_field, rule in self.mapping.model.fields.items():
            if rule.by is not None and self.decisions.has_roots:
                shown[target_field] = self.scope.expression(rule.by, "fields", target_field, "by", purpose="map")
        return shown

    def _referred(self) -> tuple[str, list[tuple[str, str]]]:
        """The join with identities, and ``(condition, number of the exclusion)`` of excluding references."""
        joins, columns, excluding = [], [], []
        only = self.mapping.model.only
        if only and only.mapping not in self.pair.mappings:
            self.scope.complain("only names no mapping", only.mapping, tuple(self.pair.mappings), "only", "mapping")
        if only:
            joins.append(f"LEFT JOIN {name(IDENTITY, only.mapping)} AS _only ON _only.source_key = s._plain_key")
            columns.append("coalesce(_only.merged, FALSE) AS _only")
        for target_field in self.with_excluding_refs:
            rule = self.mapping.model.fields[target_field]
            if rule.ref is None or rule.by is None:
                continue
            by = self.scope.expression(rule.by, "fields", target_field, "by", purpose="map")
            by = f"CAST({by} AS VARCHAR)"
            if (overriding := self.decisions.overridden(target_field)) is not None:
                by = f"CASE WHEN {overriding[0]} THEN {overriding[1]} ELSE {by} END"
            alias = name("of:" + target_field)
            self._check_reference(target_field, rule)
            joins.append(f"LEFT JOIN {name(IDENTITY, rule.ref)} AS {alias} ON {alias}.source_key = {by}")
            given = name("field:" + rule.field) if rule.field else "target_key"
            columns += [
                f"{by} AS {name('ref:' + target_field)}",
                f"{alias}.{given} AS {name('is:' + target_field)}",
                f"({alias}.source_key IS NOT NULL) AS {name('found:' + target_field)}",
            ]
            if target_field in self.followed:
                columns.append(f"{alias}.policy AS {name('policy:' + target_field)}")
            if rule.joined:
                found = f"{alias}.joined" if rule.joined.others_only else f"({alias}.joined OR {alias}.matched)"
                columns.append(f"coalesce({found}, FALSE) AS {name('joined:' + target_field)}")
            if rule.excluded:
                number = self._exclusion(rule.excluded.code, rule.excluded.reason)
                # Whoever follows somebody whom people left behind was left behind by people, not by the mapping's rule.
                excluding.append((name("decided:" + target_field), str(BY_DECISION)))
                columns.append(f"coalesce({alias}.decided, FALSE) AS {name('decided:' + target_field)}")
                excluding.append((f"{name('gone:' + target_field)}", str(number)))
                columns.append(f"coalesce({alias}.excluded, FALSE) AS {name('gone:' + target_field)}")
        sql = f"SELECT s.*, {', '.join(columns)}\nFROM {PREVIOUS} AS s\n" + "\n".join(joins) if joins else ""
        return sql, excluding

    def _check_reference(self, target_field: str, rule: FieldRule) -> None:
        other = self.pair.mappings.get(rule.ref or "")
        if other is None:
            self.scope.complain("ref names no mapping", rule.ref, tuple(self.pair.mappings), "fields", target_field, "ref")
        elif rule.field and rule.field not in other.model.fields:
            allowed = tuple(other.model.fields)
            self.scope.complain(f"{rule.ref} has no such field", rule.field, allowed, "fields", target_field, "field")

    def _classed(self, excluded_by_reference: list[tuple[str, str]]) -> str:
        whens = []
        only = self.mapping.model.only
        if only:
            whens.append(("NOT s._only", str(self._exclusion(only.code, only.reason))))
        for index, rule in enumerate(self.mapping.model.exclude):
            sql = self.scope.expression(rule.when, "exclude", index, "when", purpose="map")
            whens.append((f"({sql})", str(self._exclusion(rule.code, rule.reason))))
        whens += [(f"s.{condition}", number) for condition, number in excluded_by_reference]
        cases = " ".join(f"WHEN {condition} THEN {number}" for condition, number in whens)
        decided = self.decisions.exclusion({reason: self._exclusion(EXCLUDED, reason) for reason in self.decided.reasons})
        # A row that could not be read, or has no key of its own, is never excluded: nobody knows what it says.
        unread = f"s.{name(FAULT)} IS NOT NULL OR s._no_key OR s._twin > 1"
        left = " ".join(f"WHEN {condition} AND NOT ({unread}) THEN {number}" for condition, number in self._left_behind())
        return (
            f"SELECT s.*, CAST(CASE {self._marked()} {left} {decided} WHEN {unread} THEN NULL {cases} END AS INTEGER) "
            f"AS _exclusion\nFROM {PREVIOUS} AS s"
        )

    def _marked(self) -> str:
        """``WHEN`` branches for the rows that were marked when they were read."""
        return " ".join(
            f"WHEN s.{name(FAULT)} = {literal(rule.code)} THEN {self._exclusion(rule.code, rule.reason)}"
            for rule in self.pair.policies_of(self.mapping.name)
            if rule.when is None
        )

    def _left_behind(self) -> list[tuple[str, str]]:
        """``(condition, number of the exclusion)`` of the workspace's rules: a record goes with the one it refers to."""
        whens = []
        for rule in self.pair.policies:
            for target_field in self.followed:
                number = self._exclusion(rule.code, rule.reason)
                whens.append((f"s.{name('policy:' + target_field)} = {literal(rule.code)}", str(number)))
            if rule.when is not None and rule in self.pair.policies_of(self.mapping.name):
                sql = self.scope.policy(rule.when, rule.place)
                whens.append((f"({sql})", str(self._exclusion(rule.code, rule.reason))))
        return whens

    def _exclusion(self, code: str, reason: str) -> int:
        if (code, reason) not in self.exclusions:
            self.exclusions.append((code, reason))
        return self.exclusions.index((code, reason))

    def _merged(self) -> list[tuple[str, str]]:
        merge = self.mapping.model.merge
        if merge is None:
            return [("merged", f"SELECT s.*, CAST(NULL AS VARCHAR) AS _merged_into\nFROM {PREVIOUS} AS s")]
        by = self.scope.expression(merge.by, "merge", "by", purpose="consult")
        when = self.scope.expression(merge.when, "merge", "when", purpose="consult")
        keep = self.scope.order(merge.keep, "merge", "keep", purpose="consult")
        takes_part = f"s._exclusion IS NULL AND s.{name(FAULT)} IS NULL AND NOT s._no_key AND s._twin = 1"
        grouped = f"coalesce({takes_part} AND ({when}) AND ({by}) IS NOT NULL, FALSE)"
        if not merge.confirm:
            return [("merged", self._survivors(f"{grouped}", f"({by})", keep))]
        # Rows outside any group are each a part of their own: a window over all of them together would not end.
        alone = f"CASE WHEN NOT {grouped} THEN s.{name(ROW)} END"
        members = f"list_sort(list(s._key) OVER (PARTITION BY {grouped}, ({by}), {alone}))"
        group = f"CASE WHEN {grouped} AND len({members}) > 1 THEN sha256(array_to_string({members}, chr(31))) END"
        steps = [("grouped", f"SELECT s.*, {grouped} AS _grouped, ({by}) AS _by, {group} AS _group\nFROM {PREVIOUS} AS s")]
        about_groups = self.decisions.about_groups(PREVIOUS, merge.code)
        steps += [("decided_groups", about_groups)] if about_groups else []
        together = f"(s._grouped AND NOT ({self.decisions.separate(merge.code)}))"
        wanted = f"(s._key IS NOT DISTINCT FROM {self.decisions.survivor(merge.code)}) DESC, " if about_groups else ""
        return [*steps, ("merged", self._survivors(together, "s._by", wanted + keep))]

    @staticmethod
    def _survivors(grouped: str, by: str, keep: str) -> str:
        first = f"first_value(s._key) OVER (PARTITION BY {grouped}, {by} ORDER BY {keep}, s._order, s._key)"
        return f"SELECT s.*, CASE WHEN {grouped} THEN nullif({first}, s._key) END AS _merged_into\nFROM {PREVIOUS} AS s"

    def _base(self, target_field: str) -> str:
        rule = self.mapping.model.fields[target_field]
        keys = ("fields", target_field)
        if rule.source is not None:
            sql = self.scope.column(rule.source, *keys, "from")
        elif rule.expr is not None:
            sql = self.scope.expression(rule.expr, *keys, "expr", purpose="map")
        elif rule.ref is not None:
            sql = name("is:" + target_field)
        else:
            sql = literal(rule.const)
        try:
            return operators.apply(rule.do, sql)
        except operators.OperatorError as error:
            self.scope.complain(str(error), error.value, error.allowed, *keys, "do")
            return sql

    def _mapped(self, chosen: tuple[str, ...]) -> tuple[list[str], str]:
        columns, joins = [], ""
        for target_field in chosen:
            rule = self.mapping.model.fields[target_field]
            contract = self.mapping.target.fields.get(target_field)
            if contract is None:
                allowed = tuple(self.mapping.target.fields)
                target = f"{self.pair.target.system}.{self.mapping.target_name}"
                self.scope.complain(f"{target} has no such field", target_field, allowed, "fields", target_field)
                continue
            was = f"s.{name('was:' + target_field)}"
            sql = was
            if rule.values is not None:
                whens = " ".join(f"WHEN {literal(k)} THEN {literal(v)}" for key, v in rule.values.items() for k in spellings(key))
                sql = f"CASE {value_text(was)} {whens} END" if whens else "NULL"
            elif rule.crosswalk is not None:
                self._check_crosswalk(target_field, rule.crosswalk)
                alias = name("cross:" + target_field)
                joins += f"\nLEFT JOIN {name(CROSSWALK, rule.crosswalk)} AS {alias} ON {alias}.source = {value_text(was)}"
                sql = f"{alias}.target"
                columns.append(f"{alias}.status AS {name('status:' + target_field)}")
            if self.matching and target_field == self.matching.key:
                sql = self.matching.target_key(sql)
            if (overriding := self.decisions.overridden(target_field)) is not None and rule.ref is None:
                sql = f"CASE WHEN {overriding[0]} THEN {overriding[1]} ELSE CAST({sql} AS VARCHAR) END"
            columns.append(f"{target_value(sql, contract.type)} AS {name('val:' + target_field)}")
            columns.append(f"({sql}) IS NULL AS {name('none:' + target_field)}")
        return columns, joins

    def _check_crosswalk(self, target_field: str, crosswalk: str) -> None:
        if crosswalk not in self.pair.model.crosswalks:
            allowed = tuple(self.pair.model.crosswalks)
            self.scope.complain(
                "pair.yaml declares no such crosswalk",
                crosswalk,
                allowed,
                "fields",
                target_field,
                "crosswalk",
            )

    # Checks ------------------------------------------------------------------------------------------------------

    def _checked(self, chosen: tuple[str, ...]) -> str:
        issues = self._source_issues()
        for condition, number in self.matching.issues() if self.matching else ():
            issues += self._unless_accepted(condition, number)
        columns = []
        for target_field in chosen:
            if target_field not in self.mapping.target.fields:
                continue
            rule = self.mapping.model.fields[target_field]
            final = f"s.{name('val:' + target_field)}"
            replaced = self._replaced_when_malformed(target_field, rule)
            for condition, number, outcome in self._field_issues(target_field, rule):
                issues.append((condition, number))
                if outcome is not None and outcome.severity == "warn" and outcome.replaces:
                    replaced.append(f"WHEN {condition} THEN {self._replacement(target_field, outcome)}")
            if replaced:
                final = f"CASE {' '.join(replaced)} ELSE {final} END"
            columns.append(f"{final} AS {name('to:' + target_field)}")
        listed = ", ".join(f"CASE WHEN {condition} THEN {number} END" for condition, number in issues)
        quiet = "s._exclusion IS NOT NULL OR s._merged_into IS NOT NULL"
        found = f"list_filter([{listed}], lambda x: x IS NOT NULL)" if issues else "CAST([] AS INTEGER[])"
        columns.append(f"CASE WHEN {quiet} THEN [] ELSE {found} END AS _issues")
        return f"SELECT s.*, {', '.join(columns)}\nFROM {PREVIOUS} AS s"

    def _replaced_when_malformed(self, target_field: str, rule: FieldRule) -> list[str]:
        outcome = rule.malformed
        if rule.source is None or outcome is None or outcome.severity != "warn" or not outcome.replaces:
            return []
        entry = literal(rule.source + SEPARATOR)
        bad = f"len(list_filter(s.{name(BAD)}, lambda x: starts_with(x, {entry}))) > 0"
        if (corrected := self.decisions.corrected(rule.source, outcome.code)) is not None:
            bad += f" AND NOT {corrected}"
        return [f"WHEN s.{name(BAD)} IS NOT NULL AND {bad} THEN {self._replacement(target_field, outcome)}"]

    def _replacement(self, target_field: str, outcome: Outcome) -> str:
        field_type = self.mapping.target.fields[target_field].type
        if not fits(outcome.set, field_type):
            message = f"set of {outcome.code} is not of type {field_type}"
            self.scope.complain(message, outcome.set, (), "fields", target_field)
            return "NULL"
        return typed_literal(outcome.set, field_type)

    def _source_issues(self) -> list[tuple[str, int]]:
        fault, fault_value = f"s.{name(FAULT)}", f"m.{name(FAULT_VALUE)}"
        add = self.book.add
        key_field = self.mapping.source.key[0]
        issues = [
            (f"{fault} = 'SRC-SHAPE'", add(
                "SRC-SHAPE", "quarantine", "", "the row has more or fewer cells than the header", fault_value)),
            (f"{fault} = 'SRC-SWALLOWED'", add(
                "SRC-SWALLOWED", "quarantine", "", "a cell holds what look like further rows, which are no records now",
                fault_value)),
            (f"{fault} = 'SRC-ENCODING'", add(
                "SRC-ENCODING", "quarantine", "", "the row holds bytes that are not of its encoding", fault_value)),
            ("s._no_key", add("SRC-KEY-NULL", "quarantine", key_field, "the record has no key")),
            ("s._twin > 1", add(
                "SRC-KEY-DUPLICATE", "quarantine", key_field, "an earlier record has the same key", "m._plain_key")),
        ]  # fmt: skip
        for source_field in sorted(self.scope.source_fields):
            if self.mapping.source.fields[source_field].type == "string" or self.mapping.source.sql:
                continue
            outcome = next(
                (r.malformed for r in self.mapping.model.fields.values() if r.source == source_field and r.malformed),
                MALFORMED,
            )
            for mark, code, severity, message in (
                (
                    "",
                    outcome.code,
                    outcome.severity,
                    outcome.message or "the value cannot be read as its type",
                ),
                (
                    AMBIGUOUS,
                    "SRC-AMBIGUOUS",
                    "hold",
                    "the value reads differently under two of the declared formats",
                ),
            ):
                entry = f"list_filter({{0}}.{name(BAD)}, lambda x: starts_with(x, {literal(mark + source_field + SEPARATOR)}))"
                value = bad_value(f"{entry.format('m')}[1]")
                number = add(code, severity, source_field, message, value)
                condition = f"s.{name(BAD)} IS NOT NULL AND len({entry.format('s')}) > 0"
                if (corrected := self.decisions.corrected(source_field, code)) is not None:
                    condition = f"({condition}) AND NOT {corrected}"
                issues += self._unless_accepted(condition, number)
        several = "an attribute of the pivot has several values"
        for pivot in self.mapping.model.pivot:
            number = add("LOOKUP-MANY", "quarantine", pivot, several)
            issues += self._unless_accepted(f"s.{name(pivot + '._many')}", number)
        for look, rule in self.mapping.model.lookup.items():
            partners = f"s.{name(look + '._partners')}"
            number = add("LOOKUP-MANY", "quarantine", look, f"several records of {rule.entity} fit the lookup")
            issues += self._unless_accepted(f"{partners} > 1", number)
            if rule.cardinality == "one":
                number = add("LOOKUP-NONE", "quarantine", look, f"no record of {rule.entity} fits the lookup")
                issues += self._unless_accepted(f"{partners} IS NULL", number)
        return issues

    def _unless_accepted(self, condition: str, number: int) -> list[tuple[str, int]]:
        """The issue; where a person accepted what a rule says for some rows, those have it as a warning."""
        rule = self.book.rules[number]
        accepted = self.decisions.accepted(rule.code, rule.field)
        if accepted is None or rule.severity == "warn":
            return [(condition, number)]
        twin = self.book.add(rule.code, "warn", rule.field, f"{rule.message}; accepted", rule.value, rule.root, rule.kind)
        return [(f"({condition}) AND NOT {accepted}", number), (f"({condition}) AND {accepted}", twin)]

    def _field_issues(self, target_field: str, rule: FieldRule) -> list[tuple[str, int, Outcome | None]]:
        was, value = f"s.{name('was:' + target_field)}", f"s.{name('val:' + target_field)}"
        shown = f"CAST(m.{name('was:' + target_field)} AS VARCHAR)"
        none = f"s.{name('none:' + target_field)}"
        found: list[tuple[str, int, Outcome | None]] = []

        def add(
            condition: str, outcome: Outcome, message: str, value_sql: str = shown, root: str = "NULL",
            kind: Kind = "record", about: str = "",
        ) -> None:  # fmt: skip
            message = outcome.message or message
            number = self.book.add(outcome.code, outcome.severity, target_field, message, value_sql, root, kind, about)
            first, *accepted = self._unless_accepted(condition, number)
            found.append((*first, outcome))
            found.extend((*issue, outcome.model_copy(update={"severity": "warn"})) for issue in accepted)

        if rule.ref is not None:
            key = name("ref:" + target_field)
            add(
                f"s.{key} IS NOT NULL AND NOT s.{name('found:' + target_field)}",
                rule.missing or BLOCKED,
                f"refers to a record of {rule.ref} that is not in the source",
                f"m.{key}",
                f"{literal(rule.ref + '/')} || m.{key}",
                "value",
            )
        if rule.joined is not None:
            message = f"refers to a record of {rule.ref} that is one with others; what it may do must not pass on by that"
            when = self.scope.expression(rule.joined.when, "fields", target_field, "joined", "when", purpose="map")
            add(
                f"s.{name('joined:' + target_field)} AND coalesce(({when}), TRUE)",
                rule.joined,
                message,
                f"m.{name('ref:' + target_field)}",
            )
        if rule.values is not None or rule.crosswalk is not None:
            where = "value map" if rule.values is not None else f"crosswalk {rule.crosswalk}"
            listed = ""
            if rule.values is not None:
                keys = [literal(k) for key in rule.values for k in spellings(key)]
                listed = f" AND {value_text(was)} NOT IN ({', '.join(keys)})" if keys else ""
            else:
                listed = f" AND s.{name('status:' + target_field)} IS NULL"
            if (overriding := self.decisions.overridden(target_field)) is not None:
                listed += f" AND NOT {overriding[0]}"
            kind: Kind = "value" if rule.values is not None else "crosswalk"
            looked_up = shown if rule.values is not None else value_text(f"m.{name('was:' + target_field)}")
            message = f"the {where} does not list this value"
            unmapped = rule.unmapped or UNMAPPED
            add(f"{was} IS NOT NULL{listed}", unmapped, message, looked_up, kind=kind, about=rule.crosswalk or "")
        if rule.crosswalk is not None:
            for status, code, message in _UNCONFIRMED:
                condition = f"s.{name('status:' + target_field)} = {literal(status)}"
                outcome = Outcome(code=code, severity="warn")
                message = f"the entry of crosswalk {rule.crosswalk} {message}"
                add(condition, outcome, message, looked_up, kind="crosswalk", about=rule.crosswalk)
        wrong_type = Outcome(code="GATE-TYPE", severity="quarantine")
        wanted = self.mapping.target.fields[target_field].type
        if wanted != "string":
            add(f"NOT {none} AND {value} IS NULL", wrong_type, f"the mapped value is not of type {wanted}")
        rules = [(c, g) for c, v in rule.check.items() for g in (v if isinstance(v, list) else [v])]
        for check, given in rules:
            compiled = self._check(target_field, check, given, value)
            if compiled is not None:
                condition, outcome = compiled
                add(f"({condition})", outcome, f"the value fails the check {check}")
        return found

    def _check(self, target_field: str, check: str, given: object, value: str) -> tuple[str, Outcome] | None:
        keys = ("fields", target_field, "check", check)
        if not isinstance(given, dict):
            self.scope.complain(f"check {check} needs code and severity", given, (), *keys)
            return None
        words = dict(given)
        to = words.pop("to", None)
        outcome = self.scope.outcome(words, *keys)
        if outcome is None:
            return None
        if check == "expr":
            sql = self.scope.expression(str(to), *keys, "to", purpose="map", extra={"value": value})
            return f"NOT coalesce(({sql}), TRUE)", outcome
        function = CHECKS.get(check)
        if function is None:
            self.scope.complain("unknown check", check, (*CHECKS, "expr"), *keys)
            return None
        try:
            return function(value, to), outcome
        except CheckError as error:
            self.scope.complain(str(error), to, (), *keys, "to")
            return None

    # Ranks, folds and uniqueness ---------------------------------------------------------------------------------

    def _ranked(self, chosen: tuple[str, ...]) -> list[tuple[str, str]]:
        key = self.mapping.target.key
        complete = all(part in chosen for part in key)
        target_key = key_text(f"s.{name('to:' + part)}" for part in key) if complete else "CAST(NULL AS VARCHAR)"
        # A part that the target lets be blank does not make the key incomplete.
        needed = [part for part in key if self.mapping.target.fields[part].required] or key
        none = " OR ".join(f"s.{name('to:' + part)} IS NULL" for part in needed) if complete else "TRUE"
        target_key = f"CASE WHEN {none} THEN NULL ELSE {target_key} END"
        ranks = [RANKS[rule.severity] for rule in self.book.rules]
        worst = f"coalesce(list_min(list_transform(s._issues, lambda i: {ranks}[i + 1])), 9)" if ranks else "9"
        live = f"(s._exclusion IS NULL AND s._merged_into IS NULL AND {worst} > {RANKS['hold']})"
        ranked = f"SELECT s.*, {target_key} AS _target_key, {live} AS _live\nFROM {PREVIOUS} AS s"
        steps = [("ranked", ranked)]
        fold = self.mapping.model.fold
        for unmapped in [f for f in fold.by if f not in self.mapping.model.fields] if fold else []:
            self.scope.complain("fold names no mapped field", unmapped, tuple(self.mapping.model.fields), "fold", "by")
        if fold and all(f in chosen for f in fold.by):
            steps.append(("folded", self._folded(chosen)))
        else:
            steps.append(("folded", f"SELECT s.*, CAST(NULL AS VARCHAR) AS _folded_into\nFROM {PREVIOUS} AS s"))
        steps += [("unique_keys", self._unique_keys()), ("unique_values", self._unique_values(chosen))]
        return steps

    def _folded(self, chosen: tuple[str, ...]) -> str:
        fold = self.mapping.model.fold
        assert fold is not None
        by = ", ".join(f"s.{name('to:' + f)}" for f in fold.by)
        keep = self.scope.order(fold.keep, "fold", "keep", purpose="map", targets=chosen)
        window = f"PARTITION BY s._live, {by}"
        combined = []
        for target_field, how in fold.combine.items():
            if target_field not in chosen:
                self.scope.complain("fold.combine names no field", target_field, chosen, "fold", "combine", target_field)
                continue
            column = f"s.{name('to:' + target_field)}"
            if how == "any":  # that of the first row which has one: the engine's own choice would differ from run to run
                whole = "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING"
                sql = f"first_value({column} IGNORE NULLS) OVER ({window} ORDER BY {keep}, s._order, s._key {whole})"
            else:
                sql = f"{how.removesuffix('_or_null')}({column}) OVER ({window})"
            if how.endswith("_or_null"):
                sql = f"CASE WHEN count(*) OVER ({window}) = count({column}) OVER ({window}) THEN {sql} END"
            combined.append(f"CASE WHEN s._live THEN {sql} ELSE {column} END AS {name('to:' + target_field)}")
        first = f"first_value(s._key) OVER ({window} ORDER BY {keep}, s._order, s._key)"
        replace = f" REPLACE ({', '.join(combined)})" if combined else ""
        return f"SELECT s.*{replace}, CASE WHEN s._live THEN nullif({first}, s._key) END AS _folded_into\nFROM {PREVIOUS} AS s"

    def _unique_keys(self) -> str:
        """No target key twice: the first record in key order has it, the others step back. Where the mapping says under
        ``unique`` of the key what shall happen, nobody has it before a person decided."""
        if self._key_is_told_apart():
            return f"SELECT s.*, FALSE AS _twice\nFROM {PREVIOUS} AS s"
        number = self.book.add(
            "KEY-DUPLICATE", "quarantine", self.mapping.target.key[0],
            "an earlier record has the same key in the target", "m._target_key",
        )  # fmt: skip
        taking_part = "s._live AND s._folded_into IS NULL"
        nth = f"row_number() OVER (PARTITION BY ({taking_part}), s._target_key ORDER BY s._order, s._key)"
        twice = f"{taking_part} AND s._target_key IS NOT NULL AND {nth} > 1"
        return (
            f"SELECT s.* REPLACE (CASE WHEN {twice} THEN list_append(s._issues, {number}) ELSE s._issues END "
            f"AS _issues), {twice} AS _twice\nFROM {PREVIOUS} AS s"
        )

    def _key_is_told_apart(self) -> bool:
        """Does ``unique`` keep back every record of a key that stands twice?"""
        key = self.mapping.target.key
        own = self.mapping.model.fields[key[0]].unique if len(key) == 1 and key[0] in self.mapping.model.fields else None
        return own is not None and RANKS[own.severity] <= RANKS["hold"]

    def _unique_values(self, chosen: tuple[str, ...]) -> str:
        """No value twice where it has to be unique: nobody knows which of the records is right, so none loads."""
        taking_part = "s._live AND s._folded_into IS NULL AND NOT s._twice"
        late = []
        for target_field in chosen:
            outcome = self._uniqueness(target_field)
            if outcome is None:
                continue
            column = f"s.{name('to:' + target_field)}"
            number = self.book.add(
                outcome.code, outcome.severity, target_field, outcome.message or "several records have this value",
                f"CAST(m.{name('to:' + target_field)} AS VARCHAR)",
            )  # fmt: skip
            many = f"count(*) OVER (PARTITION BY ({taking_part}), {column}) > 1"
            for condition, issue in self._unless_accepted(f"{taking_part} AND {column} IS NOT NULL AND {many}", number):
                late.append(f"CASE WHEN {condition} THEN {issue} END")
        merge = self.mapping.model.merge
        if merge and merge.confirm:
            number = self.book.add(
                merge.code, "warn", "", "a person has to confirm that these records are one", "m._merged_into",
                f"{literal(self.mapping.name + '/')} || m._merged_into", "merge",
            )  # fmt: skip
            apart = " AND NOT s._joined" if self.matching else ""
            late.append(f"CASE WHEN s._merged_into IS NOT NULL{apart} THEN {number} END")
        if not late:
            return ""
        found = f"list_filter([{', '.join(late)}], lambda x: x IS NOT NULL)"
        return f"SELECT s.* REPLACE (list_concat(s._issues, {found}) AS _issues)\nFROM {PREVIOUS} AS s"

    def _uniqueness(self, target_field: str) -> Outcome | None:
        """What the mapping says of a value that stands twice, or else what the target's contract asks for."""
        contract = self.mapping.target.fields.get(target_field)
        if contract is None:
            return None
        own = self.mapping.model.fields[target_field].unique
        if own is not None and own.replaces:
            self.scope.complain("set has no effect under unique", own.set, (), "fields", target_field, "unique", "set")
        by_contract = contract.unique and self.mapping.target.key != (target_field,)
        return own or (Outcome(code="GATE-UNIQUE") if by_contract else None)
