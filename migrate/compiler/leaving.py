"""The steps that say who stays behind: by references, by exclusions and rules of the workspace, and by merges."""

from __future__ import annotations

from migrate.compiler.decided import EXCLUDED
from migrate.compiler.shared import IDENTITY, PREVIOUS, Shared, Steps
from migrate.compiler.source import FAULT, ROW
from migrate.compiler.text import literal, name
from migrate.mapping.model import FieldRule

BY_DECISION = -1
"""In ``_exclusion``: the record refers to one that people decided to leave behind."""


class Leaving(Steps):
    """``referred``, ``classed``, ``grouped``, ``decided_groups`` and ``merged``."""

    def __init__(self, shared: Shared) -> None:
        super().__init__(shared)
        rules = self.mapping.model.fields
        self.exclusions: list[tuple[str, str]] = []
        """(code, reason) by the number in ``_exclusion``."""
        self.followed = [f for f in rules if self.pair.follows(self.mapping.name, f)]
        self.with_excluding_refs = [f for f, r in rules.items() if f in self.chosen or r.excluded or f in self.followed]

    def referred(self) -> tuple[str, list[tuple[str, str]]]:
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
            as_number, by = (by if self._by_number(rule) else None), f"CAST({by} AS VARCHAR)"
            if (overriding := self.decisions.overridden(target_field)) is not None:
                as_number, by = None, f"CASE WHEN {overriding[0]} THEN {overriding[1]} ELSE {by} END"
            alias = name("of:" + target_field)
            self._check_reference(target_field, rule)
            on = f"{alias}.source_key = {by}" if as_number is None else f"{alias}.source_number = {as_number}"
            joins.append(f"LEFT JOIN {name(IDENTITY, rule.ref)} AS {alias} ON {on}")
            given = name("field:" + rule.field) if rule.field else "target_key"
            columns += [
                f"{by} AS {name('ref:' + target_field)}",
                f"{alias}.{given} AS {name('is:' + target_field)}",
                f"({alias}.source_key IS NOT NULL) AS {name('found:' + target_field)}",
            ]
            if target_field in self.owned:
                columns.append(f"{alias}.owner AS {name('owner:' + target_field)}")
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

    def _by_number(self, rule: FieldRule) -> bool:
        """Is it a whole number that refers to a record whose key is one? Numbers are found faster than their texts. A view may
        give what it likes, so only what was read as a number counts."""
        other = self.pair.mappings.get(rule.ref or "")
        own = self.mapping.source.fields.get(rule.by or "")
        if other is None or own is None or self.mapping.source.sql or other.source.sql or len(other.source.key) != 1:
            return False
        return own.type == other.source.fields[other.source.key[0]].type == "int"

    def _check_reference(self, target_field: str, rule: FieldRule) -> None:
        other = self.pair.mappings.get(rule.ref or "")
        if other is None:
            self.scope.complain("ref names no mapping", rule.ref, tuple(self.pair.mappings), "fields", target_field, "ref")
        elif rule.field and rule.field not in other.model.fields:
            allowed = tuple(other.model.fields)
            self.scope.complain(f"{rule.ref} has no such field", rule.field, allowed, "fields", target_field, "field")

    def classed(self, excluded_by_reference: list[tuple[str, str]]) -> str:
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

    def merged(self) -> list[tuple[str, str]]:
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
