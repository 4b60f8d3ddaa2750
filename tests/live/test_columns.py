"""New records that go into an empty target in columns end as those that go one by one, whatever happens on the way."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from live_school import LiveSchool, different, dispositions, findings
from small_pair import GOOD_ROWS

from migrate.connectors.database_target import DatabaseTarget
from migrate.connectors.target import Taken
from migrate.ledger import Ledger, open_ledger

ENTITIES = ("people", "courses", "enrolments")


def known(folder: Path) -> dict[str, dict[str, tuple[Any, ...]]]:
    """What the ledger knows of each record, without the target's numbers."""
    ledger = open_ledger("sqlite:///ledger.sqlite", folder)
    assert ledger is not None
    try:
        return {
            entity: {
                key: (one.state, one.origin, one.fingerprint, one.seen is not None, json.loads(one.meant or "null"))
                for key, one in ledger.known(entity).items()
            }
            for entity in ENTITIES
        }
    finally:
        ledger.close()


def receipts(folder: Path) -> Counter[tuple[str, str]]:
    """Number of receipts by (entity, state)."""
    ledger = open_ledger("sqlite:///ledger.sqlite", folder)
    assert ledger is not None
    try:
        return Counter((one.entity, one.state) for run in ledger.runs() for one in ledger.receipts(run.id))
    finally:
        ledger.close()


def results(school: LiveSchool) -> list[tuple[Any, ...]]:
    """Results of the newest run, without the target's numbers."""
    newest = max(school.folder.glob("runs/*/4_load"))
    table = pq.read_table(newest / "results.parquet").drop_columns(["native"])
    return sorted((tuple(row.values()) for row in table.to_pylist()), key=str)


def without_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    ability = DatabaseTarget.ability
    monkeypatch.setattr(DatabaseTarget, "ability", lambda self, entity: replace(ability(self, entity), tables=False))


@pytest.fixture
def by_records(tmp_path: Path) -> LiveSchool:
    return LiveSchool(tmp_path / "by_records", f"sqlite:///{tmp_path / 'by_records.sqlite'}")


def test_columns_and_records_end_alike(school: LiveSchool, by_records: LiveSchool, monkeypatch: pytest.MonkeyPatch) -> None:
    tables: list[str] = []
    create_table = DatabaseTarget.create_table

    def counted(self: DatabaseTarget, entity: str, rows: pa.Table) -> Taken:
        tables.append(entity)
        return create_table(self, entity, rows)

    with monkeypatch.context() as patched:
        patched.setattr(DatabaseTarget, "create_table", counted)
        one = school.live()
    assert set(tables) == set(ENTITIES)
    without_columns(monkeypatch)
    other = by_records.live()
    assert other.failure is None, other.failure
    assert school.held() == by_records.held()
    assert known(school.folder) == known(by_records.folder)
    assert results(school) == results(by_records)
    assert dispositions(one) == dispositions(other)
    assert findings(one) == findings(other)
    assert receipts(school.folder) == receipts(by_records.folder)


def test_what_is_refused_among_others_is_the_only_one_that_lacks(
    small: LiveSchool, by_records: LiveSchool, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = different(GOOD_ROWS, "user", 3, login="refused")
    for one in (small, by_records):
        one.rows(rows)
    live = small.live()
    assert ("LIVE-REFUSED", "people", "3") in findings(live)
    without_columns(monkeypatch)
    by_records.live()
    assert small.held() == by_records.held()
    assert known(small.folder) == known(by_records.folder)
    void = {key: number for key, number in receipts(small.folder).items() if key[1] == "void"}
    assert set(void) == {("people", "void")}
    assert receipts(by_records.folder) == receipts(small.folder) - Counter(void)


@pytest.mark.parametrize("after_the_effect", [False, True])
def test_a_reply_that_is_lost_is_found_by_the_next_run(
    small: LiveSchool, by_records: LiveSchool, monkeypatch: pytest.MonkeyPatch, *, after_the_effect: bool
) -> None:
    create_table = DatabaseTarget.create_table

    def lost(self: DatabaseTarget, entity: str, rows: pa.Table) -> Taken:
        if entity == "people" or after_the_effect:
            create_table(self, entity, rows) if after_the_effect else None
            return Taken("unknown", message="it went away")
        return create_table(self, entity, rows)

    with monkeypatch.context() as patched:
        patched.setattr(DatabaseTarget, "create_table", lost)
        first = small.live()
    assert first.exit_code != 0
    assert {code for code, entity, _ in findings(first) if entity == "people"} >= {"LIVE-UNKNOWN"}
    assert not [key for key in receipts(small.folder) if key[0] == "people" and key[1] != "unknown"]
    small.live()
    by_records.live()
    assert small.held() == by_records.held()
    assert {e: {k: v[:3] for k, v in of.items()} for e, of in known(small.folder).items()} == {
        e: {k: v[:3] for k, v in of.items()} for e, of in known(by_records.folder).items()
    }
    assert not {state for _, state in receipts(small.folder)} & {"intended", "unknown"}


def test_a_batch_is_as_long_as_the_workspace_wants(small: LiveSchool, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    create_table = DatabaseTarget.create_table

    def counted(self: DatabaseTarget, entity: str, rows: pa.Table) -> Taken:
        sizes.append(rows.num_rows)
        return create_table(self, entity, rows)

    monkeypatch.setattr(DatabaseTarget, "create_table", counted)
    small.set({"options": {"batch": 2}})
    assert small.live().failure is None
    assert max(sizes) == 2
    assert sum(sizes) == sum(len(table) for table in small.held().values())


@pytest.mark.parametrize("step", ["intend_table", "settle_table"])
def test_a_ledger_that_is_lost(small: LiveSchool, by_records: LiveSchool, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    method, begun, entities = getattr(Ledger, step), Ledger.intend_table, [""]

    def noted(self: Ledger, run: str, entity: str, rows: pa.Table) -> Any:
        entities.append(entity)
        return begun(self, run, entity, rows)

    def failing(self: Ledger, *arguments: Any) -> Any:
        if (arguments[1] if step == "intend_table" else entities[-1]) == "courses":
            with self._transaction() as connection:
                connection.exec_driver_sql("SELECT * FROM gone")
        return method(self, *arguments)

    with monkeypatch.context() as patched:
        patched.setattr(Ledger, "intend_table", noted)
        patched.setattr(Ledger, step, failing)
        assert small.live().exit_code == 3
    assert len(small.held()["courses"]) == (0 if step == "intend_table" else len(GOOD_ROWS["course"]) - 1)
    small.live()
    by_records.live()
    assert small.held() == by_records.held()
    assert known(small.folder) == known(by_records.folder)
    assert not {state for _, state in receipts(small.folder)} & {"intended", "unknown"}


def test_tables_come_in_the_order_of_the_ledgers_index(small: LiveSchool, monkeypatch: pytest.MonkeyPatch) -> None:
    people = {str(row["id"]): row for row in GOOD_ROWS["user"]}
    numbers = [str(n * 7919 % 3001 + 10) for n in range(1, 400)]  # as texts in another order than as numbers
    some = next(iter(people.values()))
    more = [{**some, "id": n, "login": f"l{n}", "name": f"N {n}", "email": f"e{n}@example.org", "boss": None} for n in numbers]
    small.rows({**GOOD_ROWS, "user": [*GOOD_ROWS["user"], *more]})
    small.set({"options": {"batch": 150}})
    given: list[list[str]] = []
    intend = Ledger.intend_table

    def noted(self: Ledger, run: str, entity: str, rows: pa.Table) -> Any:
        if entity == "people":
            given.append(rows["_key"].to_pylist())
        return intend(self, run, entity, rows)

    monkeypatch.setattr(Ledger, "intend_table", noted)
    assert small.live().failure is None
    keys = max(([key for part in level for key in part] for level in _levels(given)), key=len)
    assert len(given) > 2
    assert len(keys) >= len(numbers)
    assert keys == sorted(keys, key=str.encode)
    assert keys != sorted(keys, key=lambda key: (len(key), key))
    engine = sa.create_engine(f"sqlite:///{small.folder / 'ledger.sqlite'}")
    with engine.connect() as connection:
        known = connection.execute(sa.text("SELECT key FROM identities WHERE entity = 'people' ORDER BY key")).scalars()
        assert [key for key in known if key in set(keys)] == keys
    engine.dispose()


def _levels(given: list[list[str]]) -> list[list[list[str]]]:
    """Tables of one depth after the other: those whose parents are written come after all others, from the first key on."""
    levels: list[list[list[str]]] = []
    for part in given:
        if not levels or part[0].encode() < levels[-1][-1][-1].encode():
            levels.append([])
        levels[-1].append(part)
    return levels
