"""Any order of changes in the source, of somebody's doings in the target, of runs that die, and of rollbacks: nothing twice,
nothing missing, nothing of somebody else's touched, and everything that is held is told."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test
from live_bench import Bench, Ended, Killed, bench_plan
from world import silent, truth

from migrate.connectors.target import Outcome, Record
from migrate.errors import LedgerLost, TargetLost
from migrate.ledger import Ledger

KEYS: dict[str, list[dict[str, Any]]] = {
    "people": [{"person": key} for key in ("p1", "p2", "a|b", "a\\", "P1")],
    "guests": [{"person": key} for key in ("g1", "g2")],
    "rooms": [{"room": number} for number in (1, 2, 3)],
    "places": [{"room": r, "person": p} for r, p in itertools.product((1, 2), ("p1", "p2", "a|b", "a\\", "g1"))],
}
PEOPLE = st.sampled_from(["p1", "p2", "a|b", "a\\", "P1", None])
VALUES: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "people": st.fixed_dictionaries(
        {"login": st.sampled_from(["l1", "l2"]), "name": st.sampled_from(["A", "B", ""]),
         "status": st.sampled_from(["open", "closed", None]), "boss": PEOPLE}),
    "guests": st.fixed_dictionaries({"name": st.sampled_from(["A", "B"])}),
    "rooms": st.fixed_dictionaries({"title": st.sampled_from(["A", "B"]), "tag": st.sampled_from(["l1", None]), "owner": PEOPLE}),
    "places": st.fixed_dictionaries({"role": st.sampled_from(["s", "t"]), "score": st.sampled_from([0.5, None])}),
}  # fmt: skip
MAPPINGS = st.sampled_from(list(KEYS))
NUMBER = st.integers(0, 9)
KINDS, MOMENTS = st.sampled_from(["killed", "lost", "ledger"]), st.sampled_from(["before", "after"])
HAND = {"people": "name", "rooms": "title", "places": "role"}
"""The field of an entity that somebody changes by hand."""
REFERS = {"people": {"boss": "people"}, "rooms": {"owner": "people"}, "places": {"room": "rooms", "person": "people"}}
WORD = "by hand"
ENTITY = {"people": "people", "guests": "people", "rooms": "rooms", "places": "places"}
EXPLAINED = {"LIVE-DRIFT", "LIVE-EXISTS", "LIVE-GONE", "LIVE-RENAMED", "LIVE-BLOCKED", "REC-MISSING", "REC-DIFFERENT"}
"""Codes of what a run without faults may leave undone, each because of somebody's doings or a key that changed."""


@contextmanager
def faults(bench: Bench, kind: str, at: int, when: str) -> Iterator[None]:
    """The ``at``-th transaction of the ledger or call of the target goes wrong, before or after its effect."""
    left = itertools.count(at, -1)
    transaction = Ledger._transaction
    errors = {"killed": Killed, "lost": lambda: TargetLost("nobody answers"), "ledger": lambda: LedgerLost("the disk is full")}

    def now(place: str) -> None:
        wanted = {"killed": True, "lost": place == "target", "ledger": place == "ledger"}[kind]
        if wanted and next(left) <= 0:
            raise errors[kind]()

    @contextmanager
    def failing(self: Ledger) -> Iterator[Any]:
        if when == "before":
            now("ledger")
        with transaction(self) as connection:
            yield connection
        if when == "after":
            now("ledger")

    def hook(moment: str, *_: Any) -> None:
        if moment == when:
            now("target")

    Ledger._transaction = failing  # type: ignore[method-assign]
    bench.world.hook = hook
    try:
        yield
    finally:
        Ledger._transaction = transaction  # type: ignore[method-assign]
        bench.world.hook = silent


class LiveMachine(RuleBasedStateMachine):
    """A workspace over months."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.bench = Bench(self.folder / "bench", PLANS[0])
        self.calm = True
        """Was everything that was written read back?"""
        self.edited: set[tuple[str, str]] = set()
        """(entity, native) of records that somebody changed by hand."""
        self.added: dict[tuple[str, str], dict[str, Any]] = {}
        """Records that somebody added, as they are."""
        self.removed: set[tuple[str, str]] = set()
        """(entity, key) of what somebody removed."""
        self.keys: dict[tuple[str, str], set[str]] = {}
        """Keys that a source record ever had."""

    def teardown(self) -> None:
        self.bench.ledger.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    # The source --------------------------------------------------------------------------------------------------

    @initialize(data=st.data(), parallel=st.sampled_from([1, 2]), batch=st.sampled_from([1, 2, 5]))
    def begin(self, data: st.DataObject, parallel: int, batch: int) -> None:
        self.bench.world.abilities[""] = {"parallel": parallel, "batch": batch, "find_batch": batch + 1}
        self.bench.settings["max_deletions"] = 100.0
        for mapping in KEYS:
            for number in range(2 if mapping != "places" else 3):
                self._put(mapping, str(number), KEYS[mapping][number], data.draw(VALUES[mapping]))

    @rule(data=st.data(), mapping=MAPPINGS, number=NUMBER)
    def change(self, data: st.DataObject, mapping: str, number: int) -> None:
        """A row gets other values, or is there again."""
        key = KEYS[mapping][number % len(KEYS[mapping])]
        self._put(mapping, str(number % len(KEYS[mapping])), key, data.draw(VALUES[mapping]))

    @rule(mapping=MAPPINGS, number=NUMBER)
    def drop(self, mapping: str, number: int) -> None:
        self.bench.rows[mapping].pop(str(number % len(KEYS[mapping])), None)

    @rule(mapping=MAPPINGS, number=NUMBER)
    def keep_back(self, mapping: str, number: int) -> None:
        """A rule holds a row back."""
        rows, key = self.bench.rows[mapping], str(number % len(KEYS[mapping]))
        if key in rows:
            rows[key] = {**rows[key], "_kept": "quarantined"}

    @rule(mapping=MAPPINGS, one=NUMBER, other=NUMBER)
    def other_key(self, mapping: str, one: int, other: int) -> None:
        """A row takes another key, that of another row too, which then gets its."""
        rows, keys = self.bench.rows[mapping], KEYS[mapping]
        first, second = str(one % len(keys)), str(other % len(keys))
        if first in rows and first != second:
            own = {f: rows[first][f] for f in keys[0]}
            taken = next((k for k, row in rows.items() if all(row[f] == keys[int(second)][f] for f in keys[0])), None)
            self._put(mapping, first, keys[int(second)], rows[first])
            if taken is not None and taken != first:
                self._put(mapping, taken, own, rows[taken])

    def _put(self, mapping: str, number: str, key: dict[str, Any], values: Any) -> None:
        rows = self.bench.rows[mapping]
        if any(k != number and all(r[f] == key[f] for f in key) for k, r in rows.items()) and number not in rows:
            return
        rows[number] = {**values, **key}
        if sum(all(r[f] == key[f] for f in key) for r in rows.values()) > 1 and "_swap" not in key:
            others = [k for k, r in rows.items() if k != number and all(r[f] == key[f] for f in key)]
            free = [one for one in KEYS[mapping] if not any(all(r[f] == one[f] for f in one) for r in rows.values())]
            for other, spare in zip(others, free, strict=False):
                rows[other] = {**rows[other], **spare}

    # Somebody else -----------------------------------------------------------------------------------------------

    @precondition(lambda self: self.calm)
    @rule(entity=st.sampled_from(list(HAND)), number=NUMBER)
    def edit(self, entity: str, number: int) -> None:
        rows = self.bench.world.rows.get(entity, {})
        if rows:
            native = sorted(rows, key=int)[number % len(rows)]
            if (entity, native) not in self.added:
                rows[native][HAND[entity]] = WORD
                self.edited.add((entity, native))

    @precondition(lambda self: self.calm)
    @rule(entity=st.sampled_from(list(HAND)), number=NUMBER)
    def remove(self, entity: str, number: int) -> None:
        world = self.bench.world
        free = [n for n in sorted(world.rows.get(entity, {}), key=int) if not any(world.referrers(entity, n))]
        if free:
            native = free[number % len(free)]
            self.removed.add((entity, str(world.key(entity, world.rows[entity].pop(native)))))
            self.edited.discard((entity, native))
            self.added.pop((entity, native), None)

    @precondition(lambda self: self.calm)
    @rule(mapping=st.sampled_from(["people", "guests", "rooms"]), number=NUMBER)
    def add(self, mapping: str, number: int) -> None:
        world, entity, key = self.bench.world, ENTITY[mapping], KEYS[mapping][number % len(KEYS[mapping])]
        if str(next(iter(key.values()))) not in world.table(entity):
            native = world.put(entity, {**key, HAND[entity]: WORD})
            self.added[entity, native] = dict(world.rows[entity][native])

    # Runs --------------------------------------------------------------------------------------------------------

    @rule(delta=st.booleans(), apply_deletions=st.booleans(), again=st.booleans())
    def live(self, delta: bool, apply_deletions: bool, again: bool) -> None:
        """A run without faults; then, maybe, another one, that has nothing to do."""
        start = len(self.bench.world.writes())
        ended = self._run(delta=delta, apply_deletions=apply_deletions)
        self._check(ended, apply_deletions)
        if again:
            before = len(self.bench.world.writes())
            self._check(self._run(apply_deletions=apply_deletions), apply_deletions)
            # Only what was refused is tried again: it refers to what somebody removed, or it goes and something refers to it.
            tried, again_tried = self._written(start, before), self._written(before, None)
            assert again_tried <= tried
            assert len(again_tried) <= sum(code == "LIVE-REFUSED" for code, _, _ in ended.findings)

    @rule(kind=KINDS, at=st.integers(0, 60), when=MOMENTS, delta=st.booleans(), apply_deletions=st.booleans())
    def broken_run(self, kind: str, at: int, when: str, delta: bool, apply_deletions: bool) -> None:
        self.calm = False
        self._broken(kind, at, when, lambda: self._run(delta=delta, apply_deletions=apply_deletions))

    @rule(number=NUMBER, said=st.sampled_from(["refused", "failed", "unknown", "unknown after all"]), delta=st.booleans())
    def sullen_run(self, number: int, said: str, delta: bool) -> None:
        """The target says something else than done of some records."""

        def answer(action: str, entity: str, record: Record) -> tuple[Outcome | None, bool]:
            if hash_of(entity, record.key) % 4 != number % 4:
                return None, True
            return Outcome(record.key, said.split()[0], None, "says the target"), said == "unknown after all"  # type: ignore[arg-type]

        self.calm = False
        self.bench.world.answer = answer
        ended = self._run(delta=delta)
        self.bench.world.answer = truth
        told = {(mapping, key) for _, mapping, key in ended.findings}
        assert {
            at for at, word in ended.results.items() if word in ("failed", "held", "blocked")
        } <= told | self._blocked_before()

    @precondition(lambda self: self.known_runs())
    @rule(number=NUMBER)
    def take_back(self, number: int) -> None:
        self.bench.rollback(self._one_of(number))

    @precondition(lambda self: self.known_runs())
    @rule(number=NUMBER, kind=KINDS, at=st.integers(0, 30), when=MOMENTS, again=st.booleans())
    def broken_rollback(self, number: int, kind: str, at: int, when: str, again: bool) -> None:
        run = self._one_of(number)
        self.calm = False
        self._broken(kind, at, when, lambda: self.bench.rollback(run))
        if again:
            self.bench.rollback(run)

    @precondition(lambda self: self.calm)
    @rule(apply_deletions=st.booleans(), kind=KINDS, at=st.integers(0, 25), when=MOMENTS)
    def there_and_back(self, apply_deletions: bool, kind: str, at: int, when: str) -> None:
        """A run is taken back, half of it first, and everything is as it was."""
        before = self.bench.world.state()
        ended = self._run(apply_deletions=apply_deletions)
        self._broken(kind, at, when, lambda: self.bench.rollback(ended.id))
        done = self.bench.rollback(ended.id)
        assert [step for step in done.steps if step.refused] == []
        assert done.failed == ()
        assert self.bench.world.state() == before
        assert not [r for r in self.bench.open_receipts() if r.run > ended.id]

    def _run(self, **options: Any) -> Ended:
        for mapping, rows in self.bench.rows.items():
            for number, row in rows.items():
                self.keys.setdefault((mapping, number), set()).add(self.bench.key_of(mapping, row))
        return self.bench.live(**options)

    def _one_of(self, number: int) -> str:
        """A run that got as far as the ledger."""
        return self.known_runs()[number % len(self.known_runs())]

    def known_runs(self) -> list[str]:
        """Live runs that the ledger knows."""
        return [run.id for run in self.bench.ledger.runs() if run.kind != "rollback"]

    def _written(self, start: int, end: int | None) -> set[tuple[str, str, str]]:
        """(action, entity, key) of what was written, or tried."""
        return {(action, entity, key) for action, entity, keys in self.bench.world.writes()[start:end] for key in keys}

    def _broken(self, kind: str, at: int, when: str, work: Callable[[], Any]) -> None:
        with faults(self.bench, kind, at, when), suppress(Killed, TargetLost, LedgerLost):
            work()
        self.bench.reopen()

    def _blocked_before(self) -> set[tuple[str, str]]:
        candidates = self.bench.candidates()
        return {(m, k) for m, rows in self.bench.rows.items() for k in rows if k not in candidates[m]}

    # What has to be true -----------------------------------------------------------------------------------------

    def _check(self, ended: Ended, applied: bool) -> None:
        """After a run without faults."""
        self.calm = True
        world, candidates = self.bench.world, self.bench.candidates()
        assert ended.results.keys() == {(m, k) for m, rows in self.bench.rows.items() for k in rows}
        codes: dict[tuple[str, str], set[str]] = {}
        for code, mapping, key in ended.findings:
            codes.setdefault((mapping, key), set()).add(code)
        tables = {entity: world.table(entity) for entity in HAND}
        meant = {(ENTITY[m], self.bench.key_of(m, row)) for m, rows in candidates.items() for row in rows.values()}
        for mapping, rows in candidates.items():
            entity = ENTITY[mapping]
            for number, row in rows.items():
                key, word, found = (
                    self.bench.key_of(mapping, row),
                    ended.results[mapping, number],
                    codes.get((mapping, number), set()),
                )
                touched = self._touched(mapping, number, key)
                if found == {"LIVE-REFUSED"}:
                    assert self._refers_to_removed(entity, row), (mapping, number, word)
                elif word not in ("created", "updated", "unchanged"):
                    assert found & EXPLAINED, (mapping, number, word)
                    assert touched or "LIVE-BLOCKED" in found, (mapping, number, word, found)
                elif not touched:
                    (there,) = tables[entity].get(key, [None])
                    assert there is not None, (mapping, number, word)
                    assert shown(there, row) == shown(row, row), (mapping, number, word, found)
        # What nobody means stands there for a reason that was told.
        told = {key for key, found in codes.items() if found & {"LIVE-VANISHED", "LIVE-STALE", "LIVE-RENAMED", "LIVE-REFUSED"}}
        for entity, table in tables.items():
            for key, records in table.items():
                if (entity, key) not in meant and not self._somebodys(entity, key):
                    behind = {at for at, keys in self.keys.items() if ENTITY[at[0]] == entity and key in keys}
                    assert behind & told, (entity, key, records, ended.findings)
        standing = {(ENTITY[m], self.bench.key_of(m, self.bench.rows[m][k])) for (m, k), w in ended.results.items()
                    if w in ("created", "updated", "unchanged")}  # fmt: skip
        assert not {(r.entity, r.key) for r in self.bench.open_receipts()} & standing
        if applied and not (self.edited or self.added or self.removed):
            assert "LIVE-VANISHED" not in ended.codes or "LIVE-STALE" in ended.codes, ended.findings

    def _touched(self, mapping: str, number: str, key: str) -> bool:
        """Did somebody change, add or remove it, or did it have another key before?"""
        return (
            self._somebodys(ENTITY[mapping], key)
            or (ENTITY[mapping], key) in self.removed
            or len(self.keys.get((mapping, number), ())) > 1
        )

    def _refers_to_removed(self, entity: str, row: Mapping[str, Any]) -> bool:
        """Does it refer to a record that somebody removed? A run takes that for unchanged until it reads back."""
        return any((to, str(row.get(field))) in self.removed for field, to in REFERS.get(entity, {}).items())

    def _somebodys(self, entity: str, key: str) -> bool:
        world = self.bench.world
        natives = {native for e, native in (*self.edited, *self.added) if e == entity}
        return any(world.key(entity, row) == key for native, row in world.rows.get(entity, {}).items() if native in natives)

    @invariant()
    def nothing_stands_twice_or_dangles(self) -> None:
        for table in self.bench.world.state().values():
            for key, records in table.items():
                assert len(records) == 1, key
                assert key != "None"
                assert not [v for v in records[0].values() if str(v).startswith("dangling")], records

    @invariant()
    def what_is_somebody_elses_is_as_it_was(self) -> None:
        world = self.bench.world
        for entity, native in self.edited:
            assert world.rows[entity].get(native, {}).get(HAND[entity]) == WORD, (entity, native)
        for (entity, native), row in self.added.items():
            assert world.rows[entity].get(native) == row, (entity, native)

    @invariant()
    def the_trail_is_whole(self) -> None:
        assert self.bench.trail_is_whole()


def shown(record: Any, row: Any) -> dict[str, Any]:
    """The values of a row, as text."""
    return {f: None if record.get(f) in (None, "") else str(record.get(f)) for f in row if not f.startswith("_")}


def hash_of(*parts: str) -> int:
    """The same in every process."""
    return sum(ord(character) for part in parts for character in part)


PLANS: list[Any] = []


@pytest.fixture(autouse=True)
def _plan(tmp_path_factory: pytest.TempPathFactory) -> None:
    if not PLANS:
        PLANS.append(bench_plan(tmp_path_factory.mktemp("live") / "pair"))


def test_any_order_of_things() -> None:
    run_state_machine_as_test(LiveMachine, settings=settings(max_examples=6, stateful_step_count=8))


@pytest.mark.long
def test_any_order_of_things_at_length() -> None:
    checks = list(HealthCheck)
    run_state_machine_as_test(
        LiveMachine,
        settings=settings(
            max_examples=300, stateful_step_count=25, derandomize=False, deadline=None, suppress_health_check=checks
        ),
    )
