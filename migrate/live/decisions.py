"""What people decided about records that the target has already, or that somebody changed there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from migrate.contracts.model import Contract
from migrate.decisions.model import Decision, Verb, contract_fingerprint, value_fingerprint
from migrate.mapping.load import LoadedPair
from migrate.worklist.identity import item_id

CODES = ("LIVE-EXISTS", "LIVE-DRIFT", "LIVE-GONE", "LIVE-ABSENT")


@dataclass(frozen=True)
class LiveDecisions:
    """The decisions in force about what a live run meets, by worklist item."""

    decisions: Mapping[str, Decision] = field(default_factory=dict)
    contracts: Mapping[str, str] = field(default_factory=dict)
    """By mapping: fingerprint of what the contract says of its target entity."""

    @classmethod
    def of(cls, decisions: Mapping[str, Decision], pair: LoadedPair, contract: Contract) -> LiveDecisions:
        """Those of a workspace's decisions that are about what a live run meets."""
        targets = {name: contract.entities[mapping.target_name] for name, mapping in pair.mappings.items()}
        own = {item: decision for item, decision in decisions.items() if decision.code in CODES}
        return cls(own, {name: contract_fingerprint(entity, "") for name, entity in targets.items()})

    def verb(self, code: str, mapping: str, source_key: str, message: str) -> Verb | None:
        """What was decided about this record; None where nobody decided, or where it is not what it was then.

        ``message`` says what the run met: which values differ. A decision was based on it.
        """
        decision = self.decisions.get(item_id("record", code, mapping, None, source_key)) if self.decisions else None
        if decision is None or (decision.source and decision.source != value_fingerprint(message)):
            return None
        if decision.contract and decision.contract != self.contracts.get(mapping):
            return None
        return decision.decision


NOTHING_DECIDED = LiveDecisions()
