"""The last steps of the chain: target keys, rows that fold into one, and what may not stand twice."""

from __future__ import annotations

from migrate.compiler.rules import RANKS
from migrate.compiler.shared import PREVIOUS, Shared, Steps
from migrate.compiler.text import key_text, literal, name
from migrate.expressions import holds_whole
from migrate.mapping.model import Outcome


class Ranking(Steps):
    """``ranked``, ``folded``, ``unique_keys`` and ``unique_values``."""

    def __init__(self, shared: Shared, deduplicate: bool) -> None:
        super().__init__(shared)
        self.deduplicate = deduplicate

    def ranked(self) -> list[tuple[str, str]]:
        key = self.mapping.target.key
        complete = all(part in self.chosen for part in key)
        target_key = key_text(f"s.{name('to:' + part)}" for part in key) if complete else "CAST(NULL AS VARCHAR)"
        # A part that the target lets be blank does not make the key incomplete.
        needed = [part for part in key if self.mapping.target.fields[part].required] or key
        none = " OR ".join(f"s.{name('to:' + part)} IS NULL" for part in needed) if complete else "TRUE"
        target_key = f"CASE WHEN {none} THEN NULL ELSE {target_key} END"
        ranks = [RANKS[rule.severity] for rule in self.book.rules]
        worst = f"list_min(list_transform(s._issues, lambda i: {ranks}[i + 1]))" if ranks else "9"
        light = f"CASE WHEN len(s._issues) = 0 THEN TRUE ELSE {worst} > {RANKS['hold']} END"
        live = f"(s._exclusion IS NULL AND s._merged_into IS NULL AND {light})"
        ranked = f"SELECT s.*, {target_key} AS _target_key, {live} AS _live\nFROM {PREVIOUS} AS s"
        steps = [("ranked", ranked)]
        fold = self.mapping.model.fold
        for unmapped in [f for f in fold.by if f not in self.mapping.model.fields] if fold else []:
            self.scope.complain("fold names no mapped field", unmapped, tuple(self.mapping.model.fields), "fold", "by")
        if fold and all(f in self.chosen for f in fold.by):
            steps.append(("folded", self._folded()))
        else:
            steps.append(("folded", f"SELECT s.*, CAST(NULL AS VARCHAR) AS _folded_into\nFROM {PREVIOUS} AS s"))
        steps += [("unique_keys", self._unique_keys()), ("unique_values", self._unique_values())]
        return steps

    def _folded(self) -> str:
        fold = self.mapping.model.fold
        assert fold is not None
        by = ", ".join([*(f"s.{name('to:' + f)}" for f in fold.by), *self._owners()])
        keep = self.scope.order(fold.keep, "fold", "keep", purpose="map", targets=self.chosen)
        window = f"PARTITION BY s._live, {by}"
        combined = []
        for target_field, how in fold.combine.items():
            if target_field not in self.chosen:
                self.scope.complain("fold.combine names no field", target_field, self.chosen, "fold", "combine", target_field)
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
        if not self.deduplicate and self._key_holds_the_source_key():
            return f"SELECT s.*, FALSE AS _twice\nFROM {PREVIOUS} AS s"
        taking_part = "s._live AND s._folded_into IS NULL"
        by = ", ".join(["s._target_key", *self._owners()])
        nth = f"row_number() OVER (PARTITION BY ({taking_part}), {by} ORDER BY s._order, s._key)"
        twice = f"{taking_part} AND s._target_key IS NOT NULL AND {nth} > 1"
        return (
            f"SELECT s.* REPLACE (CASE WHEN {twice} THEN list_append(s._issues, {number}) ELSE s._issues END "
            f"AS _issues), {twice} AS _twice\nFROM {PREVIOUS} AS s"
        )

    def _owners(self) -> list[str]:
        """What refers to two records that claim one key is of two: at most one of them gets it, and keeps what is its own."""
        return [f"s.{name('owner:' + f)}" for f in self.owned]

    def _key_is_told_apart(self) -> bool:
        """Does ``unique`` keep back every record of a key that stands twice?"""
        key = self.mapping.target.key
        own = self.mapping.model.fields[key[0]].unique if len(key) == 1 and key[0] in self.mapping.model.fields else None
        return own is not None and RANKS[own.severity] <= RANKS["hold"]

    def _key_holds_the_source_key(self) -> bool:
        """Is a part of the target's key the source's key, or that with a fixed text around it? Then no two records share one."""
        source = self.mapping.source.key
        if len(source) != 1 or self.matching is not None:
            return False
        for part in self.mapping.target.key:
            rule = self.mapping.model.fields.get(part)
            if rule is None or self.decisions.overridden(part) is not None:
                continue
            if rule.do or rule.values or rule.crosswalk or rule.ref or rule.check or rule.malformed:
                continue  # these may give two values one result
            if rule.source == source[0] or (rule.expr is not None and holds_whole(rule.expr, source[0])):
                return True
        return False

    def _unique_values(self) -> str:
        """No value twice where it has to be unique: nobody knows which of the records is right, so none loads."""
        taking_part = "s._live AND s._folded_into IS NULL AND NOT s._twice"
        late = []
        for target_field in self.chosen:
            outcome = self._uniqueness(target_field)
            if outcome is None:
                continue
            column = f"s.{name('to:' + target_field)}"
            number = self.book.add(
                outcome.code, outcome.severity, target_field, outcome.message or "several records have this value",
                f"CAST(m.{name('to:' + target_field)} AS VARCHAR)",
            )  # fmt: skip
            many = f"count(*) OVER (PARTITION BY ({taking_part}), {column}) > 1"
            for condition, issue in self.unless_accepted(f"{taking_part} AND {column} IS NOT NULL AND {many}", number):
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
