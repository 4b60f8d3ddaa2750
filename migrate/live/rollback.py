"""Taking a live run back: what that means, record by record.

Each step looks at the target first. What somebody changed there since, what a later run changed, and what a record that stays
refers to, is refused and listed.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from migrate.compiler.plan import Plan
from migrate.connectors.target import Ability, Held, TargetConnector
from migrate.errors import ConfigurationError, Problem
from migrate.ledger import Ledger
from migrate.ledger.entries import OPEN
from migrate.live.images import changed_since, restored, seen, seen_wholly, stands
from migrate.live.referred import Referred
from migrate.live.referrers import Referrers
from migrate.live.remembered import Remembered
from migrate.live.step import Step, What
from migrate.live.taking_back import TakingBack
from migrate.progress import Progress

SOMEBODY = "somebody changed it in the target since"
UNVERIFIED = "the run ended before it was read back, or other fields are mapped now: nobody can say whether it changed since"
BLIND = "the target cannot be asked for it: nobody can say whether it changed since"
_TAKES_BACK: dict[str, What] = {"create": "remove", "update": "restore", "remove": "recreate", "adopt": "forget"}


@dataclass(frozen=True)
class Rollback:
    """What was found, and after execution what was done."""

    run: str
    steps: tuple[Step, ...]
    failed: tuple[tuple[Step, str], ...] = ()
    executed: bool = False

    def counts(self) -> dict[str, Counter[str]]:
        """``{entity: {what: number}}``; refused and failed are words of their own."""
        failed = {step.receipt for step, _ in self.failed}
        found: dict[str, Counter[str]] = {}
        for step in self.steps:
            word = "refused" if step.refused else "failed" if step.receipt in failed else step.what
            found.setdefault(step.entity, Counter())[word] += 1
        return found


class RollingBack:
    """Plans and executes the rollback of one run. The caller holds the ledger's lock."""

    def __init__(
        self, plan: Plan, connector: TargetConnector, ledger: Ledger, run: str, *, unverified: bool = False, moved: bool = False
    ) -> None:  # fmt: skip
        self.pair, self.contract = plan.pair, plan.pair.target.model
        self.connector, self.ledger, self.run = connector, ledger, run
        self.unverified = unverified
        """Also take back what was never read back after it was written."""
        self.remembered = Remembered(self.contract, ledger)
        self.referrers = Referrers(self.contract)
        known = {row.id: row for row in ledger.runs()}
        self.kinds = {row.id: row.kind for row in known.values()}
        if run not in known or known[run].kind == "rollback":
            allowed = tuple(row.id for row in known.values() if row.kind != "rollback")
            problem = Problem("the ledger knows no live run of this name", None, run, allowed)
            raise ConfigurationError("nothing can be taken back", problems=[problem])
        if not moved and place_of(known[run].target) != place_of(connector.info.address):
            problem = Problem("the run wrote another target", None, connector.info.address, (known[run].target,))
            hint = "set target: {url: ...} to the target of that run; where it only moved, acknowledge LEDGER-OTHER-TARGET"
            raise ConfigurationError("nothing can be taken back", problems=[problem], hint=hint)
        rollbacks = {row.id for row in known.values() if row.kind == "rollback" and row.of_run == run}
        self.cut_off = {
            (receipt.entity, receipt.key): receipt
            for entity in self.contract.entities
            for receipt in ledger.open_receipts(entity)
            if receipt.run in rollbacks
        }

    def plan(self, progress: Progress) -> Rollback:
        """Look at the target and say what a rollback would do. Writes nothing to it."""
        order = {entity: n for n, entity in enumerate(self.contract.entities)}
        written = self.ledger.receipts(self.run)
        of_record: dict[tuple[str, str], list[int]] = {}
        for receipt in written:
            of_record.setdefault((receipt.entity, receipt.key), []).append(receipt.id)
        receipts = [r for r in written if r.state in ("done", "handed_over", *OPEN)]
        # Newest first; a record that was created, or adopted, and then changed in one run is one step.
        first: dict[tuple[str, str], Any] = {}
        for receipt in receipts:
            at = (receipt.entity, receipt.key)
            if at not in first or (first[at].action == "adopt" and receipt.action != "adopt"):
                first[at] = receipt
        newest = {(receipt.entity, receipt.key): receipt for receipt in receipts}
        later, known_before = self.ledger.others(self.run, later=True), self.ledger.others(self.run, later=False)
        removed = [at for at, receipt in first.items() if receipt.action == "remove" and receipt.before is not None]
        creates = {entity for entity in {at[0] for at in removed} if self.connector.ability(entity).create}
        back = {at for at in removed if at[0] in creates and at not in later}
        self.referred = Referred(self.contract, self.ledger, self.remembered, back)
        self._meet(newest)
        self._mark_later({entity for entity, _ in first})
        steps: list[Step] = []
        ordered = sorted(first, key=lambda at: (-order.get(at[0], 0), -first[at].id))
        for entity, keys in groupby(ordered, key=lambda at: at[0]):
            entity_keys = [key for _, key in keys]
            with progress.task("look", entity, len(entity_keys)) as task:
                for part in parts(entity_keys, self.connector.ability(entity).find_batch):
                    held = self._held(entity, {key: newest[entity, key] for key in part})
                    images = [r.before for key in part if (r := first[entity, key]).before is not None and r.action != "create"]
                    self.referred.learn(entity, map(json.loads, images))
                    for key in part:
                        at = (entity, key)
                        there = held.get(key, [])
                        step = self._step(first[at], newest[at], of_record[at], there, later.get(at), at in known_before)
                        if step.refused or step.what == "forget":
                            for one in there:
                                self.referrers.stays(entity, one)
                        steps.append(step)
                    task.advance(len(part))
        return Rollback(self.run, tuple(steps))

    def execute(self, plan: Rollback, run: str, progress: Progress) -> Rollback:
        """Do it. ``run`` is the name under which the ledger knows the rollback. Raises LedgerLost."""
        taking = TakingBack(self.pair, self.connector, self.ledger, self.remembered, run, progress)
        failed = taking.go([step for step in plan.steps if not step.refused])
        return Rollback(plan.run, plan.steps, tuple(failed), executed=True)

    # Looking -----------------------------------------------------------------------------------------------------

    def _held(self, entity: str, receipts: dict[str, Any]) -> dict[str, list[Held]]:
        found: dict[str, list[Held]] = {}
        if self.connector.ability(entity).find:
            records = [self.remembered.record(entity, key, r.native, r.meant) for key, r in receipts.items()]
            for one in self.connector.find(entity, records):
                found.setdefault(one.key, []).append(one)
        return found

    def _meet(self, receipts: dict[tuple[str, str], Any]) -> None:
        """Find what a person may have given to the target since: what refers to it can be asked for by its id alone."""
        handed: dict[str, dict[str, Any]] = {}
        for (entity, key), receipt in receipts.items():
            if receipt.state == "handed_over" and self.remembered.native(entity, key) is None:
                handed.setdefault(entity, {})[key] = receipt
        referred = {
            rule.references.entity
            for entity in handed
            for rule in self.contract.entities[entity].fields.values()
            if rule.references is not None
        }
        for entity in self.contract.entities:  # those first that others refer to
            keys = list(handed.get(entity, ())) if entity in referred else []
            for part in parts(keys, self.connector.ability(entity).find_batch):
                for key, there in self._held(entity, {key: handed[entity][key] for key in part}).items():
                    if there[0].native is not None:
                        self.remembered.meet(entity, key, there[0].native)

    def _mark_later(self, entities: set[str]) -> None:
        """What later runs wrote stays, and keeps what it refers to."""
        children = [
            name
            for name, entity in self.contract.entities.items()
            if any(r.references and r.references.entity in entities for r in entity.fields.values())
        ]
        later = sorted(self.ledger.later(self.run, children), key=lambda row: row.entity)
        for entity, group in groupby(later, key=lambda row: row.entity):
            for part in parts(list(group), self.connector.ability(entity).find_batch):
                rows_of = {row.key: row for row in part}
                for key, there in self._held(entity, rows_of).items():
                    for one in there:
                        self.referrers.stays(entity, one, f"of run {rows_of[key].run}" if key in rows_of else "")

    # Deciding ----------------------------------------------------------------------------------------------------

    def _step(
        self, receipt: Any, last: Any, receipts: Sequence[int], there: Sequence[Held], later: str | None, known_before: bool
    ) -> Step:
        entity, key = receipt.entity, receipt.key
        ability, held = self.connector.ability(entity), there[0] if there else None
        what = _TAKES_BACK[receipt.action]
        native = held.native if held is not None else last.native
        before = None if receipt.before is None else json.loads(receipt.before)
        if what == "recreate" and before is None and held is None and ability.find:
            what = "forget"  # it was gone already when the run came to remove it
        cut_off = self.cut_off.get((entity, key))
        at_first = json.loads(last.before) if what == "remove" and last.action == "update" and last.before else None
        back = at_first if what == "remove" else before
        done = cut_off is not None and held is not None and back is not None and self._is_back(receipt, back, what, held)
        refused = None
        if later:
            refused = f"a later run changed it: {later}"
        elif len(there) > 1:
            refused = f"the target holds {len(there)} records of this key"
        elif not done:
            refused = self._refusal(receipt, last, what, held, before, ability)
        if refused is None and what == "remove" and held is not None and (who := self.referrers.of(entity, held)) is not None:
            refused = f"a record that stays refers to it: {who}"
        if refused is None and what in ("restore", "recreate") and before is not None and not done:
            refused = self._lacks(receipt, what, before)
        if refused is None and what == "remove" and held is None and ability.find:
            what = "forget"
        met = what == "restore" and not known_before
        return Step(
            receipt.id, tuple(receipts), entity, key, receipt.mapping, receipt.source_key, what, native, before, last.meant, met,
            refused,
            done and what != "remove", cut_off.id if cut_off is not None else None, at_first,
            receipt.action == "adopt" and known_before,
        )  # fmt: skip

    def _is_back(self, receipt: Any, before: Any, what: What, held: Held) -> bool:
        fields = self.remembered.written(self.pair, receipt.mapping) if what != "recreate" else None
        record = restored(before, self.contract.entities[receipt.entity], receipt.key, held.native, fields)
        return what != "forget" and stands(self.remembered.linked(receipt.entity, [record])[0], held)

    def _refusal(self, receipt: Any, last: Any, what: What, held: Held | None, before: Any, ability: Ability) -> str | None:
        if what == "forget":
            return None
        if what == "recreate":
            if held is not None:
                return "the target has such a record again"
            return None if before is not None and ability.create else "what it held before is not known"
        if (what == "remove" and not ability.remove) or (what == "restore" and not ability.update):
            return (
                None if held is None and ability.find and what == "remove" else f"the target's interface has no way to {what} it"
            )
        if not ability.find:
            return None if self.unverified and what == "remove" else BLIND
        if held is None:
            return None if what == "remove" else "it is not in the target any more"
        if what == "restore" and before is None:
            return "what it held before is not known"
        identity = self.remembered.identity(receipt.entity, receipt.key)
        now = seen(held, self._fields(receipt.entity, ability))
        if last.state in OPEN or identity is None or not seen_wholly(identity.seen, now):
            if not self.unverified:
                return UNVERIFIED
        elif changed_since(identity.seen, now):
            return SOMEBODY
        return None

    def _lacks(self, receipt: Any, what: What, before: Any) -> str | None:
        """Would it refer to what is not there any more?"""
        fields = self.remembered.written(self.pair, receipt.mapping) if what == "restore" else None
        if (removed := self.referred.removed(receipt.entity, before, fields)) is None:
            return None
        field, run = removed
        by = "a rollback" if self.kinds.get(run) == "rollback" else "a later run"
        return f"{by} removed what its {field} named: {run}"

    def _fields(self, entity: str, ability: Ability) -> list[str]:
        hidden = {*ability.unwritable, *ability.unseen}
        mapped = {f for m in self.pair.mappings.values() if m.target_name == entity for f in m.model.fields}
        return [f for f in self.contract.entities[entity].fields if f in mapped and f not in hidden]


def parts(items: Sequence[Any], size: int | None) -> Iterator[Any]:
    """Slices of at most ``size``."""
    size = size or max(len(items), 1)
    return (items[start : start + size] for start in range(0, len(items), size))


def place_of(address: str) -> str:
    """An address without who asks: another user of the same target is no other target."""
    return re.sub(r"//[^@/]*@", "//", address).rstrip("/")
