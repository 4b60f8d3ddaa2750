"""The live load: every entity in load order, parents before children, batches in parallel where the target allows it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb

from migrate.compiler.text import name
from migrate.connectors.target import Ability, TargetConnector
from migrate.contracts.model import Contract
from migrate.errors import TargetLost
from migrate.ledger import Intent, Ledger, Settled
from migrate.live.batch import Batch, Policy, Row
from migrate.live.changes import KNOWN, MEANT, RESULTS, Changes, Work
from migrate.live.handover import HandingOver
from migrate.progress import Progress, Task
from migrate.workspace import TargetSettings


@dataclass(frozen=True)
class Live:
    """What a live run has that a rehearsal has not."""

    connector: TargetConnector
    ledger: Ledger
    settings: TargetSettings
    delta: bool = False
    apply_deletions: bool = False


_NOT_REMOVED = {
    "adopted": "it was in the target before any run, so no run removes it",
    "handed_over": "an earlier run handed it over in a file, which may still be given to the target",
}


class LiveLoad:
    """Writes the change set of one run and keeps the results."""

    def __init__(self, changes: Changes, live: Live, run: str, progress: Progress, folder: Path) -> None:
        self.changes, self.live, self.run, self.progress = changes, live, run, progress
        self.folder = folder
        """Where files for a person go."""
        self.connection: duckdb.DuckDBPyConnection = changes.connection
        self.contract: Contract = changes.contract
        self.lost: str | None = None
        """Why the target is lost: nothing more is tried then, and a later run picks up the rest."""

    def go(self) -> None:
        """Write everything. Raises LedgerLost. What the target does not take, or does not answer to, is in the results."""
        together: dict[str, list[str]] = {}
        for entity in self.changes.entities():
            if word := self.live.connector.ability(entity).together:
                together.setdefault(word, []).append(entity)
            else:
                self._entity(entity)
        for entities in together.values():
            HandingOver(self, entities).go()
        # What depends on others is finished before them: a course is concluded after the enrolments in it.
        for entity in reversed(self.changes.entities()):
            if self.changes.has_first(entity) and not self.live.connector.ability(entity).together:
                self._finish(entity)
        for entity in reversed(self.changes.entities()):
            with self.while_it_answers():
                self._no_longer_meant(entity)

    @contextmanager
    def while_it_answers(self) -> Iterator[None]:
        try:
            yield
        except TargetLost as error:
            self.lost = self.lost or error.message

    # Writing -----------------------------------------------------------------------------------------------------

    def _entity(self, entity: str) -> None:
        ability = self.live.connector.ability(entity)
        empty = self.prepare(entity, ability)
        with self.progress.task("write", entity) as task:
            for level in self.changes.levels(entity):
                self.batches(entity, ability, self.changes.work(entity, level), task, empty=empty)

    def prepare(self, entity: str, ability: Ability) -> bool:
        """Compare an entity with what is known of it, and clear up what runs that were cut off left; is the target empty?"""
        receipts = self.live.ledger.open_receipts(entity)
        # Adopting has no effect, and what was to be removed is looked at anew.
        self.live.ledger.void([r.id for r in receipts if r.action in ("adopt", "remove")])
        receipts = [r for r in receipts if r.action in ("create", "update")]
        self.changes.compare(entity, ability.unwritable, [r.key for r in receipts])
        self._hold_renamed(entity)
        with self.while_it_answers():
            self._settle_orphans(entity, ability, receipts)
            return self._is_empty(entity)
        return False

    def _finish(self, entity: str) -> None:
        ability = self.live.connector.ability(entity)
        with self.progress.task("finish", entity) as task:
            self.batches(entity, ability, self.changes.unfinished(entity), task, finishing=True)

    def batches(
        self, entity: str, ability: Ability, works: Iterator[Work], task: Task, *, empty: bool = False, finishing: bool = False,
        kind: Callable[..., Batch] = Batch,
    ) -> None:  # fmt: skip
        """Deal with records in batches, each by a ``kind`` of its own, and enter what became of them."""
        works = works if finishing else self._without_result(works)
        receipts = {} if finishing else {receipt.key: receipt for receipt in self.live.ledger.open_receipts(entity)}
        fields = [f for f in self.changes.fields(entity) if f not in ability.unwritable and f not in ability.unseen]
        policy = Policy(self.live.settings.existing.get(entity, "hold"), self.live.settings.drift)

        def batch(part: Sequence[Work]) -> list[Row]:
            one = kind(
                entity, fields, ability, self.live.connector, self.live.ledger, self.run, policy, receipts,
                empty=empty and not receipts, finishing=finishing,
            )  # fmt: skip
            if self.lost is not None:
                return one.give_up(part, self.lost)
            rows = one.go(part)
            self.lost = self.lost or one.lost
            return rows

        parts = iter(lambda: list(islice(works, ability.batch)), [])
        under_way: set[Future[list[Row]]] = set()
        with ThreadPoolExecutor(ability.parallel, thread_name_prefix="write") as pool:
            try:
                for part in parts:
                    under_way.add(pool.submit(batch, part))
                    if len(under_way) >= 2 * ability.parallel:
                        under_way = self._collect(under_way, task, finishing=finishing)
                while under_way:
                    under_way = self._collect(under_way, task, finishing=finishing)
            except BaseException:
                for future in under_way:
                    future.cancel()
                raise

    def _collect(self, under_way: set[Future[list[Row]]], task: Task, *, finishing: bool) -> set[Future[list[Row]]]:
        done, rest = wait(under_way, return_when=FIRST_COMPLETED)
        for future in done:
            rows = future.result()
            self.changes.enter(rows, finishing=finishing)
            task.advance(len(rows))
        return rest

    def _settle_orphans(self, entity: str, ability: Ability, receipts: Sequence[Any]) -> None:
        """What a run that was cut off may have created, and nobody means any more, is known from now on or never was."""
        there = {row[0] for row in self.connection.execute(f"SELECT _key FROM {name(MEANT, entity)}").fetchall()}
        orphans = {receipt.key: receipt for receipt in receipts if receipt.key not in there}
        if not orphans or not ability.find or self.lost:
            return
        meant = {key: receipt.meant for key, receipt in orphans.items()}
        records = self.changes.known_records(entity, list(orphans), meant)
        held = {one.key: one for one in self.live.connector.find(entity, records)}
        for key, receipt in orphans.items():
            if key in held and receipt.action == "create":
                intent = Intent(key, "create", "", receipt.mapping, receipt.source_key, held[key].native)
                settled = Settled(receipt.id, intent, "done", held[key].native, "found after a crash")
                self.live.ledger.settle(receipt.run, entity, [settled])
            else:
                self.live.ledger.void([receipt.id], "nobody means it any more")
        self.changes.recall(entity)

    def _is_empty(self, entity: str) -> bool:
        """Nothing has to be looked up in a target that holds nothing of the kind."""
        known = self.connection.execute(f"SELECT count(*) FROM {name(KNOWN, entity)}").fetchone()
        return not self.lost and bool(known and known[0] == 0) and self.live.connector.count(entity) == 0

    def _hold_renamed(self, entity: str) -> None:
        """A source record whose key changed would stand in the target twice."""
        renamed = self.changes.renamed(entity)
        if not renamed:
            return
        rows: list[Row] = []
        for mapping in self.changes.mappings(entity):
            for key, source_key in self._meant(entity, mapping, list(renamed)):
                message = f"an earlier run wrote this record under another key: {renamed[key]}"
                rows.append((entity, key, "held", "LIVE-RENAMED", message, None, mapping, source_key, None))
        self.changes.enter(rows)

    def _meant(self, entity: str, mapping: str, keys: list[str]) -> list[tuple[str, str]]:
        return self.connection.execute(
            f"SELECT _key, _source FROM {name(MEANT, entity)} WHERE _mapping = ? AND _key IN (SELECT unnest(?))", [mapping, keys]
        ).fetchall()

    def _without_result(self, works: Iterator[Work]) -> Iterator[Work]:
        held = {row[0] for row in self.connection.execute(f"SELECT key FROM {RESULTS} WHERE code = 'LIVE-RENAMED'").fetchall()}
        return (work for work in works if work.record.key not in held) if held else works

    # Removing ----------------------------------------------------------------------------------------------------

    def _no_longer_meant(self, entity: str) -> None:
        rows: list[Row] = []
        for key, mapping, source_key, disposition in self.changes.stale(entity):
            message = f"its source record is {disposition} in this run; the target keeps what an earlier run wrote or handed over"
            rows.append((entity, key, "stale", "LIVE-STALE", message, None, mapping, source_key, None))
        renamed = set(self.changes.renamed(entity).values())
        gone = [row for row in self.changes.vanished(entity) if row[0] not in renamed]
        ours = [row for row in gone if row[3] == "created"]
        remove, why = self._may_remove(entity, len(ours))
        for key, mapping, source_key, origin, native in gone:
            if remove and origin == "created":
                continue
            reason = why if origin == "created" else _NOT_REMOVED[origin]
            message = f"no source record stands behind it any more; proposed for deletion: {reason}"
            rows.append((entity, key, "vanished", "LIVE-VANISHED", message, native, mapping, source_key, None))
        self.changes.enter(rows)
        if remove:
            self._remove(entity, ours)

    def _may_remove(self, entity: str, number: int) -> tuple[bool, str]:
        if not self.live.apply_deletions:
            return False, "nothing is deleted without --apply-deletions"
        if self.lost:
            return False, "the target is lost"
        if not self.live.connector.ability(entity).remove:
            return False, "the target's interface cannot delete it"
        known = self.connection.execute(f"SELECT count(*) FROM {name(KNOWN, entity)} WHERE state = 'held'").fetchone()
        share = 100 * number / max(known[0] if known else 0, 1)
        most = self.live.settings.max_deletions
        if share > most:
            return False, f"{number} are {share:.1f} % of the entity, and max_deletions allows {most:g} %"
        return number > 0, ""

    def _remove(self, entity: str, gone: Sequence[tuple[str, str, str, str, str | None]]) -> None:
        ability = self.live.connector.ability(entity)
        size = ability.batch or len(gone)
        for start in range(0, len(gone), size):
            part = gone[start : start + size]
            records = self.changes.known_records(entity, [row[0] for row in part])
            before = {held.key: held for held in self.live.connector.find(entity, records)} if ability.find else {}
            written = {record.key: record.values for record in records}
            intents = [
                Intent(
                    key, "remove", "", mapping, source_key, native,
                    {"values": {**written[key], **before[key].values}, "links": before[key].links} if key in before else None,
                )
                for key, mapping, source_key, _, native in part
            ]  # fmt: skip
            receipts = self.live.ledger.intend(self.run, entity, intents)
            outcomes = {outcome.key: outcome for outcome in self.live.connector.remove(entity, records)}
            settled, rows = [], []
            for intent, receipt in zip(intents, receipts, strict=True):
                outcome = outcomes[intent.key]
                settled.append(Settled(receipt, intent, outcome.result, outcome.native, outcome.message))
                result = "removed" if outcome.result == "done" else "vanished"
                code = "LIVE-REMOVED" if outcome.result == "done" else "LIVE-FAILED"
                message = outcome.message or "no source record stands behind it any more; removed as asked"
                rows.append((entity, intent.key, result, code, message, None, intent.mapping, intent.source_key, None))
            self.live.ledger.settle(self.run, entity, settled)
            self.changes.enter(rows)
