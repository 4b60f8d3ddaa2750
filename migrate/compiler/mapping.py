"""One mapping compiled to one SELECT: a chain of CTEs that a person can read from top to bottom.

    source -> decided_records -> looked -> pivoted -> let_n -> decided_values -> referred -> classed -> grouped
    -> decided_groups -> merged -> candidates -> pooled -> judged -> joined -> based -> mapped -> checked -> ranked -> folded
    -> unique_keys -> unique_values

The steps named ``decided_*`` are there where people decided something, those from ``candidates`` to ``joined`` where the mapping
has a match and the workspace the list for it (:mod:`migrate.compiler.matched`).

Neighbouring steps stand in one module each: ``reading`` (to ``let_n``), ``leaving`` (to ``merged``), ``matched`` (to ``joined``),
``valuing`` (to ``mapped``), ``judging`` and ``ranking``.

Every step keeps the columns before it. Target fields pass through three names: ``was_f`` (base and ``do``), ``val_f``
(value map, crosswalk and type), ``to_f`` (with the replacements that ``warn`` outcomes set).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from migrate.compiler.decided import EXCLUDED, NOBODY, Decided, DecidedSql
from migrate.compiler.judging import Judging
from migrate.compiler.leaving import BY_DECISION, Leaving
from migrate.compiler.matched import EVIDENCE, MatchSql
from migrate.compiler.ranking import Ranking
from migrate.compiler.reading import Reading
from migrate.compiler.rules import DISPOSITION_OF_RANK, RANKS, Rule, RuleBook
from migrate.compiler.scope import Scope
from migrate.compiler.shared import PREVIOUS, Shared
from migrate.compiler.source import BAD, FAULT_VALUE, ROW
from migrate.compiler.text import literal, name, value_text
from migrate.compiler.valuing import Valuing
from migrate.errors import Problem
from migrate.expressions import UNREAD
from migrate.located_yaml import Keys
from migrate.mapping.load import LoadedMapping, LoadedPair


@dataclass(frozen=True)
class Compiled:
    """The SQL of one mapping for a set of its fields, and what it may complain about."""

    mapping: LoadedMapping
    fields: tuple[str, ...]
    select: str
    """Every source row, ``_target_key`` included."""
    key_field: str | None
    """The field whose values are ``_target_key`` as they are, so that they need not be written twice."""
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
        rules = self.mapping.model.fields
        chosen = tuple(rules) if fields is None else tuple(f for f in rules if f in set(fields))
        self.decisions = DecidedSql(self.mapping, self.decided)
        match = self.pair.matched(self.mapping.name)
        self.matching = MatchSql(match, self.mapping, self.scope, self.book, self.decisions) if match else None
        shared = Shared(self.pair, self.mapping, chosen, self.scope, self.book, self.decisions, self.decided, self.matching)
        self.leaving = Leaving(shared)
        steps = self._steps(shared)
        return Compiled(
            self.mapping,
            chosen,
            f"WITH {_ctes(steps)}\n{self._disposed(shared, steps[-1][0])}",
            self._key_field(chosen),
            tuple(self.book.rules),
            tuple(self.leaving.exclusions),
            self.scope.needs(),
            frozenset(self.scope.carried),
            frozenset(self.scope.consulted),
            {keys: frozenset(found) for keys, found in self.scope.reads.items()},
            self._uses(chosen, steps),
            self._joined_rows(steps),
        )

    def _key_field(self, chosen: tuple[str, ...]) -> str | None:
        key, fold = self.mapping.target.key, self.mapping.model.fold
        one = len(key) == 1 and key[0] in chosen and self.mapping.target.fields[key[0]].type == "string"
        return key[0] if one and not (fold and key[0] in fold.combine) else None

    def _steps(self, shared: Shared) -> list[tuple[str, str]]:
        """The chain. Rules have the numbers in which they are met here; what is met later may add to what was met before."""
        reading, valuing, leaving = Reading(shared, self.deduplicate), Valuing(shared), self.leaving
        about_records = self.decisions.about_records(PREVIOUS)
        self.scope.source_fields |= {s.field for s in self.decided.signatures if self.decisions.of_source(s)}
        lets = reading.lets()
        about_values = self.decisions.about_values(PREVIOUS, valuing.shown_values())
        referred, excluded_by_reference = leaving.referred()
        steps = [*lets, ("decided_values", about_values), ("referred", referred)]
        steps += [("classed", leaving.classed(excluded_by_reference)), *leaving.merged()]
        steps += self.matching.steps(PREVIOUS) if self.matching else []
        steps += [("based", valuing.based()), ("mapped", valuing.mapped())]
        steps += [("checked", Judging(shared).checked()), *Ranking(shared, self.deduplicate).ranked()]
        # Lookups and pivots are written last: only now is it known which of their fields are used. So is the source.
        steps = [("decided_records", about_records), ("looked", reading.looked()), ("pivoted", reading.pivoted()), *steps]
        written, previous = [("source", reading.source())], "source"
        for step, sql in steps:
            if sql:
                written.append((step, sql.replace(PREVIOUS, previous)))
                previous = step
        return written

    @staticmethod
    def _joined_rows(steps: list[tuple[str, str]]) -> str:
        last = max(at for at, (step, _) in enumerate(steps) if step in ("source", "looked", "pivoted"))
        return f"WITH {_ctes(steps[: last + 1])}\nSELECT * FROM {steps[last][0]}"

    def _uses(self, chosen: tuple[str, ...], steps: list[tuple[str, str]]) -> str:
        """What is looked up is known as soon as there are base values, whatever becomes of the rows later."""
        fields = [f for f in chosen if self.mapping.model.fields[f].crosswalk and f in self.mapping.target.fields]
        if not fields:
            return ""
        names = [step for step, _ in steps]
        values = ", ".join(f"{value_text('s.' + name('was:' + f))} AS {name('value:' + f)}" for f in fields)
        looked_up = ", ".join(
            f"{{'crosswalk': {literal(self.mapping.model.fields[f].crosswalk)}, 'value': {name('value:' + f)}}}" for f in fields
        )
        return (
            f"WITH {_ctes(steps[: names.index('based') + 1])}\nSELECT u.crosswalk, u.value, CAST(sum(n) AS BIGINT) AS rows\n"
            f"FROM (SELECT unnest(list_distinct([{looked_up}])) AS u, n\n"
            f"FROM (SELECT {values}, count(*) AS n FROM based AS s\n"
            "WHERE s._exclusion IS NULL AND s._merged_into IS NULL GROUP BY ALL))\n"
            "WHERE u.value IS NOT NULL GROUP BY ALL ORDER BY ALL"
        )

    def _disposed(self, shared: Shared, last: str) -> str:
        """The columns that leave the chain, with the disposition each row has reached so far."""
        rules = self.book.rules
        decisive = "CAST(NULL AS INTEGER)"
        if rules:
            ranked = [RANKS[rule.severity] * 100_000 + rule.number for rule in rules]
            decisive = f"CASE WHEN len(s._issues) > 0 THEN list_min(list_transform(s._issues, lambda i: {ranked}[i + 1])) END"
        # Most rows are without a word; those are told first, and the engine asks no more of them.
        plain = "s._exclusion IS NULL AND s._merged_into IS NULL AND s._folded_into IS NULL AND len(s._issues) = 0"
        worst = f"(SELECT s.*, {decisive} AS _decisive, {plain} AS _plain FROM {last} AS s)"
        merge, fold = self.mapping.model.merge, self.mapping.model.fold
        by_rank = " ".join(
            f"WHEN s._decisive // 100000 = {rank} THEN {literal(word)}" for rank, word in DISPOSITION_OF_RANK.items()
        )
        codes = f"[{', '.join(literal(rule.code) for rule in rules)}][s._decisive % 100000 + 1]" if rules else "NULL"
        listed = (
            f"[{', '.join(literal(code) for code, _ in self.leaving.exclusions)}][s._exclusion + 1]"
            if self.leaving.exclusions
            else "NULL"
        )
        excluded = f"CASE WHEN s._exclusion = {BY_DECISION} THEN {literal(EXCLUDED)} ELSE {listed} END"
        silent = "" if self.matching else "WHEN s._plain THEN NULL "
        joined = f"WHEN s._joined THEN {literal(self.matching.match.code)} " if self.matching else ""
        columns = [
            "s._key", "s._order", "CASE WHEN s._twin > 1 THEN s._plain_key END AS _plain_key", "s._target_key",
            "coalesce(s._merged_into, s._folded_into) AS _into",
            "s._issues", "s._content", f"s.{name(ROW)}", f"s.{name(FAULT_VALUE)}", f"s.{name(BAD)}", "s._merged_into",
            "CASE WHEN s._plain THEN 'candidate' WHEN s._exclusion IS NOT NULL THEN 'excluded' "
            f"WHEN s._merged_into IS NOT NULL THEN 'merged' {by_rank} WHEN s._folded_into IS NOT NULL THEN 'merged' "
            "ELSE 'candidate' END AS _disposition",
            f"CASE {silent}WHEN s._exclusion IS NOT NULL THEN {excluded} "
            f"{joined}WHEN s._merged_into IS NOT NULL THEN {literal(merge.code if merge else None)} "
            f"WHEN s._decisive // 100000 <= {RANKS['hold']} THEN {codes} "
            f"WHEN s._folded_into IS NOT NULL THEN {literal(fold.code if fold else None)} END AS _code",
        ]  # fmt: skip
        shown = " ".join(rule.value + rule.root for rule in rules)
        if merge and merge.confirm:
            columns.append("s._group")
        if self.matching:
            columns += [f"s.{column}" for column in EVIDENCE]
        for target_field in shared.chosen:
            if target_field not in self.mapping.target.fields:
                continue
            if self.mapping.model.fields[target_field].ref:
                columns.append(f"s.{name('ref:' + target_field)}")
            if f"m.{name('was:' + target_field)}" in shown:
                columns.append(self._was(target_field))
            if target_field in shared.unread:
                columns.append(f"s.{name(UNREAD + target_field)}")
            columns += [f"s.{name(f'cut:{n}:{target_field}')}" for n, _ in enumerate(shared.cut.get(target_field, ()))]
            columns.append(f"s.{name('to:' + target_field)}")
        return f"SELECT {', '.join(columns)}\nFROM {worst} AS s"

    def _was(self, target_field: str) -> str:
        """The base value, for the findings of a row; of what is looked up in a crosswalk also for counting who uses an entry."""
        was = f"s.{name('was:' + target_field)}"
        if self.mapping.model.fields[target_field].crosswalk:
            return was
        return f"CASE WHEN len(s._issues) > 0 THEN {was} END AS {name('was:' + target_field)}"


def _ctes(steps: Iterable[tuple[str, str]]) -> str:
    return ",\n".join(f"{step} AS (\n{sql}\n)" for step, sql in steps)
