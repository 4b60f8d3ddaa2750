"""What runs and rollbacks that were cut off left open, as far as no row of this run settles it: the target says what became."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from migrate.connectors.target import Ability, Held, TargetConnector
from migrate.ledger import Intent, Ledger, Settled
from migrate.live.changes import Changes


class Unsettled:
    """The open receipts of one entity. ``changes`` has read what is meant and what the ledger knows."""

    def __init__(self, changes: Changes, connector: TargetConnector, ledger: Ledger, entity: str) -> None:
        self.changes, self.connector, self.ledger, self.entity = changes, connector, ledger, entity
        receipts = ledger.open_receipts(entity)
        newest = {receipt.key: receipt for receipt in receipts}
        # Adopting has no effect; and before the newest receipt was written, the target was asked for what the others left.
        adopting = [r.id for r in receipts if r.action == "adopt" or newest[r.key].id != r.id]
        ledger.void(adopting)
        self.open = {key: receipt for key, receipt in newest.items() if receipt.action != "adopt"}

    def settle(self, ability: Ability) -> None:
        """Ask the target. What this run means to write itself is left to it. Raises TargetLost."""
        if not self.open or not ability.find:
            return
        rollbacks = {run.id for run in self.ledger.runs() if run.kind == "rollback"}
        meant = self.changes.meant_among(self.entity, list(self.open))
        asked = [
            key
            for key, receipt in self.open.items()
            if key not in meant or receipt.action == "remove" or receipt.run in rollbacks
        ]
        size = ability.find_batch or max(len(asked), 1)
        for start in range(0, len(asked), size):
            part = asked[start : start + size]
            records = self.changes.known_records(self.entity, part, {key: self.open[key].meant for key in part})
            held = {one.key: one for one in self.connector.find(self.entity, records)}
            self._settle([(self.open.pop(key), held.get(key)) for key in part])

    def _settle(self, answers: Sequence[tuple[Any, Held | None]]) -> None:
        done: dict[str, list[Settled]] = defaultdict(list)
        never: dict[str, list[Any]] = defaultdict(list)
        for receipt, held in answers:
            happened = held is None if receipt.action == "remove" else held is not None
            if receipt.action == "update":
                # It shows this or that, and nobody meant it last.
                never["nobody means it any more"].append(receipt)
            elif happened:
                native = held.native if held is not None else None
                intent = Intent(receipt.key, receipt.action, "", receipt.mapping, receipt.source_key, native)
                done[receipt.run].append(Settled(receipt.id, intent, "done", native, "found after a crash"))
            else:
                never["it never took effect"].append(receipt)
        for run, settled in done.items():
            self.ledger.settle(run, self.entity, settled)
        for why, receipts in never.items():
            self.ledger.doubt(self.entity, [receipt.key for receipt in receipts])
            self.ledger.void([receipt.id for receipt in receipts], why)
