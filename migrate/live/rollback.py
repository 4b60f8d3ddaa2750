"""Taking a live run back: what it created is removed, what it changed is put back, newest first.

Each step looks at the target first. What somebody changed there since, and what a later run changed, is refused and listed.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal

from migrate.compiler.plan import Plan
from migrate.connectors.target import Ability, Held, Outcome, Record, TargetConnector
from migrate.contracts.model import Contract
from migrate.errors import ConfigurationError, Problem, TargetLost
from migrate.ledger import Identity, Intent, Ledger, Settled
from migrate.ledger.ledger import Action
from migrate.live.changes import split_key
from migrate.live.images import changed_since, restored, seen, written_values
from migrate.progress import Progress

What = Literal["remove", "restore", "recreate", "forget"]
SOMEBODY = "somebody changed it in the target since"
UNVERIFIED = "the run ended before it was read back, or other fields are mapped now: nobody can say whether it changed since"
_TAKES_BACK: dict[str, What] = {"create": "remove", "update": "restore", "remove": "recreate", "adopt": "forget"}
_ACTION: dict[What, Action] = {"remove": "remove", "forget": "remove", "restore": "update", "recreate": "create"}


@dataclass(frozen=True)
class Step:
    """One receipt and what taking it back means; ``refused`` says why it is not done."""

    receipt: int
    entity: str
    key: str
    mapping: str
    source_key: str
    what: What
    native: str | None
    before: dict[str, Any] | None
    meant: str | None = None
    """JSON of the values of a record that the ledger does not know, because its run was cut off."""
    met: bool = False
    """Was the record in the target before any run of this workspace wrote it?"""
    refused: str | None = None


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
        self, plan: Plan, connector: TargetConnector, ledger: Ledger, run: str, *, unverified: bool = False
    ) -> None:  # fmt: skip
        self.contract: Contract = plan.pair.target.model
        self.connector, self.ledger, self.run = connector, ledger, run
        self.unverified = unverified
        """Also take back what was never read back after it was written."""
        self.mapped: dict[str, set[str]] = {}
        for mapping in plan.pair.mappings.values():
            self.mapped.setdefault(mapping.target_name, set()).update(mapping.model.fields)
        self.identities: dict[str, dict[str, Identity]] = {}
        known = {row.id: row for row in ledger.runs()}
        if run not in known or known[run].kind == "rollback":
            allowed = tuple(row.id for row in known.values() if row.kind != "rollback")
            problem = Problem("the ledger knows no live run of this name", None, run, allowed)
            raise ConfigurationError("nothing can be taken back", problems=[problem])

    def plan(self, progress: Progress) -> Rollback:
        """Look at the target and say what a rollback would do. Writes nothing to it."""
        order = {entity: n for n, entity in enumerate(self.contract.entities)}
        receipts = [r for r in self.ledger.receipts(self.run) if r.state in ("done", "handed_over", "intended", "unknown")]
        # Newest first; a record that was created and then changed in one run is one step.
        first: dict[tuple[str, str], Any] = {}
        for receipt in receipts:
            first.setdefault((receipt.entity, receipt.key), receipt)
        newest = {(receipt.entity, receipt.key): receipt for receipt in receipts}
        later, known_before = self.ledger.others(self.run, later=True), self.ledger.others(self.run, later=False)
        steps: list[Step] = []
        ordered = sorted(first, key=lambda at: (-order.get(at[0], 0), -first[at].id))
        for entity, keys in groupby(ordered, key=lambda at: at[0]):
            entity_keys = [key for _, key in keys]
            with progress.task("look", entity, len(entity_keys)) as task:
                for part in _parts(entity_keys, self.connector.ability(entity).find_batch):
                    held = self._held(entity, part, newest)
                    for key in part:
                        at = (entity, key)
                        receipt, last = first[at], newest[at]
                        steps.append(self._step(receipt, last, held.get(key), later.get(at), at in known_before))
                    task.advance(len(part))
        return Rollback(self.run, tuple(steps))

    def execute(self, plan: Rollback, run: str, progress: Progress) -> Rollback:
        """Do it. ``run`` is the name under which the ledger knows the rollback."""
        failed: list[tuple[Step, str]] = []
        for entity, group in groupby((step for step in plan.steps if not step.refused), key=lambda step: step.entity):
            steps = list(group)
            with progress.task("take back", entity, len(steps)) as task:
                for what, some in groupby(steps, key=lambda step: step.what):
                    for part in _parts(list(some), self.connector.ability(entity).batch):
                        failed += self._do(entity, what, part, run)
                        task.advance(len(part))
        return Rollback(plan.run, plan.steps, tuple(failed), executed=True)

    # Planning ----------------------------------------------------------------------------------------------------

    def _record(self, entity: str, key: str, native: str | None, meant: str | None = None) -> Record:
        model = self.contract.entities[entity]
        known = self._identity(entity, key)
        values = written_values(meant if known is None else known.meant, model)
        values |= dict(zip(model.key, split_key(key, len(model.key)), strict=True))
        links = {}
        for field, value in values.items():
            if (reference := model.fields[field].references) is not None and value is not None:
                other = self._identity(reference.entity, value)
                if other is not None and other.native is not None:
                    links[field] = other.native
        return Record(key, values, native, links)

    def _held(self, entity: str, keys: Sequence[str], newest: dict[tuple[str, str], Any]) -> dict[str, Held]:
        if not self.connector.ability(entity).find:
            return {}
        records = [self._record(entity, key, newest[entity, key].native, newest[entity, key].meant) for key in keys]
        return {one.key: one for one in self.connector.find(entity, records)}

    def _identity(self, entity: str, key: str) -> Identity | None:
        if entity not in self.identities:
            self.identities[entity] = self.ledger.known(entity)
        return self.identities[entity].get(key)

    def _step(self, receipt: Any, last: Any, held: Held | None, later: str | None, known_before: bool) -> Step:
        entity, key = receipt.entity, receipt.key
        what = _TAKES_BACK[receipt.action]
        native = held.native if held is not None else last.native
        before = None if receipt.before is None else json.loads(receipt.before)
        refused = f"a later run changed it: {later}" if later else self._refusal(receipt, what, held, before)
        if refused is None and what == "remove" and held is None:
            what = "forget"
        met = what == "restore" and not known_before
        return Step(receipt.id, entity, key, receipt.mapping, receipt.source_key, what, native, before, last.meant, met, refused)

    def _refusal(self, receipt: Any, what: What, held: Held | None, before: Any) -> str | None:
        ability = self.connector.ability(receipt.entity)
        if what == "forget":
            return None
        if what == "recreate":
            if held is not None:
                return "the target has such a record again"
            return None if before is not None and ability.create else "what it held before is not known"
        if held is None:
            return None if what == "remove" else "it is not in the target any more"
        if (what == "remove" and not ability.remove) or (what == "restore" and not ability.update):
            return f"the target's interface has no way to {what} it"
        if what == "restore" and before is None:
            return "what it held before is not known"
        identity = self._identity(receipt.entity, receipt.key)
        now = seen(held, self._fields(receipt.entity, ability))
        if identity is None or identity.seen is None or identity.seen[:8] != now[:8]:
            return None if self.unverified else UNVERIFIED
        return SOMEBODY if changed_since(identity.seen, now) else None

    def _fields(self, entity: str, ability: Ability) -> list[str]:
        mapped, hidden = self.mapped.get(entity, set()), {*ability.unwritable, *ability.unseen}
        return [f for f in self.contract.entities[entity].fields if f in mapped and f not in hidden]

    # Doing -------------------------------------------------------------------------------------------------------

    def _do(self, entity: str, what: What, steps: Sequence[Step], run: str) -> Iterator[tuple[Step, str]]:
        put_back = what in ("restore", "recreate")
        intents = [
            Intent(
                s.key, _ACTION[what], "", s.mapping, s.source_key, s.native,
                meant=s.before["values"] if put_back and s.before is not None else None,
            )
            for s in steps
        ]  # fmt: skip
        receipts = self.ledger.intend(run, entity, intents)
        outcomes = {outcome.key: outcome for outcome in self._act(entity, what, steps)}
        settled: list[Settled] = []
        undone: list[int] = []
        met: list[str] = []
        for step, intent, receipt in zip(steps, intents, receipts, strict=True):
            outcome = outcomes[step.key]
            settled.append(Settled(receipt, intent, outcome.result, outcome.native, outcome.message))
            if outcome.result == "done":
                undone.append(step.receipt)
                met += [step.key] if step.met else []
            else:
                yield step, outcome.message or outcome.result
        self.ledger.settle(run, entity, settled)
        back = [one.intent.key for one in settled if one.state == "done" and what in ("restore", "recreate")]
        self._look_again(entity, [key for key in back if key not in met], {s.key: s.native for s in steps})
        self.ledger.forget(entity, met)
        self.ledger.undone(undone, run)

    def _look_again(self, entity: str, keys: Sequence[str], natives: dict[str, str | None]) -> None:
        """What stands there now is what later changes are measured by."""
        ability = self.connector.ability(entity)
        if not keys or not ability.find:
            return
        fields = self._fields(entity, ability)
        with suppress(TargetLost):  # then a rollback of an earlier run says that it cannot know
            held = self.connector.find(entity, [self._record(entity, key, natives[key]) for key in keys])
            self.ledger.saw(entity, [(one.key, seen(one, fields)) for one in held])

    def _act(self, entity: str, what: What, steps: Sequence[Step]) -> Sequence[Outcome]:
        if what == "forget":
            return [Outcome(step.key, "done", step.native) for step in steps]
        try:
            if what == "remove":
                return self.connector.remove(entity, [self._record(entity, step.key, step.native, step.meant) for step in steps])
            model = self.contract.entities[entity]
            records = [
                restored(step.before, model, step.key, step.native if what == "restore" else None)
                for step in steps
                if step.before is not None
            ]
            return self.connector.write(entity, "update" if what == "restore" else "create", records)
        except TargetLost as error:
            return [Outcome(step.key, "unknown", step.native, error.message) for step in steps]


def _parts(items: Sequence[Any], size: int | None) -> Iterator[Any]:
    size = size or max(len(items), 1)
    return (items[start : start + size] for start in range(0, len(items), size))
