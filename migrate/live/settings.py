"""What a live run has that a rehearsal has not."""

from __future__ import annotations

from dataclasses import dataclass

from migrate.connectors.target import TargetConnector
from migrate.ledger import Ledger
from migrate.live.decisions import NOTHING_DECIDED, LiveDecisions
from migrate.workspace import TargetSettings


@dataclass(frozen=True)
class Live:
    """A target, the ledger that remembers what was done to it, and what the workspace wants."""

    connector: TargetConnector
    ledger: Ledger
    settings: TargetSettings
    delta: bool = False
    apply_deletions: bool = False
    decisions: LiveDecisions = NOTHING_DECIDED
