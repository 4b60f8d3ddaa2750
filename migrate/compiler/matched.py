"""Whom a record is, as SQL of a mapping: joins with the list of other people, tier by tier, and what becomes of each match.

    candidates -> pooled -> judged -> joined

A mapping without a match, or whose list the workspace does not have, compiles to the very SQL it had before.

What the records of one merge give is pooled: they are one person, so the first tier that finds somebody for any of them
decides for all. Only the survivor is asked about.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from migrate.compiler.decided import DecidedSql
from migrate.compiler.rules import RuleBook
from migrate.compiler.scope import Scope
from migrate.compiler.source import FAULT
from migrate.compiler.text import literal, name
from migrate.expressions import operators
from migrate.mapping.load import LoadedMapping
from migrate.mapping.model import Match
from migrate.matching.codes import CONFIRM, MANY, QUESTIONS, SEVERAL

LISTED = "listed"
"""Schema of the lists, one table per mapping with a match: ``_key``, and the fields that its tiers compare, made comparable."""
MOST = 20
"""Candidates that a finding and the evidence name."""
EVIDENCE = ("_match", "_match_state", "_match_tier", "_match_found", "_match_agreed", "_match_shown", "_match_into")
"""Columns that leave the chain: see :mod:`migrate.matching.evidence`."""


def comparable(match: Match, field: str, sql: str) -> str:
    """A value of either side as it is compared: text, normalised; null where nothing is left. Raises OperatorError."""
    applied = operators.apply(match.normalise.get(field, ()), f"CAST({sql} AS VARCHAR)")
    return f"nullif(trim(CAST({applied} AS VARCHAR)), '')"


@dataclass(frozen=True)
class MatchSql:
    """SQL of one match, over the chain's rows ``s``."""

    match: Match
    mapping: LoadedMapping
    scope: Scope
    book: RuleBook
    decisions: DecidedSql

    @property
    def key(self) -> str:
        """The field of the target's key, which a match gives its value."""
        return self.mapping.target.key[0]

    def steps(self, previous: str) -> list[tuple[str, str]]:
        """The steps after a merge, each over ``previous``."""
        self._check()
        return [
            ("candidates", self._candidates(previous)),
            ("pooled", self._pooled(previous)),
            ("judged", self._judged(previous)),
            ("joined", self._joined(previous)),
        ]

    def issues(self) -> list[tuple[str, int]]:
        """``(condition, number of the rule)`` of the questions that a person answers."""
        value, found = "m._match_shown", []
        for number, tier in enumerate(self.match.tiers):
            if tier.confirm:
                agreed = ", ".join(tier.on)
                message = f"{tier.name} agrees ({agreed}) with one of {self.match.against}: are they one person?"
                rule = self.book.add(CONFIRM, "hold", self.key, message, value)
                found.append((f"s._asks = 'confirm' AND s._tier = {number}", rule))
        message = f"several of {self.match.against} fit, and only one can be this person"
        found.append(("s._asks = 'many'", self.book.add(MANY, "hold", self.key, message, value)))
        message = f"other records fit the same one of {self.match.against}: are they all this person?"
        found.append(("s._asks = 'several'", self.book.add(SEVERAL, "hold", self.key, message, value)))
        return found

    def target_key(self, sql: str) -> str:
        """The value of the key's field: that of the person found, or else the mapping's own."""
        return f"CASE WHEN s._match IS NOT NULL THEN s._match ELSE CAST({sql} AS VARCHAR) END"

    # The chain ---------------------------------------------------------------------------------------------------

    def _check(self) -> None:
        rule = self.mapping.model.fields.get(self.key)
        if len(self.mapping.target.key) != 1:
            key = ", ".join(self.mapping.target.key)
            self.scope.complain("a match needs a target key of one field", key, (), "match")
        elif rule is not None and (rule.ref or rule.crosswalk or rule.values is not None):
            message = "a match gives the target's key, so it can neither refer nor be looked up in a table of values"
            self.scope.complain(message, self.key, (), "fields", self.key)

    @cached_property
    def _mine(self) -> list[dict[str, str]]:
        """Per tier: the value of this row by the field of the list that it is compared with."""
        mine = []
        for number, tier in enumerate(self.match.tiers):
            keys = ("match", "tiers", number, "on")
            values = {}
            for field, text in tier.on.items():
                sql = self.scope.expression(text, *keys, field, purpose="consult")
                try:
                    values[field] = comparable(self.match, field, f"({sql})")
                except operators.OperatorError as error:
                    self.scope.complain(str(error), error.value, error.allowed, "match", "normalise", field)
                    values[field] = "NULL"
            mine.append(values)
        return mine

    def _candidates(self, previous: str) -> str:
        joins, tiers, found, agreed = "", "", "", ""
        table = name(LISTED, self.mapping.name)
        for n, mine in enumerate(self._mine):
            fields = ", ".join(f"o.{name(f)}" for f in mine)
            known = " AND ".join(f"o.{name(f)} IS NOT NULL" for f in mine)
            on = " AND ".join(f"t{n}.{name(f)} = {sql}" for f, sql in mine.items())
            joins += (
                f"\nLEFT JOIN (\nSELECT {fields}, list_sort(list(DISTINCT o._key)) AS _keys FROM {table} AS o\n"
                f"WHERE {known} GROUP BY {fields}\n) AS t{n} ON {on}"
            )
            hashed = " || ' ' || ".join(f"{literal(f + ':')} || left(sha256(t{n}.{name(f)}), 16)" for f in mine)
            tiers += f" WHEN t{n}._keys IS NOT NULL THEN {n}"
            found += f" WHEN t{n}._keys IS NOT NULL THEN t{n}._keys"
            agreed += f" WHEN t{n}._keys IS NOT NULL THEN {hashed}"
        broken = f"WHEN s._exclusion IS NOT NULL OR s.{name(FAULT)} IS NOT NULL OR s._no_key OR s._twin > 1 THEN NULL"
        columns = ", ".join(
            f"CASE {broken}{whens} END AS {column}"
            for column, whens in (("_own_tier", tiers), ("_own_found", found), ("_own_agreed", agreed))
        )
        return f"SELECT s.*, coalesce(s._merged_into, s._key) AS _root, {columns}\nFROM {previous} AS s{joins}"

    def _pooled(self, previous: str) -> str:
        if self.mapping.model.merge is None:
            return f"SELECT s.*, s._own_tier AS _tier, s._own_found AS _found\nFROM {previous} AS s"
        first = f"SELECT s.*, min(s._own_tier) OVER (PARTITION BY s._root) AS _tier\nFROM {previous} AS s"
        together = "flatten(list(s._own_found) FILTER (WHERE s._own_tier = s._tier) OVER (PARTITION BY s._root))"
        return f"SELECT s.*, list_sort(list_distinct({together})) AS _found\nFROM (\n{first}\n) AS s"

    def _judged(self, previous: str) -> str:
        root = "s._merged_into IS NULL AND s._tier IS NOT NULL"
        refused, mapped, chosen = self.decisions.unmatched(QUESTIONS), *self.decisions.matched(QUESTIONS)
        confirm = ", ".join(str(n) for n, tier in enumerate(self.match.tiers) if tier.confirm)
        to_confirm = f"s._tier IN ({confirm})" if confirm else "FALSE"
        proposed = f"CASE WHEN {root} AND NOT {refused} AND NOT {mapped} AND len(s._found) = 1 THEN s._found[1] END"
        first = f"SELECT s.*, {proposed} AS _proposed, {to_confirm} AS _to_confirm\nFROM {previous} AS s"
        rivals = "count(*) OVER (PARTITION BY s._proposed, s._to_confirm)"
        asks = (
            f"CASE WHEN NOT ({root}) OR {refused} OR {mapped} THEN NULL WHEN len(s._found) > 1 THEN 'many' "
            "WHEN s._to_confirm THEN 'confirm'"
        )
        if self.match.several == "confirm":
            asks += f" WHEN {rivals} > 1 THEN 'several'"
        tiers = "[" + ", ".join(literal(tier.name) for tier in self.match.tiers) + "][s._tier + 1]"
        shown = f"{tiers} || ': ' || array_to_string(s._found[:{MOST}], ', ')"
        second = f"SELECT s.*, {asks} END AS _asks, {shown} AS _match_shown, {tiers} AS _match_tier\nFROM (\n{first}\n) AS s"
        accepted = {code: self.decisions.accepted(code, self.key) or "FALSE" for code in (CONFIRM, SEVERAL)}
        state = (
            f"CASE WHEN NOT ({root}) THEN NULL WHEN {refused} THEN 'refused' WHEN {mapped} THEN 'mapped' "
            f"WHEN s._asks = 'many' THEN 'many' WHEN s._asks = 'confirm' AND NOT {accepted[CONFIRM]} THEN 'confirm' "
            f"WHEN s._asks = 'several' AND NOT {accepted[SEVERAL]} THEN 'several' "
            "WHEN s._asks IS NOT NULL THEN 'confirmed' ELSE 'taken' END"
        )
        taken = f"WHEN s._state IN ('taken', 'confirmed') THEN s._found[1] WHEN s._state = 'mapped' THEN {chosen}"
        third = f"SELECT s.*, {state} AS _state\nFROM (\n{second}\n) AS s"
        return f"SELECT s.*, CASE {taken} END AS _is\nFROM (\n{third}\n) AS s"

    def _joined(self, previous: str) -> str:
        """Records that are the same one become one: the first by ``keep`` survives, whatever was merged into others follows."""
        merge = self.mapping.model.merge
        pooled = "s.{0}" if merge is None else "max(s.{0}) OVER (PARTITION BY s._root)"
        first = f"SELECT s.*, {pooled.format('_is')} AS _match, {pooled.format('_state')} AS _match_state\nFROM {previous} AS s"
        if self.match.keep:
            keep = self.scope.order(self.match.keep, "match", "keep", purpose="consult") + ", "
        else:
            keep = self.scope.order(merge.keep, "merge", "keep", purpose="consult") + ", " if merge else ""
        survivor = f"first_value(s._key) OVER (PARTITION BY s._match ORDER BY s._merged_into IS NOT NULL, {keep}s._order, s._key)"
        into = f"CASE WHEN s._match IS NOT NULL THEN nullif({survivor}, s._key) ELSE s._merged_into END"
        return (
            f"SELECT s.* REPLACE ({into} AS _merged_into), s._merged_into IS NULL AND ({into}) IS NOT NULL AS _joined, "
            f"coalesce({into}, s._key) AS _match_into, "
            f"s._found[:{MOST}] AS _match_found, CASE WHEN s._own_tier = s._tier THEN s._own_agreed END AS _match_agreed\n"
            f"FROM (\n{first}\n) AS s"
        )
