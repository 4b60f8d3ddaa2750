"""What the steps of one mapping's chain share while they are compiled."""

from __future__ import annotations

from dataclasses import dataclass, field

from migrate.compiler.decided import Decided, DecidedSql
from migrate.compiler.matched import MatchSql
from migrate.compiler.rules import RuleBook
from migrate.compiler.scope import Scope
from migrate.expressions.operators import Cut
from migrate.mapping.load import LoadedMapping, LoadedPair
from migrate.mapping.model import Outcome

IDENTITY, MAPPED, CROSSWALK = "identity", "mapped", "crosswalk"
PREVIOUS = "\x00previous\x00"
"""Stands for the step before while the chain is put together; YAML cannot hold the character."""
BLOCKED = Outcome(code="REF-ORPHAN", severity="blocked")
UNMAPPED = Outcome(code="MAP-UNMAPPED", severity="hold")
MALFORMED = Outcome(code="SRC-TYPE", severity="quarantine")


@dataclass(frozen=True)
class Shared:
    """One mapping, the names it may use, and the rules and decisions that its steps collect."""

    pair: LoadedPair
    mapping: LoadedMapping
    chosen: tuple[str, ...]
    """The target fields that are compiled, as the mapping orders them."""
    scope: Scope
    book: RuleBook
    decisions: DecidedSql
    decided: Decided
    matching: MatchSql | None
    unread: set[str] = field(default_factory=set)
    """Target fields with a column ``unread:FIELD``: the text that a cast or a step of ``do`` cannot read."""
    cut: dict[str, list[Cut]] = field(default_factory=dict)
    """Target fields with columns ``cut:n:FIELD``, one for each step that cuts text: the whole text, where it does."""


class Steps:
    """Some neighbouring steps of the chain. Each is the SQL of a SELECT over ``PREVIOUS``, or blank where nothing is to do."""

    def __init__(self, shared: Shared) -> None:
        self.pair, self.mapping, self.chosen = shared.pair, shared.mapping, shared.chosen
        self.scope, self.book, self.matching = shared.scope, shared.book, shared.matching
        self.decisions, self.decided = shared.decisions, shared.decided
        self.unread, self.cut = shared.unread, shared.cut

    @property
    def owned(self) -> list[str]:
        """Fields that tell records apart by the key of another record: of the target's key, or of a fold."""
        by = self.mapping.model.fold.by if self.mapping.model.fold else ()
        rules = {f: self.mapping.model.fields.get(f) for f in dict.fromkeys((*by, *self.mapping.target.key)) if f in self.chosen}
        return [f for f, rule in rules.items() if rule is not None and rule.ref and not rule.field]

    def unless_accepted(self, condition: str, number: int) -> list[tuple[str, int]]:
        """The issue; where a person accepted what a rule says for some rows, those have it as a warning."""
        rule = self.book.rules[number]
        accepted = self.decisions.accepted(rule.code, rule.field)
        if accepted is None or rule.severity == "warn":
            return [(condition, number)]
        twin = self.book.add(rule.code, "warn", rule.field, f"{rule.message}; accepted", rule.value, rule.root, rule.kind)
        return [(f"({condition}) AND NOT {accepted}", number), (f"({condition}) AND {accepted}", twin)]
