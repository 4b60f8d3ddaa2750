"""What a connector answered, beside what it was asked: one outcome for each record, whatever it said."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from migrate.connectors.target import Outcome, Record
from migrate.errors import RunFailed


def answers(records: Sequence[Record], outcomes: Iterable[Outcome]) -> tuple[dict[str, Outcome], list[str]]:
    """``{key: outcome}`` of every record, and the keys that nobody asked for.

    A record that was left out, or got answers that differ, has an outcome that is unknown: then the target is asked.
    """
    found: dict[str, Outcome] = {}
    strangers: list[str] = []
    asked = {record.key for record in records}
    for outcome in outcomes:
        if outcome.key not in asked:
            strangers.append(outcome.key)
        elif found.setdefault(outcome.key, outcome) != outcome:
            found[outcome.key] = Outcome(outcome.key, "unknown", None, "the connector gave two answers for it that differ")
    left_out = "the connector did not say what became of it"
    return {r.key: found.get(r.key) or Outcome(r.key, "unknown", None, left_out) for r in records}, strangers


def stranger(entity: str, keys: Sequence[str]) -> RunFailed:
    """The connector says that it dealt with records that it was not given: what it did cannot be known."""
    what = f"the connector answered for records of {entity} that it was not given: {', '.join(sorted(keys)[:5])}"
    return RunFailed(what, hint="look these records up in the target, and report the connector")
