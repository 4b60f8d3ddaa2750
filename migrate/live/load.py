"""The live load: every entity in load order, parents before children, batches in parallel where the target allows it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import duckdb

from migrate.compiler.text import name
from migrate.connectors.target import Ability, TakesTables
from migrate.contracts.model import Contract
from migrate.errors import RunFailed, TargetLost
from migrate.live.batch import Batch, Policy, Row
from migrate.live.changes import KNOWN, Changes
from migrate.live.columns import Columns
from migrate.live.handover import HandingOver
from migrate.live.order import in_order
from migrate.live.removal import Removal
from migrate.live.renamed import follow_renames, held_renamed
from migrate.live.settings import Live
from migrate.live.unsettled import Unsettled
from migrate.live.works import FETCH, Work, Works
from migrate.privacy.classes import personal_fields
from migrate.progress import Progress, Task

__all__ = ["Live", "LiveLoad"]


class LiveLoad:
    """Writes the change set of one run and keeps the results."""

    def __init__(self, changes: Changes, live: Live, run: str, progress: Progress, folder: Path) -> None:
        self.changes, self.live, self.run, self.progress = changes, live, run, progress
        self.works = Works(changes)
        self.folder = folder
        """Where files for a person go."""
        self.connection: duckdb.DuckDBPyConnection = changes.connection
        self.contract: Contract = changes.contract
        self.lost: str | None = None
        """Why the target is lost: nothing more is tried then, and a later run picks up the rest."""

    def go(self) -> None:
        """Write everything. Raises LedgerLost. What the target does not take, or does not answer to, is in the results."""
        for word, entities in in_order(self.changes.entities(), self._together, self._refers):
            if word:
                HandingOver(self, entities).go()
            else:
                self._entity(entities[0])
        # What depends on others is finished before them: a course is concluded after the enrolments in it.
        for entity in reversed(self.changes.entities()):
            if self.changes.has_first(entity) and not self._together(entity):
                self._finish(entity)
        removal = Removal(self.changes, self.live, self.run, self.lost)
        for entity in reversed(self.changes.entities()):
            removal.go(entity)
        removal.unmapped()
        self.lost = removal.lost

    def _together(self, entity: str) -> str:
        return self.live.connector.ability(entity).together

    def _refers(self, entity: str) -> set[str]:
        rules = self.contract.entities[entity].fields
        return {reference.entity for f in self.changes.fields(entity) if (reference := rules[f].references) is not None}

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
            for level in self.works.levels(entity):
                if empty and ability.tables and not self.live.ledger.open_receipts(entity):
                    self._columns(entity, level, task)
                self.batches(entity, ability, self.works.work(entity, level), task, empty=empty)

    def _columns(self, entity: str, level: int, task: Task) -> None:
        """Write new records of an empty entity in columns; what is not taken that way is left to the batches."""
        connector = self.live.connector
        if not isinstance(connector, TakesTables):
            raise RunFailed(f"the connector of {connector.info.address} says that it takes tables, and cannot")
        size = connector.ability(entity).batch or FETCH
        columns = Columns(entity, connector, self.live.ledger, self.run)
        for mapping in self.changes.mappings(entity):
            for rows in self.works.columns(entity, level, mapping, size) if self.lost is None else ():
                results = columns.write(rows)
                self.changes.enter_table(results)
                task.advance(results.num_rows)
                self.lost = self.lost or columns.lost
                if self.lost is not None:
                    break

    def prepare(self, entity: str, ability: Ability) -> bool:
        """Compare an entity with what is known of it, and clear up what runs that were cut off left; is the target empty?"""
        connector, ledger = self.live.connector, self.live.ledger
        self.changes.mean(entity)
        self.changes.recall(entity)
        unsettled = Unsettled(self.changes, connector, ledger, entity)
        if unsettled.open:
            with self.while_it_answers():
                if self.lost is None:
                    unsettled.settle(ability)
            self.changes.recall(entity)
        self.changes.compare(entity, list(unsettled.open))
        with self.while_it_answers():
            if self.lost is None and follow_renames(self.changes, connector, ledger, entity, ability):
                self.changes.recall(entity)
                self.changes.compare(entity, list(unsettled.open))
        self.changes.enter(held_renamed(self.changes, entity))
        ledger.relabel(entity, self.changes.moved(entity))
        with self.while_it_answers():
            return self._is_empty(entity)
        return False

    def _finish(self, entity: str) -> None:
        ability = self.live.connector.ability(entity)
        with self.progress.task("finish", entity) as task:
            self.batches(entity, ability, self.works.unfinished(entity), task, finishing=True)

    def batches(
        self, entity: str, ability: Ability, works: Iterator[Work], task: Task, *, empty: bool = False, finishing: bool = False,
        kind: Callable[..., Batch] = Batch,
    ) -> None:  # fmt: skip
        """Deal with records in batches, each by a ``kind`` of its own, and enter what became of them."""
        receipts = {} if finishing else {receipt.key: receipt for receipt in self.live.ledger.open_receipts(entity)}
        fields = [f for f in self.changes.fields(entity) if f not in ability.unwritable and f not in ability.unseen]
        fresh = self.changes.created(entity, ability.defaults) if ability.defaults else frozenset()
        personal = personal_fields(self.contract).get(entity, {})
        settings = self.live.settings
        existing = settings.existing
        policy = Policy(existing.get(entity, "hold"), settings.drift, existing.get(entity, "adopt"), self.live.decisions)

        def batch(part: Sequence[Work]) -> list[Row]:
            one = kind(
                entity, fields, ability, self.live.connector, self.live.ledger, self.run, policy, receipts,
                empty=empty and not receipts, fresh=fresh,
                personal=personal,
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

    def _is_empty(self, entity: str) -> bool:
        """Nothing has to be looked up in a target that holds nothing of the kind."""
        known = self.connection.execute(f"SELECT count(*) FROM {name(KNOWN, entity)}").fetchone()
        return not self.lost and bool(known and known[0] == 0) and self.live.connector.count(entity) == 0
