"""What people decided, as SQL of a mapping: joins with the table of decisions, and the conditions they give.

A mapping about which nobody decided anything compiles to the very SQL it had before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property

from migrate.compiler.text import literal, name
from migrate.compiler.values import target_value
from migrate.decisions.model import NO_VALUE, Verb
from migrate.mapping.load import LoadedMapping
from migrate.worklist.identity import Kind, item_sql

DECISION = "decision"
"""Schema of the tables of decisions in force: item, decision, new_value, reason, and nth: a later one has a larger number."""
EXCLUDED = "DEC-EXCLUDED"
_ABOUT_THE_RECORD = 1_000_000_000
"""More than there are decisions: one about a record counts more than one about all records of a value."""


@dataclass(frozen=True)
class Signature:
    """The decisions of one kind about one rule and field of a mapping: one join each."""

    kind: Kind
    code: str
    field: str
    verbs: frozenset[Verb]


@dataclass(frozen=True)
class Decided:
    """The decisions about one mapping that are in force, as far as they shape its SQL."""

    signatures: tuple[Signature, ...] = ()
    reasons: tuple[str, ...] = ()
    """Why records are excluded: each is a reason of its own in the report."""

    def __bool__(self) -> bool:
        return bool(self.signatures)


NOBODY = Decided()
"""Nobody decided anything."""


@dataclass(frozen=True)
class DecidedSql:
    """SQL of the decisions about ``mapping``, over the chain's rows ``s``."""

    mapping: LoadedMapping
    decided: Decided

    @cached_property
    def _numbered(self) -> list[tuple[int, Signature]]:
        return list(enumerate(self.decided.signatures))

    @property
    def has_roots(self) -> bool:
        """Did somebody decide about what refers to a record?"""
        return any(s.kind == "root" for s in self.decided.signatures)

    def about_records(self, previous: str) -> str:
        """The step that joins decisions about single records and puts corrected source values in place; blank without any."""
        found = [(n, s) for n, s in self._numbered if s.kind == "record"]
        if not found:
            return ""
        entity = literal(self.mapping.name)
        joins = [self._join(n, item_sql("record", literal(s.code), entity, _field(s), "s._key")) for n, s in found]
        corrected = "".join(self._corrected(found))
        return f"SELECT s.*{corrected}, {self._columns(found)}\nFROM {previous} AS s" + "".join(joins)

    def about_values(self, previous: str, shown: dict[str, str]) -> str:
        """The step that joins decisions about values, and about records that are referred to.

        ``shown`` is the SQL of the value that a finding about a field shows.
        """
        found = [(n, s) for n, s in self._numbered if s.kind in ("value", "root")]
        if not found:
            return ""
        entity, joins = literal(self.mapping.name), []
        for n, s in found:
            if s.kind == "value":
                value = f"CAST({shown[s.field]} AS VARCHAR)" if s.field in shown else "NULL"
                joins.append(self._join(n, item_sql("value", literal(s.code), entity, _field(s), value)))
                continue
            items = []
            for field, rule in self.mapping.model.fields.items():
                if rule.ref and field in shown:
                    root = f"{literal(rule.ref + '/')} || CAST({shown[field]} AS VARCHAR)"
                    items.append(item_sql("root", literal(s.code), entity, root))
            joins.append(self._join(n, *items))
        return f"SELECT s.*, {self._columns(found)}\nFROM {previous} AS s" + "".join(joins)

    def about_groups(self, previous: str, code: str) -> str:
        """The step that joins decisions about groups of merged records."""
        found = [(n, s) for n, s in self._numbered if s.kind == "merge" and s.code == code]
        if not found:
            return ""
        item = item_sql("merge", literal(code), literal(self.mapping.name), "s._group")
        joins = [self._join(n, f"CASE WHEN s._group IS NOT NULL THEN {item} END") for n, s in found]
        return f"SELECT s.*, {self._columns(found)}\nFROM {previous} AS s" + "".join(joins)

    def exclusion(self, numbers: dict[str, int]) -> str:
        """``WHEN`` branches of a CASE that gives the number of the exclusion; ``numbers`` are those of the reasons."""
        reasons = " ".join(f"WHEN {literal(reason)} THEN {number}" for reason, number in numbers.items())
        return " ".join(
            f"WHEN {self._is(n, 'exclude')} THEN CASE s.{name(f'reason:{n}')} {reasons} END"
            for n, s in self._numbered
            if "exclude" in s.verbs and s.kind != "merge"
        )

    def survivor(self, code: str) -> str:
        """SQL of the key of the record that a person wants to survive; ``NULL`` where nobody said so."""
        whens = [
            f"WHEN {self._is(n, 'survivor')} THEN s.{name(f'value:{n}')}"
            for n, s in self._numbered
            if s.kind == "merge" and s.code == code and "survivor" in s.verbs
        ]
        return f"CASE {' '.join(whens)} END" if whens else "NULL"

    def separate(self, code: str) -> str:
        """The condition of a record that a person took out of its group."""
        conditions = []
        for n, s in self._numbered:
            if s.kind == "merge" and s.code == code and "separate" in s.verbs:
                value = f"s.{name(f'value:{n}')}"
                keys = f"list_transform(string_split({value}, ','), lambda k: trim(k))"
                listed = f"(coalesce({value}, '') = '' OR list_contains({keys}, s._key))"
                conditions.append(f"({self._is(n, 'separate')} AND {listed})")
        return " OR ".join(conditions) or "FALSE"

    def overridden(self, field: str) -> tuple[str, str] | None:
        """``(condition, SQL of the new value as text)`` of a target field; None where nobody gave it another value.

        Of several decisions about it those about the record count, and of these the last: one who corrects a value twice
        does so because of what another rule said of the first.

        For a reference the new value is the source key of another record of the mapping it refers to.
        """
        is_key = self.mapping.target.key == (field,)
        whens = []
        for n, s in self._numbered:
            if s.kind not in ("record", "value"):
                continue
            value = f"nullif(s.{name(f'value:{n}')}, {literal(NO_VALUE)})"
            nth = f"s.{name(f'nth:{n}')}" if s.kind == "value" else f"s.{name(f'nth:{n}')} + {_ABOUT_THE_RECORD}"
            if "override" in s.verbs and s.field == field and not self.of_source(s):
                whens.append((self._is(n, "override"), value, nth))
            if "map" in s.verbs and is_key:
                whens.append((f"({self._is(n, 'map')} AND s.{name(f'value:{n}')} <> '')", value, nth))
        if not whens:
            return None
        condition = " OR ".join(when for when, _, _ in whens)
        last = f"greatest({', '.join(f'CASE WHEN {when} THEN {nth} END' for when, _, nth in whens)})"
        told = " ".join(f"WHEN {when} AND {nth} = {last} THEN {value}" for when, value, nth in whens)
        return f"({condition})", f"CASE {told} END"

    def accepted(self, code: str, field: str) -> str | None:
        """The condition of a row for which a person accepted what the rule says; None where nobody did."""
        conditions = [
            self._is(n, "accept")
            for n, s in self._numbered
            if s.kind in ("record", "value") and "accept" in s.verbs and (s.code, s.field) == (code, field)
        ]
        return f"({' OR '.join(conditions)})" if conditions else None

    def unmatched(self, codes: Collection[str]) -> str:
        """The condition of a record of which a person said that it is nobody whom a match found."""
        conditions = []
        for n, s in self._numbered:
            if s.kind == "record" and s.code in codes:
                conditions += [self._is(n, "separate")] if "separate" in s.verbs else []
                blank = f"coalesce(s.{name(f'value:{n}')}, '') = ''"
                conditions += [f"({self._is(n, 'map')} AND {blank})"] if "map" in s.verbs else []
        return f"({' OR '.join(conditions)})" if conditions else "FALSE"

    def matched(self, codes: Collection[str]) -> tuple[str, str]:
        """``(condition, SQL of the key)`` of a record of which a person said whom of the target it is."""
        whens = [
            (f"({self._is(n, 'map')} AND s.{name(f'value:{n}')} <> '')", f"s.{name(f'value:{n}')}")
            for n, s in self._numbered
            if s.kind == "record" and s.code in codes and "map" in s.verbs
        ]
        if not whens:
            return "FALSE", "NULL"
        condition = " OR ".join(when for when, _ in whens)
        return f"({condition})", f"CASE {' '.join(f'WHEN {when} THEN {value}' for when, value in whens)} END"

    def corrected(self, source_field: str, code: str) -> str | None:
        """The condition of a row whose source value a person corrected; None where nobody did."""
        conditions = [
            self._is(n, "override")
            for n, s in self._numbered
            if "override" in s.verbs and self.of_source(s) and (s.field, s.code) == (source_field, code)
        ]
        return f"({' OR '.join(conditions)})" if conditions else None

    def of_source(self, signature: Signature) -> bool:
        """Is the finding about a field of the source? A field that both sides have is the target's, but for unreadable values."""
        return signature.field in self.mapping.source.fields and (
            signature.code in self._unreadable(signature.field) or signature.field not in self.mapping.model.fields
        )

    def _unreadable(self, field: str) -> set[str]:
        own = {r.malformed.code for r in self.mapping.model.fields.values() if r.source == field and r.malformed}
        return own | {"SRC-TYPE", "SRC-AMBIGUOUS"}

    def _corrected(self, found: list[tuple[int, Signature]]) -> Iterator[str]:
        by_field: dict[str, list[int]] = {}
        for n, s in found:
            if "override" in s.verbs and self.of_source(s):
                by_field.setdefault(s.field, []).append(n)
        columns = []
        for field, numbers in by_field.items():
            kind = self.mapping.source.fields[field].type
            whens = " ".join(
                f"WHEN d{n}.decision = 'override' THEN {target_value(f'nullif(d{n}.new_value, {literal(NO_VALUE)})', kind)}"
                for n in numbers
            )
            columns.append(f"CASE {whens} ELSE s.{name(field)} END AS {name(field)}")
        if columns:
            yield f" REPLACE ({', '.join(columns)})"

    def _join(self, n: int, *items: str) -> str:
        table = name(DECISION, self.mapping.name)
        if len(items) == 1:
            return f"\nLEFT JOIN {table} AS d{n} ON d{n}.item = {items[0]}"
        # Several references of one row: the first that a decision is about.
        known = f"(SELECT item FROM {table})"
        first = f"coalesce({', '.join(f'CASE WHEN {item} IN {known} THEN {item} END' for item in items)})" if items else "NULL"
        return f"\nLEFT JOIN {table} AS d{n} ON d{n}.item = {first}"

    @staticmethod
    def _columns(found: list[tuple[int, Signature]]) -> str:
        words = (("decision", "decision"), ("new_value", "value"), ("reason", "reason"), ("nth", "nth"))
        return ", ".join(f"d{n}.{column} AS {name(f'{shown}:{n}')}" for n, _ in found for column, shown in words)

    @staticmethod
    def _is(n: int, verb: Verb) -> str:
        return f"coalesce(s.{name(f'decision:{n}')} = {literal(verb)}, FALSE)"


def _field(signature: Signature) -> str:
    return literal(signature.field or None)
