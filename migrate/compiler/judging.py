"""The step that judges every row: what its source, its lookups and each of its fields may be reproached with."""

from __future__ import annotations

from migrate.compiler.checks import CHECKS, CheckError
from migrate.compiler.shared import BLOCKED, MALFORMED, PREVIOUS, UNMAPPED, Steps
from migrate.compiler.source import AMBIGUOUS, BAD, FAULT, FAULT_VALUE, SEPARATOR, bad_value
from migrate.compiler.text import literal, name, value_text
from migrate.compiler.values import fits, spellings, typed_literal
from migrate.expressions import UNREAD
from migrate.expressions.operators import reads
from migrate.mapping.model import FieldRule, Outcome
from migrate.worklist.identity import Kind

_UNCONFIRMED = (
    ("proposed", "XWALK-PROPOSED", "is proposed, not confirmed"),
    ("expired:label", "XWALK-EXPIRED", "was confirmed under another label than the source has now"),
    ("expired:rows", "XWALK-EXPIRED", "was confirmed for another number of rows than there are now"),
    ("expired:target", "XWALK-EXPIRED", "was confirmed with a target that the target's contract does not allow now"),
)
"""Statuses of entries that a rehearsal uses although nobody stands for them."""
_UNREAD = f"s.{name(BAD)} IS NOT NULL"
"""A value of the row could not be read as its type."""


class Judging(Steps):
    """``checked``: the numbers of rules in ``_issues``, and ``to:FIELD`` with what warnings put in a value's place."""

    def checked(self) -> str:
        issues = self._source_issues()
        for condition, number in self.matching.issues() if self.matching else ():
            issues += self.unless_accepted(condition, number)
        columns = []
        for target_field in self.chosen:
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
        # Most rows have no issue, and making a list of nothing costs more than asking first.
        some = " OR ".join(dict.fromkeys(_UNREAD if _UNREAD in condition else f"({condition})" for condition, _ in issues))
        noisy = f"s._exclusion IS NULL AND s._merged_into IS NULL AND ({some or 'FALSE'})"
        found = f"CASE WHEN {noisy} THEN list_filter([{listed}], lambda x: x IS NOT NULL) ELSE [] END"
        columns.append(f"{found if issues else 'CAST([] AS INTEGER[])'} AS _issues")
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
                condition = f"{_UNREAD} AND len({entry.format('s')}) > 0"
                if (corrected := self.decisions.corrected(source_field, code)) is not None:
                    condition = f"({condition}) AND NOT {corrected}"
                issues += self.unless_accepted(condition, number)
        several = "an attribute of the pivot has several values"
        for pivot in self.mapping.model.pivot:
            number = add("LOOKUP-MANY", "quarantine", pivot, several)
            issues += self.unless_accepted(f"s.{name(pivot + '._many')}", number)
        for look, rule in self.mapping.model.lookup.items():
            partners = f"s.{name(look + '._partners')}"
            number = add("LOOKUP-MANY", "quarantine", look, f"several records of {rule.entity} fit the lookup")
            issues += self.unless_accepted(f"{partners} > 1", number)
            if rule.cardinality == "one":
                number = add("LOOKUP-NONE", "quarantine", look, f"no record of {rule.entity} fits the lookup")
                issues += self.unless_accepted(f"{partners} IS NULL", number)
        return issues

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
            first, *accepted = self.unless_accepted(condition, number)
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
        overriding = self.decisions.overridden(target_field)
        unless = f" AND NOT {overriding[0]}" if overriding is not None else ""
        if rule.values is not None or rule.crosswalk is not None:
            where = "value map" if rule.values is not None else f"crosswalk {rule.crosswalk}"
            listed = ""
            if rule.values is not None:
                keys = [literal(k) for key in rule.values for k in spellings(key)]
                if keys and None not in rule.values.values():
                    listed = f" AND {none}"  # nothing is what becomes of a value that is not listed, and of no other
                elif keys:
                    listed = f" AND {value_text(was)} NOT IN ({', '.join(keys)})"
            else:
                listed = f" AND s.{name('status:' + target_field)} IS NULL"
            kind: Kind = "value" if rule.values is not None else "crosswalk"
            looked_up = shown if rule.values is not None else value_text(f"m.{name('was:' + target_field)}")
            message = f"the {where} does not list this value"
            unmapped = rule.unmapped or UNMAPPED
            add(f"{was} IS NOT NULL{listed}{unless}", unmapped, message, looked_up, kind=kind, about=rule.crosswalk or "")
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
        if target_field in self.unread:
            unread = name(UNREAD + target_field)
            parts = (("a cast", self.mapping.casts(target_field)), ("a step of do", reads(rule.do)))
            who = " or ".join(part for part, there in parts if there)
            add(f"s.{unread} IS NOT NULL{unless}", wrong_type, f"{who} cannot read this text", f"m.{unread}")
        for n, cut in enumerate(self.cut.get(target_field, ())):
            whole = name(f"cut:{n}:{target_field}")
            add(f"s.{whole} IS NOT NULL{unless}", Outcome(code=cut.code, severity="warn"), cut.message, f"m.{whole}")
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
