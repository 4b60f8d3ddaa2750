"""One batch of one entity: look, decide, write down, write, settle. Runs in a thread; shares nothing but the ledger.

The order is what makes it survive: nothing is written to the target before its receipt stands in the ledger, and a receipt
that was never settled is settled by what the target shows.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from migrate.connectors.target import Ability, Action, Held, Outcome, Record, TargetConnector
from migrate.decisions.model import Verb
from migrate.errors import TargetLost
from migrate.ledger import Intent, Ledger, Settled
from migrate.live.answers import answers, stranger
from migrate.live.decisions import NOTHING_DECIDED, LiveDecisions
from migrate.live.images import changed_since, equal, image, mark, meant, seen, unequal, was_meant
from migrate.live.quoting import quoted
from migrate.live.works import Work

Existing = Literal["hold", "adopt", "update"]
Row = tuple[str | None, ...]
"""A row of the results: entity, key, result, code, message, native, mapping, source_key, blamed."""
OUTCOMES = {"create": "created", "update": "updated", "adopt": "unchanged"}
BLOCKED = "what it refers to is not in the target"


@dataclass(frozen=True)
class Policy:
    """What the workspace wants for records of an entity that are there already, or were changed since."""

    existing: Existing
    drift: Literal["hold", "overwrite"]
    matched: Existing = "adopt"
    """The same for those that were matched with somebody of the target."""
    decided: LiveDecisions = NOTHING_DECIDED
    """What people decided about single records goes before both."""

    def hears(self, code: str, work: Work, message: str) -> Verb | None:
        """What a person decided about a record that would be held with ``code``."""
        return self.decided.verb(code, work.mapping, work.source_key, message)


@dataclass
class Decision:
    """What is to be written for one record."""

    work: Work
    action: Literal["create", "update", "adopt"]
    before: Held | None = None


class Batch:
    """The records of one batch, and everything needed to deal with them."""

    def __init__(
        self, entity: str, fields: Sequence[str], ability: Ability, connector: TargetConnector, ledger: Ledger, run: str,
        policy: Policy, receipts: Mapping[str, Any], *, empty: bool = False, fresh: Collection[str] = (),
        personal: Collection[str] = (),
    ) -> None:  # fmt: skip
        self.entity, self.fields, self.ability = entity, fields, ability
        self.connector, self.ledger, self.run, self.policy = connector, ledger, run, policy
        self.receipts = receipts
        """Open receipts of earlier runs, by key."""
        self.empty = empty
        self.fresh = fresh
        """What the records are called that this run created, or one before it that was cut off, and to which ``ability.defaults``
        refers."""
        self.personal = personal
        """Fields with personal data: the target's own words may repeat what stands in them."""
        self.never: dict[str, list[int]] = defaultdict(list)
        """Open receipts that never took effect, by why."""
        self.found: dict[str, list[Settled]] = defaultdict(list)
        """Open receipts that did, by their run."""
        self.rows: list[Row] = []
        self.lost: str | None = None
        """Why the target is lost, where this batch met that."""

    def go(self, works: Sequence[Work]) -> list[Row]:
        """Deal with the records; gives their results. Raises LedgerLost; a target that is lost ends in results."""
        blocked = [work for work in works if work.waits_for is not None]
        for work in blocked:
            self._enter(work, "blocked", "LIVE-BLOCKED", f"{BLOCKED}: {work.waits_for}", blamed=work.waits_for)
        open_works = [work for work in works if work.waits_for is None]
        try:
            held = self._look(open_works)
        except TargetLost as error:
            return self.give_up(open_works, error.message)
        decisions = [d for work in open_works if (d := self._decide(work, held.get(work.record.key, []))) is not None]
        self._close()
        for action in ("adopt", "create", "update"):
            self._act(action, [d for d in decisions if d.action == action])
        return self.rows

    def give_up(self, works: Sequence[Work], why: str) -> list[Row]:
        """Results of records that nothing was tried for."""
        self.lost = why
        for work in works:
            self._enter(work, "failed", "LIVE-FAILED", f"not tried: {why}")
        return self.rows

    def _close(self) -> None:
        """Write down what became of open receipts, all at once."""
        for run, settled in self.found.items():
            self.ledger.settle(run, self.entity, settled)
        for why, receipts in self.never.items():
            self.ledger.void(receipts, why)

    # Looking and deciding ----------------------------------------------------------------------------------------

    def _look(self, works: Sequence[Work]) -> dict[str, list[Held]]:
        found: dict[str, list[Held]] = defaultdict(list)
        if self.empty or not self.ability.find or not works:
            return found
        size = self.ability.find_batch or len(works)
        records = [work.record for work in works]
        for start in range(0, len(records), size):
            for held in self.connector.find(self.entity, records[start : start + size]):
                found[held.key].append(held)
        return found

    def _decide(self, work: Work, held: list[Held]) -> Decision | None:
        receipt = self.receipts.get(work.record.key)
        if not self.ability.find:
            if receipt is not None:
                message = "an earlier run meant to write it, nobody knows whether it did, and the target cannot be asked"
                self._enter(work, "held", "LIVE-UNKNOWN", message)
                return None
            if work.known is None and work.matched == "there" and self.policy.matched != "update":
                return Decision(work, "adopt")
            return Decision(work, "update" if work.known == "held" or work.matched == "there" else "create")
        if len(held) > 1:
            self._enter(work, "held", "LIVE-TWICE", f"the target holds {len(held)} records of this key")
            return None
        if not held:
            return self._absent(work, receipt)
        if receipt is None and work.known is None and self.fresh and work.record.values.get(self.ability.defaults) in self.fresh:
            return self._absent(work, None)
        there = held[0]
        work = self.as_held(work, there)
        wrong = unequal(work.record, there, self.fields)
        if work.later and not unequal(finished := self._finished(work), there, self.fields):
            # It stands there as it is meant in the end: nothing is taken back for the time being.
            work, wrong = replace(work, record=finished, fingerprint=work.final, later={}), []
        if receipt is not None:
            return self._recover(work, there, wrong, receipt)
        if work.keeps and self.policy.matched == "adopt":
            return Decision(replace(work, fingerprint=work.final), "adopt", there)
        if work.known in ("held", "missed"):
            return self._changed(work, there, wrong)
        if work.known == "handed_over":
            return Decision(work, "adopt", there)
        return self._met(work, there, unequal(self._finished(work), there, self.fields))

    @staticmethod
    def as_held(work: Work, there: Held) -> Work:
        """The record with the target's own id."""
        return replace(work, record=replace(work.record, native=there.native or work.record.native))

    @staticmethod
    def _finished(work: Work) -> Record:
        """The record as it is meant in the end, as far as it can be said before everything is loaded."""
        return replace(work.record, values={**work.record.values, **work.later})

    def _absent(self, work: Work, receipt: Any) -> Decision | None:
        if receipt is not None:
            self.never["it never took effect"].append(receipt.id)
        if self._lacks_match(work):
            return None
        message = "an earlier run wrote it, and somebody removed it from the target"
        if work.known == "held" and self.policy.drift == "hold" and self.policy.hears("LIVE-GONE", work, message) != "overwrite":
            self._enter(work, "held", "LIVE-GONE", message)
            return None
        return Decision(replace(work, record=replace(work.record, native=None)), "create")

    def _lacks_match(self, work: Work) -> bool:
        """Was it matched with a record that the target should have, and does not? Nothing is created before somebody says so."""
        message = "it was matched with a record of the target, and the target does not have that"
        lacks = work.matched == "there" and work.known is None
        if not lacks or self.policy.hears("LIVE-ABSENT", work, message) == "overwrite":
            return False
        self._enter(work, "held", "LIVE-ABSENT", message)
        return True

    def _recover(self, work: Work, there: Held, wrong: list[str], receipt: Any) -> Decision | None:
        """A run that was cut off meant to write this record, and it is there."""
        if receipt.action == "update" and any(not _ours(field, there, receipt) for field in wrong):
            self.never["the target holds what neither this run nor the one before it wrote"].append(receipt.id)
            return self._changed(replace(work, seen="unlike"), there, wrong)
        intent = Intent(
            work.record.key, receipt.action, work.fingerprint if not wrong else "", work.mapping, work.source_key, there.native,
            meant=work.record.values,
        )  # fmt: skip
        self.found[receipt.run].append(Settled(receipt.id, intent, "done", there.native, "found after a crash"))
        if not wrong:
            self._enter(work, OUTCOMES[receipt.action], None, None, native=there.native)
            return None
        return Decision(work, "update", there)

    def _changed(self, work: Work, there: Held, wrong: list[str]) -> Decision | None:
        now = seen(there, self.fields)
        drifted = work.seen == "unlike" or changed_since(work.seen, now)
        if drifted and wrong and self.policy.drift == "hold":
            message = f"somebody changed it in the target since the last run wrote it; not overwritten: {_seen(there, wrong)}"
            verb = self.policy.hears("LIVE-DRIFT", work, message)
            if verb == "map":
                return Decision(replace(work, fingerprint=work.final), "adopt", there)
            if verb != "overwrite":
                self._enter(work, "held", "LIVE-DRIFT", message, native=there.native)
                return None
        if not self.ability.update:
            if not wrong:
                return Decision(work, "adopt", there)
            message = f"the target has no way to change records of this kind; it keeps its own: {', '.join(wrong)}"
            self._enter(work, "held", "LIVE-UNCHANGEABLE", message, native=there.native)
            return None
        return Decision(work, "update", there)

    def _met(self, work: Work, there: Held, wrong: list[str]) -> Decision | None:
        """The target has a record of this key that no run wrote; ``wrong`` is where it differs from what is meant in the end."""
        message = f"the target has a record of this key that no run wrote, and it differs: {_seen(there, wrong)}"
        existing = self.policy.existing if work.matched is None else self.policy.matched
        match self.policy.hears("LIVE-EXISTS", work, message) if wrong else None:
            case "map":
                existing = "adopt"
            case "overwrite":
                existing = "update"
        if not wrong or existing == "adopt" or (existing == "update" and not self.ability.update):
            return Decision(replace(work, fingerprint=work.final), "adopt", there)
        if existing == "hold":
            self._enter(work, "held", "LIVE-EXISTS", message, native=there.native)
            return None
        return Decision(work, "update", there)

    # Acting ------------------------------------------------------------------------------------------------------

    def _act(self, action: Literal["create", "update", "adopt"], decisions: Sequence[Decision]) -> None:
        if not decisions:
            return
        if action != "adopt" and not getattr(self.ability, action):
            for decision in decisions:
                self._enter(decision.work, "failed", "LIVE-REFUSED", f"the target's interface has no way to {action} it")
            return
        intents = [self._intent(decision) for decision in decisions]
        receipts = self.ledger.intend(self.run, self.entity, intents)
        by_key = {decision.work.record.key: (decision, intents[n], receipts[n]) for n, decision in enumerate(decisions)}
        strangers: list[str] = []
        if action == "adopt":
            outcomes = [Outcome(d.work.record.key, "done", d.before.native if d.before else None) for d in decisions]
        else:
            outcomes, strangers = self._write(action, [decision.work.record for decision in decisions])
        settled = []
        for outcome in outcomes:
            decision, intent, receipt = by_key[outcome.key]
            shown = seen(decision.before, self.fields) if action == "adopt" and decision.before else None
            settled.append(Settled(receipt, intent, outcome.result, outcome.native, outcome.message, shown))
            self._result(decision, outcome)
        self.ledger.settle(self.run, self.entity, settled)
        if strangers:
            raise stranger(self.entity, strangers)

    def _intent(self, decision: Decision) -> Intent:
        work, before = decision.work, decision.before
        kept = None
        if before is not None and decision.action == "update":
            kept = image(before, work.written) | {"meant": meant(work.record)}
        native = before.native if before is not None else work.record.native
        return Intent(
            work.record.key, decision.action, work.fingerprint, work.mapping, work.source_key, native, kept, work.record.values
        )

    def _write(self, action: Action, records: Sequence[Record]) -> tuple[list[Outcome], list[str]]:
        """Write, and find out what became of records whose reply was lost; and keys that were answered for unasked."""
        try:
            outcomes, strangers = answers(records, self.connector.write(self.entity, action, records))
        except TargetLost as error:
            self.lost = error.message
            return [Outcome(record.key, "unknown", None, error.message) for record in records], []
        asked = [record for record in records if outcomes[record.key].result == "unknown"]
        if not asked or not self.ability.find or self.lost:
            return list(outcomes.values()), strangers
        held: dict[str, list[Held]] = defaultdict(list)
        try:
            for one in self.connector.find(self.entity, asked):
                held[one.key].append(one)
        except TargetLost as error:
            self.lost = error.message
            return list(outcomes.values()), strangers
        for record in asked:
            there, said = held.get(record.key, []), outcomes[record.key].message
            if len(there) == 1 and not unequal(record, there[0], self.fields):
                found = Outcome(record.key, "done", there[0].native, "the reply was lost; the target holds it")
            elif len(there) > 1:
                found = Outcome(record.key, "unknown", None, f"the target holds {len(there)} records of this key: {said}")
            elif not there and action == "create":
                found = Outcome(record.key, "failed", None, f"the reply was lost and the target does not hold it: {said}")
            else:
                continue
            outcomes[record.key] = found
        return list(outcomes.values()), strangers

    def _result(self, decision: Decision, outcome: Outcome) -> None:
        work = decision.work
        native = outcome.native or work.record.native
        outcome = replace(outcome, message=quoted(outcome.message, (work.record.values.get(f) for f in self.personal)))
        match outcome.result:
            case "done":
                code = "LIVE-WARNED" if outcome.message and decision.action != "adopt" else None
                self._enter(work, OUTCOMES[decision.action], code, outcome.message or None, native=native)
            case "handed_over":
                self._enter(work, "held", "LIVE-HANDED-OVER", outcome.message, native=native)
            case "refused":
                self._enter(work, "failed", "LIVE-REFUSED", outcome.message, native=native)
            case "unknown":
                message = f"nobody knows whether it was written; the next run looks: {outcome.message}"
                self._enter(work, "failed", "LIVE-UNKNOWN", message, native=native)
            case "failed":
                self._enter(work, "failed", "LIVE-FAILED", outcome.message, native=native)

    def _enter(
        self,
        work: Work,
        result: str,
        code: str | None,
        message: str | None,
        *,
        native: str | None = None,
        blamed: str | None = None,
    ) -> None:
        key, native = work.record.key, native or work.record.native
        self.rows.append((self.entity, key, result, code, message, native, work.mapping, work.source_key, blamed))


def _seen(there: Held, fields: Sequence[str]) -> str:
    """The fields, and a mark of what they hold: who decides about one value has not decided about the next."""
    return f"{', '.join(fields)} (seen: {mark(there, fields)})"


def _ours(field: str, there: Held, receipt: Any) -> bool:
    """Is the value that differs from what is meant now the one that the run that was cut off found, or the one it meant?"""
    if receipt.before is None:
        return False
    before = json.loads(receipt.before)
    if was_meant(before.get("meant"), there, field):
        return True
    if field in there.links:
        return bool(before["links"].get(field) == there.links[field])
    now = there.values.get(field)
    return equal(str(now) if now is not None else None, str(was) if (was := before["values"].get(field)) is not None else None)
