"""Records that a person gives to the target: looked for like all others, then handed over together, in files.

A record that was handed over is held until a later run finds it in the target. Nothing else says that it has arrived.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from migrate.connectors.target import HandsOver, Held, Outcome, Standing, Waiting
from migrate.errors import RunFailed, TargetLost
from migrate.ledger import Intent, Settled
from migrate.live.batch import BLOCKED, Batch, Decision, Row
from migrate.live.images import unequal
from migrate.live.works import Work

if TYPE_CHECKING:
    from migrate.live.load import LiveLoad

PART = 10_000
"""Receipts in one transaction."""
Pending = dict[str, tuple[Work, Standing]]
"""By key: what the target does not hold, or does not show."""


class _Looking(Batch):
    """Finds out which records are there. The others are entered as handed over, for what refers to them, and kept."""

    def __init__(self, *arguments: Any, pending: Pending, **words: Any) -> None:
        super().__init__(*arguments, **words)
        self.pending = pending

    def _decide(self, work: Work, held: list[Held]) -> Decision | None:
        key, receipt = work.record.key, self.receipts.get(work.record.key)
        if len(held) > 1:
            self._enter(work, "held", "LIVE-TWICE", f"the target holds {len(held)} records of this key")
            return None
        if receipt is not None:
            self.never["the run was cut off before it was handed over"].append(receipt.id)
        if not held:
            message = "an earlier run found it, and somebody removed it from the target"
            heard = self.policy.hears("LIVE-GONE", work, message)
            if work.known == "held" and self.policy.drift == "hold" and heard != "overwrite":
                self._enter(work, "held", "LIVE-GONE", message)
                return None
            if self._lacks_match(work):
                return None
            self.pending[key] = (work, "waiting" if work.known == "handed_over" and work.same else "new")
            self._enter(work, "held", "LIVE-HANDED-OVER", None)
            return None
        return self._there(work, held[0], receipt)

    def _there(self, work: Work, there: Held, receipt: Any) -> Decision | None:
        work = self.as_held(work, there)
        if work.keeps and self.policy.matched == "adopt":
            return Decision(replace(work, fingerprint=work.final), "adopt", there)
        wrong = unequal(work.record, there, self.fields)
        ours = work.known in ("held", "handed_over") or receipt is not None
        same = work.same if receipt is None else receipt.fingerprint == work.fingerprint
        if ours and not same:
            keeps = ", ".join(wrong) or "a value that it does not show"
            message = f"it was handed over with other values, and the target has no way to change them; it keeps its own: {keeps}"
            self._enter(work, "held", "LIVE-UNCHANGEABLE", message, native=there.native)
            return None
        if ours or not wrong:
            return Decision(work, "adopt", there)
        return self._met(work, there, wrong)


class HandingOver:
    """The entities of one group, after what they refer to."""

    def __init__(self, load: LiveLoad, entities: Sequence[str]) -> None:
        self.load, self.entities = load, entities
        self.changes, self.ledger, self.connector = load.changes, load.live.ledger, load.live.connector
        self.pending: dict[str, Pending] = {entity: {} for entity in entities}

    def go(self) -> None:
        """Look for every record, hand over what is not there, and enter what became of it. Raises LedgerLost."""
        self.changes.together = frozenset(self.entities)
        for entity in self.entities:
            ability = self.connector.ability(entity)
            self.load.prepare(entity, ability)
            kind = partial(_Looking, pending=self.pending[entity])
            with self.load.progress.task("look", entity) as task:
                for level in self.load.works.levels(entity):
                    self.load.batches(entity, ability, self.load.works.work(entity, level, ability.find_near), task, kind=kind)
        if self.load.lost is not None:
            self._enter_all("failed", "LIVE-FAILED", f"not tried: {self.load.lost}")
        elif any(standing == "new" for pending in self.pending.values() for _, standing in pending.values()):
            self._hand_over()
        else:
            self._settle({entity: [] for entity in self.entities}, {})

    def _hand_over(self) -> None:
        if not isinstance(self.connector, HandsOver):
            raise RunFailed(f"the connector of {self.connector.info.address} says that it hands files over, and cannot")
        receipts = {entity: self._intend(entity, list(self.pending[entity].values())) for entity in self.entities}
        given = {entity: list(self._given(entity)) for entity in self.entities}
        self.load.folder.mkdir(parents=True, exist_ok=True)
        try:
            with self.load.progress.task("hand over", ", ".join(self.entities), sum(map(len, given.values()))) as task:
                outcomes = self.connector.hand_over(given, self.load.folder)
                task.advance(sum(map(len, given.values())))
        except TargetLost as error:
            self.load.lost = error.message
            self.ledger.void([number for numbers in receipts.values() for number in numbers.values()], "nothing was handed over")
            self._enter_all("failed", "LIVE-FAILED", f"not tried: {error.message}")
            return
        self._settle(outcomes, receipts)

    def _given(self, entity: str) -> Iterator[Waiting]:
        """What goes to the connector: what is not there, and what the others of the group refer to and is there."""
        for work, standing in self.pending[entity].values():
            yield Waiting(work.record, standing)
        referred = self._referred(entity)
        for work in self.load.works.there(entity, ("created", "updated", "unchanged")) if referred else ():
            if work.record.key in referred:
                yield Waiting(work.record, "there")

    def _referred(self, entity: str) -> set[str]:
        """Keys of this entity that pending records of the group refer to."""
        fields = [(other, field) for other in self.entities for field in self._references(other, entity)]
        values = {work.record.values.get(field) for other, field in fields for work, _ in self.pending[other].values()}
        return {str(value) for value in values if value is not None}

    def _references(self, entity: str, to: str) -> list[str]:
        rules = self.changes.contract.entities[entity].fields
        return [field for field, rule in rules.items() if rule.references is not None and rule.references.entity == to]

    # Writing down ------------------------------------------------------------------------------------------------

    def _intend(self, entity: str, works: Sequence[tuple[Work, Standing]]) -> dict[str, int]:
        """Receipts before anything is written, by key."""
        numbers: dict[str, int] = {}
        for start in range(0, len(works), PART):
            part = [work for work, _ in works[start : start + PART]]
            intents = [_intent(work) for work in part]
            receipts = self.ledger.intend(self.load.run, entity, intents)
            numbers.update({work.record.key: number for work, number in zip(part, receipts, strict=True)})
        return numbers

    def _settle(self, outcomes: Mapping[str, Sequence[Outcome]], receipts: Mapping[str, Mapping[str, int]]) -> None:
        said = {entity: {outcome.key: outcome for outcome in outcomes.get(entity, ())} for entity in self.entities}
        refused = {(e, key) for e, some in said.items() for key, one in some.items() if one.result == "refused"}
        for entity in self.entities:
            earlier: dict[str, tuple[str, str]] | None = None
            settled: list[Settled] = []
            unsaid: list[int] = []
            rows: list[Row] = []
            for key, (work, standing) in self.pending[entity].items():
                outcome = said[entity].get(key)
                if outcome is None and standing == "waiting":
                    earlier = self.ledger.handed_over(entity) if earlier is None else earlier
                    run, message = earlier.get(key, (self.load.run, ""))
                    rows.append(_row(entity, work, "held", "LIVE-HANDED-OVER", f"run {run} handed it over: {message}"))
                    unsaid += [receipts[entity][key]] if entity in receipts else []
                    continue
                if outcome is None:
                    outcome = Outcome(key, "failed", message="the connector did not say what became of it")
                settled.append(Settled(receipts[entity][key], _intent(work), outcome.result, outcome.native, outcome.message))
                rows.append(self._result(entity, work, outcome, refused))
            for start in range(0, len(settled), PART):
                self.ledger.settle(self.load.run, entity, settled[start : start + PART])
            self.ledger.void(unsaid, "it is in a file of an earlier run")
            self.changes.enter(rows)

    def _result(self, entity: str, work: Work, outcome: Outcome, refused: set[tuple[str, str]]) -> Row:
        match outcome.result:
            case "handed_over" | "done":
                return _row(entity, work, "held", "LIVE-HANDED-OVER", outcome.message)
            case "refused":
                if (to_blame := self._to_blame(entity, work, refused)) is not None:
                    return _row(entity, work, "blocked", "LIVE-BLOCKED", f"{BLOCKED}: {to_blame}", to_blame)
                return _row(entity, work, "failed", "LIVE-REFUSED", outcome.message)
            case _:
                return _row(entity, work, "failed", "LIVE-FAILED", outcome.message)

    def _to_blame(self, entity: str, work: Work, refused: set[tuple[str, str]]) -> str | None:
        """The record that this one refers to and that was refused itself."""
        for to in self.entities:
            for field in self._references(entity, to):
                if (to, key := str(work.record.values.get(field))) in refused and key in self.pending[to]:
                    other, _ = self.pending[to][key]
                    return f"{other.mapping}/{other.source_key}"
        return None

    def _enter_all(self, result: str, code: str, message: str) -> None:
        for entity in self.entities:
            self.changes.enter([_row(entity, work, result, code, message) for work, _ in self.pending[entity].values()])


def _intent(work: Work) -> Intent:
    return Intent(work.record.key, "create", work.fingerprint, work.mapping, work.source_key, meant=work.record.values)


def _row(entity: str, work: Work, result: str, code: str, message: str, blamed: str | None = None) -> Row:
    return (entity, work.record.key, result, code, message, None, work.mapping, work.source_key, blamed)
