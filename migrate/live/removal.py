"""What an earlier run wrote and nobody means any more: proposed for deletion, and removed where that was asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from migrate.compiler.text import name
from migrate.connectors.target import Ability, Held, Outcome, Record
from migrate.errors import TargetLost
from migrate.ledger import Intent, Settled
from migrate.live.answers import answers, stranger
from migrate.live.batch import Row
from migrate.live.changes import KNOWN, Changes, Gone
from migrate.live.images import changed_since, image, seen
from migrate.live.referrers import Referrers
from migrate.live.settings import Live

_NOT_OURS = {
    "adopted": "it was in the target before any run, so no run removes it",
    "handed_over": "an earlier run handed it over in a file, which may still be given to the target",
}
SOMEBODY = "somebody changed it in the target since the last run wrote it"
_CODES = {"refused": "LIVE-REFUSED", "failed": "LIVE-FAILED", "unknown": "LIVE-UNKNOWN"}


UNASKED = "nothing is deleted without --apply-deletions"
_STALE = "its source record is {} in this run; the target keeps what an earlier run wrote or handed over"
_VANISHED = "no source record stands behind it any more; proposed for deletion: {}"


def left_over(changes: Changes, entity: str) -> list[Row]:
    """What a live run would say of records that an earlier one wrote and nobody means any more, for a rehearsal to tell."""
    rows = [_row(entity, one, "stale", "LIVE-STALE", _STALE.format(one.kept)) for one in changes.stale(entity)]
    renamed = set(changes.renamed(entity).values())
    return rows + [
        _row(entity, one, "vanished", "LIVE-VANISHED", _VANISHED.format(_NOT_OURS.get(one.origin, UNASKED)))
        for one in changes.vanished(entity)
        if one.key not in renamed
    ]


def _row(entity: str, one: Gone, result: str, code: str, message: str) -> Row:
    return (entity, one.key, result, code, message, one.native, one.mapping, one.source_key, None)


@dataclass
class Removal:
    """Deals with the entities one after the other, those that refer to others first."""

    changes: Changes
    live: Live
    run: str
    lost: str | None = None
    """Why the target is lost: nothing is removed then."""

    def __post_init__(self) -> None:
        self.referrers = Referrers(self.changes.contract)
        self.rows: list[Row] = []

    def go(self, entity: str) -> None:
        """Enter what is stale, proposed or removed. Raises LedgerLost."""
        try:
            self._go(entity, self.live.connector.ability(entity))
        finally:
            self.changes.enter(self.rows)
            self.rows = []

    def _go(self, entity: str, ability: Ability) -> None:
        stale = self.changes.stale(entity)
        for one in stale:
            self._enter(entity, one, "stale", "LIVE-STALE", _STALE.format(one.kept))
        renamed = set(self.changes.renamed(entity).values())
        gone = [one for one in self.changes.vanished(entity) if one.key not in renamed]
        ours = [one for one in gone if one.origin == "created"]
        why = self._refusal(entity, ability, len(ours))
        kept = gone if why else [one for one in gone if one.origin != "created"]
        for one in kept:
            self._propose(entity, one, why if one.origin == "created" else _NOT_OURS[one.origin])
        if not self.live.apply_deletions or self.lost is not None:
            return
        try:
            self._mark(entity, ability, [*stale, *kept])
        except TargetLost as error:
            self.lost = error.message
        if why or not ours:
            return
        last = self.live.ledger.created(entity)
        ours.sort(key=lambda one: last.get(one.key, 0), reverse=True)
        size = ability.batch or len(ours)
        for start in range(0, len(ours), size):
            self._remove(entity, ability, ours[start : start + size])

    def unmapped(self) -> None:
        """Propose what earlier runs wrote of entities that no mapping fills any more."""
        if not self.changes.whole:
            return
        for entity in self.changes.contract.entities:
            if entity not in self.changes.entities():
                for one in self.changes.abandoned(entity):
                    self._propose(entity, one, "no mapping fills its entity any more, so no run removes it")
        self.changes.enter(self.rows)
        self.rows = []

    def _refusal(self, entity: str, ability: Ability, number: int) -> str:
        if not self.live.apply_deletions:
            return UNASKED
        if self.lost:
            return "the target is lost"
        if not ability.remove:
            return "the target's interface cannot delete it"
        known = self.changes.connection.execute(
            f"SELECT count(*) FROM {name(KNOWN, entity)} WHERE state = 'held'"
        ).fetchone()  # fmt: skip
        share = 100 * number / max(known[0] if known else 0, 1)
        most = self.live.settings.max_deletions
        if share > most:
            return f"{number} are {share:.1f} % of the entity, and max_deletions allows {most:g} %"
        return ""

    def _mark(self, entity: str, ability: Ability, stays: Sequence[Gone]) -> None:
        """What stays keeps what it refers to."""
        if not ability.find:
            return
        size = ability.find_batch or max(len(stays), 1)
        for start in range(0, len(stays), size):
            records = self.changes.known_records(entity, [one.key for one in stays[start : start + size]])
            for held in self.live.connector.find(entity, records):
                self.referrers.stays(entity, held)

    def _remove(self, entity: str, ability: Ability, part: Sequence[Gone]) -> None:
        records = {record.key: record for record in self.changes.known_records(entity, [one.key for one in part])}
        before: dict[str, Held] = {}
        if self.lost is None:
            try:
                part = list(self._removable(entity, ability, part, records, before))
            except TargetLost as error:
                self.lost = error.message
        if self.lost is not None:
            for one in part:
                self._propose(entity, one, f"not tried: {self.lost}")
            return
        if not part:
            return
        intents = [
            Intent(one.key, "remove", "", one.mapping, one.source_key, one.native,
                   image(before[one.key], one.written) if one.key in before else None)
            for one in part
        ]  # fmt: skip
        receipts = self.live.ledger.intend(self.run, entity, intents)
        asked = [records[one.key] for one in part]
        strangers: list[str] = []
        try:
            outcomes, strangers = answers(asked, self.live.connector.remove(entity, asked))
        except TargetLost as error:
            self.lost = error.message
            outcomes = {record.key: Outcome(record.key, "unknown", None, error.message) for record in asked}
        settled = []
        for one, intent, receipt in zip(part, intents, receipts, strict=True):
            outcome = outcomes[one.key]
            settled.append(Settled(receipt, intent, outcome.result, outcome.native, outcome.message))
            if outcome.result == "done":
                message = outcome.message or "no source record stands behind it any more; removed as asked"
                self._enter(entity, one, "removed", "LIVE-REMOVED", message)
                continue
            message = f"no source record stands behind it any more; removing it ended as {outcome.result}: {outcome.message}"
            self._enter(entity, one, "vanished", _CODES.get(outcome.result, "LIVE-FAILED"), message)
            if one.key in before:
                self.referrers.stays(entity, before[one.key])
        self.live.ledger.settle(self.run, entity, settled)
        if strangers:
            raise stranger(entity, strangers)

    def _removable(
        self, entity: str, ability: Ability, part: Sequence[Gone], records: dict[str, Record], before: dict[str, Held]
    ) -> Iterator[Gone]:
        """Those of ``part`` that are as a run left them, and that nothing which stays refers to."""
        if not ability.find:
            yield from part
            return
        fields = [f for f in self.changes.fields(entity) if f not in ability.unwritable and f not in ability.unseen]
        found: dict[str, list[Held]] = {}
        size = ability.find_batch or len(part)
        for start in range(0, len(part), size):
            asked = [records[one.key] for one in part[start : start + size]]
            for held in self.live.connector.find(entity, asked):
                found.setdefault(held.key, []).append(held)
        for one in part:
            there = found.get(one.key, [])
            why = None
            if len(there) > 1:
                why = f"the target holds {len(there)} records of this key"
            elif there and self.live.settings.drift == "hold" and changed_since(one.seen, seen(there[0], fields)):
                why = SOMEBODY
            elif there and (who := self.referrers.of(entity, there[0])) is not None:
                why = f"a record that stays refers to it: {who}"
            if why is None:
                before.update({held.key: held for held in there})
                yield one
                continue
            self._propose(entity, one, why)
            for held in there:
                self.referrers.stays(entity, held)

    def _propose(self, entity: str, one: Gone, why: str) -> None:
        self._enter(entity, one, "vanished", "LIVE-VANISHED", _VANISHED.format(why))

    def _enter(self, entity: str, one: Gone, result: str, code: str, message: str) -> None:
        self.rows.append(_row(entity, one, result, code, message))
