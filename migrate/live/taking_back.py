"""Doing what a rollback planned: bring back, put back, remove, so that what refers to a record finds it at every moment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import groupby

from migrate.connectors.target import Held, Outcome, Record, TargetConnector
from migrate.errors import TargetLost
from migrate.ledger import Intent, Ledger, Settled
from migrate.ledger.entries import Action
from migrate.live.answers import answers, stranger
from migrate.live.images import restored, seen
from migrate.live.referrers import Referrers
from migrate.live.remembered import Remembered
from migrate.live.step import Step, What
from migrate.mapping.load import LoadedPair
from migrate.progress import Progress

_ACTION: dict[str, Action] = {"remove": "remove", "forget": "remove", "restore": "update", "recreate": "create"}
Failed = tuple[Step, str]


class TakingBack:
    """One execution. Steps come newest first, those of entities that refer to others before the others."""

    def __init__(
        self, pair: LoadedPair, connector: TargetConnector, ledger: Ledger, remembered: Remembered, run: str, progress: Progress
    ) -> None:
        self.pair, self.contract = pair, pair.target.model
        self.connector, self.ledger, self.remembered = connector, ledger, remembered
        self.run, self.progress = run, progress
        self.lost: str | None = None
        self.referrers = Referrers(self.contract)
        """What records refer to that were to be removed and stay."""

    def go(self, steps: Sequence[Step]) -> list[Failed]:
        """Do the steps; gives those that failed, and why."""
        failed = self._round(steps)
        again = [step for step, _ in failed]
        loosened = self._loosen([step for step in again if step.at_first is not None])
        # A value that has to be the only one of its kind may have been held by a record that has gone since.
        if failed and (loosened or len(again) < len(steps)) and self.lost is None:
            failed = self._round(again)
        return failed

    def _loosen(self, steps: Sequence[Step]) -> bool:
        """Records that refer to one another in a circle are first made what they were before the circle was closed."""
        done = False
        for entity, group in groupby(steps, key=lambda step: step.entity):
            some = list(group)
            size = self.connector.ability(entity).batch or len(some)
            for start in range(0, len(some), size):
                if self.lost is None and self.connector.ability(entity).update:
                    done |= self._write_first(entity, some[start : start + size])
        return done

    def _write_first(self, entity: str, steps: Sequence[Step]) -> bool:
        intents = [Intent(s.key, "update", "", s.mapping, s.source_key, s.native) for s in steps]
        receipts = self.ledger.intend(self.run, entity, intents)
        fields = {s.key: self.remembered.written(self.pair, s.mapping) for s in steps}
        first = [(s, s.at_first) for s in steps if s.at_first is not None]
        model = self.contract.entities[entity]
        records = self.remembered.linked(entity, [restored(at, model, s.key, s.native, fields[s.key]) for s, at in first])
        try:
            outcomes, _ = answers(records, self.connector.write(entity, "update", records))
        except TargetLost as error:
            self.lost = error.message
            outcomes = {r.key: Outcome(r.key, "unknown", r.native, error.message) for r in records}
        shown = self._look(entity, "restore", outcomes.values())
        self.ledger.settle(
            self.run, entity,
            [
                Settled(receipt, intent, (said := outcomes[intent.key]).result, said.native, said.message, shown.get(intent.key))
                for intent, receipt in zip(intents, receipts, strict=True)
            ],
        )  # fmt: skip
        return any(outcome.result == "done" for outcome in outcomes.values())

    def _round(self, steps: Sequence[Step]) -> list[Failed]:
        self.referrers = Referrers(self.contract)
        order = {entity: n for n, entity in enumerate(self.contract.entities)}
        back = sorted((s for s in steps if s.what == "recreate"), key=lambda s: order.get(s.entity, 0))
        failed = self._all(back)
        failed += self._all([s for s in steps if s.what in ("restore", "forget")])
        return failed + self._all([s for s in steps if s.what == "remove"])

    def _all(self, steps: Sequence[Step]) -> list[Failed]:
        failed: list[Failed] = []
        for (entity, what), group in groupby(steps, key=lambda step: (step.entity, step.what)):
            some = list(group)
            with self.progress.task("take back", entity, len(some)) as task:
                size = self.connector.ability(entity).batch or len(some)
                for start in range(0, len(some), size):
                    part = some[start : start + size]
                    failed += self._remove(entity, part) if what == "remove" else self._do(entity, what, part)
                    task.advance(len(part))
        return failed

    def _remove(self, entity: str, steps: Sequence[Step]) -> list[Failed]:
        """Remove records, but for those that one refers to which could not be removed: it would go with them."""
        if self.lost is not None:
            return self._do(entity, "remove", steps)
        why = {step.receipt: self.referrers.of(entity, self._as_held(entity, step)) for step in steps}
        failed = [(step, f"a record that stays refers to it: {who}") for step in steps if (who := why[step.receipt]) is not None]
        if free := [step for step in steps if why[step.receipt] is None]:
            failed += self._do(entity, "remove", free)
        for step, _ in failed:
            self.referrers.stays(entity, self._as_held(entity, step))
        return failed

    def _as_held(self, entity: str, step: Step) -> Held:
        record = self.remembered.record(entity, step.key, step.native, step.meant)
        return Held(record.key, record.native, record.values, record.links)

    def _do(self, entity: str, what: What, steps: Sequence[Step]) -> list[Failed]:
        if self.lost is not None:
            return [(step, f"not tried: {self.lost}") for step in steps]
        images = {s.key: s.before for s in steps if what in ("restore", "recreate") and s.before is not None}
        meant = dict(zip(images, self.remembered.named(entity, list(images.values())), strict=True))
        intents = [
            Intent(s.key, "adopt" if s.known else _ACTION[what], "", s.mapping, s.source_key, s.native, meant=meant.get(s.key))
            for s in steps
        ]
        receipts = self.ledger.intend(self.run, entity, intents)
        outcomes, strangers = self._act(entity, what, steps)
        shown = self._look(entity, what, [outcomes[step.key] for step in steps if not step.met])
        settled: list[Settled] = []
        failed: list[Failed] = []
        done: list[Step] = []
        for step, intent, receipt in zip(steps, intents, receipts, strict=True):
            outcome = outcomes[step.key]
            settled.append(Settled(receipt, intent, outcome.result, outcome.native, outcome.message, shown.get(step.key)))
            if outcome.result == "done":
                done.append(step)
            else:
                failed.append((step, outcome.message or outcome.result))
        self.ledger.take_back(
            self.run, entity, settled, [number for step in done for number in step.receipts],
            [step.key for step in done if step.met], [step.cut_off for step in done if step.cut_off is not None],
        )  # fmt: skip
        if what == "recreate":
            for step in done:
                self.remembered.renew(entity, step.key, outcomes[step.key].native)
        if strangers:
            raise stranger(entity, strangers)
        return failed

    def _act(self, entity: str, what: What, steps: Sequence[Step]) -> tuple[dict[str, Outcome], list[str]]:
        said = {step.key: Outcome(step.key, "done", step.native) for step in steps if what == "forget" or step.done}
        records = [self._record(entity, what, step) for step in steps if step.key not in said]
        if not records:
            return said, []
        if what != "remove":
            records = self.remembered.linked(entity, records)
        try:
            if what == "remove":
                answered = self.connector.remove(entity, records)
            else:
                answered = self.connector.write(entity, "update" if what == "restore" else "create", records)
        except TargetLost as error:
            self.lost = error.message
            return said | {r.key: Outcome(r.key, "unknown", r.native, error.message) for r in records}, []
        outcomes, strangers = answers(records, answered)
        return said | outcomes, strangers

    def _record(self, entity: str, what: What, step: Step) -> Record:
        if what == "remove" or step.before is None:
            return self.remembered.record(entity, step.key, step.native, step.meant)
        model, native = self.contract.entities[entity], step.native if what == "restore" else None
        # What the run did not write is not put back: it may be somebody else's since.
        fields = self.remembered.written(self.pair, step.mapping) if what == "restore" else None
        return restored(step.before, model, step.key, native, fields)

    def _look(self, entity: str, what: What, outcomes: Iterable[Outcome]) -> dict[str, str]:
        """What stands there now is what later changes are measured by."""
        ability = self.connector.ability(entity)
        back = [one for one in outcomes if one.result == "done"]
        if what not in ("restore", "recreate") or not ability.find or not back:
            return {}
        hidden = {*ability.unwritable, *ability.unseen}
        mapped = {f for m in self.pair.mappings.values() if m.target_name == entity for f in m.model.fields}
        fields = [f for f in self.contract.entities[entity].fields if f in mapped and f not in hidden]
        held: list[Held] = []
        with suppress(TargetLost):  # then a rollback of an earlier run says that it cannot know
            held = list(self.connector.find(entity, [self.remembered.record(entity, one.key, one.native) for one in back]))
        return {one.key: seen(one, fields) for one in held}
