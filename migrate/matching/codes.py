"""The questions that a match asks, as finding codes of the engine."""

from __future__ import annotations

CONFIRM, MANY, SEVERAL = "MATCH-CONFIRM", "MATCH-MANY", "MATCH-SEVERAL"
QUESTIONS = (CONFIRM, MANY, SEVERAL)
"""A person answers them: the record is held until then."""
NO_LIST, NO_KEY = "MATCH-NO-LIST", "MATCH-NO-KEY"
