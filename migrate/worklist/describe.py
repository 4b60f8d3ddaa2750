"""What may be decided about an item, and what such a decision is based on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from migrate.compiler.plan import Plan
from migrate.decisions.model import Decision, contract_fingerprint, value_fingerprint
from migrate.live.decisions import CODES as MET
from migrate.worklist.choices import choices
from migrate.worklist.identity import Kind, cause_id

Item = dict[str, Any]
_OF_DECISION = ("decision", "new_value", "reason", "by", "at")


@dataclass(frozen=True, eq=False)
class Describing:
    """Adds to items what their rule has in common; ``undecided`` are the items as they would be without decisions, by id;
    ``roots`` by how many rows of a mapping a record is referred to without them."""

    plan: Plan
    undecided: Mapping[str, Item]
    roots: Mapping[tuple[str, str], int]

    def described(self, item: Item, *, present: bool) -> Item:
        """The item with choices and basis. ``present``: did it come up in this run?"""
        verbs, shows_value, contract = self._rule(item["kind"], item["entity"], item["code"], item["field"], item["severity"])
        before = self.undecided.get(item["item"], item)
        members = item["members"]
        # What a live run meets says in its message which values differ.
        shown = before["value"] if shows_value else item["message"] if item["kind"] == "record" and item["code"] in MET else None
        referring = self.roots.get((item["entity"] or "", item["root_cause"] or "")) if item["kind"] == "root" else None
        if item["kind"] == "root" and referring is None and present:
            # Rows that only wait for others that refer to it are left behind with those, not with it.
            verbs = " ".join(verb for verb in verbs.split() if verb != "exclude")
        return {
            **item,
            "present": present,
            "choices": verbs,
            "members": (", ".join(members) or None) if isinstance(members, list) else members,
            "basis_rows": before["rows"] if referring is None else referring,
            # An item of an earlier run says what it was based on, and shows no content.
            "source": before["source"] if "source" in before else value_fingerprint(shown, before.get("content")),
            "contract": contract,
        }

    @cache  # noqa: B019 - lives as long as the worklist is made; hundreds of thousands of items have some hundred rules
    def _rule(self, kind: Kind, entity: str | None, code: str, field: str | None, severity: str) -> tuple[str, bool, str]:
        mapping = self.plan.pair.mappings.get(entity or "")
        verbs = " ".join(choices(self.plan, kind, entity or "", code, field, severity))
        rules = self.plan.rows[mapping.name].rules if mapping is not None and mapping.name in self.plan.rows else ()
        ruled = any((rule.code, rule.field) == (code, field or "") for rule in rules)
        shows_value = kind == "record" and (ruled or code.startswith(("GATE-", "REC-")))
        return verbs, shows_value, contract_fingerprint(mapping.target if mapping else None, field or "")


def from_decision(decision: Decision) -> Item:
    """An item of which only the decision is left: its run folders are gone."""
    words = ("item", "kind", "code", "entity", "field")
    known: Item = {word: getattr(decision, word) or None for word in words}
    nothing: Item = dict.fromkeys(("about", "key", "value", "root_cause", "message", "members"))
    cause = cause_id(decision.entity, decision.code, decision.field or None)
    counted: Item = {"rows": int(decision.rows or 0), "waiting": 0, "source": decision.source}
    seen: Item = {"state": "open", "first_run": decision.run, "last_run": decision.run, "times": 1}
    return {**nothing, **known, **counted, **seen, "cause": cause, "severity": "hold"}


def told_of(decision: Decision | None) -> Item:
    """What an item says of the decision about it."""
    return {word: getattr(decision, word) if decision is not None else None for word in _OF_DECISION}
