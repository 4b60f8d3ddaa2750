"""What a compiled mapping can complain about, row by row."""

from __future__ import annotations

from dataclasses import dataclass, field

from migrate.contracts.model import Severity
from migrate.worklist.identity import Kind

RANKS: dict[Severity, int] = {"fatal": 0, "reject": 1, "quarantine": 2, "blocked": 3, "hold": 4, "warn": 5}
"""Smaller is worse."""

WORST_FIRST = "CASE severity " + " ".join(f"WHEN '{word}' THEN {rank}" for word, rank in RANKS.items()) + " END"
"""SQL that sorts findings by severity."""

DISPOSITION_OF_RANK = {0: "quarantined", 1: "quarantined", 2: "quarantined", 3: "blocked", 4: "held"}


@dataclass(frozen=True)
class Rule:
    """One check of one field. ``value`` and ``root`` are SQL over the mapped table, giving text."""

    number: int
    code: str
    severity: Severity
    field: str
    message: str
    value: str = "NULL"
    root: str = "NULL"
    kind: Kind = "record"
    """What a person decides about: each record, or all that have one value, or a group."""
    about: str = ""
    """With kind ``crosswalk``: which one."""


@dataclass
class RuleBook:
    """Hands out rule numbers while a mapping is compiled."""

    rules: list[Rule] = field(default_factory=list)

    def add(
        self,
        code: str,
        severity: Severity,
        field_name: str,
        message: str,
        value: str = "NULL",
        root: str = "NULL",
        kind: Kind = "record",
        about: str = "",
    ) -> int:
        """Register a rule and return its number."""
        number = len(self.rules)
        self.rules.append(Rule(number, code, severity, field_name, message, value, root, kind, about))
        return number
